"""Tells how far a long job is, on stderr: a bar with an ETA on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

QUIET_SECONDS = 10.0
"""Between two lines at first; later they come at every twentieth of the time that has passed."""
SPEED_SECONDS = 600.0
"""Over which a bar's speed is taken: in half a minute, rich's own choice, hardly one long video is made."""

Advance = Callable[[int, int, str], None]
"""Told how many units are done, of how many, and what went wrong or nothing."""


@contextmanager
def shown(what: str) -> Iterator[Advance]:
    """A function to call while the job goes on."""
    if sys.stderr.isatty():
        with _bar(what) as advance:
            yield advance
    else:
        yield _lines(what)


@contextmanager
def _bar(what: str) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, speed_estimate_period=SPEED_SECONDS) as progress:
        bar = progress.add_task(what, total=None)

        def advance(done: int, total: int, said: str) -> None:
            progress.update(bar, completed=done, total=total)
            if said:
                progress.console.print(said, style="yellow", highlight=False, markup=False)

        yield advance


def _lines(what: str) -> Advance:
    opened = last = began = time.monotonic()
    first: int | None = None

    def advance(done: int, total: int, said: str) -> None:
        nonlocal last, began, first
        now = time.monotonic()
        if first is None:  # finding out what is left to do tells nothing of how long it takes
            first, began = done, now
        if said:
            sys.stderr.write(said + "\n")
        if now - last >= max(QUIET_SECONDS, (now - opened) / 20) or (done == total and done > first):
            left = _left(now - began, done - first, total - done) if done < total else f" in {now - opened:.0f} s"
            sys.stderr.write(f"{what}: {done} of {total}{left}\n")
            last = now

    return advance


def _left(seconds: float, done: int, left: int) -> str:
    return f", about {seconds / done * left:.0f} s left" if done else ""

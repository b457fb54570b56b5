"""Tells how far a long job is, on stderr: a bar with an ETA on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

QUIET_SECONDS = 10.0
"""Between two lines at first; later they come at every twentieth of the time that has passed."""


@contextmanager
def shown(what: str) -> Iterator[Callable[[int, int, str], None]]:
    """A function to call with (done, of how many, what went wrong or nothing) while the job goes on."""
    if sys.stderr.isatty():
        with _bar(what) as advance:
            yield advance
    else:
        yield _lines(what)


@contextmanager
def _bar(what: str) -> Iterator[Callable[[int, int, str], None]]:
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
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(what, total=None)

        def advance(done: int, total: int, said: str) -> None:
            progress.update(bar, completed=done, total=total)
            if said:
                progress.console.print(said, style="yellow", highlight=False, markup=False)

        yield advance


def _lines(what: str) -> Callable[[int, int, str], None]:
    began = last = time.monotonic()
    first: int | None = None

    def advance(done: int, total: int, said: str) -> None:
        nonlocal last, first
        first = done if first is None else first
        now = time.monotonic()
        if said:
            sys.stderr.write(said + "\n")
        if now - last >= max(QUIET_SECONDS, (now - began) / 20) or (done == total and done > first):
            sys.stderr.write(f"{what}: {done} of {total}{_remaining(now - began, done - first, total - done)}\n")
            last = now

    return advance


def _remaining(seconds: float, done: int, left: int) -> str:
    if not left:
        return f" in {seconds:.0f} s"
    return f", about {seconds / done * left:.0f} s left" if done else ""

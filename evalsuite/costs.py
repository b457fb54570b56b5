"""What videos cost to make: seconds, memory, sampling steps and tokens, for each system."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import chain, zip_longest

from evalsuite.results import MADE, Results
from evalsuite.stats import Estimate, clustered_mean
from evalsuite.store import VideoRecord
from evalsuite.types import Table

COLUMNS = ("seconds", "seconds low", "seconds high", "peak MB", "steps", "tokens")
HOW = (
    "seconds are those of one worker process for one video, on whichever machine made it, beside as many others as the "
    "run had; MB are the most that the process held meanwhile, with the libraries, networks and metrics that it had "
    "loaded before"
)

_NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one system's videos cost, on the machines that made them."""

    model: str
    seconds: Estimate
    """Wall-clock seconds of a video, from the storyboard to the file."""
    peak_megabytes: float
    """The most that any of them took."""
    steps: int | None
    """Sampling steps, and ..."""
    tokens: int | None
    """... tokens of each, of the largest video; None where the system does not tell."""


def costs(results: Results) -> list[Cost]:
    """One for each system that made videos; those that came finished have none."""
    made = [timing for timing in results.timings if timing.step == MADE]
    found = []
    for model in sorted({timing.model for timing in made}):
        own = [timing for timing in made if timing.model == model]
        records = [video for video in results.videos if video.model == model]
        found.append(
            Cost(
                model,
                clustered_mean(
                    [timing.seconds for timing in own], [timing.storyboard for timing in own], (0.0, math.inf)
                ),
                max(timing.peak_megabytes for timing in own),
                _largest(video.steps for video in records),
                _largest(video.tokens for video in records),
            )
        )
    return found


def with_costs(table: Table, results: Results) -> Table:
    """A table of systems with what their videos cost, and what readers should know of them; as it was if nothing."""
    models = [str(row[table.columns.index("model")]) for row in table.rows]
    found = {cost.model: cost for cost in costs(results) if cost.model in models}
    if not found:
        return table
    rows = tuple((*row, *_cells(found.get(model))) for row, model in zip(table.rows, models, strict=True))
    shown = [video for video in results.videos if video.model in models]
    return replace(table, columns=(*table.columns, *COLUMNS), rows=rows, notes=(*table.notes, HOW, *notes(shown)))


def notes(videos: Iterable[VideoRecord]) -> list[str]:
    """What readers should know of finished videos; what differs in its numbers alone is said once, with their range."""
    said: defaultdict[tuple[str, tuple[str, ...]], list[list[float]]] = defaultdict(list)
    for video in videos:
        if video.status == "ok" and video.reason:
            numbers = [float(number) for number in _NUMBER.findall(video.reason)]
            said[video.model, tuple(_NUMBER.split(video.reason))].append(numbers)
    return [
        f"{model}: {_with_ranges(words, numbers)} ({len(numbers)} video{'s' * (len(numbers) > 1)})"
        for (model, words), numbers in sorted(said.items())
    ]


def _with_ranges(words: Iterable[str], numbers: Iterable[Iterable[float]]) -> str:
    """The words, with the range of each number between them."""
    columns = [(min(column), max(column)) for column in zip(*numbers, strict=True)]
    ranges = [f"{low:g}" if low == high else f"{low:g} to {high:g}" for low, high in columns]
    return "".join(chain.from_iterable(zip_longest(words, ranges, fillvalue="")))


def _largest(numbers: Iterable[int | None]) -> int | None:
    return max((number for number in numbers if number is not None), default=None)


def _cells(cost: Cost | None) -> tuple[str | float | None, ...]:
    if cost is None:
        return (None,) * len(COLUMNS)
    seconds = cost.seconds
    interval = (seconds.low, seconds.high) if seconds.n > 1 else (None, None)
    return (seconds.value, *interval, cost.peak_megabytes, cost.steps, cost.tokens)

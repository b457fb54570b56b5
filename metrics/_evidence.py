"""Which moments of a video carry no evidence: those that stand still, repeat what was shown, or do not hang together.

A metric of sameness over time would be won by such a video, so it may count the other moments only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._loops import loops, runs, windows
from ._roughness import unrelatedness
from ._timeline import Flags, Timeline, once_per_video

STILL = 2.5
"""The largest change of any cell between samples that encoding alone makes, in units of Lab."""
STILL_SECONDS = 1.0
FEWEST = 20
"""Of a thumbnail's 384 cells, within a second: where fewer change nobody moves, whatever else does. On `dev` 23 do."""
INCOHERENT = 1.25
"""The roughness from which neighbouring frames are as good as unrelated; unrelated frames have 1.5."""


@dataclass(frozen=True)
class Evidence:
    """What each sample is worth; arrays of shape (samples,)."""

    frozen: Flags
    looped: Flags
    incoherent: Flags
    period: float
    """The shortest lag at which most repeated moments repeat, in seconds; 0 where nothing loops."""

    @property
    def live(self) -> Flags:
        return ~(self.frozen | self.looped | self.incoherent)


@once_per_video
def evidence(line: Timeline) -> Evidence:
    """Judge each sample of a timeline of thumbnails."""
    frozen = _frozen(line)
    looped, period = loops(line, frozen)
    return Evidence(frozen, looped, unrelatedness(line) > INCOHERENT, period)


def _frozen(line: Timeline) -> Flags:
    """What does not change from moment to moment for a second, or hardly anywhere within it."""
    change = np.diff(line.rows, axis=0)
    still = np.abs(change, out=change).max(axis=1, initial=0.0) < STILL
    first = still[:1] if len(still) else np.ones(1, dtype=np.bool_)
    length = line.samples(STILL_SECONDS)
    return runs(np.concatenate([first, still]), length) | _hardly_moving(line, length)


def _hardly_moving(line: Timeline, length: int) -> Flags:
    """Stretches in which each moment differs from the first in fewer than `FEWEST` cells."""
    cells = line.rows.reshape(len(line.rows), -1, 3)
    if len(cells) <= length:
        return np.zeros(len(cells), dtype=np.bool_)
    most = np.zeros(len(cells) - length, dtype=np.int64)
    for lag in range(1, length + 1):
        changed = np.abs(cells[lag:] - cells[:-lag]).max(axis=2) >= STILL
        most = np.maximum(most, changed.sum(axis=1)[: len(most)])
    return windows(most < FEWEST, length + 1)

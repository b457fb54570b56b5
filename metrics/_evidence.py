"""Which moments of a video carry no evidence: those that stand still, repeat what was shown, or do not hang together.

A metric of sameness over time would be won by such a video, so it may count the other moments only.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evalsuite.types import Features

from ._loops import loops, runs
from ._roughness import unrelatedness
from ._stir import lifeless
from ._timeline import Flags, Timeline, once_per_video

STILL = 2.5
"""The largest change of any cell between samples that encoding alone makes, in units of Lab."""
STILL_SECONDS = 1.0
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


def evidence(line: Timeline, stir: Features) -> Evidence:
    """Judge each sample of a timeline of thumbnails, by what stirs there as well."""
    seen = _seen(line)
    return replace(seen, frozen=seen.frozen | lifeless(stir, line.seconds))


@once_per_video
def _seen(line: Timeline) -> Evidence:
    """What thumbnails alone tell."""
    frozen = _still(line)
    looped, period = loops(line, frozen)
    return Evidence(frozen, looped, unrelatedness(line) > INCOHERENT, period)


def _still(line: Timeline) -> Flags:
    """What does not change from moment to moment, for a second or more."""
    change = np.diff(line.rows, axis=0)
    still = np.abs(change, out=change).max(axis=1, initial=0.0) < STILL
    first = still[:1] if len(still) else np.ones(1, dtype=np.bool_)
    return runs(np.concatenate([first, still]), line.samples(STILL_SECONDS))

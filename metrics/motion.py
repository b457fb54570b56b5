"""Does it move, smoothly, and without freezing or looping?

Definitions: a freeze is a second or more without change; a loop is a stretch of 3 s or more that repeats, in step, what
was shown 2 s or more before, of which 1.5 s are enough where the picture jumps into it. Smoothness is 1 where each
second moves as evenly as intact videos do, and 0 where frames are unrelated or tremble (see `_roughness`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._evidence import evidence
from ._roughness import UNRELATED, roughness
from ._stir import NAME as STIR
from ._timeline import Timeline, timeline

EVEN = 0.9
"""The roughness that hardly any second of an intact video of `dev` exceeds."""


class Motion(Metric):
    """The share of the story that moves and neither freezes nor loops, times how smooth it is; 0 - 1."""

    summary: ClassVar[str] = "moves smoothly, without freezing or looping"
    version: ClassVar[str] = "5"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (STIR, "thumbnails")
    failures: ClassVar[tuple[str, ...]] = ("freeze", "loop", "frame-shuffle", "jitter")

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is the amount of motion of each second; a part of the story without video counts as frozen."""
        line = timeline(features["thumbnails"], storyboard)
        found = evidence(line, features[STIR])
        moving = ~(found.frozen | found.looped)
        alive = float(np.mean(moving)) * line.coverage
        rough = np.where(found.incoherent, UNRELATED, roughness(line))[moving]
        excess = float(np.mean(np.maximum(rough - EVEN, 0))) if moving.any() else 0.0
        smoothness = max(0.0, 1 - excess / (UNRELATED - EVEN))
        amount = _amount(line)
        return Measured(
            value=alive * smoothness,
            details={
                "alive": alive,
                "smoothness": smoothness,
                "amount": float(np.mean([change for _, change in amount])),
                "frozen": float(np.mean(found.frozen)),
                "looped": float(np.mean(found.looped)),
                "loop_period": found.period,
            },
            series=amount,
            coverage=line.coverage,
        )


def _amount(line: Timeline) -> tuple[tuple[float, float], ...]:
    """Mean change per second of time, in units of Lab per second."""
    change = np.diff(line.rows, axis=0)
    steps = np.append(0.0, np.abs(change, out=change).mean(axis=1)) * line.rate
    second = np.floor(line.seconds + 1e-9)
    return tuple((float(start), float(steps[second == start].mean())) for start in np.unique(second))

"""Does what lies there lie on the ground, neither above it nor in it?

In each segment in which a thing rests, its height is measured against the ground that the feet of characters tell. The
segment is worth what its worst thing is: 1 on the ground, 0 from about 29 units of the stage above it or 9 below it on
(its height is 64), and 0 where one is expected that nowhere in the video is seen to rest, to be held, or to move where
the story sets it off. What moves, or may be in a hand, is not judged, and bubbles float. A segment counts by the share
of it that is live: what is frozen, looped or incoherent rests on nothing. The value is the mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._ground import heights, support, units
from ._timeline import shares, timeline
from ._tracks import LOOKED_AT, tracks
from .models.looks import REVISION, THINGS


class Support(Metric):
    """How near to the ground the things are that lie there, segment by segment; 0 - 1."""

    summary: ClassVar[str] = "what lies there lies on the ground, neither above it nor in it"
    version: ClassVar[str] = f"3-{REVISION}"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = LOOKED_AT
    failures: ClassVar[tuple[str, ...]] = ("hover",)

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is (second, how well the worst thing is held up) of each segment that expects a thing."""
        found, line = tracks(features, storyboard, things=THINGS), timeline(features["thumbnails"], storyboard)
        height = heights(found, units(found), storyboard)
        if not any(set(height) & set(segment.present) for segment in storyboard.segments):
            return Measured(None, "the storyboard expects no thing described in the words of the cartoon world")
        held_up = support(found, height, storyboard)
        if not held_up:
            return Measured(None, "each thing was held, or moved, wherever it was seen")
        wanted = sorted(held_up)
        kept = [held_up[number] for number in wanted]
        live = shares(found.live, line, storyboard)[wanted]
        return Measured(
            value=float(np.mean(live * kept)),
            details={"held up": float(np.mean(kept)), "live": float(live.mean())},
            series=tuple(zip((storyboard.starts[number] for number in wanted), kept, strict=True)),
            coverage=line.coverage,
        )

"""Does everybody and everything stay where it is, or get elsewhere by a way that can be seen?

In each segment that expects a character, all that the storyboard has there but what is carried is followed with the
camera's motion taken out. The segment is worth what its worst body is: 1 where none moves farther at once than its own
motion, or a throw, explains, 0 where one jumps by two thirds of the width or is gone from the middle of the picture
for 1.5 seconds. It counts by how much of it, up to a half, any character is seen for, and by the share of it that is
live: what is frozen, looped or incoherent shows no way. The value is the mean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._lasting import FEWEST, peopled, steadiness
from ._timeline import shares, timeline
from ._tracks import LOOKED_AT, tracks
from .models.looks import REVISION


class Permanence(Metric):
    """How far nothing jumps to another place or is gone in mid-picture, segment by segment; 0 - 1."""

    summary: ClassVar[str] = "nobody and nothing jumps to another place, or is gone in mid-picture"
    version: ClassVar[str] = f"7-{REVISION}"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = LOOKED_AT
    failures: ClassVar[tuple[str, ...]] = ("teleport",)

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is (second, what the segment is worth) of each that expects a character, however live it is."""
        found, line = tracks(features, storyboard), timeline(features["thumbnails"], storyboard)
        cast = {track.entity.id for track in found.tracks if track.kind == "character"}
        segments = [(number, one) for number, one in enumerate(storyboard.segments) if cast & set(one.present)]
        if not segments:
            return Measured(None, "the storyboard expects no character described in the words of the cartoon world")
        wanted = [number for number, one in segments if one.seconds * found.rate >= FEWEST["character"]]
        if not wanted:
            return Measured(None, "each segment is too short for anybody to be followed in it")
        steady, seen = steadiness(found), peopled(found)
        kept = [seen.get(number, 0.0) * steady.get(number, 1.0) for number in wanted]
        live = shares(found.live, line, storyboard)[wanted]
        return Measured(
            value=float(np.mean(live * kept)),
            details={"steadiness": float(np.mean(kept)), "live": float(live.mean())},
            series=tuple(zip((storyboard.starts[number] for number in wanted), kept, strict=True)),
            coverage=line.coverage,
        )

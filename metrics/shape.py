"""Do characters keep their shape: does each body look as bodies of the world do, in size and outline?

toon-id tells of each sight how strange its outline is (`models/outlines.py`), 0 to 1. A sight that is no stranger than
nine of ten clean ones is sound (1), one that nothing clean explains is not (0), with a straight line between. In each
segment in which the storyboard expects a character, its soundness is averaged over the segment's moments, 0 where it is
not seen. Moments that are frozen, looped or incoherent are left out, but where fewer than half are left the missing
ones count 0. The value is the mean over these.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._appearances import characters, characters_at, shared_out, wanted
from ._evidence import evidence
from ._stir import NAME as STIR
from ._timeline import Array, Flags, Timeline, segments_at, shares, timeline
from ._toon_id import NAME, sights, strangeness
from .models.looks import OUTLINES_REVISION, REVISION, ordinary_strangeness

ENOUGH = 0.95
"""The mean soundness of a segment's moments from which on a body is sound throughout."""
LIVELY = 0.5
"""The share of a segment's moments that must be live; whoever stands still at times is no worse for it."""


class Shape(Metric):
    """How sound the bodies of expected characters are, absence counted as 0; 0 - 1."""

    summary: ClassVar[str] = "characters keep their shape: size and outline"
    version: ClassVar[str] = f"3-{REVISION}-{OUTLINES_REVISION}"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (NAME, STIR, "thumbnails")
    failures: ClassVar[tuple[str, ...]] = ("deform",)

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is the soundness of who is expected in each segment, by when it begins."""
        cast, line = characters(storyboard), timeline(features[NAME], storyboard)
        pictures = timeline(features["thumbnails"], storyboard)
        expected = wanted([one for one, _ in cast], storyboard, line.seconds, pictures.coverage)
        if not expected.any():
            return Measured(None, "the storyboard expects no character described in the words of the cartoon world")
        live = evidence(pictures, features[STIR]).live
        there = expected[:, segments_at(line.seconds, storyboard)] & live
        sound = _soundness(line, np.array([look for _, look in cast]), there)
        lively = np.maximum(LIVELY, shares(live, line, storyboard))
        kept = np.array([shares(np.nan_to_num(each), line, storyboard) for each in sound]) / lively
        seen = np.array([shares(np.isfinite(each), line, storyboard) for each in sound])
        course = [kept[who, number] for number, who in enumerate(expected.T)]
        return Measured(
            value=float(np.minimum(1, kept[expected] / ENOUGH).mean()),
            details={"soundness": float(kept[expected].mean())},
            series=tuple(
                (start, float(now.mean())) for start, now in zip(storyboard.starts, course, strict=True) if len(now)
            ),
            coverage=float(seen[expected].mean()),
        )


def _soundness(line: Timeline, looks: Array, there: Flags) -> Array:
    """Of each character at each moment, (characters, samples); NaN where it is not there or not seen."""
    seen, sound = sights(line.rows), soundness(strangeness(line.rows))
    found = np.full(there.shape, np.nan)
    for sample in np.flatnonzero(there.any(axis=0)).tolist():
        expected, sure = np.flatnonzero(there[:, sample]), characters_at(seen, sample)
        for who, which in shared_out(looks[expected], seen.identity[sample, sure]):
            found[expected[who], sample] = sound[sample, sure[which]]
    return found


def soundness(strange: Array) -> Array:
    """1 up to what is ordinary for clean bodies, 0 where nothing is explained, a straight line between."""
    return np.minimum(1.0, (1 - strange) / (1 - ordinary_strangeness()))

"""ArcFace consistency: the mean cosine of the faces of a character over time, where faces are found.

Only moments count in which the storyboard has one character alone and one face is seen, as in VBench-2.0's human
identity (arXiv 2503.21755), so that nobody must say whose face it is; of each character all pairs of such moments are
compared, rather than all with the first. Without two faces of a character it is not applicable: such detectors do not
find cartoons, animals or backs, so absence says nothing. A frozen face wins it, so it belongs in no axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from evalsuite import backbones
from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._arcface import FINDER, NAME
from ._timeline import Array, Flags, segments_at

WEIGHTS = "arcface-r50"


class ArcFaceConsistency(Metric):
    """How alike the faces of a character are; -1 - 1, in practice 0 for strangers and 0.4 or more for one person."""

    summary: ClassVar[str] = "faces of one character are alike, where faces are found (a frozen face wins it)"
    version: ClassVar[str] = f"1-{backbones.revision(WEIGHTS)}-{backbones.revision(FINDER)}"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (NAME,)

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is (second, cosine with the first face of the character); `coverage` of moments with one alone."""
        seen = features[NAME]
        rows = seen.array.astype(np.float64)
        alone = _alone(seen.seconds, storyboard)
        expected = alone >= 0
        if not expected.any():
            return Measured(None, "the storyboard has no segment with one character alone")
        found = expected & (rows[:, 0] == 1)
        coverage = float(found.sum() / expected.sum())
        faces = {who: rows[found & (alone == who), 1:] for who in np.unique(alone[found])}
        known = [each for each in faces.values() if len(each) > 1]
        if not known:
            return Measured(None, "no character's face is found twice", coverage=coverage)
        firsts = np.stack([faces[who][0] for who in alone[found]])
        cosines = (rows[found, 1:] * firsts).sum(axis=1)
        return Measured(
            value=float(np.mean([_alike(each) for each in known])),
            details={"characters": float(len(known)), "faces": float(found.sum())},
            series=tuple(zip(seen.seconds[found].tolist(), cosines.tolist(), strict=True)),
            coverage=coverage,
        )


def _alone(seconds: Array, storyboard: Storyboard) -> Array:
    """The number of the entity that is the only character at each moment; -1 where there is none such."""
    characters = [place for place, one in enumerate(storyboard.entities) if one.kind == "character"]
    names = [one.id for one in storyboard.entities]
    there = [[one for one in characters if names[one] in segment.present] for segment in storyboard.segments]
    by_segment = np.array([each[0] if len(each) == 1 else -1 for each in there])
    told: Flags = seconds < storyboard.seconds
    return np.where(told, by_segment[segments_at(seconds, storyboard)], -1)


def _alike(rows: Array) -> float:
    """The mean cosine over all pairs of rows of length 1."""
    count = len(rows)
    return float((np.square(rows.sum(axis=0)).sum() - count) / (count * (count - 1)))

"""How far are excerpts of a system's videos from excerpts of real ones, place by place in their stories?

For each excerpt of 2 s, one every 3 s: the unbiased squared MMD (see `_distances`) between what all videos show there
and what the real videos of a reference show at that place; its mean over the places, and to it the same for excerpts of
as many frames over 16 s. So a video that gets worse adds what its late excerpts lack, and one whose moments are right
but follow each other wrongly is seen by the long ones. The Fréchet distance, to which such numbers owe their name (FVD,
arXiv 1812.01717), stands in the details: of few videos it is mostly bias.

`temporal-fvd:SPACE` looks through the extractors SPACE and SPACE-long, and compares with the reference of that name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np

from evalsuite.features import extractor
from evalsuite.interfaces import Sampling, SetMetric
from evalsuite.stats import clustered_mean
from evalsuite.types import Features, Measured, Storyboard

from . import _i3d, _videomae, _vjepa  # noqa: F401 spaces, which make themselves known
from ._distances import Rows
from ._places import Kind, floor, frechet_floor
from ._reference import real_excerpts, revision_of
from ._toon_video import SHORT as TOON

_EARLY = 1e-6


class TemporalFvd(SetMetric):
    """Distance of a set of videos from real ones, over short and over long excerpts; about 0 where there is none.

    It is unbiased, and so it may be a little below 0.
    """

    summary: ClassVar[str] = "excerpts of the videos, as a set, are like those of real ones, to the end"
    higher_is_better: ClassVar[bool] = False

    def __init__(self, space: str = TOON) -> None:
        self.space = space
        self.extractors = (space, f"{space}-long")
        self.version = f"1-{revision_of(space, self.extractors)}"

    def unfit(self, features: Mapping[str, Features], storyboard: Storyboard) -> str:
        """A video that ends before its story lacks excerpts, and fails."""
        for name in self.extractors:
            rows, expected = features[name].array, _count(name, storyboard)
            if len(rows) < expected:
                return f"the video has {len(rows)} of the {expected} excerpts for {name} that its story has time for."
            if not np.isfinite(rows).all():
                return f"{name} saw something in the video that is no number."
        return ""

    def measure_set(
        self, videos: Sequence[Mapping[str, Features]], storyboards: Sequence[Storyboard]
    ) -> Sequence[Measured]:
        """`series` is (second, what the video adds to the distance there) over its short excerpts."""
        refusal = self._refusal(storyboards)
        if refusal:
            return [Measured(None, refusal)] * len(videos)
        kinds = self._kinds(videos, storyboards[0])
        courses = [kind.terms() for kind in kinds]
        terms = np.sum([course.mean(axis=1) for course in courses], axis=0)
        starts = _starts(self.space, courses[0].shape[1])
        details = _details(kinds, courses, starts) | _interval(terms, storyboards)
        return [
            Measured(float(term), details=details, series=tuple(zip(starts.tolist(), course.tolist(), strict=True)))
            for term, course in zip(terms, courses[0], strict=True)
        ]

    def _refusal(self, storyboards: Sequence[Storyboard]) -> str:
        """Why no number says anything of these stories; empty where one does."""
        lengths = [storyboard.seconds for storyboard in storyboards]
        if np.ptp(lengths) > _EARLY:
            return f"the stories are {min(lengths):g} to {max(lengths):g} s long, and a set must be of one length."
        if not _count(self.space, storyboards[0]):
            return f"the stories of {lengths[0]:g} s are too short for an excerpt."
        if self.space == TOON and not all(storyboard.world for storyboard in storyboards):
            return "the reference is of the cartoon world, and the stories are not; name another one after a colon."
        return ""

    def _kinds(self, videos: Sequence[Mapping[str, Features]], storyboard: Storyboard) -> list[Kind]:
        counts = {name: _count(name, storyboard) for name in self.extractors}
        shown = {name: count for name, count in counts.items() if count}
        real = real_excerpts(self.space, shown)
        return [
            Kind(np.stack([video[name].array[:count] for video in videos]).astype(np.float64), real[name])
            for name, count in shown.items()
        ]


def _details(kinds: Sequence[Kind], courses: Sequence[Rows], starts: Rows) -> dict[str, float]:
    """What there is to say of the set."""
    videos, standards = len(kinds[0].rows), [kind.standard for kind in kinds]
    real = len(standards[0].rows)
    size = min(videos, real // 2)
    parts = {name: float(course.mean()) for name, course in zip(("short", "long"), courses, strict=False)}
    frechets = [kind.frechet() for kind in kinds]
    return {
        **parts,
        "slope_per_minute": _slope(starts, courses[0].mean(axis=0)) * 60,
        "floor": floor(standards, size),
        "floor_size": float(size),
        "frechet": float(sum(map(np.mean, frechets))),
        "frechet_slope_per_minute": _slope(starts, np.array(frechets[0])) * 60,
        "frechet_at_infinity": sum(kind.frechet_at_infinity() for kind in kinds),
        "frechet_floor": frechet_floor(standards, size),
        "jedi": kinds[0].jedi(),
        "dimensions": float(kinds[0].rows.shape[2]),
        "reference_size": float(real),
    }


def _interval(terms: Rows, storyboards: Sequence[Storyboard]) -> dict[str, float]:
    found = clustered_mean(terms.tolist(), [storyboard.id for storyboard in storyboards])
    return {"low": found.low, "high": found.high}


def _slope(starts: Rows, values: Rows) -> float:
    """Per second; 0 where there is but one place."""
    return float(np.polyfit(starts, values, 1)[0]) if len(starts) > 1 else 0.0


def _starts(name: str, count: int) -> Rows:
    return np.arange(count, dtype=np.float64) * _sampling(name).every


def _count(name: str, storyboard: Storyboard) -> int:
    """How many excerpts a story has time for."""
    asked = _sampling(name)
    return max(0, int((storyboard.seconds - asked.seconds) / asked.every + 1 + _EARLY))


def _sampling(name: str) -> Sampling:
    found = extractor(name).sampling
    assert found is not None, f"{name} looks at frames, and a distance is of excerpts"
    return found

"""Compares the excerpts of many videos with those of a reference, place by place in their stories."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from evalsuite.stats import generator

from ._distances import (
    Gaussian,
    Rows,
    frechet,
    frechet_at_infinity,
    gaussian,
    gram,
    jedi,
    mean_of_pairs,
    mmd,
    mmd_terms,
)

Array = npt.NDArray[np.float64]
"""(videos, places, dimensions)."""

FLOOR_DRAWS = 1000
FRECHET_DRAWS = 4
_LEVEL = 0.95


@dataclass(frozen=True)
class Standard:
    """Real excerpts of one kind, and what is asked of them again and again."""

    rows: Array

    @cached_property
    def among(self) -> list[float]:
        """At each place, the mean kernel of two different videos."""
        return [mean_of_pairs(gram(rows, rows)) for rows in _places(self.rows)]

    @cached_property
    def gram(self) -> Rows:
        """The kernel of each two videos, in the mean over places."""
        return np.asarray(np.mean([gram(rows, rows) for rows in _places(self.rows)], axis=0))

    @cached_property
    def gaussians(self) -> list[Gaussian]:
        return [gaussian(rows) for rows in _places(self.rows)]


@dataclass(frozen=True, slots=True)
class Kind:
    """Excerpts of one kind of the videos that are judged, and of the reference at the same places."""

    rows: Array
    standard: Standard

    def terms(self) -> Rows:
        """What each video adds to the distance at each place, (videos, places)."""
        columns = [
            mmd_terms(gram(rows, rows), gram(rows, real), among)
            for rows, real, among in zip(
                _places(self.rows), _places(self.standard.rows), self.standard.among, strict=True
            )
        ]
        return np.stack(columns, axis=1)

    def frechet(self) -> list[float]:
        """At each place."""
        return _frechets(_places(self.rows), self.standard.gaussians)

    def frechet_at_infinity(self) -> float:
        """Mean over places of what it would be for endless videos."""
        luck = generator(f"subsets {len(self.rows)}")
        pairs = zip(_places(self.rows), self.standard.gaussians, strict=True)
        return float(np.mean([frechet_at_infinity(rows, other, luck).limit for rows, other in pairs]))

    def jedi(self) -> float:
        """Mean over places."""
        pairs = zip(_places(self.rows), _places(self.standard.rows), strict=True)
        return float(np.mean([jedi(rows, real) for rows, real in pairs]))


def at_places(rows: Array, places: int) -> Standard:
    """Real excerpts at so many places, spread evenly over the real stories where these have more or fewer."""
    return Standard(rows[:, np.rint(np.linspace(0, rows.shape[1] - 1, places)).astype(int)])


def floor(standards: Sequence[Standard], size: int) -> float:
    """Below this lie 95 of 100 sets of so many real videos, drawn without repetition and compared with all others."""
    kernel = np.sum([standard.gram for standard in standards], axis=0)
    pairs = float(kernel.sum() - np.trace(kernel))
    found = [
        _from_others(kernel[np.ix_(one, one)], kernel[np.ix_(one, other)], pairs)
        for one, other in _halves(len(kernel), size, FLOOR_DRAWS)
    ]
    return float(np.quantile(found, _LEVEL))


def _from_others(within: Rows, between: Rows, pairs: float) -> float:
    """The unbiased MMD of some from all others, whose own large kernel is left over of the sum over all `pairs`."""
    others = between.shape[1]
    rest = pairs - 2 * float(between.sum()) - float(within.sum() - np.trace(within))
    return mmd(within, between, rest / (others * (others - 1)))


def frechet_floor(standards: Sequence[Standard], size: int) -> float:
    """The mean Fréchet distance of such sets from all others, which is the bias of so few videos."""
    videos = len(standards[0].rows)
    return float(
        sum(
            np.mean(
                [
                    np.mean(_frechets(_places(standard.rows[one]), map(gaussian, _places(standard.rows[other]))))
                    for one, other in _halves(videos, size, FRECHET_DRAWS)
                ]
            )
            for standard in standards
        )
    )


def _frechets(sets: Iterable[Rows], others: Iterable[Gaussian]) -> list[float]:
    return [frechet(gaussian(rows), other) for rows, other in zip(sets, others, strict=True)]


def _halves(videos: int, size: int, draws: int) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    luck = generator(f"floor {videos} {size}")
    drawn = [luck.permutation(videos) for _ in range(draws)]
    return [(order[:size], order[size:]) for order in drawn]


def _places(rows: Array) -> list[Rows]:
    """The rows of all videos at each place, (videos, dimensions)."""
    return list(np.moveaxis(rows, 1, 0))

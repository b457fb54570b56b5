"""How far are the videos of a system from real ones, as cd-fvd tells it?

*On the Content Bias in Fréchet Video Distance* (arXiv 2404.12391): the Fréchet distance between what VideoMAE sees in
one excerpt of 16 frames of each video and in one of each real video, drawn by chance, with covariances over n. It is a
number of the literature: of few videos it is mostly bias, and `temporal-fvd` has none.

Its authors take 16 neighbouring frames; here they are 2 s apart from first to last, whatever the video's frame rate.
`cd-fvd:SPACE` looks through the extractor SPACE, such as `i3d`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from evalsuite.interfaces import SetMetric
from evalsuite.stats import generator
from evalsuite.types import Features, Measured, Storyboard

from . import _i3d, _videomae, _vjepa  # noqa: F401 spaces, which make themselves known
from ._distances import Rows, frechet, gaussian
from ._reference import real_rows, revision_of


class CdFvd(SetMetric):
    """Fréchet distance of a set of videos from real ones, one excerpt each; 0 where none can be told."""

    summary: ClassVar[str] = "Fréchet distance of excerpts seen by VideoMAE, as cd-fvd computes it (mostly bias if few)"
    higher_is_better: ClassVar[bool] = False

    def __init__(self, space: str = "videomae") -> None:
        self.space = space
        self.extractors = (space,)
        self.version = f"1-{revision_of(space, self.extractors)}"

    def unfit(self, features: Mapping[str, Features], storyboard: Storyboard) -> str:
        """A video that is shorter than an excerpt fails."""
        return "" if len(features[self.space].array) else f"the video is too short for an excerpt for {self.space}."

    def measure_set(
        self, videos: Sequence[Mapping[str, Features]], storyboards: Sequence[Storyboard]
    ) -> Sequence[Measured]:
        """Each video's term is what it adds: a jackknife's, whose mean is the number and whose spread is its error."""
        rows = np.stack(
            [_drawn(video[self.space].array, board.id) for video, board in zip(videos, storyboards, strict=True)]
        )
        real = gaussian(_real(self.space), ddof=0)
        whole = frechet(gaussian(rows, ddof=0), real)
        without = np.array([frechet(gaussian(np.delete(rows, one, axis=0), ddof=0), real) for one in range(len(rows))])
        terms = whole + (len(rows) - 1) * (without.mean() - without)
        return [Measured(float(term), details={"frechet": whole, "dimensions": float(rows.shape[1])}) for term in terms]


def _real(space: str) -> Rows:
    return np.stack([_drawn(rows, f"real {number}") for number, rows in enumerate(real_rows(space))])


def _drawn(excerpts: npt.NDArray[np.floating], name: str) -> Rows:
    """One of a video's excerpts, by chance, which is always the same for the same name."""
    return np.asarray(excerpts[generator(f"excerpt {name}").integers(len(excerpts))], dtype=np.float64)

"""What the local statistics of frames of the cartoon world are, as its file tells."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from safetensors import safe_open

from evalsuite.learning.sums import revision, verify

Array = npt.NDArray[np.float64]

WEIGHTS = Path(__file__).parents[1] / "weights" / "clean_frames.safetensors"
REVISION = revision(WEIGHTS)
TYPICAL = "typical"
"""What the file tells of itself: how far nine of ten clean frames are from the middle of all."""


class CleanFrames(NamedTuple):
    """A Gaussian of statistics, whose mean moves with the size of the picture."""

    sizes: Array
    """(sizes,), rising; the last column of rows tells theirs."""
    mean: Array
    """(sizes, dimensions)"""
    whitening: Array
    """(dimensions, dimensions): makes deviations from the mean have a deviation of 1, each for itself."""
    typical: float

    def distance(self, rows: Array) -> Array:
        """The Mahalanobis distance of each of some rows, (samples,), to what is clean at their size."""
        mean = np.stack([np.interp(rows[:, -1], self.sizes, column) for column in self.mean.T], axis=1)
        return np.asarray(np.linalg.norm((rows[:, :-1] - mean) @ self.whitening, axis=1))


def fitted(rows: Array, shrinkage: float) -> CleanFrames:
    """The Gaussian of some rows; the correlations are made smaller by that share, so that few rows do."""
    sizes, of_size = np.unique(rows[:, -1], return_inverse=True)
    mean = np.stack([rows[of_size == number, :-1].mean(axis=0) for number in range(len(sizes))])
    apart = rows[:, :-1] - mean[of_size]
    spread = apart.std(axis=0) + 1e-6
    correlations = np.corrcoef(apart, rowvar=False) * (1 - shrinkage) + shrinkage * np.eye(apart.shape[1])
    values, vectors = np.linalg.eigh(correlations)
    found = CleanFrames(sizes, mean, vectors / np.sqrt(values) / spread[:, None], 0.0)
    return found._replace(typical=float(np.quantile(found.distance(rows), 0.9)))


@cache
def clean_frames(path: Path = WEIGHTS) -> CleanFrames:
    verify(path)
    with safe_open(path, framework="np") as file:
        sizes, mean, whitening = (file.get_tensor(name).astype(np.float64) for name in CleanFrames._fields[:3])
        return CleanFrames(sizes, mean, whitening, float(file.metadata()[TYPICAL]))

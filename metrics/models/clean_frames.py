"""What the local statistics of frames of the cartoon world are, as its file tells."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from safetensors import safe_open

from evalsuite.learning.sums import revision

Array = npt.NDArray[np.float64]

WEIGHTS = Path(__file__).parents[1] / "weights" / "clean_frames.safetensors"
REVISION = revision(WEIGHTS)
TYPICAL = "typical"
"""What the file tells of itself: how far nine of ten clean frames are from the middle of all."""


class CleanFrames(NamedTuple):
    """A Gaussian of statistics."""

    mean: Array
    """(dimensions,)"""
    whitening: Array
    """(dimensions, dimensions): makes deviations from the mean have a deviation of 1, each for itself."""
    typical: float

    def distance(self, rows: Array) -> Array:
        """The Mahalanobis distance of each of some rows, (samples,)."""
        return np.asarray(np.linalg.norm((rows - self.mean) @ self.whitening, axis=1))


def fitted(rows: Array, shrinkage: float) -> CleanFrames:
    """The Gaussian of some rows; the correlations are made smaller by that share, so that few rows do."""
    mean, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-6
    correlations = np.corrcoef(rows, rowvar=False) * (1 - shrinkage) + shrinkage * np.eye(rows.shape[1])
    values, vectors = np.linalg.eigh(correlations)
    found = CleanFrames(mean, vectors / np.sqrt(values) / spread[:, None], 0.0)
    return found._replace(typical=float(np.quantile(found.distance(rows), 0.9)))


@cache
def clean_frames(path: Path = WEIGHTS) -> CleanFrames:
    with safe_open(path, framework="np") as file:
        mean, whitening = (file.get_tensor(name).astype(np.float64) for name in ("mean", "whitening"))
        return CleanFrames(mean, whitening, float(file.metadata()[TYPICAL]))

"""How VBench (arXiv 2311.17982) turns rows of a video's frames into its consistency."""

from __future__ import annotations

import numpy as np

from evalsuite.errors import VideoError
from evalsuite.types import Features, Measured


def consistency(features: Features) -> Measured:
    """Over all frames but the first: the mean of the cosines to the frame before and to the first frame, none below 0.

    A frozen video has 1.
    """
    rows = features.array.astype(np.float64)
    if len(rows) < 2:
        raise VideoError("the video has one frame, and consistency is between two.")
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    before = np.maximum(0, (rows[1:] * rows[:-1]).sum(axis=1)).mean()
    first = np.maximum(0, rows[1:] @ rows[0]).mean()
    details = {"to_frame_before": float(before), "to_first_frame": float(first)}
    return Measured(float(before + first) / 2, details=details)

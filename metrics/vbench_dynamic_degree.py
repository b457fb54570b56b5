"""VBench's dynamic degree (arXiv 2311.17982), for comparison with published numbers: 1 for a video that moves, else 0.

Of frames an eighth of a second apart, N in all, RAFT gives the flow of each pair. The mean speed of the fastest 5 % of
pixels must exceed 6 min(height, width) / 256 in at least round(4 N / 16) pairs. A pan of the camera is enough.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from evalsuite import backbones
from evalsuite.errors import VideoError
from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._raft import NAME


class VBenchDynamicDegree(Metric):
    """Whether it moves: 1 or 0, so that a system's mean is its share of videos that do."""

    summary: ClassVar[str] = "dynamic degree as VBench computes it (1 where it moves, else 0)"
    version: ClassVar[str] = f"1-{backbones.revision('raft-things')}"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (NAME,)

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is the speed of the fastest pixels over time, in shares of the threshold."""
        speed, height, width = features[NAME].array.astype(np.float64).T
        if not len(speed):
            raise VideoError("the video is shorter than an eighth of a second, and motion is between two frames.")
        share = speed / (6 * np.minimum(height, width) / 256)
        fast, needed = int((share > 1).sum()), round(4 * (len(share) + 1) / 16)
        return Measured(
            float(fast >= needed),
            details={"fast_pairs": float(fast), "needed": float(needed), "mean_share": float(share.mean())},
            series=tuple(zip(features[NAME].seconds.tolist(), share.tolist(), strict=True)),
        )

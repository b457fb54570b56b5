"""VBench's temporal flickering (arXiv 2311.17982), for comparison with published numbers.

(255 - mean |I_t - I_t+1|) / 255 over all neighbouring frames. VBench means it for still scenes, and leaves out videos
that move; here every video has a value. A frozen video has 1, so it belongs in no axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from evalsuite.errors import VideoError
from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._pixel_change import NAME


class VBenchTemporalFlickering(Metric):
    """How little pixels change from frame to frame; 0 - 1."""

    summary: ClassVar[str] = "temporal flickering as VBench computes it (a frozen video has 1)"
    version: ClassVar[str] = "1"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (NAME,)

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """The storyboard is not looked at."""
        change = features[NAME].array[1:].astype(np.float64)
        if not len(change):
            raise VideoError("the video has one frame, and flickering is between two.")
        return Measured(float((255 - change.mean()) / 255))

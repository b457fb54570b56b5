"""Does each frame look as clean frames do: neither blurred nor noisy, blocky or smeared?

The local statistics of each frame (`_scene_statistics`) are compared with those of frames of its size that the cartoon
world draws, by the Mahalanobis distance to their mean, as NIQE compares patches (Mittal, Soundararajan and Bovik 2013,
equation 10). A frame that is as near as nine of ten clean frames has 1, one that is twice as far 1 / 2, and so on.
Moments that are frozen, looped, incoherent or missing count 0: a picture that stands still needs to be good but once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._evidence import evidence
from ._scene_statistics import NAME
from ._stir import NAME as STIR
from ._timeline import timeline
from .models.clean_frames import REVISION, clean_frames


class Quality(Metric):
    """How near the local statistics of live frames are to those of clean frames, on average; 0 - 1."""

    summary: ClassVar[str] = "each frame is clean: not blurred, noisy, blocky or smeared"
    version: ClassVar[str] = f"4-{REVISION}"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (NAME, STIR, "thumbnails")
    failures: ClassVar[tuple[str, ...]] = ("blur",)

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is the quality of each moment, in seconds, whether or not it is live."""
        thumbnails = timeline(features["thumbnails"], storyboard)
        line = timeline(features[NAME], storyboard)
        live = thumbnails.at(line.seconds, evidence(thumbnails, features[STIR]).live)
        clean = clean_frames()
        distance = clean.distance(line.rows)
        quality = np.minimum(1, clean.typical / np.maximum(distance, 1e-9))
        share = float(live.mean()) * thumbnails.coverage
        return Measured(
            value=float((quality * live).mean()) * thumbnails.coverage,
            details={"evidence": share, "quality": float(quality.mean()), "distance": float(distance.mean())},
            series=tuple(zip(line.seconds.tolist(), quality.tolist(), strict=True)),
            coverage=thumbnails.coverage,
        )

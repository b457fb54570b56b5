"""VBench's subject consistency (arXiv 2311.17982), for comparison with published numbers: formula in `_vbench`.

Every frame is seen by DINO ViT-B/16 in its own shape, the shorter side 224 pixels. A frozen video has 1 and no identity
is looked for, so it belongs in no axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from evalsuite import backbones
from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._dino import VBENCH
from ._vbench import consistency


class VBenchSubjectConsistency(Metric):
    """How alike all frames look to DINO, each with the one before and with the first; 0 - 1."""

    summary: ClassVar[str] = "subject consistency as VBench computes it (a frozen video has 1)"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def __init__(self, weights: str = "") -> None:
        self.extractors = (f"{VBENCH}:{weights}" if weights else VBENCH,)  # type: ignore[misc]
        self.version = f"1-{backbones.revision(weights or 'dino-vitb16')}"  # type: ignore[misc]

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """The storyboard is not looked at."""
        return consistency(features[self.extractors[0]])

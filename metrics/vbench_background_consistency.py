"""VBench's background consistency (arXiv 2311.17982), for comparison with published numbers: formula in `_vbench`.

The middle of every frame is seen by OpenAI's CLIP ViT-B/32. A frozen video has 1, and no background is looked for, so
it belongs in no axis.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from evalsuite import backbones
from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._open_clip import OPENAI, VBENCH
from ._vbench import consistency


class VBenchBackgroundConsistency(Metric):
    """How alike all frames look to CLIP, each with the one before and with the first; 0 - 1."""

    summary: ClassVar[str] = "background consistency as VBench computes it (a frozen video has 1)"
    version: ClassVar[str] = f"1-{backbones.revision(OPENAI)}"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = (VBENCH,)

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """The storyboard is not looked at."""
        return consistency(features[VBENCH])

"""First light: a small diffusion transformer, trained on the cartoon world, that remembers by TTT layers.

*One-Minute Video Generation with Test-Time Training* (arXiv 2504.05298) at a two-thousandth of its size; what it was
trained on, and what it cannot do, is told in `weights/README.md`.
"""

from __future__ import annotations

from functools import cached_property
from typing import ClassVar

from evalsuite.interfaces import Baseline
from evalsuite.types import Footage, Storyboard, VideoSpec

from ._models.generator import Generator
from ._models.weights import AUTOENCODER, revision


class TTT(Baseline):
    """Text to cartoon, 8 frames a second at 96 x 64, any number of segments."""

    summary: ClassVar[str] = "latent diffusion transformer with test-time training layers (TTT-Linear), trained on toon"

    def __init__(self) -> None:
        self.revision = revision(AUTOENCODER, "ttt.safetensors")

    @cached_property
    def _generator(self) -> Generator:
        """Loaded when the first video is asked for, and not for the revision alone."""
        return Generator("ttt")

    def generate(self, storyboard: Storyboard, seed: int, spec: VideoSpec) -> Footage:
        """Frames at the size of `spec` and 8 a second; equal for equal storyboard and seed."""
        return self._generator.film(storyboard, seed, spec)

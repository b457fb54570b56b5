"""Gated DeltaNet: the memory is a matrix that forgets, and corrects what it holds (arXiv 2412.06464)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models.files import SHIPPED
from .training.trained import Trained

if TYPE_CHECKING:
    from .models.sequence import SequenceLayer


class GatedDeltaNet(Trained):
    """A diffusion transformer whose segments are joined by Gated DeltaNet layers."""

    summary = "diffusion transformer with Gated DeltaNet layers, trained on the cartoon world"
    weights = SHIPPED / "gated_deltanet.safetensors"

    @staticmethod
    def make_layer(width: int, heads: int) -> SequenceLayer:
        from .models.gated_deltanet import gated_deltanet  # heavy, as all of torch is

        return gated_deltanet(width, heads)

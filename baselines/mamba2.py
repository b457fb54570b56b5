"""Mamba 2: the memory is a matrix that decays as each token says (arXiv 2405.21060)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models.files import SHIPPED
from .training.trained import Trained

if TYPE_CHECKING:
    from .models.sequence import SequenceLayer


class Mamba2(Trained):
    """A diffusion transformer whose segments are joined by Mamba 2 layers."""

    summary = "diffusion transformer with Mamba 2 layers, trained on the cartoon world"
    weights = SHIPPED / "mamba2.safetensors"

    @staticmethod
    def make_layer(width: int, heads: int) -> SequenceLayer:
        from .models.mamba2 import mamba2  # heavy, as all of torch is

        return mamba2(width, heads)

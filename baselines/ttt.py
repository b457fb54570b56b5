"""TTT-MLP: the memory is a small network that is trained on the video while it is made (arXiv 2504.05298)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models.files import SHIPPED
from .training.trained import Trained

if TYPE_CHECKING:
    from .models.sequence import SequenceLayer


class TTT(Trained):
    """A diffusion transformer whose segments are joined by test-time training layers (TTT-MLP)."""

    summary = "diffusion transformer with test-time training layers (TTT-MLP), trained on the cartoon world"
    weights = SHIPPED / "ttt.safetensors"

    @staticmethod
    def make_layer(width: int, heads: int) -> SequenceLayer:
        from .models.ttt_mlp import ttt_mlp  # heavy, as all of torch is

        return ttt_mlp(width, heads)

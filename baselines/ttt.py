"""TTT-MLP: the memory is a small network that is trained on the video while it is made (arXiv 2504.05298)."""

from __future__ import annotations

from .models.sequence import SequenceLayer
from .models.ttt_mlp import ttt_mlp
from .models.weights import SHIPPED
from .training.trained import Trained


class TTT(Trained):
    """A diffusion transformer whose segments are joined by test-time training layers (TTT-MLP)."""

    summary = "diffusion transformer with test-time training layers (TTT-MLP), trained on the cartoon world"
    weights = SHIPPED / "ttt.safetensors"

    @staticmethod
    def make_layer(width: int, heads: int) -> SequenceLayer:
        return ttt_mlp(width, heads)

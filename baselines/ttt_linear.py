"""TTT-Linear: the memory is a matrix that is trained on the video while it is made (arXiv 2504.05298)."""

from __future__ import annotations

from .models.sequence import SequenceLayer
from .models.ttt_linear import ttt_linear
from .models.weights import SHIPPED
from .training.trained import Trained


class TTTLinear(Trained):
    """A diffusion transformer whose segments are joined by test-time training layers (TTT-Linear)."""

    summary = "diffusion transformer with test-time training layers (TTT-Linear), trained on the cartoon world"
    weights = SHIPPED / "ttt_linear.safetensors"

    @staticmethod
    def make_layer(width: int, heads: int) -> SequenceLayer:
        return ttt_linear(width, heads)

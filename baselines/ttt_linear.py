"""TTT-Linear: the memory is a matrix that is trained on the video while it is made (arXiv 2504.05298)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models.files import SHIPPED
from .training.trained import Trained

if TYPE_CHECKING:
    from .models.sequence import SequenceLayer


class TTTLinear(Trained):
    """A diffusion transformer whose segments are joined by test-time training layers (TTT-Linear)."""

    summary = "diffusion transformer with test-time training layers (TTT-Linear), trained on the cartoon world"
    weights = SHIPPED / "ttt_linear.safetensors"

    @staticmethod
    def make_layer(width: int, heads: int) -> SequenceLayer:
        from .models.ttt_linear import ttt_linear  # heavy, as all of torch is

        return ttt_linear(width, heads)

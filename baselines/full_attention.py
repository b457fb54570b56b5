"""Full attention: every token sees the whole video; the positive control of what memory could do."""

from __future__ import annotations

from .models.full_attention import full_attention
from .models.sequence import SequenceLayer
from .models.weights import SHIPPED
from .training.trained import Trained


class FullAttention(Trained):
    """A diffusion transformer whose segments are joined by full attention over the whole video."""

    summary = "diffusion transformer with full attention over the whole video, trained on the cartoon world"
    weights = SHIPPED / "full_attention.safetensors"

    @staticmethod
    def make_layer(width: int, heads: int) -> SequenceLayer:
        return full_attention(width, heads)

"""Full attention: every token sees the whole video; the positive control of what memory could do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models.files import SHIPPED
from .training.trained import Trained

if TYPE_CHECKING:
    from .models.sequence import SequenceLayer


class FullAttention(Trained):
    """A diffusion transformer whose segments are joined by full attention over the whole video."""

    summary = "diffusion transformer with full attention over the whole video, trained on the cartoon world"
    weights = SHIPPED / "full_attention.safetensors"

    @staticmethod
    def make_layer(width: int, heads: int) -> SequenceLayer:
        from .models.full_attention import full_attention  # heavy, as all of torch is

        return full_attention(width, heads)

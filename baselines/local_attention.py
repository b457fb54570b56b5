"""Local attention: segments know of each other only by the frame that neighbours share; the floor of memory."""

from __future__ import annotations

from .models.files import SHIPPED
from .training.trained import Trained


class LocalAttention(Trained):
    """A diffusion transformer whose segments are joined by attention within 3 seconds and no other memory."""

    summary = "diffusion transformer with attention within 3 seconds and no other memory, trained on the cartoon world"
    weights = SHIPPED / "local_attention.safetensors"

    @staticmethod
    def make_layer(width: int, heads: int) -> None:
        return None

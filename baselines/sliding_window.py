"""Sliding-window attention: each token sees those within about a second and a half."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .models.files import SHIPPED
from .training.trained import Trained

if TYPE_CHECKING:
    from .models.sequence import SequenceLayer


class SlidingWindow(Trained):
    """A diffusion transformer whose segments are joined by sliding-window attention."""

    summary = "diffusion transformer with sliding-window attention, trained on the cartoon world"
    weights = SHIPPED / "sliding_window.safetensors"

    @staticmethod
    def make_layer(width: int, heads: int) -> SequenceLayer:
        from .models.sliding_window import sliding_window  # heavy, as all of torch is

        return sliding_window(width, heads)

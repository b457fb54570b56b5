"""Full attention: every token attends to every other, so that work grows with the square of the length."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from .attention import AttentionLayer


class FullAttention(AttentionLayer):
    """Dense attention over the whole video."""

    def reach(self, tokens: int) -> int:
        return tokens

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        return functional.scaled_dot_product_attention(queries, keys, values, scale=1.0)


def full_attention(width: int, heads: int) -> FullAttention:
    """One head more than the transformer's own attention has: so its parameters are as many as other layers'."""
    return FullAttention(width, heads + 1, width // heads)

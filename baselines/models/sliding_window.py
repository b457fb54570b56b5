"""Sliding-window attention: every token attends to its neighbours in the line of tokens (arXiv 2004.05150)."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .attention import AttentionLayer

_BLOCKS_AT_ONCE = 64  # bounds the memory of the scores


class SlidingWindow(AttentionLayer):
    """Attention to as many tokens before as after, fewer at the ends of the video."""

    def __init__(self, width: int, heads: int, head_width: int, each_way: int) -> None:
        super().__init__(width, heads, head_width)
        self.each_way = each_way

    def reach(self, tokens: int) -> int:
        return min(tokens, 2 * self.each_way + 1)

    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Blocks as long as the window reaches each way, so that a block sees itself and its two neighbours."""
        length, block = queries.shape[2], self.each_way
        filling = -length % block
        queries = functional.pad(queries, (0, 0, 0, filling)).unflatten(2, (-1, block))
        keys, values = (
            functional.pad(x, (0, 0, block, block + filling)).unfold(2, 3 * block, block) for x in (keys, values)
        )
        hidden = self._hidden(length, queries.shape[2], keys.device)
        parts = zip(
            *(x.split(_BLOCKS_AT_ONCE, dim=2) for x in (queries, keys, values)),
            hidden.split(_BLOCKS_AT_ONCE),
            strict=True,
        )
        return torch.cat([_answers(*part) for part in parts], dim=2).flatten(2, 3)[:, :, :length]

    def _hidden(self, length: int, blocks: int, device: torch.device) -> Tensor:
        """Which of the seen tokens are beyond the window or the video, (blocks, tokens of a block, tokens seen)."""
        asking = torch.arange(blocks * self.each_way, device=device).view(blocks, -1, 1)
        seen = torch.arange(3 * self.each_way, device=device) + asking[:, :1] - self.each_way
        return (seen < 0) | (seen >= length) | ((seen - asking).abs() > self.each_way)


def _answers(queries: Tensor, keys: Tensor, values: Tensor, hidden: Tensor) -> Tensor:
    """Of some blocks: `queries` (..., blocks, tokens, channels), the others (..., blocks, channels, tokens seen)."""
    weights = (queries @ keys).masked_fill(hidden, -torch.inf).softmax(-1).to(values.dtype)
    return weights @ values.mT


def sliding_window(width: int, heads: int) -> SlidingWindow:
    """One head more than the transformer's own attention has: so its parameters are as many as other layers'.

    The window is 6/13 of a segment's 176 tokens, as the 8192 tokens of *One-Minute Video Generation with Test-Time
    Training* are of its segment's 13 latent frames.
    """
    return SlidingWindow(width, heads + 1, width // heads, each_way=40)

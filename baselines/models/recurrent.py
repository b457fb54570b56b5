"""What the layers share whose memory is of constant size: they read chunk after chunk and carry a state on."""

from __future__ import annotations

import math
from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from .sequence import Rotation, SequenceLayer

State = tuple[Tensor, ...]
"""All that is remembered of the tokens so far; each part is (batch, ...)."""

_FIRST_RATE = 0.05
"""How much a step forgets at first; from 1 to 16, as for text, looks would be forgotten before they are asked for."""
_CHUNKS_AT_ONCE = 32  # bounds the memory of all that is worked out for each token


class RecurrentLayer(SequenceLayer):
    """Reads a stretch of tokens at a time, and knows of earlier ones only what its state remembers."""

    def __init__(self, chunk: int) -> None:
        super().__init__()
        self.chunk = chunk
        """How many tokens are worked on together, in matrix products."""

    def state_size(self, tokens: int) -> int:
        return sum(part.numel() for part in self.start(1, torch.float32))

    def forward(self, tokens: Tensor, rotation: Rotation) -> Tensor:
        state = self.start(len(tokens), torch.promote_types(tokens.dtype, torch.float32))
        stretch = self.chunk * _CHUNKS_AT_ONCE
        results = []
        for begin in range(0, tokens.shape[1], stretch):
            here = slice(begin, begin + stretch)
            result, state = self.read(state, tokens[:, here], (rotation[0][here], rotation[1][here]))
            results.append(result)
        return torch.cat(results, dim=1)

    @abstractmethod
    def start(self, batch: int, kind: torch.dtype) -> State:
        """What is remembered before the first token; states are kept in `kind`, whatever tokens are rounded to."""

    @abstractmethod
    def read(self, state: State, tokens: Tensor, rotation: Rotation) -> tuple[Tensor, State]:
        """What the tokens (batch, length, width) become, and what is remembered after them."""


class ShortConvolution(nn.Module):
    """Mixes each channel over a token and the three before it, then SiLU."""

    def __init__(self, channels: int, taps: int = 4) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(taps, channels).uniform_(-1, 1) / math.sqrt(taps))
        self.bias = nn.Parameter(torch.zeros(channels))

    def start(self, batch: int, kind: torch.dtype) -> Tensor:
        """The tokens before the first: zeros."""
        taps, channels = self.weight.shape
        return self.weight.new_zeros(batch, taps - 1, channels, dtype=kind)

    def forward(self, before: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """`x` (batch, tokens, channels) mixed, and its last three tokens, which are the next stretch's `before`."""
        long = torch.cat([before, x], dim=1)
        length = x.shape[1]
        mixed: Tensor = self.bias + sum(weight * long[:, tap : tap + length] for tap, weight in enumerate(self.weight))
        return functional.silu(mixed), long[:, length:]


class Forgetting(nn.Module):
    """How far to step at each token, and how much each head forgets with it (arXiv 2312.00752, section 3.6)."""

    def __init__(self, heads: int) -> None:
        super().__init__()
        self.log_rate = nn.Parameter(torch.full((heads,), math.log(_FIRST_RATE)))
        steps = torch.empty(heads).uniform_(math.log(0.001), math.log(0.1)).exp()
        self.bias = nn.Parameter(steps.expm1().log())  # the inverse of softplus

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Step sizes, and the logarithms of the share of the memory that stays, both like `x` (..., heads)."""
        steps = functional.softplus(x + self.bias)
        return steps, -self.log_rate.to(x.dtype).exp() * steps


def in_chunks(x: Tensor, chunk: int) -> Tensor:
    """(..., tokens, channels) to (..., chunks, chunk, channels); zeros fill the last chunk."""
    chunks: Tensor = functional.pad(x, (0, 0, 0, -x.shape[-2] % chunk)).unflatten(-2, (-1, chunk))
    return chunks


def decay_between(sums: Tensor) -> Tensor:
    """How much of token j is left at token i, 0 if it comes later: (..., tokens i, tokens j).

    `sums` (..., tokens) are logarithms of what is left of the time before the first token.
    """
    later = torch.ones(sums.shape[-1], sums.shape[-1], dtype=torch.bool, device=sums.device).triu(1)
    between = sums.unsqueeze(-1) - sums.unsqueeze(-2)
    return between.masked_fill(later, -math.inf).exp()  # before exp, which would overflow there


def product(left: Tensor, right: Tensor, kind: torch.dtype) -> Tensor:
    """A matrix product that rounds its factors to `kind`; the sum is kept as exact as `left` is."""
    return (left.to(kind) @ right.to(kind)).to(left.dtype)

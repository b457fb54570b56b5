"""The door for sequence layers: what lets one segment know of another."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

Rotation = tuple[Tensor, Tensor]
"""Cosines and sines of the angles by which pairs of channels are turned, each (tokens, channels of a head / 2)."""


class SequenceLayer(nn.Module, ABC):
    """Reads a video's tokens in order, forwards; the transformer runs it a second time over the reversed tokens."""

    @abstractmethod
    def state_size(self, tokens: int) -> int:
        """How many numbers it remembers of one video after reading so many tokens."""

    @abstractmethod
    def forward(self, tokens: Tensor, rotation: Rotation) -> Tensor:
        """`tokens` (batch, length, width) to the same shape, for any length; `rotation` tells places in the picture."""


@torch.no_grad()
def start_alike(queries: Tensor, keys: Tensor) -> None:
    """Sets the weights that make queries to those that make keys, so that from the start like finds like."""
    queries.copy_(keys)


def rotate(x: Tensor, rotation: Rotation) -> Tensor:
    """Turns pairs of channels of `x` (..., tokens, channels) by where a token is (RoPE, arXiv 2104.09864)."""
    cosine, sine = (part.to(x.dtype) for part in rotation)
    left, right = x.chunk(2, dim=-1)
    return torch.cat([left * cosine - right * sine, left * sine + right * cosine], dim=-1)

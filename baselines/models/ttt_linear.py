"""TTT-Linear: the memory is one linear layer for each head (arXiv 2407.04620)."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .recurrent import State, product
from .ttt_layer import InnerModel, MiniBatch, TTTLayer

_DEVIATION = 0.02
"""Of the matrix before the first token; kept as 1, see `ttt_mlp.py`."""


class InnerLinear(InnerModel):
    """TTT-Linear: inner(x) = x W + b."""

    base_rate = 16.0

    def __init__(self, heads: int, channels: int) -> None:
        super().__init__(heads, channels)
        self.weight = nn.Parameter(torch.randn(heads, channels, channels))
        self.bias = nn.Parameter(torch.zeros(heads, 1, channels))

    def weights(self) -> State:
        return _DEVIATION * self.weight, _DEVIATION * self.bias

    def step(self, state: State, batch: MiniBatch) -> tuple[Tensor, State]:
        weight, bias = state
        gradient = batch.rates * self.gradient(product(batch.keys, weight, batch.kind) + bias, batch.targets)
        weight = weight - product(batch.keys.mT, gradient, batch.kind)
        bias = bias - gradient.sum(-2, keepdim=True)
        return self.answer(batch.queries, product(batch.queries, weight, batch.kind) + bias), (weight, bias)


def ttt_linear(width: int, heads: int, mini_batch: int = 64) -> TTTLayer:
    return TTTLayer(width, heads, InnerLinear(heads, width // heads), mini_batch)

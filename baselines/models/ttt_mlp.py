"""TTT-MLP: the memory is a network of two layers for each head (arXiv 2504.05298)."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from .recurrent import State, product
from .ttt_layer import InnerModel, MiniBatch, TTTLayer

_IN, _OUT = 0.5, 0.02
"""Deviations of the matrices before the first token; kept as 1, so that a step of the optimiser is small beside them.

Else its steps soon make the memory answer by what it was before the first token, and what it reads is noise to that.
"""
_STEEP = 2 * math.sqrt(2 / math.pi)


class InnerMLP(InnerModel):
    """TTT-MLP: inner(x) = gelu(x W1 + b1) W2 + b2, four times as wide inside."""

    base_rate = 16.0

    def __init__(self, heads: int, channels: int, widening: int = 4) -> None:
        super().__init__(heads, channels)
        wide = widening * channels
        self.weight_in = nn.Parameter(torch.randn(heads, channels, wide))
        self.bias_in = nn.Parameter(torch.zeros(heads, 1, wide))
        self.weight_out = nn.Parameter(torch.randn(heads, wide, channels))
        self.bias_out = nn.Parameter(torch.zeros(heads, 1, channels))

    def weights(self) -> State:
        return _IN * self.weight_in, _IN * self.bias_in, _OUT * self.weight_out, _OUT * self.bias_out

    def step(self, state: State, batch: MiniBatch) -> tuple[Tensor, State]:
        weight_in, bias_in, weight_out, bias_out = state
        kind = batch.kind
        hidden, slope = _gelu_and_slope(product(batch.keys, weight_in, kind) + bias_in)
        outer = batch.rates * self.gradient(product(hidden, weight_out, kind) + bias_out, batch.targets)
        inner = product(outer, weight_out.mT, kind) * slope
        weight_in = weight_in - product(batch.keys.mT, inner, kind)
        bias_in = bias_in - inner.sum(-2, keepdim=True)
        weight_out = weight_out - product(hidden.mT, outer, kind)
        bias_out = bias_out - outer.sum(-2, keepdim=True)
        asked = _gelu(product(batch.queries, weight_in, kind) + bias_in)
        answers = self.answer(batch.queries, product(asked, weight_out, kind) + bias_out)
        return answers, (weight_in, bias_in, weight_out, bias_out)


def ttt_mlp(width: int, heads: int, mini_batch: int = 64) -> TTTLayer:
    return TTTLayer(width, heads, InnerMLP(heads, width // heads), mini_batch)


def _gelu(x: Tensor) -> Tensor:
    """The tanh form of GELU, written with the sigmoid, which is quicker on a CPU."""
    return x * torch.sigmoid(x * (_STEEP + 0.044715 * _STEEP * (x * x)))


def _gelu_and_slope(x: Tensor) -> tuple[Tensor, Tensor]:
    """The same, and its derivative."""
    square = x * x
    gate = torch.sigmoid(x * (_STEEP + 0.044715 * _STEEP * square))
    y = x * gate
    return y, gate + (y - y * gate) * (_STEEP + 0.134145 * _STEEP * square)

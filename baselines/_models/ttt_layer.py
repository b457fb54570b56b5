"""Test-time training layers: a memory that is itself a small network, trained on the tokens while they are read.

*One-Minute Video Generation with Test-Time Training* (arXiv 2504.05298), after *Learning to (Learn at Test Time)*
(arXiv 2407.04620). The memory f(x; W) = x + LN(inner(x; W)) learns to tell a token's value from its key: for each
mini-batch of b tokens, W <- W - (1 / b) sum of rate_t * gradient of 1/2 |LN(inner(k_t; W)) - target_t|^2. All b queries
are then answered with the new W, so that within a mini-batch each token knows of each other.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .sequence import Rotation, SequenceLayer, rotate

State = tuple[Tensor, ...]
_EPSILON = 1e-6
_MINI_BATCHES_AT_ONCE = 32  # bounds the memory of keys, values and queries
_STEEP = 2 * math.sqrt(2 / math.pi)


class MiniBatch(NamedTuple):
    """Tokens that are learned from together; all but `rates` are (batch, heads, tokens, channels)."""

    queries: Tensor
    keys: Tensor
    targets: Tensor
    rates: Tensor
    """How strongly to learn from each token, (batch, heads, tokens, 1); already divided by the number of tokens."""
    kind: torch.dtype
    """What factors of matrix products are rounded to."""


class InnerModel(nn.Module):
    """The small network whose weights are the memory: one for each head."""

    base_rate: float

    def __init__(self, heads: int, channels: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(heads, 1, channels))
        self.shift = nn.Parameter(torch.zeros(heads, 1, channels))

    @abstractmethod
    def weights(self) -> State:
        """What W is before the first token."""

    @abstractmethod
    def step(self, state: State, batch: MiniBatch) -> tuple[Tensor, State]:
        """Learns from a mini-batch, then answers its queries."""

    def targets(self, keys: Tensor, values: Tensor) -> Tensor:
        """What LN(inner(key)) should become: value - key, standardised."""
        centred, variance = _centred(values - keys)
        unbiased = variance * (centred.shape[-1] / (centred.shape[-1] - 1))
        return centred / (unbiased.sqrt() + 1e-8) * self.gain + self.shift

    def start(self, batch: int, kind: torch.dtype) -> State:
        return tuple(weight.to(kind).expand(batch, *weight.shape) for weight in self.weights())

    def answer(self, queries: Tensor, inner: Tensor) -> Tensor:
        normal, _ = _standardise(inner)
        return queries + normal * self.gain + self.shift

    def gradient(self, inner: Tensor, targets: Tensor) -> Tensor:
        """Of 1/2 |LN(inner) - target|^2 by `inner`."""
        normal, deviation = _standardise(inner)
        error = (normal * self.gain + self.shift - targets) * self.gain
        centred = error - error.mean(-1, keepdim=True)
        return (centred - normal * (error * normal).mean(-1, keepdim=True)) / deviation


class InnerLinear(InnerModel):
    """TTT-Linear: inner(x) = x W + b."""

    base_rate = 1.0

    def __init__(self, heads: int, channels: int) -> None:
        super().__init__(heads, channels)
        self.weight = nn.Parameter(torch.randn(heads, channels, channels) * 0.02)
        self.bias = nn.Parameter(torch.zeros(heads, 1, channels))

    def weights(self) -> State:
        return self.weight, self.bias

    def step(self, state: State, batch: MiniBatch) -> tuple[Tensor, State]:
        weight, bias = state
        gradient = batch.rates * self.gradient(_product(batch.keys, weight, batch.kind) + bias, batch.targets)
        weight = weight - _product(batch.keys.mT, gradient, batch.kind)
        bias = bias - gradient.sum(-2, keepdim=True)
        return self.answer(batch.queries, _product(batch.queries, weight, batch.kind) + bias), (weight, bias)


class InnerMLP(InnerModel):
    """TTT-MLP: inner(x) = gelu(x W1 + b1) W2 + b2, four times as wide inside."""

    base_rate = 0.1

    def __init__(self, heads: int, channels: int, widening: int = 4) -> None:
        super().__init__(heads, channels)
        wide = widening * channels
        self.weight_in = nn.Parameter(torch.randn(heads, channels, wide) * 0.02)
        self.bias_in = nn.Parameter(torch.zeros(heads, 1, wide))
        self.weight_out = nn.Parameter(torch.randn(heads, wide, channels) * 0.02)
        self.bias_out = nn.Parameter(torch.zeros(heads, 1, channels))

    def weights(self) -> State:
        return self.weight_in, self.bias_in, self.weight_out, self.bias_out

    def step(self, state: State, batch: MiniBatch) -> tuple[Tensor, State]:
        weight_in, bias_in, weight_out, bias_out = state
        kind = batch.kind
        hidden, slope = _gelu_and_slope(_product(batch.keys, weight_in, kind) + bias_in)
        outer = batch.rates * self.gradient(_product(hidden, weight_out, kind) + bias_out, batch.targets)
        inner = _product(outer, weight_out.mT, kind) * slope
        weight_in = weight_in - _product(batch.keys.mT, inner, kind)
        bias_in = bias_in - inner.sum(-2, keepdim=True)
        weight_out = weight_out - _product(hidden.mT, outer, kind)
        bias_out = bias_out - outer.sum(-2, keepdim=True)
        asked, _ = _gelu_and_slope(_product(batch.queries, weight_in, kind) + bias_in)
        answers = self.answer(batch.queries, _product(asked, weight_out, kind) + bias_out)
        return answers, (weight_in, bias_in, weight_out, bias_out)


class TTTLayer(SequenceLayer):
    """Keys, values, queries and learning rates from each token; the memory's answers, normalised, back to tokens."""

    def __init__(self, width: int, heads: int, inner: InnerModel, mini_batch: int) -> None:
        super().__init__()
        self.heads = heads
        self.mini_batch = mini_batch
        self.inner = inner
        self.project = nn.Linear(width, 3 * width)
        self.rate = nn.Linear(width, heads)
        self.normalise = nn.LayerNorm(width)
        self.leave = nn.Linear(width, width)

    @property
    def state_size(self) -> int:
        return sum(weight.numel() for weight in self.inner.weights())

    def forward(self, tokens: Tensor, rotation: Rotation) -> Tensor:
        kind = torch.promote_types(tokens.dtype, torch.float32)
        state = self.inner.start(len(tokens), kind)
        stretch = self.mini_batch * _MINI_BATCHES_AT_ONCE
        results = []
        for begin in range(0, tokens.shape[1], stretch):
            here = slice(begin, begin + stretch)
            result, state = self._read(state, tokens[:, here], (rotation[0][here], rotation[1][here]), kind)
            results.append(result)
        return torch.cat(results, dim=1)

    def _read(self, state: State, tokens: Tensor, rotation: Rotation, kind: torch.dtype) -> tuple[Tensor, State]:
        answers = []
        for batch in self._mini_batches(tokens, rotation, kind):
            answer, state = self.inner.step(state, batch)
            answers.append(answer)
        together = torch.cat(answers, dim=2).transpose(1, 2).flatten(2).to(tokens.dtype)
        return self.leave(self.normalise(together)), state

    def _mini_batches(self, tokens: Tensor, rotation: Rotation, kind: torch.dtype) -> list[MiniBatch]:
        projected = self.project(tokens)
        queries, keys, values = projected.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).to(kind)
        queries, keys = (rotate(functional.normalize(x, dim=-1), rotation) for x in (queries, keys))
        rates = self.rate(tokens).to(kind).sigmoid().mT.unsqueeze(-1) * self.inner.base_rate / queries.shape[-1]
        targets = self.inner.targets(keys, values)
        parts = zip(*(x.split(self.mini_batch, dim=2) for x in (queries, keys, targets, rates)), strict=True)
        return [MiniBatch(q, k, t, r / q.shape[2], projected.dtype) for q, k, t, r in parts]


def ttt_linear(width: int, heads: int, mini_batch: int = 64) -> TTTLayer:
    return TTTLayer(width, heads, InnerLinear(heads, width // heads), mini_batch)


def ttt_mlp(width: int, heads: int, mini_batch: int = 64) -> TTTLayer:
    return TTTLayer(width, heads, InnerMLP(heads, width // heads), mini_batch)


def _product(left: Tensor, right: Tensor, kind: torch.dtype) -> Tensor:
    """A matrix product that rounds its factors to `kind`; the sum is kept as exact as `left` is."""
    return (left.to(kind) @ right.to(kind)).to(left.dtype)


def _standardise(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean 0 and deviation 1 over the last dimension, and the deviation it had."""
    centred, variance = _centred(x)
    deviation = (variance + _EPSILON).sqrt()
    return centred / deviation, deviation


def _centred(x: Tensor) -> tuple[Tensor, Tensor]:
    """`x` less its mean over the last dimension, and its variance; ten times as quick as `torch.var_mean` on a CPU."""
    centred = x - x.mean(-1, keepdim=True)
    return centred, centred.square().mean(-1, keepdim=True)


def _gelu_and_slope(x: Tensor) -> tuple[Tensor, Tensor]:
    """The tanh form of GELU, written with the sigmoid (quicker on a CPU), and its derivative."""
    square = x * x
    gate = torch.sigmoid(x * (_STEEP + 0.044715 * _STEEP * square))
    y = x * gate
    return y, gate + (y - y * gate) * (_STEEP + 0.134145 * _STEEP * square)

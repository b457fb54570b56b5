"""Test-time training layers: a memory that is itself a small network, trained on the tokens while they are read.

*One-Minute Video Generation with Test-Time Training* (arXiv 2504.05298), after *Learning to (Learn at Test Time)*
(arXiv 2407.04620). The memory f(x; W) = x + LN(inner(x; W)) learns to tell a token's value from its key: for each
mini-batch of b tokens, W <- W - (1 / b) sum of rate_t * gradient of 1/2 |LN(inner(k_t; W)) - target_t|^2. All b queries
are then answered with the new W, so that within a mini-batch each token knows of each other.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .recurrent import RecurrentLayer, State
from .sequence import Rotation, rotate, start_alike

_EPSILON = 1e-6
_FIRST_RATE = -2.0
"""Logit of the share of the base rate that is used at first, so that it can rise eightfold."""


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


class TTTLayer(RecurrentLayer):
    """Keys, values, queries and learning rates from each token; the memory's answers, normalised, back to tokens."""

    def __init__(self, width: int, heads: int, inner: InnerModel, mini_batch: int) -> None:
        super().__init__(chunk=mini_batch)
        self.heads = heads
        self.inner = inner
        self.project = nn.Linear(width, 3 * width)
        for part in self.project.parameters():
            start_alike(*part.chunk(3)[:2])
        self.rate = nn.Linear(width, heads)
        nn.init.constant_(self.rate.bias, _FIRST_RATE)
        self.normalise = nn.LayerNorm(width)
        self.leave = nn.Linear(width, width)

    def start(self, batch: int, kind: torch.dtype) -> State:
        return self.inner.start(batch, kind)

    def read(self, state: State, tokens: Tensor, rotation: Rotation) -> tuple[Tensor, State]:
        answers = []
        for batch in self._mini_batches(tokens, rotation, kind=state[0].dtype):
            answer, state = self.inner.step(state, batch)
            answers.append(answer.transpose(1, 2).flatten(2).to(tokens.dtype))
        return self.leave(self.normalise(torch.cat(answers, dim=1))), state

    def _mini_batches(self, tokens: Tensor, rotation: Rotation, kind: torch.dtype) -> list[MiniBatch]:
        projected = self.project(tokens)
        queries, keys, values = projected.unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4).to(kind)
        queries, keys = (rotate(functional.normalize(x, dim=-1), rotation) for x in (queries, keys))
        rates = self.rate(tokens).to(kind).sigmoid().mT.unsqueeze(-1) * self.inner.base_rate / queries.shape[-1]
        targets = self.inner.targets(keys, values)
        parts = zip(*(x.split(self.chunk, dim=2) for x in (queries, keys, targets, rates)), strict=True)
        return [MiniBatch(q, k, t, r / q.shape[2], projected.dtype) for q, k, t, r in parts]


def _standardise(x: Tensor) -> tuple[Tensor, Tensor]:
    """Mean 0 and deviation 1 over the last dimension, and the deviation it had."""
    centred, variance = _centred(x)
    deviation = (variance + _EPSILON).sqrt()
    return centred / deviation, deviation


def _centred(x: Tensor) -> tuple[Tensor, Tensor]:
    """`x` less its mean over the last dimension, and its variance.

    On a CPU ten times as quick as `torch.var_mean`, and x * x five times as quick as `x.square()`.
    """
    centred = x - x.mean(-1, keepdim=True)
    return centred, (centred * centred).mean(-1, keepdim=True)

"""Gated DeltaNet: a memory that fades, and that replaces what it held under a key instead of adding to it.

*Gated Delta Networks* (arXiv 2412.06464). The memory of a head is a matrix S, and token t, with key k_t of length 1,
value v_t, query q_t, strength b_t and decay a_t (both 0 - 1), does

    S_t = a_t (1 - b_t k_t k_t') S_(t-1) + b_t k_t v_t',    o_t = S_t' q_t / sqrt(key width).

What the tokens of a chunk write depends on what those before them wrote: a triangular system (section 3.3).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .recurrent import Forgetting, RecurrentLayer, ShortConvolution, State, decay_between, in_chunks, product
from .sequence import Rotation, start_alike


class Inputs(NamedTuple):
    """What the memory is told at each token: (batch, heads, length, channels)."""

    queries: Tensor
    keys: Tensor
    """Of length 1."""
    values: Tensor
    strengths: Tensor
    """How much of what the memory holds under the key is replaced, 0 - 1; one channel."""
    decays: Tensor
    """Logarithms of the share of the memory that stays; one channel."""


class GatedDeltaNet(RecurrentLayer):
    """Keys, values, queries and strengths from each token; the memory's answers, normalised and gated, back to tokens.

    It ignores the rotation: order is in its recurrence and its short convolution.
    """

    def __init__(self, width: int, heads: int, key_width: int, value_width: int, chunk: int = 64) -> None:
        super().__init__(chunk)
        self.heads = heads
        self.head_parts = (key_width, key_width, value_width)
        mixed = heads * sum(self.head_parts)
        self.parts = (mixed, heads * value_width, heads, heads)
        self.enter = nn.Linear(width, sum(self.parts), bias=False)
        self.convolution = ShortConvolution(mixed)
        for part in (self.enter.weight[:mixed], self.convolution.weight.mT):
            queries, keys, _ = part.unflatten(0, (heads, -1)).split(self.head_parts, dim=1)
            start_alike(queries, keys)
        self.forgetting = Forgetting(heads)
        self.gain = nn.Parameter(torch.ones(value_width))
        self.leave = nn.Linear(heads * value_width, width, bias=False)

    def start(self, batch: int, kind: torch.dtype) -> State:
        key_width, _, value_width = self.head_parts
        memory = self.gain.new_zeros(batch, self.heads, key_width, value_width, dtype=kind)
        return self.convolution.start(batch, kind), memory

    def read(self, state: State, tokens: Tensor, rotation: Rotation) -> tuple[Tensor, State]:
        before, memory = state
        mixed, gate, strengths, steps = self.enter(tokens).split(self.parts, dim=-1)
        rounded = mixed.dtype
        mixed, before = self.convolution(before, mixed)
        queries, keys, values = mixed.unflatten(-1, (self.heads, -1)).transpose(1, 2).split(self.head_parts, dim=-1)
        queries, keys = (functional.normalize(x, dim=-1) for x in (queries, keys))
        _, decays = self.forgetting(steps.to(memory.dtype))
        strengths, decays = (x.mT.unsqueeze(-1) for x in (strengths.to(memory.dtype).sigmoid(), decays))
        inputs = Inputs(queries, keys, values, strengths, decays)
        answers, memory = gated_delta_rule(memory, inputs, self.chunk, rounded)
        answers = functional.rms_norm(answers.transpose(1, 2), answers.shape[-1:], eps=1e-5) * self.gain
        answers = answers.flatten(2) * functional.silu(gate)
        return self.leave(answers.to(tokens.dtype)), (before, memory)


def gated_delta_rule(memory: Tensor, inputs: Inputs, chunk: int, rounded: torch.dtype) -> tuple[Tensor, Tensor]:
    """What the memory answers to each query, (batch, heads, length, value width), and the memory after all of them.

    `memory` is (batch, heads, key width, value width); factors of products are `rounded`.
    """
    length = inputs.keys.shape[2]
    queries, keys, values, strengths, decays = (in_chunks(x, chunk) for x in inputs)
    queries = queries / math.sqrt(queries.shape[-1])
    sums = decays.cumsum(-2)
    between = decay_between(sums.squeeze(-1))
    wanted, known = _solve(keys, values, strengths, sums.exp(), between, rounded)
    weights = product(queries, keys.mT, rounded) * between
    left = keys * (sums[..., -1:, :] - sums).exp()
    parts = (queries * sums.exp(), weights, wanted, known, left.mT, sums[..., -1:, :].exp())
    answers = []
    for query, weight, want, know, write, decay in zip(*(part.unbind(2) for part in parts), strict=True):
        change = want - product(know, memory, rounded)
        answers.append(product(query, memory, rounded) + product(weight, change, rounded))
        memory = memory * decay + product(write, change, rounded)
    return torch.cat(answers, dim=2)[:, :, :length], memory


def _solve(
    keys: Tensor, values: Tensor, strengths: Tensor, faded: Tensor, between: Tensor, rounded: torch.dtype
) -> tuple[Tensor, Tensor]:
    """What each token would write to an empty memory, and the key by which it asks what the memory held before.

    The system of equations is read below its diagonal alone, which counts as 1.
    """
    system = product(keys * strengths, keys.mT, rounded) * between
    sides = strengths * torch.cat([values, keys * faded], dim=-1)
    solved: Tensor = torch.linalg.solve_triangular(system, sides, upper=False, unitriangular=True)
    wanted, known = solved.split([values.shape[-1], keys.shape[-1]], dim=-1)
    return wanted, known


def gated_deltanet(width: int, heads: int) -> GatedDeltaNet:
    """Keys twice as wide as values: about twice TTT-Linear's memory, with about as many parameters as other layers."""
    return GatedDeltaNet(width, heads, key_width=2 * width // heads, value_width=width // heads)

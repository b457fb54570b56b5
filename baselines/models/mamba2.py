"""Mamba 2: a memory that fades by one number for each head and token.

*Transformers are SSMs* (arXiv 2405.21060). The memory of a head is a matrix h, and token t, with value x_t (head
width), writes b_t and reads c_t (state width), step d_t and rate a < 0, does

    h_t = exp(a d_t) h_(t-1) + d_t b_t x_t',    y_t = h_t' c_t + skip x_t.

Within a chunk of tokens that is attention whose weights fade with distance; only whole chunks follow one another
(section 6).
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .recurrent import Forgetting, RecurrentLayer, ShortConvolution, State, decay_between, in_chunks, product
from .sequence import Rotation, start_alike


class Inputs(NamedTuple):
    """What the memory is told at each token."""

    values: Tensor
    """Already times the step, (batch, length, heads * head width)."""
    writes: Tensor
    """(batch, length, state width)"""
    reads: Tensor
    """(batch, length, state width)"""
    decays: Tensor
    """Logarithms of the share of the memory that stays, (batch, length, heads)."""


class Mamba2(RecurrentLayer):
    """Values, writes, reads and steps from each token; the memory's answers, gated and normalised, back to tokens.

    It ignores the rotation: order is in its recurrence and its short convolution.
    """

    def __init__(
        self, width: int, head_width: int = 64, state_width: int = 128, expand: int = 2, chunk: int = 64
    ) -> None:
        super().__init__(chunk)
        wide = expand * width
        self.heads = wide // head_width
        self.head_width = head_width
        self.parts = (wide, wide + 2 * state_width, self.heads)
        self.mixed_parts = (wide, state_width, state_width)
        self.enter = nn.Linear(width, sum(self.parts), bias=False)
        self.convolution = ShortConvolution(wide + 2 * state_width)
        for part in (self.enter.weight[wide : 2 * wide + 2 * state_width], self.convolution.weight.mT):
            _, writes, reads = part.split(self.mixed_parts)
            start_alike(reads, writes)
        self.forgetting = Forgetting(self.heads)
        self.skip = nn.Parameter(torch.ones(self.heads))
        self.gain = nn.Parameter(torch.ones(wide))
        self.leave = nn.Linear(wide, width, bias=False)

    def start(self, batch: int, kind: torch.dtype) -> State:
        memory = self.gain.new_zeros(batch, self.mixed_parts[1], self.heads, self.head_width, dtype=kind)
        return self.convolution.start(batch, kind), memory

    def read(self, state: State, tokens: Tensor, rotation: Rotation) -> tuple[Tensor, State]:
        before, memory = state
        gate, mixed, steps = self.enter(tokens).split(self.parts, dim=-1)
        rounded = mixed.dtype
        mixed, before = self.convolution(before, mixed)
        values, writes, reads = mixed.split(self.mixed_parts, dim=-1)
        steps, decays = self.forgetting(steps.to(memory.dtype))
        inputs = Inputs(values * steps.repeat_interleave(self.head_width, dim=-1), writes, reads, decays)
        answers, memory = fading_memory(memory, inputs, self.chunk, rounded)
        answers = (answers + self.skip.repeat_interleave(self.head_width) * values) * functional.silu(gate)
        answers = functional.rms_norm(answers, answers.shape[-1:], eps=1e-5) * self.gain
        return self.leave(answers.to(tokens.dtype)), (before, memory)


def fading_memory(memory: Tensor, inputs: Inputs, chunk: int, rounded: torch.dtype) -> tuple[Tensor, Tensor]:
    """What the memory answers to each token, like its values, and the memory after all of them.

    `memory` is (batch, state width, heads, head width); factors of products are `rounded`.
    """
    length, heads = inputs.decays.shape[1:]
    values, writes, reads, decays = (in_chunks(x, chunk) for x in inputs)
    sums = decays.cumsum(2)
    values = values.unflatten(-1, (heads, -1))
    weights = product(reads, writes.mT, rounded).unsqueeze(2) * decay_between(sums.mT)
    within = product(weights, values.transpose(2, 3), rounded).transpose(2, 3)
    left = values * (sums[:, :, -1:] - sums).exp().unsqueeze(-1)
    learned = product(writes.mT, left.flatten(3), rounded).unflatten(-1, (heads, -1))
    memories, memory = _chunk_after_chunk(memory, learned, sums[:, :, -1].exp())
    remembered = product(reads, memories.flatten(3), rounded).unflatten(-1, (heads, -1))
    answers = (within + remembered * sums.exp().unsqueeze(-1)).flatten(3)
    return answers.flatten(1, 2)[:, :length], memory


def _chunk_after_chunk(memory: Tensor, learned: Tensor, decays: Tensor) -> tuple[Tensor, Tensor]:
    """The memory before each chunk, and after the last."""
    memories = []
    for change, decay in zip(learned.unbind(1), decays.unbind(1), strict=True):
        memories.append(memory)
        memory = memory * decay.unsqueeze(1).unsqueeze(-1) + change
    return torch.stack(memories, dim=1), memory


def mamba2(width: int, heads: int) -> Mamba2:
    """Memory about 4 times TTT-Linear's, as in *One-Minute Video Generation with Test-Time Training*."""
    return Mamba2(width, head_width=width // heads)

"""What the attention layers share: queries, keys and values as in the transformer's own attention."""

from __future__ import annotations

import math
from abc import abstractmethod

import torch
from torch import Tensor, nn
from torch.nn import functional

from .sequence import Rotation, SequenceLayer, rotate, start_alike


class AttentionLayer(SequenceLayer):
    """Normalised, rotated queries and keys; a subclass says which tokens attend to which."""

    def __init__(self, width: int, heads: int, head_width: int) -> None:
        super().__init__()
        self.heads = heads
        self.project = nn.Linear(width, 3 * heads * head_width)
        for part in self.project.parameters():
            start_alike(*part.chunk(3)[:2])
        self.scale = nn.Parameter(torch.full((heads, 1, 1), math.log(math.sqrt(head_width))))
        self.leave = nn.Linear(heads * head_width, width)

    def state_size(self, tokens: int) -> int:
        """Keys and values of the tokens that one token can attend to."""
        return 2 * self.leave.in_features * self.reach(tokens)

    def forward(self, tokens: Tensor, rotation: Rotation) -> Tensor:
        queries, keys, values = self.project(tokens).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        queries, keys = (rotate(functional.normalize(x, dim=-1), rotation) for x in (queries, keys))
        queries = queries * self.scale.exp().to(queries.dtype)
        result: Tensor = self.leave(self.attend(queries, keys, values).transpose(1, 2).flatten(2))
        return result

    @abstractmethod
    def reach(self, tokens: int) -> int:
        """How many of so many tokens one token can attend to."""

    @abstractmethod
    def attend(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        """Softmax attention of all heads, (batch, heads, length, channels); queries hold the scale already."""

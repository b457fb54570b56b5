"""A convolution that the optimiser of matrices can train."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional


class Convolution(nn.Module):
    """3 x 3 pixels, with its weight as a matrix (outputs, inputs x 9): the optimiser Muon takes nothing else."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(outputs, inputs * 9))
        self.bias = nn.Parameter(torch.zeros(outputs))
        nn.init.kaiming_uniform_(self.weight, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        weight = self.weight.unflatten(1, (-1, 3, 3))
        return functional.conv2d(x, weight, self.bias, padding=1)

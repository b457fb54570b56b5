"""RAFT (arXiv 2003.12039) as torchvision writes it, small or large, whichever the file holds."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import pad
from torchvision.models.optical_flow import raft_large, raft_small

from evalsuite.errors import WeightsError
from evalsuite.learning.device import device

from .checkpoints import fill, read_state

UPDATES = 20
_FOLD = 8
_LEAST = 128
"""Pixels of a side below which the pyramid of correlations has no room."""


class Flow:
    """How far each pixel moves from one picture to the next."""

    def __init__(self, path: Path) -> None:
        state = read_state(path)
        small = state.get("feature_encoder.convnormrelu.0.weight", torch.zeros(0)).shape[0] == 32
        self._network = raft_small(weights=None) if small else raft_large(weights=None)
        fill(self._network, state, path)
        self._network.to(device())

    def __call__(self, first: Tensor, second: Tensor) -> Tensor:
        """Pictures (n, 3, height, width) of 0 - 255 to (n, 2, height, width) in pixels, sides rounded up to 8."""
        height, width = first.shape[2:]
        if min(height, width) < _LEAST:
            raise WeightsError(f"RAFT needs sides of {_LEAST} pixels or more, and the frames are {width} x {height}.")
        pair = [_padded(each.to(device()) / 127.5 - 1) for each in (first, second)]
        flow: Tensor = self._network(*pair, num_flow_updates=UPDATES)[-1]
        return flow


def _padded(pictures: Tensor) -> Tensor:
    """With edges repeated, half on each side, until sides are multiples of 8."""
    down, right = (-side % _FOLD for side in pictures.shape[2:])
    return pad(pictures, (right // 2, right - right // 2, down // 2, down - down // 2), mode="replicate")

"""toon-video: an excerpt of 16 frames to 64 numbers, by which sets of videos can be compared.

Convolutions over space, and over time by looking at the frame before and the frame after; time and space are halved on
the way and averaged at the end. What it is trained on: the words that the story has for the two halves of the excerpt.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from evalsuite.learning.convolution import Convolution
from evalsuite.learning.weights import load

FRAMES = 16
CHANNELS = 64
HALVES = 2
_FINE, _MIDDLE, _COARSE = 40, 80, 128


class ClipEncoder(nn.Module):
    """Excerpts in -1 - 1, (excerpts, 16, 3, height, width) with sides in multiples of 16, to rows (excerpts, 64).

    Every row has mean 0 and variance 1, so that products of rows are bounded.
    """

    def __init__(self) -> None:
        super().__init__()
        self.enter = Convolution(48, _FINE)
        self.fine = _Residual(_FINE)
        self.down = Convolution(4 * _FINE, _MIDDLE)
        self.middle = nn.Sequential(_Residual(_MIDDLE), _Residual(_MIDDLE))
        self.deeper = Convolution(4 * 2 * _MIDDLE, _COARSE)
        self.coarse = nn.Sequential(_Residual(_COARSE), _Residual(_COARSE))
        self.leave = nn.Linear(2 * 2 * _COARSE, CHANNELS)

    def forward(self, excerpts: Tensor) -> Tensor:
        x = _each_frame(self.enter, functional.pixel_unshuffle(excerpts, 4))
        x = _each_frame(self.down, functional.pixel_unshuffle(self.fine(x), 2))
        x = functional.pixel_unshuffle(_pairs(self.middle(x)), 2)
        x = self.coarse(_each_frame(self.deeper, x)).float()
        early, late = (half.mean(1) for half in x.chunk(HALVES, dim=1))
        parts = [part for half in (early, late) for part in (half.mean((2, 3)), half.amax((2, 3)))]
        left = self.leave(torch.cat(parts, dim=1).to(self.leave.weight.dtype))
        rows: Tensor = functional.layer_norm(left.float(), (CHANNELS,))
        return rows


class _Residual(nn.Module):
    """Two convolutions, the first of which also sees the frames before and after."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = Convolution(3 * width, width), Convolution(width, width)
        self.norms = nn.ModuleList([nn.GroupNorm(8, width) for _ in range(2)])
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        inner = functional.silu(_each_frame(self.norms[0], x))
        inner = _each_frame(self.first, _with_neighbours(inner))
        changed: Tensor = x + _each_frame(self.second, functional.silu(_each_frame(self.norms[1], inner)))
        return changed


def load_encoder(path: Path) -> ClipEncoder:
    tensors, _ = load(path)
    model = ClipEncoder()
    model.load_state_dict(tensors)
    return model.eval().requires_grad_(False)


def _each_frame(layer: nn.Module, x: Tensor) -> Tensor:
    done: Tensor = layer(x.flatten(0, 1))
    return done.view(*x.shape[:2], *done.shape[1:])


def _with_neighbours(x: Tensor) -> Tensor:
    """(excerpts, time, channels, ...) with the channels of the frames before and after; the ends see themselves."""
    before, after = torch.cat([x[:, :1], x[:, :-1]], dim=1), torch.cat([x[:, 1:], x[:, -1:]], dim=1)
    return torch.cat([before, x, after], dim=2)


def _pairs(x: Tensor) -> Tensor:
    """Half as many frames, with twice the channels."""
    paired: Tensor = x.unflatten(1, (-1, 2)).flatten(2, 3)
    return paired

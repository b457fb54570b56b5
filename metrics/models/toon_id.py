"""toon-id: finds the characters and things of the cartoon world in a frame, and tells who is who.

Centres as peaks of a heat map (arXiv 1904.07850), one map for each kind; at each cell also the box and an embedding. It
has three parts, each of one length: what it is, its coat's colour, what it wears. So two looks that share two of three
have a cosine of about 2 / 3, and looks that were never seen in training are told apart by parts that were.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from evalsuite.learning.convolution import Convolution
from evalsuite.learning.weights import load

from .looks import EMBEDDING, KINDS, LOOKS, WEIGHTS
from .parts import PART

STRIDE = 4
"""Pixels of a cell's side."""
_WIDTHS = (40, 80, 128)
_RARE = -4.0  # where training starts: next to no cell is a centre


class Maps(NamedTuple):
    """What the network says of each cell, each (frames, channels, rows, columns)."""

    heat: Tensor
    """Scores of the kinds, before the sigmoid."""
    box: Tensor
    """Distances in cells from the cell's middle to the left, top, right and bottom of the box."""
    identity: Tensor
    """Embeddings of length 1."""


class Layers(NamedTuple):
    """What it makes of frames on the way, each (frames, channels, rows, columns)."""

    fine: Tensor
    """Of 2 x 2 pixels."""
    middle: Tensor
    """Of 4 x 4 pixels."""


class Seen(NamedTuple):
    """What is in some frames, the likeliest first; each is (frames, detections, ...)."""

    score: Tensor
    kind: Tensor
    box: Tensor
    """Left, top, right, bottom in pixels."""
    identity: Tensor


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = Convolution(width, width), Convolution(width, width)
        self.norms = nn.ModuleList([nn.GroupNorm(8, width) for _ in range(2)])
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        inner = self.first(functional.silu(self.norms[0](x)))
        changed: Tensor = x + self.second(functional.silu(self.norms[1](inner)))
        return changed


class Detector(nn.Module):
    """Frames as values -1 - 1, (frames, 3, height, width) in multiples of 8, to `Maps`."""

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse = _WIDTHS
        self.enter = Convolution(3 * 4, fine)
        self.fine = _Residual(fine)
        self.down = Convolution(4 * fine, middle)
        self.middle = nn.Sequential(_Residual(middle), _Residual(middle))
        self.deeper = Convolution(4 * middle, coarse)
        self.coarse = nn.Sequential(_Residual(coarse), _Residual(coarse), _Residual(coarse))
        self.up = Convolution(coarse, middle)
        self.together = nn.Sequential(_Residual(middle), nn.GroupNorm(8, middle), nn.SiLU())
        self.leave = Convolution(middle, len(KINDS) + 4 + EMBEDDING)
        self.looks = nn.Parameter(torch.randn(sum(map(len, LOOKS)), PART))
        """A direction for each word of `LOOKS`."""
        with torch.no_grad():
            self.leave.bias[: len(KINDS)] = _RARE

    def forward(self, frames: Tensor) -> Maps:
        return self.told(self.layers(frames))

    def layers(self, frames: Tensor) -> Layers:
        """The first half of the way."""
        fine = self.fine(self.enter(functional.pixel_unshuffle(frames, 2)))
        return Layers(fine, self.middle(self.down(functional.pixel_unshuffle(fine, 2))))

    def told(self, layers: Layers) -> Maps:
        """The second half."""
        middle = layers.middle
        coarse = self.up(self.coarse(self.deeper(functional.pixel_unshuffle(middle, 2))))
        together = self.together(middle + functional.interpolate(coarse, scale_factor=2.0))
        heat, box, identity = self.leave(together).float().split([len(KINDS), 4, EMBEDDING], dim=1)
        parts = functional.normalize(identity.unflatten(1, (len(LOOKS), PART)), dim=2)
        return Maps(heat, functional.softplus(box), parts.flatten(1, 2) / len(LOOKS) ** 0.5)

    def directions(self) -> tuple[Tensor, ...]:
        """For each part, the directions of its words: (words, channels), each of length 1."""
        each: tuple[Tensor, ...] = functional.normalize(self.looks, dim=1).split([len(words) for words in LOOKS])
        return each


def peaks(maps: Maps, most: int) -> Seen:
    """The `most` likeliest centres: cells whose heat is the greatest of their neighbourhood."""
    heat = maps.heat.sigmoid()
    heat = heat * (functional.max_pool2d(heat, 3, 1, 1) == heat)
    score, place = heat.flatten(1).topk(most)
    rows, columns = heat.shape[2:]
    kind, cell = place // (rows * columns), place % (rows * columns)
    row, column = cell // columns, cell % columns
    middle = torch.stack([column, row, column, row], dim=-1) + 0.5
    signs = torch.tensor([-1.0, -1.0, 1.0, 1.0], device=heat.device)
    box = (middle + signs * _at(maps.box, cell)) * STRIDE
    return Seen(score, kind, box, _at(maps.identity, cell))


def load_detector(path: Path = WEIGHTS) -> Detector:
    tensors, _ = load(path)
    model = Detector()
    model.load_state_dict(tensors)
    return model.eval().requires_grad_(False)


def _at(values: Tensor, cell: Tensor) -> Tensor:
    """(frames, channels, rows, columns) at cells (frames, detections): (frames, detections, channels)."""
    flat = values.flatten(2).mT
    picked: Tensor = flat.gather(1, cell.unsqueeze(-1).expand(-1, -1, flat.shape[2]))
    return picked

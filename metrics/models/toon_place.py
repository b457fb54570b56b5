"""toon-place: tells the places of the cartoon world apart, whoever stands in front and wherever the camera is.

A few convolutions, then a coarse grid whose cells keep their place, since where a tree stands tells layouts apart. The
embedding has a part for the kind of place, one for its colours, one for what stands where, and one for the time of day.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from evalsuite.learning.convolution import Convolution
from evalsuite.learning.weights import load

from .parts import PART
from .places import EMBEDDING, PLACES, WEIGHTS

WIDTH, HEIGHT = 48, 32
"""Pixels of what it looks at."""
_WIDTHS = (24, 48, 96)
_CELLS = WIDTH * HEIGHT // 8**2
_INNER = 192


class PlaceTeller(nn.Module):
    """Frames as values -1 - 1, (frames, 3, HEIGHT, WIDTH), to embeddings of length 1, (frames, EMBEDDING)."""

    def __init__(self) -> None:
        super().__init__()
        fine, middle, coarse = _WIDTHS
        self.fine = nn.Sequential(Convolution(3 * 4, fine), nn.GroupNorm(8, fine), nn.SiLU())
        self.middle = nn.Sequential(Convolution(4 * fine, middle), nn.GroupNorm(8, middle), nn.SiLU())
        self.coarse = nn.Sequential(Convolution(4 * middle, coarse), nn.GroupNorm(8, coarse), nn.SiLU())
        self.gather = nn.Linear(coarse * _CELLS, _INNER)
        self.leave = nn.Linear(_INNER, EMBEDDING)
        self.words = nn.Parameter(torch.randn(sum(map(len, PLACES)), PART))
        """A direction for each word of `PLACES`."""

    def forward(self, frames: Tensor) -> Tensor:
        fine = self.fine(functional.pixel_unshuffle(frames, 2))
        middle = self.middle(functional.pixel_unshuffle(fine, 2))
        coarse = self.coarse(functional.pixel_unshuffle(middle, 2))
        embedding = self.leave(functional.silu(self.gather(coarse.flatten(1)))).float()
        parts = functional.normalize(embedding.unflatten(1, (len(PLACES), PART)), dim=2)
        whole: Tensor = parts.flatten(1) / len(PLACES) ** 0.5
        return whole

    def directions(self) -> tuple[Tensor, ...]:
        """For each part, the directions of its words: (words, channels), each of length 1."""
        each: tuple[Tensor, ...] = functional.normalize(self.words, dim=1).split([len(words) for words in PLACES])
        return each


def load_place_teller(path: Path = WEIGHTS) -> PlaceTeller:
    tensors, _ = load(path)
    model = PlaceTeller()
    model.load_state_dict(tensors)
    return model.eval().requires_grad_(False)

"""How strange a body is to toon-id: what it sees there that no clean bodies have in common.

Two layers of the network are read at a grid of places over a detection's box, and projected onto the principal
components of what they read off clean bodies. The share of the length that is left over is the strangeness, as the
distance from face space tells what is no face (Turk and Pentland 1991, part 2.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from evalsuite.learning.weights import load

from .looks import OUTLINES
from .toon_id import Layers

COMPONENTS = (192, 64)
"""Principal components that are kept of each layer."""
PIXELS = (2, 4)
"""The side of a cell of each layer."""
GRID = 4
"""Places across a body, and down it."""
MARGIN = 1.1
"""The window that is looked at, against the box."""


class Subspace(NamedTuple):
    """What clean bodies look like to one layer."""

    mean: Tensor
    """(numbers,)"""
    basis: Tensor
    """(numbers, components), orthonormal."""

    def unexplained(self, rows: Tensor) -> Tensor:
        """The share of each row's length, from the mean, that lies outside; (..., numbers) to (...), 0 - 1."""
        apart = rows - self.mean
        length = apart.square().sum(-1)
        inside = (apart @ self.basis).square().sum(-1)
        share: Tensor = ((length - inside).clamp(min=0) / length.clamp(min=1e-9)).sqrt()
        return share


class Outlines(NamedTuple):
    """Of both layers."""

    fine: Subspace
    middle: Subspace

    def strangeness(self, layers: Layers, boxes: Tensor) -> Tensor:
        """Of boxes in pixels, (frames, detections, 4); 0 - 1."""
        return self.strangeness_of(patches(layers, boxes))

    def strangeness_of(self, rows: Sequence[Tensor]) -> Tensor:
        """Of what each layer has over the windows, (..., numbers)."""
        return torch.stack([space.unexplained(one) for space, one in zip(self, rows, strict=True)]).mean(0)


def patches(layers: Layers, boxes: Tensor) -> tuple[Tensor, ...]:
    """What each layer has over the window of each box: (frames, detections, numbers)."""
    return tuple(_patches(layer, boxes / pixels) for layer, pixels in zip(layers, PIXELS, strict=True))


def _patches(layer: Tensor, boxes: Tensor) -> Tensor:
    """Of one layer, and boxes in its cells; what lies beyond the picture is as its edge."""
    height, width = layer.shape[2:]
    middle, half = (boxes[..., :2] + boxes[..., 2:]) / 2, MARGIN * (boxes[..., 2:] - boxes[..., :2]) / 2
    steps = (torch.arange(GRID) + 0.5) / GRID * 2 - 1
    places = torch.stack(torch.meshgrid(steps, steps, indexing="xy"), dim=-1)
    window = middle[:, :, None, None] + half[:, :, None, None] * places
    window = window / window.new_tensor([width, height]) * 2 - 1
    read = functional.grid_sample(layer.float(), window.flatten(1, 2), padding_mode="border", align_corners=False)
    rows: Tensor = read.unflatten(2, (-1, GRID)).permute(0, 2, 1, 3, 4).flatten(2)
    return rows


def subspace(rows: Tensor, components: int) -> Subspace:
    """The principal components of some rows, (samples, numbers)."""
    mean = rows.mean(0)
    apart = (rows - mean).double()
    _, vectors = torch.linalg.eigh(apart.T @ apart)
    return Subspace(mean, vectors[:, -components:].to(rows.dtype))


def load_outlines(path: Path = OUTLINES) -> Outlines:
    tensors, _ = load(path)
    spaces = [Subspace(tensors[f"{name}.mean"], tensors[f"{name}.basis"]) for name in Layers._fields]
    return Outlines(*spaces)

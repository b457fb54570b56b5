"""The windows of W.A.L.T's attention: boxes of tokens in time, height and width, side by side."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Window:
    """The size of a box, in tokens; boxes of one size tile a grid of tokens without overlap."""

    frames: int
    height: int
    width: int

    @property
    def differences(self) -> int:
        """How many differences there are between the places of two tokens of a box."""
        return (2 * self.frames - 1) * (2 * self.height - 1) * (2 * self.width - 1)

    def partition(self, grid: Tensor) -> Tensor:
        """(batch, frames, height, width, channels) to (batch, boxes, tokens, channels)."""
        boxes = grid.unflatten(3, (-1, self.width)).unflatten(2, (-1, self.height)).unflatten(1, (-1, self.frames))
        together: Tensor = boxes.permute(0, 1, 3, 5, 2, 4, 6, 7).flatten(4, 6).flatten(1, 3)
        return together

    def merge(self, boxes: Tensor, height: int, width: int) -> Tensor:
        """The inverse of `partition`, for a grid of this height and width."""
        counts = (-1, height // self.height, width // self.width)
        apart = boxes.unflatten(2, (self.frames, self.height, self.width)).unflatten(1, counts)
        grid: Tensor = apart.permute(0, 1, 4, 2, 5, 3, 6, 7).flatten(5, 6).flatten(3, 4).flatten(1, 2)
        return grid

    def offsets(self) -> Tensor:
        """For each two tokens of a box, (tokens, tokens), the number of the difference of their places."""
        sizes = (self.frames, self.height, self.width)
        places = torch.cartesian_prod(*(torch.arange(size) for size in sizes)).view(-1, 3)
        apart = places.unsqueeze(1) - places + torch.tensor(sizes) - 1
        return (apart[..., 0] * (2 * self.height - 1) + apart[..., 1]) * (2 * self.width - 1) + apart[..., 2]

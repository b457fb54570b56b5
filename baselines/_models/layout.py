"""Where a video's tokens are: their order in a line, the windows of attention, and their places in the picture."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .sequence import Rotation

FRAMES_PER_SEGMENT = 6
_SLOWEST = 100.0  # ratio of the fastest to the slowest turning pair of channels; places are few


@dataclass(frozen=True, slots=True)
class TransformerShape:
    """The sizes of a transformer."""

    latent_channels: int = 16
    latent_height: int = 8
    latent_width: int = 12
    patch: int = 2
    text_tokens: int = 32
    width: int = 192
    heads: int = 3
    blocks: int = 6
    widening: int = 3
    time_rank: int = 16
    sequence_blocks: tuple[int, ...] = (1, 3)
    """Which blocks have a sequence layer."""

    @property
    def patches(self) -> int:
        return (self.latent_height // self.patch) * (self.latent_width // self.patch)


class Layout:
    """The order of tokens: text of segment 1, its 7 frames, text of segment 2, its 6 new frames, and so on."""

    def __init__(self, shape: TransformerShape) -> None:
        self.text = shape.text_tokens
        self.patches = shape.patches
        self.segment = shape.text_tokens + FRAMES_PER_SEGMENT * shape.patches

    def line_up(self, text: Tensor, video: Tensor) -> Tensor:
        """(batch, segments, text tokens, width) and (batch, frames, patches, width) to (batch, length, width)."""
        later = video[:, 1:].unflatten(1, (-1, FRAMES_PER_SEGMENT)).flatten(2, 3)
        return self._insert(torch.cat([text, later], dim=2).flatten(1, 2), video[:, 0])

    def video(self, tokens: Tensor) -> Tensor:
        """The video's part of a line: (batch, frames, patches, width)."""
        body, first = self._take(tokens)
        later = body[:, :, self.text :].unflatten(2, (FRAMES_PER_SEGMENT, self.patches)).flatten(1, 2)
        return torch.cat([first.unsqueeze(1), later], dim=1)

    def windows(self, tokens: Tensor) -> Tensor:
        """What each segment sees, (batch, segments, tokens, width): its own tokens, then the frame before."""
        body, first = self._take(tokens)
        before = torch.cat([first.unsqueeze(1), body[:, :-1, -self.patches :]], dim=1)
        return torch.cat([body, before], dim=2)

    def merge(self, windows: Tensor) -> Tensor:
        """The inverse of `windows`; the two results for a shared frame are averaged."""
        body, before = windows.split([self.segment, self.patches], dim=2)
        shared = (body[:, :-1, -self.patches :] + before[:, 1:]) / 2
        endings = torch.cat([shared, body[:, -1:, -self.patches :]], dim=1)
        body = torch.cat([body[:, :, : -self.patches], endings], dim=2)
        return self._insert(body.flatten(1, 2), before[:, 0])

    def _insert(self, body: Tensor, first: Tensor) -> Tensor:
        return torch.cat([body[:, : self.text], first, body[:, self.text :]], dim=1)

    def _take(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        first = tokens[:, self.text : self.text + self.patches]
        body = torch.cat([tokens[:, : self.text], tokens[:, self.text + self.patches :]], dim=1)
        return body.unflatten(1, (-1, self.segment)), first


@dataclass(frozen=True, slots=True)
class Places:
    """The layout of a line, rotations of its tokens and of one window's, and which tokens of the line are video."""

    layout: Layout
    line: Rotation
    window: Rotation
    is_video: Tensor

    @classmethod
    def of(cls, shape: TransformerShape, segments: int) -> Places:
        layout = Layout(shape)
        places = layout.line_up(torch.zeros(1, segments, shape.text_tokens, 4), _video_places(shape, segments))
        window = layout.windows(places[:, : layout.segment + layout.patches])[0, 0]
        channels = shape.width // shape.heads
        return cls(layout, _rotation(places[0], channels), _rotation(window, channels), places[0, :, 3] > 0)


def _video_places(shape: TransformerShape, segments: int) -> Tensor:
    """Frame in the segment (0 - 6), row, column, and 1 to tell video from text: (1, frames, patches, 4)."""
    frames = torch.tensor([0, *(list(range(1, FRAMES_PER_SEGMENT + 1)) * segments)])
    rows = torch.arange(shape.latent_height // shape.patch)
    columns = torch.arange(shape.latent_width // shape.patch)
    places = torch.cartesian_prod(frames, rows, columns, torch.ones(1, dtype=torch.long))
    return places.float().view(1, len(frames), shape.patches, 4)


def _rotation(places: Tensor, channels: int) -> Rotation:
    """A quarter of the pairs of channels turns with the frame, the rest with row and column; text is at 0."""
    pairs = channels // 2
    shares = (pairs // 4, (pairs - pairs // 4 + 1) // 2, (pairs - pairs // 4) // 2)
    angles = [places[:, axis : axis + 1] * _rates(share) for axis, share in enumerate(shares)]
    together = torch.cat(angles, dim=-1)
    return together.cos(), together.sin()


def _rates(count: int) -> Tensor:
    return _SLOWEST ** (-torch.arange(count) / max(count, 1))

"""Where a video's tokens are: their order in a line, the windows of attention, and their places in the picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from .sequence import Rotation

FRAMES_PER_SEGMENT = 6
_SLOWEST = 100.0  # ratio of the fastest to the slowest turning pair of channels; places are few


@dataclass(frozen=True, slots=True)
class TransformerShape:
    """The sizes of a transformer."""

    latent_channels: int = 64
    latent_height: int = 8
    latent_width: int = 12
    patch: int = 2
    text_tokens: int = 32
    width: int = 192
    heads: int = 3
    blocks: int = 6
    widening: int = 3
    time_rank: int = 16
    sequence_every: int = 2
    """The first of so many blocks has a sequence layer."""

    @property
    def patches(self) -> int:
        return (self.latent_height // self.patch) * (self.latent_width // self.patch)

    @property
    def sequence_blocks(self) -> range:
        """Which blocks have a sequence layer."""
        return range(0, self.blocks, self.sequence_every)


class Layout:
    """The order of tokens: the first frame, then for each segment its text and the six frames that it adds."""

    def __init__(self, shape: TransformerShape, cuts: Tensor | None = None) -> None:
        """`cuts` (segments,), bool, says which segments begin another scene than the frame before them is of."""
        self.cuts = cuts
        self.text = shape.text_tokens
        self.patches = shape.patches
        self.segment = shape.text_tokens + FRAMES_PER_SEGMENT * shape.patches

    def tokens(self, segments: int) -> int:
        """How long the line of a video is."""
        return self.patches + segments * self.segment

    def told(self, summary: Tensor) -> Tensor:
        """What each segment's text says, (batch, segments, width), for each frame: (batch, frames, width)."""
        return torch.cat([summary[:, :1], summary.repeat_interleave(FRAMES_PER_SEGMENT, dim=1)], dim=1)

    def line_up(self, text: Tensor, video: Tensor) -> Tensor:
        """(batch, segments, text tokens, width) and (batch, frames, patches, width) to (batch, length, width)."""
        later = video[:, 1:].unflatten(1, (-1, FRAMES_PER_SEGMENT)).flatten(2, 3)
        return torch.cat([video[:, 0], torch.cat([text, later], dim=2).flatten(1, 2)], dim=1)

    def video(self, tokens: Tensor) -> Tensor:
        """The video's part of a line: (batch, frames, patches, width)."""
        frames = self._segments(tokens)[:, :, self.text :].unflatten(2, (FRAMES_PER_SEGMENT, self.patches))
        return torch.cat([tokens[:, None, : self.patches], frames.flatten(1, 2)], dim=1)

    def said(self, tokens: Tensor, texts: Tensor) -> Tensor:
        """The line with `texts` (batch, segments, text tokens, width) added to its texts."""
        line = tokens.clone()
        self.texts(line).add_(texts)
        return line

    def texts(self, tokens: Tensor) -> Tensor:
        """The texts' part of a line: (batch, segments, text tokens, width)."""
        return self._segments(tokens)[:, :, : self.text]

    def windows(self, tokens: Tensor, at_once: int) -> Iterator[Tensor]:
        """What each segment sees, its own tokens and then the frame before: (batch, up to `at_once`, tokens, width)."""
        segments = self._segments(tokens)
        for start in range(0, segments.shape[1], at_once):
            own = segments[:, start : start + at_once]
            first = start * self.segment  # where the frame before lies: the end of a segment, or the line's beginning
            before = tokens[:, first : first + own.shape[1] * self.segment].unflatten(1, (-1, self.segment))
            yield torch.cat([own, before[:, :, : self.patches]], dim=2)

    def merge(self, windows: Tensor) -> Tensor:
        """The inverse of all `windows`; the two results for a shared frame are averaged, unless a cut lies between."""
        own, before = windows.split([self.segment, self.patches], dim=2)
        endings = own[:, :, -self.patches :]
        shared = (endings[:, :-1] + before[:, 1:]) / 2
        if self.cuts is not None:  # the next scene would be seen through the end of this one
            shared = torch.where(self.cuts[1:, None, None], endings[:, :-1], shared)
        endings = torch.cat([shared, endings[:, -1:]], dim=1)
        segments = torch.cat([own[:, :, : -self.patches], endings], dim=2)
        return torch.cat([before[:, 0], segments.flatten(1, 2)], dim=1)

    def _segments(self, tokens: Tensor) -> Tensor:
        """(batch, segments, text and six frames, width)."""
        return torch.unflatten(tokens[:, self.patches :], 1, (-1, self.segment))


class StillLayout(Layout):
    """A single frame of each segment alone with the segment's text; nothing is shared between segments."""

    def __init__(self, shape: TransformerShape) -> None:
        super().__init__(shape)
        self.segment = shape.text_tokens + shape.patches

    def told(self, summary: Tensor) -> Tensor:
        return summary

    def line_up(self, text: Tensor, video: Tensor) -> Tensor:
        return torch.cat([text, video], dim=2).flatten(1, 2)

    def video(self, tokens: Tensor) -> Tensor:
        return self._segments(tokens)[:, :, self.text :]

    def windows(self, tokens: Tensor, at_once: int) -> Iterator[Tensor]:
        yield from self._segments(tokens).split(at_once, dim=1)

    def merge(self, windows: Tensor) -> Tensor:
        return windows.flatten(1, 2)

    def _segments(self, tokens: Tensor) -> Tensor:
        return torch.unflatten(tokens, 1, (-1, self.segment))


@dataclass(frozen=True, slots=True)
class Places:
    """The layout of a line, rotations of its tokens and of one window's, and which tokens of the line are video."""

    layout: Layout
    line: Rotation
    window: Rotation
    is_video: Tensor

    @classmethod
    def of(
        cls, shape: TransformerShape, segments: int, device: torch.device | None = None, cuts: Tensor | None = None
    ) -> Places:
        """Of all frames of so many segments, some of which may begin with a cut."""
        added = torch.arange(1, FRAMES_PER_SEGMENT + 1, device=device).repeat(segments)
        layout = Layout(shape, cuts)
        video = _video_places(shape, functional.pad(added, (1, 0)))
        places = layout.line_up(video.new_zeros(1, segments, shape.text_tokens, 4), video)
        (window,) = layout.windows(places[:, : layout.tokens(1)], at_once=1)
        return cls._rotated(shape, layout, places[0], window[0, 0])

    @classmethod
    def of_stills(cls, shape: TransformerShape, segments: int, frame: Tensor) -> Places:
        """Of one frame of each segment, whose number there is `frame` (1,)."""
        layout = StillLayout(shape)
        video = _video_places(shape, frame.expand(segments))
        places = layout.line_up(video.new_zeros(1, segments, shape.text_tokens, 4), video)
        return cls._rotated(shape, layout, places[0], places[0, : layout.segment])

    @classmethod
    def _rotated(cls, shape: TransformerShape, layout: Layout, line: Tensor, window: Tensor) -> Places:
        channels = shape.width // shape.heads
        return cls(layout, _rotation(line, channels), _rotation(window, channels), line[:, 3] > 0)


def _video_places(shape: TransformerShape, frames: Tensor) -> Tensor:
    """Frame in the segment (0 - 6), row, column, and 1 to tell video from text: (1, frames, patches, 4)."""
    rows = torch.arange(shape.latent_height // shape.patch, device=frames.device)
    columns = torch.arange(shape.latent_width // shape.patch, device=frames.device)
    places = torch.cartesian_prod(frames, rows, columns, frames.new_ones(1))
    return places.float().view(1, len(frames), shape.patches, 4)


def _rotation(places: Tensor, channels: int) -> Rotation:
    """A quarter of the pairs of channels turns with the frame, the rest with row and column; text is at 0."""
    pairs = channels // 2
    shares = (pairs // 4, (pairs - pairs // 4 + 1) // 2, (pairs - pairs // 4) // 2)
    angles = [places[:, axis : axis + 1] * _rates(share, places.device) for axis, share in enumerate(shares)]
    together = torch.cat(angles, dim=-1)
    return together.cos(), together.sin()


def _rates(count: int, device: torch.device) -> Tensor:
    return _SLOWEST ** (-torch.arange(count, device=device) / max(count, 1))

"""Videos to latents and back: 4 frames and 8 x 8 pixels become one latent position of `latent_channels` numbers.

Causal in time: latent k sees no frame after its own four, and a decoded frame sees no later latent. The first frame
has a latent of its own, in which it stands still, so that a picture is a video of one frame (as W.A.L.T has it).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from evalsuite.learning.convolution import Convolution

FRAMES_PER_LATENT = 4
PIXELS_PER_LATENT = 8
_FRAMES_PER_HALF = 2  # a latent is two halves side by side, since two frames differ less than four
_FOLD = 4  # pixels are folded into channels, the other factor of 2 is left to a strided layer
_FOLDED = 3 * _FOLD**2
_HALVES = FRAMES_PER_LATENT // _FRAMES_PER_HALF

Past = tuple[list[Tensor], list[Tensor]]
"""What the blocks of an encoder or a decoder remember of what they have seen: of halves of latents, and of frames."""


@dataclass(frozen=True, slots=True)
class AutoencoderShape:
    """The sizes of an autoencoder: channels and blocks of what works frame by frame, at 1/4 of the picture's size, and
    of what works on half a latent at a time, at 1/8."""

    latent_channels: int = 64
    encoder_widths: tuple[int, int] = (64, 160)
    encoder_depths: tuple[int, int] = (2, 2)
    decoder_widths: tuple[int, int] = (80, 160)
    decoder_depths: tuple[int, int] = (3, 3)


class _Block(nn.Module):
    """Two convolutions, of what a moment and the one before it tell together, beside a shortcut; starts at zero."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = Convolution(2 * width, width)
        self.second = Convolution(width, width)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor, past: Tensor) -> Tensor:
        """`x` (batch, time, channels, height, width); `past` is the last input before it, or zeros, of time 1."""
        pair = torch.cat([torch.cat([past, x[:, :-1]], dim=1), x], dim=2)
        change: Tensor = self.second(functional.silu(self.first(functional.silu(_pictures(pair)))))
        return x + torch.unflatten(change, 0, x.shape[:2])


class _Blocks(nn.ModuleList):
    """Blocks in a row, each of which remembers its last input."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__(_Block(width) for _ in range(depth))

    def forward(self, x: Tensor, past: Sequence[Tensor] | None) -> tuple[Tensor, list[Tensor]]:
        remembered = []
        for number, block in enumerate(self):
            before = torch.zeros_like(x[:, :1]) if past is None else past[number]
            remembered.append(x[:, -1:])
            x = block(x, before)
        return x, remembered


class _Encoder(nn.Module):
    def __init__(self, shape: AutoencoderShape) -> None:
        super().__init__()
        quarter, eighth = shape.encoder_widths
        frame_depth, half_depth = shape.encoder_depths
        self.enter = Convolution(_FOLDED, quarter)
        self.frames = _Blocks(quarter, frame_depth)
        self.join = nn.Conv2d(_FRAMES_PER_HALF * quarter, eighth, 2, stride=2)
        self.halves = _Blocks(eighth, half_depth)
        self.leave = Convolution(eighth, shape.latent_channels // _HALVES)

    def forward(self, video: Tensor, past: Past | None) -> tuple[Tensor, Past]:
        """Latents (batch, k, channels, height / 8, width / 8) of 4 k frames, and what to hand to the next call."""
        of_halves, of_frames = past or (None, None)
        x = self.enter(_pictures(functional.pixel_unshuffle(video, _FOLD))).unflatten(0, video.shape[:2])
        x, of_frames = self.frames(x, of_frames)
        x = x.unflatten(1, (-1, _FRAMES_PER_HALF)).flatten(2, 3)
        x, of_halves = self.halves(self.join(_pictures(x)).unflatten(0, x.shape[:2]), of_halves)
        halves = torch.unflatten(self.leave(_pictures(x)), 0, x.shape[:2])
        return torch.unflatten(halves, 1, (-1, _HALVES)).flatten(2, 3), (of_halves, of_frames)


class _Decoder(nn.Module):
    def __init__(self, shape: AutoencoderShape) -> None:
        super().__init__()
        quarter, eighth = shape.decoder_widths
        frame_depth, half_depth = shape.decoder_depths
        self.enter = Convolution(shape.latent_channels // _HALVES, eighth)
        self.halves = _Blocks(eighth, half_depth)
        self.part = nn.ConvTranspose2d(eighth, _FRAMES_PER_HALF * quarter, 2, stride=2)
        self.frames = _Blocks(quarter, frame_depth)
        self.leave = Convolution(quarter, _FOLDED)

    def forward(self, latents: Tensor, past: Past | None) -> tuple[Tensor, Past]:
        """Frames (batch, 4 k, 3, height, width) of k latents, and what to hand to the next call."""
        of_halves, of_frames = past or (None, None)
        halves = latents.unflatten(2, (_HALVES, -1)).flatten(1, 2)
        x, of_halves = self.halves(self.enter(_pictures(halves)).unflatten(0, halves.shape[:2]), of_halves)
        x = self.part(_pictures(x)).unflatten(1, (_FRAMES_PER_HALF, -1)).unflatten(0, halves.shape[:2]).flatten(1, 2)
        x, of_frames = self.frames(x, of_frames)
        folded = self.leave(functional.silu(_pictures(x))).unflatten(0, x.shape[:2])
        return functional.pixel_shuffle(folded, _FOLD), (of_halves, of_frames)


class Autoencoder(nn.Module):
    """Videos (batch, 1 + 4 k, 3, height, width), values -1 - 1, to latents (batch, 1 + k, channels, height/8, width/8).

    Latents have mean 0 and deviation 1 in each channel once `normalise` has seen some.
    """

    latent_mean: Tensor
    latent_deviation: Tensor

    def __init__(self, shape: AutoencoderShape) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = _Encoder(shape)
        self.decoder = _Decoder(shape)
        self.register_buffer("latent_mean", torch.zeros(shape.latent_channels, 1, 1))
        self.register_buffer("latent_deviation", torch.ones(shape.latent_channels, 1, 1))

    def encode(self, video: Tensor) -> Tensor:
        return next(self.encode_stream([video]))

    def encode_stream(self, video: Iterable[Tensor]) -> Iterator[Tensor]:
        """Latents of chunks of frames, 1 + 4 k in the first and 4 k in each other, in the memory of one chunk."""
        past: Past | None = None
        for chunk in video:
            still = chunk[:, :1].expand(-1, FRAMES_PER_LATENT - 1, -1, -1, -1)
            latents: Tensor
            latents, past = self.encoder(chunk if past else torch.cat([still, chunk], dim=1), past)
            yield (latents - self.latent_mean) / self.latent_deviation

    def decode(self, latents: Tensor) -> Tensor:
        frames, _ = self._decode(latents, None)
        return frames[:, FRAMES_PER_LATENT - 1 :]

    def stream(self, latents: Iterable[Tensor]) -> Iterator[Tensor]:
        """Decoded chunks of frames for chunks of latents, in the memory of one chunk."""
        past: Past | None = None
        for chunk in latents:
            skipped = FRAMES_PER_LATENT - 1 if past is None else 0
            frames, past = self._decode(chunk, past)
            yield frames[:, skipped:]

    def normalise(self, latents: Tensor) -> None:
        """Makes mean and deviation of such `latents` (as `encode` gives them now) 0 and 1."""
        mean = latents.mean(dim=(0, 1, 3, 4)).view(-1, 1, 1)
        deviation = latents.std(dim=(0, 1, 3, 4)).view(-1, 1, 1)
        self.latent_mean.add_(mean * self.latent_deviation)
        self.latent_deviation.mul_(deviation)

    def _decode(self, latents: Tensor, past: Past | None) -> tuple[Tensor, Past]:
        frames: Tensor
        frames, past = self.decoder(latents * self.latent_deviation + self.latent_mean, past)
        return frames, past


def _pictures(x: Tensor) -> Tensor:
    """Moments of videos as so many pictures."""
    return x.flatten(0, 1).contiguous(memory_format=torch.channels_last)

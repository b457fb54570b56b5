"""Videos to latents and back: 4 frames and 8 x 8 pixels become one latent position of `latent_channels` numbers.

Causal in time: latent k sees no frame after its own four, and a decoded frame sees no later latent. The first frame
has a latent of its own, in which it stands still, so that a picture is a video of one frame (as W.A.L.T has it).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

FRAMES_PER_LATENT = 4
PIXELS_PER_LATENT = 8
_FOLD = 2  # the first pixels are folded into channels, the other factor of 4 is left to two strided layers


@dataclass(frozen=True, slots=True)
class AutoencoderShape:
    """The sizes of an autoencoder; widths are channels at 1/2, 1/4 and 1/8 of the picture's size."""

    latent_channels: int = 16
    encoder_widths: tuple[int, int, int] = (48, 64, 96)
    decoder_widths: tuple[int, int, int] = (64, 80, 96)
    noise: float = 0.05
    """Deviation of the noise that latents get in training, so that the decoder forgives small errors."""

    @property
    def pixel_channels(self) -> int:
        return FRAMES_PER_LATENT * 3 * _FOLD**2


class _Block(nn.Module):
    """Two convolutions beside a shortcut; the second starts at zero."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.second(functional.silu(self.first(functional.silu(x))))
        return x + change


class _CausalBlock(nn.Module):
    """Adds what a latent and the one before it tell together; `past` is the last input before, or zeros."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.mix = nn.Conv2d(2 * width, width, 3, padding=1)
        nn.init.zeros_(self.mix.weight)

    def forward(self, x: Tensor, past: Tensor) -> Tensor:
        """`x` (batch, time, channels, height, width), `past` (batch, 1, channels, height, width)."""
        before = torch.cat([past, x[:, :-1]], dim=1)
        pair = functional.silu(torch.cat([before, x], dim=2).flatten(0, 1))
        change: Tensor = self.mix(pair.contiguous(memory_format=torch.channels_last))
        return x + torch.unflatten(change, 0, x.shape[:2])


class _Encoder(nn.Module):
    def __init__(self, shape: AutoencoderShape) -> None:
        super().__init__()
        half, quarter, eighth = shape.encoder_widths
        self.enter = nn.Conv2d(shape.pixel_channels, half, 3, padding=1)
        self.space = nn.Sequential(
            _Block(half),
            nn.Conv2d(half, quarter, 2, stride=2),
            _Block(quarter),
            nn.Conv2d(quarter, eighth, 2, stride=2),
        )
        self.time = _CausalBlock(eighth)
        self.leave = nn.Conv2d(eighth, shape.latent_channels, 1)

    def forward(self, groups: Tensor) -> Tensor:
        """`groups` (batch, time, pixel channels, height / 2, width / 2) to latents (batch, time, channels, h, w)."""
        x = self.space(self.enter(_channels_last(groups)))
        x = x.unflatten(0, groups.shape[:2])
        x = self.time(x, torch.zeros_like(x[:, :1]))
        return torch.unflatten(self.leave(x.flatten(0, 1)), 0, groups.shape[:2])


class _Decoder(nn.Module):
    def __init__(self, shape: AutoencoderShape) -> None:
        super().__init__()
        half, quarter, eighth = shape.decoder_widths
        self.width = eighth
        self.enter = nn.Conv2d(shape.latent_channels, eighth, 3, padding=1)
        self.time = nn.ModuleList([_CausalBlock(eighth), _CausalBlock(eighth)])
        self.space = nn.Sequential(
            nn.ConvTranspose2d(eighth, quarter, 2, stride=2),
            _Block(quarter),
            _Block(quarter),
            nn.ConvTranspose2d(quarter, half, 2, stride=2),
            _Block(half),
            _Block(half),
            nn.SiLU(),
            nn.Conv2d(half, shape.pixel_channels, 3, padding=1),
        )

    def start(self, latents: Tensor) -> list[Tensor]:
        """What the causal blocks remember before the first latent."""
        batch, _, _, height, width = latents.shape
        return [latents.new_zeros(batch, 1, self.width, height, width) for _ in self.time]

    def forward(self, latents: Tensor, past: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """Groups of pixels like those that `_Encoder` takes, and what to hand to the next call."""
        x = self.enter(_channels_last(latents)).unflatten(0, latents.shape[:2])
        remembered = []
        for block, before in zip(self.time, past, strict=True):
            remembered.append(x[:, -1:])
            x = block(x, before)
        groups: Tensor = self.space(x.flatten(0, 1).contiguous(memory_format=torch.channels_last))
        return torch.unflatten(groups, 0, latents.shape[:2]), remembered


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
        latents: Tensor = self.encoder(_group(video))
        return (latents - self.latent_mean) / self.latent_deviation

    def decode(self, latents: Tensor) -> Tensor:
        frames, _ = self._decode(latents, self.decoder.start(latents))
        return frames[:, FRAMES_PER_LATENT - 1 :]

    def stream(self, latents: Iterable[Tensor]) -> Iterator[Tensor]:
        """Decoded chunks of frames for chunks of latents, in the memory of one chunk."""
        past: list[Tensor] | None = None
        for chunk in latents:
            skipped = FRAMES_PER_LATENT - 1 if past is None else 0
            frames, past = self._decode(chunk, self.decoder.start(chunk) if past is None else past)
            yield frames[:, skipped:]

    def normalise(self, latents: Tensor) -> None:
        """Makes mean and deviation of such `latents` (as `encode` gives them now) 0 and 1."""
        mean = latents.mean(dim=(0, 1, 3, 4)).view(-1, 1, 1)
        deviation = latents.std(dim=(0, 1, 3, 4)).view(-1, 1, 1)
        self.latent_mean.add_(mean * self.latent_deviation)
        self.latent_deviation.mul_(deviation)

    def _decode(self, latents: Tensor, past: list[Tensor]) -> tuple[Tensor, list[Tensor]]:
        groups, past = self.decoder(latents * self.latent_deviation + self.latent_mean, past)
        return _ungroup(groups), past


def _channels_last(x: Tensor) -> Tensor:
    return x.flatten(0, 1).contiguous(memory_format=torch.channels_last)


def _group(video: Tensor) -> Tensor:
    """Frames 0 0 0 0, 1 2 3 4, 5 6 7 8 ... side by side as channels, each 2 x 2 pixels folded."""
    still = video[:, :1].expand(-1, FRAMES_PER_LATENT, -1, -1, -1)
    groups = torch.cat([still, video[:, 1:]], dim=1).unflatten(1, (-1, FRAMES_PER_LATENT)).flatten(2, 3)
    return functional.pixel_unshuffle(groups, _FOLD)


def _ungroup(groups: Tensor) -> Tensor:
    frames = torch.unflatten(functional.pixel_shuffle(groups, _FOLD), 2, (FRAMES_PER_LATENT, 3))
    return frames.flatten(1, 2)

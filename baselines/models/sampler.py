"""From noise to latents: Euler steps along the transformer's velocity (flow matching, arXiv 2210.02747)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from .layout import FRAMES_PER_SEGMENT, TransformerShape
from .noise import named_noise
from .transformer import VideoTransformer, velocity

_SEGMENTS_TOGETHER = 24
_FRAMES_AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a video is sampled; tuned on the suite `dev` alone."""

    steps: int = 10
    shift: float = 3.0
    """How far steps are moved towards the noisy end, where the layout is settled (arXiv 2403.03206, equation 23)."""
    guidance: float = 3.0
    """How far to go from the unwanted towards the wanted text (arXiv 2207.12598); 1 leaves the unwanted text out."""


def noise_of_segments(storyboard: str, seed: int, segments: int, shape: TransformerShape) -> Tensor:
    """Noise (1, 6 n + 1, channels, height, width), drawn for each segment on its own from storyboard and seed."""
    frame = (shape.latent_channels, shape.latent_height, shape.latent_width)
    parts = [
        named_noise(f"{storyboard} {seed} {number}", (FRAMES_PER_SEGMENT + (number == 0), *frame))
        for number in range(segments)
    ]
    return torch.cat(parts, dim=1)


def sample(
    model: VideoTransformer,
    wanted: Tensor,
    unwanted: Tensor,
    noise: Tensor,
    sampling: Sampling,
    cuts: Tensor | None = None,
) -> Tensor:
    """Latents for word numbers `wanted` and `unwanted`, each (1, segments, words), from `noise`.

    `cuts` (segments,), bool, says which segments begin a scene; it is told with either text, so that it is not guided.
    """
    words = torch.cat([wanted, unwanted])
    even = torch.linspace(1, 0, sampling.steps + 1)
    times = sampling.shift * even / (1 + (sampling.shift - 1) * even)
    latents = noise.clone()
    del noise  # as large as all latents of the video
    for time, following in pairwise(times):
        towards, away = _clean(model, latents, time, words, cuts)
        _advance(latents, towards, away, sampling.guidance, time, following)
    return latents


def _advance(latents: Tensor, towards: Tensor, away: Tensor, guidance: float, time: Tensor, following: Tensor) -> None:
    """One Euler step, in place and a few frames at a time, since what it computes is as large as all latents."""
    parts = (x.split(_FRAMES_AT_ONCE, dim=1) for x in (latents, towards, away))
    for part, wanted, unwanted in zip(*parts, strict=True):
        guided = torch.lerp(unwanted.float(), wanted.float(), guidance)
        part.add_(velocity(part, time.expand(1), guided), alpha=float(following - time))


def _clean(
    model: VideoTransformer, latents: Tensor, time: Tensor, words: Tensor, cuts: Tensor | None
) -> tuple[Tensor, Tensor]:
    """Of the wanted and of the unwanted text: in one batch, or, where memory would grow, one after the other."""
    if words.shape[1] > _SEGMENTS_TOGETHER:
        wanted, unwanted = (model.clean(latents, time.expand(1), one, cuts=cuts) for one in words.split(1))
        return wanted, unwanted
    both = model.clean(latents.expand(2, -1, -1, -1, -1), time.expand(2), words, cuts=cuts)
    return both[:1], both[1:]

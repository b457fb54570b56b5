"""The autoencoder's training: clips in, the same clips out, with most weight on characters, things and outlines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from evalsuite.learning.device import device, draw_noise, mixed_precision, moved
from evalsuite.learning.loop import fit, fused
from evalsuite.learning.schedule import Schedule
from evalsuite.learning.sums import is_made

from ..models.autoencoder import FRAMES_PER_LATENT, PIXELS_PER_LATENT, Autoencoder
from ..models.files import AUTOENCODER
from ..models.weights import load_autoencoder, save_autoencoder
from .data import Filmed, as_video, clip, render, shelved
from .recipe import Recipe
from .samples import draw_copies

_OUTLINES = 1.0
_FOREGROUND = 10.0
_LATENT_SCALE = 0.1
"""Weights of the loss: of outlines, of characters and things over the rest, of latents whose mean is not 0 and whose
deviation is not 1."""
_CLEAN = 0.5
_NOISIEST = 0.7
"""That share of clips keeps its latents; the others' are mixed with up to that share of noise."""


def train_autoencoder(recipe: Recipe, folder: Path, start: Path | None = None) -> None:
    """Encoder and decoder together, then the decoder alone, so that latents that were made before stay good.

    With weights to `start` from, the decoder alone.
    """
    for shelf in recipe.films:
        render(folder, shelf)
    films = [film for shelf in recipe.films for film in shelved(folder, shelf.segments)]
    model = load_autoencoder(start) if start else jointly_trained(recipe, folder, films)
    save_autoencoder(folder / "weights", _with_trained_decoder(model, recipe, folder, films))
    draw_copies(folder / "autoencoder.png", load_autoencoder(folder / "weights"), segments=1)


def jointly_trained(recipe: Recipe, folder: Path, films: Sequence[Filmed]) -> Autoencoder:
    """Encoder and decoder; latents have mean 0 and deviation 1."""
    joint = folder / "joint"
    if not is_made(joint / AUTOENCODER):
        torch.manual_seed(recipe.seed)
        model = Autoencoder(recipe.autoencoder_shape).to(memory_format=torch.channels_last)
        average = _fit(model, recipe, recipe.autoencoder, films, folder / "autoencoder.pt")
        _normalise(average, films, recipe)
        save_autoencoder(joint, average)
    return load_autoencoder(joint)


def _with_trained_decoder(model: Autoencoder, recipe: Recipe, folder: Path, films: Sequence[Filmed]) -> Autoencoder:
    if not recipe.decoder.steps:
        return model
    model.decoder.requires_grad_(True)
    model = model.to(memory_format=torch.channels_last)
    return _fit(model, recipe, recipe.decoder, films, folder / "decoder.pt")


def _fit(
    model: Autoencoder, recipe: Recipe, schedule: Schedule, films: Sequence[Filmed], checkpoint: Path
) -> Autoencoder:
    step_loss = fused(reconstruction_loss, recipe.fused)

    def loss(luck: torch.Generator) -> Tensor:
        video, marks = draw_clips(films, schedule.batch, recipe.clip_frames, luck)
        return step_loss(model, video, marks, *draw_hiding(model, video, luck))

    weighed = (_OUTLINES, _FOREGROUND, _LATENT_SCALE, _CLEAN, _NOISIEST)
    return fit(model, schedule, loss, checkpoint, recipe.seed, (recipe.films, recipe.clip_frames, weighed))


def draw_clips(films: Sequence[Filmed], batch: int, frames: int, luck: torch.Generator) -> tuple[Tensor, Tensor]:
    """Clips (batch, 1 + frames, 3, height, width) that start where a latent starts, and their marks."""
    clips = []
    for place in torch.randint(len(films), (batch,), generator=luck).tolist():
        starts = (len(films[place].frames) - frames) // FRAMES_PER_LATENT + 1
        start = int(torch.randint(starts, (), generator=luck)) * FRAMES_PER_LATENT
        clips.append(clip(films[place], start, frames))
    return as_video(np.stack(clips), device())


def draw_hiding(model: Autoencoder, video: Tensor, luck: torch.Generator) -> tuple[Tensor, Tensor]:
    """Noise for the latents of `video`, and the share of it (batch, 1, 1, 1, 1) with which they are to be mixed.

    Generators will see latents under noise (arXiv 2507.15856). What matters most in a picture is thus told with most
    strength, and is what generators learn first.
    """
    count, frames, _, height, width = video.shape
    latents = (1 + frames // FRAMES_PER_LATENT, model.shape.latent_channels)
    size = (height // PIXELS_PER_LATENT, width // PIXELS_PER_LATENT)
    hidden = torch.rand(count, generator=luck) >= _CLEAN
    share = _NOISIEST * torch.rand(count, generator=luck) * hidden
    return draw_noise((count, *latents, *size), luck), moved(share.view(-1, 1, 1, 1, 1))


def reconstruction_loss(model: Autoencoder, video: Tensor, marks: Tensor, noise: Tensor, share: Tensor) -> Tensor:
    with mixed_precision(video.device):
        latents = model.encode(video)
        again = model.decode(torch.lerp(latents.float(), noise, share))
    wrong = (again.float() - video).abs()
    weight = 1 + _FOREGROUND * marks
    return (
        (wrong * weight).sum() / weight.expand_as(wrong).sum()
        + _OUTLINES * _outline_error(again.float() - video)
        + _LATENT_SCALE * _scale_error(latents.float())
    )


def _scale_error(latents: Tensor) -> Tensor:
    """How far channels are from mean 0 and variance 1: else latents would just grow, and noise would hide nothing."""
    channels = latents.movedim(2, 0).flatten(1)
    return channels.mean(1).square().mean() + (channels.var(1) - 1).square().mean()


def _outline_error(difference: Tensor) -> Tensor:
    """How wrong the steps from pixel to pixel are."""
    flat = difference.flatten(0, 1)
    across = functional.l1_loss(flat[..., 1:], flat[..., :-1])
    down = functional.l1_loss(flat[..., 1:, :], flat[..., :-1, :])
    return across + down


@torch.no_grad()
def _normalise(model: Autoencoder, films: Sequence[Filmed], recipe: Recipe) -> None:
    luck = torch.Generator().manual_seed(recipe.seed)
    batches = [draw_clips(films, 16, recipe.clip_frames, luck)[0] for _ in range(8)]
    model.normalise(torch.cat([model.encode(video) for video in batches]))

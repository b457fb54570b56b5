"""The autoencoder's training: clips in, the same clips out, with most weight on characters, things and outlines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from .._models.autoencoder import FRAMES_PER_LATENT, Autoencoder
from .data import Filmed, as_video, clip, shelved
from .loop import fit
from .recipe import Recipe, Schedule

_OUTLINES = 1.0
_FOREGROUND = 4.0
_LATENT_SIZE = 1e-3
"""Weights of the loss: of outlines, of characters and things over the rest, of the latents' squares."""


def train_autoencoder(recipe: Recipe, folder: Path) -> Autoencoder:
    """Encoder and decoder together; latents have mean 0 and deviation 1."""
    torch.manual_seed(recipe.seed)
    model = Autoencoder(recipe.autoencoder_shape).to(memory_format=torch.channels_last)
    average = _fit(model, recipe, recipe.autoencoder, folder, "autoencoder")
    _normalise(average, _films(recipe, folder), recipe)
    return average


def train_decoder(model: Autoencoder, recipe: Recipe, folder: Path) -> Autoencoder:
    """The decoder alone, so that latents that were made before stay good."""
    model.decoder.requires_grad_(True)
    return _fit(model.to(memory_format=torch.channels_last), recipe, recipe.decoder, folder, "decoder")


def _fit(model: Autoencoder, recipe: Recipe, schedule: Schedule, folder: Path, name: str) -> Autoencoder:
    films = _films(recipe, folder)

    def loss(luck: torch.Generator) -> Tensor:
        return reconstruction_loss(model, *draw_clips(films, schedule.batch, recipe.clip_frames, luck), luck)

    average = fit(model, schedule, loss, folder / f"{name}.pt", recipe.seed)
    assert isinstance(average, Autoencoder)
    return average


def _films(recipe: Recipe, folder: Path) -> list[Filmed]:
    return [film for shelf in recipe.shelves for film in shelved(folder, "train", shelf.segments)]


def draw_clips(films: Sequence[Filmed], batch: int, frames: int, luck: torch.Generator) -> tuple[Tensor, Tensor]:
    """Clips (batch, 1 + frames, 3, height, width) that start where a latent starts, and their marks."""
    clips = []
    for place in torch.randint(len(films), (batch,), generator=luck).tolist():
        starts = (len(films[place].frames) - frames) // FRAMES_PER_LATENT + 1
        start = int(torch.randint(starts, (), generator=luck)) * FRAMES_PER_LATENT
        clips.append(clip(films[place], start, frames))
    return as_video(np.stack(clips))


def reconstruction_loss(model: Autoencoder, video: Tensor, marks: Tensor, luck: torch.Generator) -> Tensor:
    with torch.autocast("cpu", torch.bfloat16):
        latents = model.encode(video)
        noise = torch.randn(latents.shape, generator=luck) * model.shape.noise
        again = model.decode(latents + noise)
    wrong = (again.float() - video).abs()
    weight = 1 + _FOREGROUND * marks
    return (
        (wrong * weight).sum() / weight.expand_as(wrong).sum()
        + _OUTLINES * _outline_error(again.float() - video)
        + _LATENT_SIZE * latents.float().square().mean()
    )


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

"""The transformer's training: stages of ever longer stretches of episodes, all of them by flow matching."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from .._models.layers import SEQUENCE_LAYERS
from .._models.layout import FRAMES_PER_SEGMENT
from .._models.text import Vocabulary
from .._models.transformer import VideoTransformer
from .latents import Told
from .loop import fit
from .recipe import Recipe, Stage

_TOWARDS_NOISE = 1.0

Shelved = tuple[Told, Tensor]
"""Episodes of one length, and their words as numbers (episodes, segments, words)."""


def train_transformer(recipe: Recipe, told: Sequence[Told], folder: Path) -> tuple[VideoTransformer, Vocabulary]:
    """The base without sequence layers, then all stages with them; each starts from the average of the one before."""
    vocabulary = Vocabulary.of(text for shelf in told for texts in shelf.texts for text in texts)
    shelves = [(shelf, _numbers(vocabulary, shelf)) for shelf in told]
    torch.manual_seed(recipe.seed)
    model = VideoTransformer(recipe.transformer_shape, len(vocabulary), None)
    weights = _fit(model, shelves, recipe, recipe.base, folder, "base")
    model = VideoTransformer(recipe.transformer_shape, len(vocabulary), SEQUENCE_LAYERS[recipe.sequence_layer])
    for stage in recipe.stages:
        model.load_state_dict(weights, strict=False)  # the base has no sequence layers to give
        weights = _fit(model, shelves, recipe, stage, folder, f"{recipe.name}_{stage.segments:03d}")
    model.load_state_dict(weights)
    return model.requires_grad_(False), vocabulary


def _fit(
    model: VideoTransformer, shelves: Sequence[Shelved], recipe: Recipe, stage: Stage, folder: Path, name: str
) -> dict[str, Tensor]:
    """The moving average's weights."""
    long_enough = [(told, words) for told, words in shelves if told.segments >= stage.segments]

    def loss(luck: torch.Generator) -> Tensor:
        latents, words = draw_stretches(long_enough, stage, luck)
        return velocity_loss(model, latents, words, recipe.text_dropout, luck)

    average = fit(model, stage.schedule, loss, folder / f"{name}.pt", recipe.seed + stage.segments)
    return average.state_dict()


def draw_stretches(shelves: Sequence[Shelved], stage: Stage, luck: torch.Generator) -> tuple[Tensor, Tensor]:
    """Latents and word numbers of stretches of consecutive segments."""
    weights = torch.tensor([len(told.latents) * told.segments for told, _ in shelves], dtype=torch.float)
    drawn = []
    for place in torch.multinomial(weights, stage.schedule.batch, replacement=True, generator=luck).tolist():
        told, words = shelves[place]
        which = int(torch.randint(len(told.latents), (), generator=luck))
        anywhere = torch.rand((), generator=luck) >= stage.from_start
        start = int(torch.randint(told.segments - stage.segments + 1, (), generator=luck)) if anywhere else 0
        frames = slice(start * FRAMES_PER_SEGMENT, (start + stage.segments) * FRAMES_PER_SEGMENT + 1)
        drawn.append((told.latents[which, frames].float(), words[which, start : start + stage.segments]))
    latents, words = zip(*drawn, strict=True)
    return torch.stack(latents), torch.stack(words)


def velocity_loss(
    model: VideoTransformer, latents: Tensor, words: Tensor, text_dropout: float, luck: torch.Generator
) -> Tensor:
    """Mean squared error of the velocity noise - latents, at times whose logit is normal (arXiv 2403.03206).

    The times lean towards noise, where the text decides what is seen.
    """
    count = len(latents)
    time = (torch.randn(count, generator=luck) + _TOWARDS_NOISE).sigmoid()
    noise = torch.randn(latents.shape, generator=luck)
    told = torch.rand(count, 1, 1, generator=luck) >= text_dropout
    mixed = torch.lerp(latents, noise, time.view(-1, 1, 1, 1, 1))
    with torch.autocast("cpu", torch.bfloat16):
        velocity = model(mixed, time, words * told)
    wrong: Tensor = velocity.float() - (noise - latents)
    return wrong.square().mean()


def _numbers(vocabulary: Vocabulary, told: Told) -> Tensor:
    return torch.stack([vocabulary.tensor(texts) for texts in told.texts])

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


def train_transformer(recipe: Recipe, told: Sequence[Told], folder: Path) -> tuple[VideoTransformer, Vocabulary]:
    """All stages, one after another; each starts from the moving average of the one before."""
    vocabulary = Vocabulary.of(text for shelf in told for texts in shelf.texts for text in texts)
    torch.manual_seed(recipe.seed)
    make = SEQUENCE_LAYERS[recipe.sequence_layer]
    model = VideoTransformer(recipe.transformer_shape, len(vocabulary), make)
    for number in range(len(recipe.stages)):
        average = _run_stage(model, vocabulary, recipe, number, told, folder)
        model.load_state_dict(average.state_dict())
    return model.requires_grad_(False), vocabulary


def _run_stage(
    model: VideoTransformer, vocabulary: Vocabulary, recipe: Recipe, number: int, told: Sequence[Told], folder: Path
) -> torch.nn.Module:
    stage = recipe.stages[number]
    shelves = [(shelf, _numbers(vocabulary, shelf)) for shelf in told if shelf.segments >= stage.segments]

    def loss(luck: torch.Generator) -> Tensor:
        latents, words = draw_stretches(shelves, stage, luck)
        return velocity_loss(model, latents, words, recipe.text_dropout, luck)

    checkpoint = folder / f"{recipe.name}_stage{number + 1}.pt"
    return fit(model, stage.schedule, loss, checkpoint, recipe.seed + 1 + number)


def draw_stretches(
    shelves: Sequence[tuple[Told, Tensor]], stage: Stage, luck: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Latents and word numbers of stretches of consecutive segments, from any place in any episode."""
    weights = torch.tensor([len(told.latents) * told.segments for told, _ in shelves], dtype=torch.float)
    drawn = []
    for place in torch.multinomial(weights, stage.schedule.batch, replacement=True, generator=luck).tolist():
        told, words = shelves[place]
        which = int(torch.randint(len(told.latents), (), generator=luck))
        start = int(torch.randint(told.segments - stage.segments + 1, (), generator=luck))
        frames = slice(start * FRAMES_PER_SEGMENT, (start + stage.segments) * FRAMES_PER_SEGMENT + 1)
        drawn.append((told.latents[which, frames].float(), words[which, start : start + stage.segments]))
    latents, words = zip(*drawn, strict=True)
    return torch.stack(latents), torch.stack(words)


def velocity_loss(
    model: VideoTransformer, latents: Tensor, words: Tensor, text_dropout: float, luck: torch.Generator
) -> Tensor:
    """Mean squared error of the velocity noise - latents, at times whose logit is normal (arXiv 2403.03206)."""
    count = len(latents)
    time = torch.randn(count, generator=luck).sigmoid()
    noise = torch.randn(latents.shape, generator=luck)
    told = torch.rand(count, 1, 1, generator=luck) >= text_dropout
    mixed = torch.lerp(latents, noise, time.view(-1, 1, 1, 1, 1))
    with torch.autocast("cpu", torch.bfloat16):
        velocity = model(mixed, time, words * told)
    wrong: Tensor = velocity.float() - (noise - latents)
    return wrong.square().mean()


def _numbers(vocabulary: Vocabulary, told: Told) -> Tensor:
    """(episodes, segments, words)."""
    return torch.stack([vocabulary.tensor(texts) for texts in told.texts])

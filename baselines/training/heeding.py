"""The base's last lesson: to draw whom a memory says a name is, as it draws whom a text introduces.

There is no memory yet. What a perfect one would add to names is added, more or less of it, and the answers are to be
those of the teacher, who is told by the text itself. So this is learnt once, for all sequence layers.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor

from evalsuite.learning.device import device, mixed_precision, moved
from evalsuite.learning.loop import fit, fused

from ..models.transformer import VideoTransformer
from .lessons import FLOW_TIMES, Lessons, Stretches, draw_blend, draw_stretches
from .recipe import Recipe
from .teaching import Teacher

_TOLD_AGAIN = 1 / 3
"""The share of stories that the text does tell again, so that introductions are drawn as before."""


def train_heeding(
    base: VideoTransformer, lessons: Lessons, recipe: Recipe, checkpoint: Path, latents: str
) -> VideoTransformer:
    """The moving average of a base whose blocks were trained; its text encoder and its hints stay.

    `latents` tells the autoencoder that made what it learns from.
    """
    stage = recipe.heeding
    model = deepcopy(base).to(device())
    model.requires_grad_(False).blocks.requires_grad_(True)
    teacher = Teacher(base.to(device()), lessons.vocabulary)
    shelves = lessons.of(stage.segments)
    step_loss = fused(heeding_loss, recipe.fused)

    def loss(luck: torch.Generator) -> Tensor:
        drawn = draw_stretches(shelves, stage, luck).disguised(lessons.vocabulary, recipe.text_dropout, luck)
        return step_loss(model, teacher, drawn, *draw_blend(drawn.latents, luck), draw_strengths(drawn, luck))

    told = (stage, recipe.text_dropout, FLOW_TIMES, _TOLD_AGAIN, recipe.stories, latents)
    return fit(model, stage.schedule, loss, checkpoint, recipe.seed + stage.seed_offset, told)


def draw_strengths(drawn: Stretches, luck: torch.Generator) -> Tensor:
    """Of memories, one for each stretch (batch, 1, 1), 0 - 1; -1 where the text tells again itself."""
    strengths = torch.rand(len(drawn.latents), 1, 1, generator=luck).sqrt()  # weak ones are soon taught
    again = torch.rand(strengths.shape, generator=luck) < _TOLD_AGAIN
    return moved(strengths.masked_fill(again, -1.0))


def heeding_loss(
    model: VideoTransformer, teacher: Teacher, drawn: Stretches, noise: Tensor, time: Tensor, strengths: Tensor
) -> Tensor:
    """How far clean latents are from the teacher's."""
    texts, mixed = drawn.texts, drawn.mixed(noise, time)
    with torch.no_grad(), mixed_precision(noise.device):
        wanted = teacher.told.clean(mixed, time, texts.reminded, drawn.still)
    with torch.no_grad():
        remembered = strengths.clamp(min=0).unsqueeze(-1) * teacher.remembered(texts)
    words = texts.words.where(strengths >= 0, texts.reminded)
    with mixed_precision(noise.device):
        clean, _ = model.clean_and_read(mixed, time, words, drawn.still, remembered)
    return (clean.float() - wanted.float()).square().mean()

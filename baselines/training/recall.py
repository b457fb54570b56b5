"""A memory's first lessons: to each name, how whoever bears it was introduced.

Pictures are noise, so that none has to be drawn for them, and of the transformer nothing runs but its text encoder and
the first sequence layer, so that a story of thirty seconds costs next to nothing.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from evalsuite.learning.device import draw_noise, mixed_precision, moved
from evalsuite.learning.loop import fit

from ..models.layout import FRAMES_PER_SEGMENT
from ..models.transformer import VideoTransformer
from .data import Split
from .drawn_texts import draw_texts
from .recipe import Reading
from .teaching import Teacher
from .texts import Texts


def train_recall(
    model: VideoTransformer, teacher: Teacher, readings: tuple[Reading, ...], checkpoint: Path, seed: int
) -> VideoTransformer:
    """The moving average of what was trained; each step reads texts of all kinds of `readings`."""

    def loss(luck: torch.Generator) -> Tensor:
        drawn = [draw_texts(teacher.vocabulary, "train", reading, luck) for reading in readings]
        return torch.stack([recall_loss(model, teacher, texts, luck) for texts in drawn]).mean()

    return fit(model, readings[0].schedule, loss, checkpoint, seed, readings)


@torch.no_grad()
def held_out_recall(
    model: VideoTransformer, teacher: Teacher, reading: Reading, count: int, split: Split = "dev"
) -> float:
    """The loss on `count` batches of held-out texts."""
    losses = []
    for number in range(count):
        luck = torch.Generator().manual_seed(number)
        losses.append(float(recall_loss(model, teacher, draw_texts(teacher.vocabulary, split, reading, luck), luck)))
    return sum(losses) / count


def recall_loss(model: VideoTransformer, teacher: Teacher, texts: Texts, luck: torch.Generator) -> Tensor:
    """What of the looks of whom a text names is missed, where pictures are noise."""
    return teacher.missed(read_in_noise(model, texts, luck), texts)


def read_in_noise(model: VideoTransformer, texts: Texts, luck: torch.Generator) -> Tensor:
    """The texts' tokens (stories, segments, tokens, width) after the first sequence layer."""
    shape = model.shape
    still = moved(torch.randint(1, FRAMES_PER_SEGMENT + 1, (1,), generator=luck))
    frame = (shape.latent_channels, shape.latent_height, shape.latent_width)
    noise = draw_noise((*texts.words.shape[:2], *frame), luck)
    with mixed_precision(noise.device):
        return model.read(noise, texts.words, still).float()

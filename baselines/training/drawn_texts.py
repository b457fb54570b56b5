"""Texts that nothing has to be rendered for: new stories of the world, and casts."""

from __future__ import annotations

import random

import torch

from evalsuite.learning.device import moved
from evalsuite.toon.script import episode, storyboard

from ..models.generator import marked_texts
from ..models.text import Vocabulary
from .casts import draw_cast
from .data import Split
from .recipe import Reading
from .renaming import renaming
from .texts import Texts

_FIRST, _LAST = 100_000, 100_000_000
"""Numbers of the stories, of which none has been rendered."""


def draw_texts(vocabulary: Vocabulary, split: Split, reading: Reading, luck: torch.Generator) -> Texts:
    """A batch, in which names change hands."""
    numbers = torch.randint(_FIRST, _LAST, (reading.schedule.batch,), generator=luck).tolist()
    draw = _cast if reading.characters else _story
    told = [draw(split, reading, number) for number in numbers]
    return Texts(*map(moved, Texts.of(told, vocabulary).renamed(renaming(vocabulary, luck))))


def _story(split: Split, reading: Reading, number: int) -> list[str]:
    return marked_texts(storyboard(episode(split, reading.segments, number)).told().segments)


def _cast(split: Split, reading: Reading, number: int) -> list[str]:
    return draw_cast(random.Random(f"{split}/{number}"), reading.segments, reading.characters)

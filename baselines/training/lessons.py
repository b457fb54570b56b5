"""What the transformers are trained on, batch by batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from evalsuite.learning.device import device, draw_noise, moved

from ..models.layout import FRAMES_PER_SEGMENT
from ..models.text import Vocabulary
from .latents import Told
from .recipe import Stage
from .renaming import renaming
from .texts import Texts

Shelved = tuple[Told, Texts]
"""Episodes of one length, and their texts as numbers."""


class Lessons(NamedTuple):
    """What a transformer is trained on, or tried on."""

    shelves: list[Shelved]
    vocabulary: Vocabulary

    @classmethod
    def from_shelves(cls, shelves: Sequence[Told], vocabulary: Vocabulary) -> Lessons:
        """Ready to be drawn from."""
        texts = (Texts.of(shelf.texts, vocabulary) for shelf in shelves)
        return cls(
            [(shelf.on(device()), Texts(*map(moved, told))) for shelf, told in zip(shelves, texts, strict=True)],
            vocabulary,
        )

    def of(self, segments: int) -> list[Shelved]:
        """The shelves whose episodes have so many segments or more."""
        return [(told, texts) for told, texts in self.shelves if told.segments >= segments]


class Stretches(NamedTuple):
    """Some consecutive segments of each of a few episodes."""

    latents: Tensor
    marks: Tensor
    """Where a character or a thing is seen."""
    texts: Texts
    still: Tensor | None
    """The number of the one frame of each segment that is here, where not all are."""

    def mixed(self, noise: Tensor, time: Tensor) -> Tensor:
        """The latents on their way to `noise`: at a time of 1 nothing of them is left."""
        return torch.lerp(self.latents, noise, time.view(-1, 1, 1, 1, 1))

    def disguised(self, vocabulary: Vocabulary, silent: float, luck: torch.Generator) -> Stretches:
        """With other names, and for a share of episodes, which are `silent`, without any texts."""
        told = moved(torch.rand(len(self.texts.words), 1, 1, generator=luck) >= silent)
        return self._replace(texts=self.texts.renamed(moved(renaming(vocabulary, luck))).told(told))


def draw_stretches(shelves: Sequence[Shelved], stage: Stage, luck: torch.Generator) -> Stretches:
    """A batch; the longer all episodes of a length are together, the more often one of them is drawn."""
    still = torch.randint(1, FRAMES_PER_SEGMENT + 1, (1,), generator=luck) if stage.stills else None
    weights = torch.tensor([len(told.latents) * told.segments for told, _ in shelves], dtype=torch.float)
    places = torch.multinomial(weights, stage.schedule.batch, replacement=True, generator=luck)
    counts = places.bincount(minlength=len(shelves)).tolist()
    drawn = [
        _draw_from(shelf, stage, still, count, luck) for shelf, count in zip(shelves, counts, strict=True) if count
    ]
    latents, marks, texts = zip(*drawn, strict=True)
    together = Texts(*map(torch.cat, zip(*texts, strict=True)))
    return Stretches(torch.cat(latents).float(), torch.cat(marks), together, None if still is None else moved(still))


def _draw_from(
    shelf: Shelved, stage: Stage, still: Tensor | None, count: int, luck: torch.Generator
) -> tuple[Tensor, Tensor, Texts]:
    """Latents, marks and texts of `count` stretches of episodes of one length."""
    told, texts = shelf
    which = torch.randint(len(texts.words), (count, 1), generator=luck)
    anywhere = torch.rand(count, 1, generator=luck) >= stage.from_start
    starts = torch.randint(told.segments - stage.segments + 1, (count, 1), generator=luck) * anywhere
    segments = starts + torch.arange(stage.segments)
    frames = starts * FRAMES_PER_SEGMENT + _frames(stage.segments, still)
    which, segments, frames = (x.to(told.latents.device, non_blocking=True) for x in (which, segments, frames))
    return told.latents[which, frames], told.marks[which, frames], texts.at(which, segments)


def _frames(segments: int, still: Tensor | None) -> Tensor:
    """Which latent frames of some segments: all, with the one before them; or one of each segment."""
    if still is None:
        return torch.arange(segments * FRAMES_PER_SEGMENT + 1)
    return still + torch.arange(segments) * FRAMES_PER_SEGMENT


class Times(NamedTuple):
    """The logit of a time of the diffusion, 0 - 1, is normal (arXiv 2403.03206)."""

    mean: float
    spread: float


FLOW_TIMES = Times(1.3, 1.3)
"""Towards noise, where the text decides what is seen."""


def draw_blend(latents: Tensor, luck: torch.Generator, times: Times = FLOW_TIMES) -> tuple[Tensor, Tensor]:
    """Noise for `latents`, and times (batch,)."""
    time = (times.spread * torch.randn(len(latents), generator=luck) + times.mean).sigmoid()
    return draw_noise(latents.shape, luck), moved(time)

"""A memory's first lessons, on texts alone: at each name, how whoever bears it was introduced.

No picture has to be drawn for them, nor seen, so that a story of thirty seconds costs as much as two frames do. A
linear reading of the looks is trained along and then thrown away.
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from evalsuite.learning.device import mixed_precision, moved
from evalsuite.learning.loop import fit
from evalsuite.toon.script import episode, storyboard

from ..models.generator import marked_texts
from ..models.text import Vocabulary
from ..models.transformer import VideoTransformer, start_at_zero
from .data import Split
from .recipe import Stage
from .renaming import renaming
from .teaching import mean_where, names
from .texts import LOOKS, Texts

_FIRST, _LAST = 100_000, 100_000_000
"""Numbers of the stories, of which none has been rendered."""
_STEEP, _SELDOM = 20.0, 2.0
"""Logits are soon large, and at first those of looks that one in eight has."""


class Recall(nn.Module):
    """A transformer, and the looks (stories, segments, characters, LOOKS) that are read off its names, as logits."""

    def __init__(self, model: VideoTransformer) -> None:
        super().__init__()
        self.model = model
        self.looks = nn.Linear(model.shape.width, len(LOOKS))
        start_at_zero(self.looks)

    def forward(self, own: Tensor) -> Tensor:
        logits: Tensor = _STEEP * self.looks(own) - _SELDOM
        return logits


def train_recall(
    model: VideoTransformer, base: VideoTransformer, vocabulary: Vocabulary, stage: Stage, checkpoint: Path, seed: int
) -> Recall:
    """The moving average of what was trained; `base`, which stays as it is, says what texts mean without a memory."""
    recall = Recall(model)

    def loss(luck: torch.Generator) -> Tensor:
        texts = draw_stories(vocabulary, "train", stage, luck)
        return recall_loss(recall, base, vocabulary, texts, _draw_time(texts, luck))

    return fit(recall, stage.schedule, loss, checkpoint, seed, (stage, _STEEP, _SELDOM))


@torch.no_grad()
def held_out_recall(recall: Recall, base: VideoTransformer, vocabulary: Vocabulary, stage: Stage, count: int) -> float:
    """The loss on `count` batches of stories of the split `dev`."""
    losses = []
    for number in range(count):
        luck = torch.Generator().manual_seed(number)
        texts = draw_stories(vocabulary, "dev", stage, luck)
        losses.append(float(recall_loss(recall, base, vocabulary, texts, _draw_time(texts, luck))))
    return sum(losses) / count


def draw_stories(vocabulary: Vocabulary, split: Split, stage: Stage, luck: torch.Generator) -> Texts:
    """Texts of new stories, in which names change hands."""
    numbers = torch.randint(_FIRST, _LAST, (stage.schedule.batch,), generator=luck).tolist()
    told = (storyboard(episode(split, stage.segments, number)).told() for number in numbers)
    texts = Texts.of([marked_texts(story.segments) for story in told], vocabulary)
    return Texts(*map(moved, texts.renamed(renaming(vocabulary, luck))))


def _draw_time(texts: Texts, luck: torch.Generator) -> Tensor:
    return moved(torch.rand(len(texts.words), generator=luck))


def recall_loss(recall: Recall, base: VideoTransformer, vocabulary: Vocabulary, texts: Texts, time: Tensor) -> Tensor:
    """Binary cross entropy of the looks of whom a text names; and how far all that is no name is from the base's."""
    with mixed_precision(time.device):
        read = recall.model.read(time, texts.words).float()
        with torch.no_grad():
            before = base.read(time, texts.words).float()
    own, named = names(base.text, read, texts)
    looks = texts.looks(vocabulary)
    wrong = functional.binary_cross_entropy_with_logits(recall(own), looks, reduction="none").sum(-1)
    moved_away = (_normal(read) - _normal(before)).square().mean(-1)
    return mean_where(wrong, named & looks.any(-1)) + mean_where(moved_away, _others(base, texts))


def _normal(tokens: Tensor) -> Tensor:
    return functional.layer_norm(tokens, tokens.shape[-1:])


def _others(base: VideoTransformer, texts: Texts) -> Tensor:
    """Which tokens (stories, segments, tokens) hold words, and no name."""
    holds = base.text.spread(texts.words) > 0
    return holds.any(-1) & ~(holds & (texts.named > 0).unsqueeze(-2)).any(-1)

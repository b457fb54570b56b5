"""The base's hints: whom a text names, how whoever is introduced there looks, and how names look on average.

Trained on texts alone, and once for all sequence layers. All else in the base stays as it is.
"""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from evalsuite.learning.device import device, mixed_precision
from evalsuite.learning.loop import fit

from ..models.hints import EncodedText
from ..models.text import Vocabulary
from ..models.transformer import VideoTransformer, start_at_zero
from .drawn_texts import draw_texts
from .recipe import Reading
from .teaching import looks_told, mean_where, names
from .texts import LOOKS, Texts

_STEEP, _SELDOM = 100.0, 2.0
"""Logits of looks are soon large, and at first those of what one in eight has."""
_CONFUSED, _UNEXPECTED = 3.0, 10.0
"""How much names that are taken for each other count beside looks, and how much what is not expected does."""
_TEMPERATURE = 0.1


class Naming(nn.Module):
    """A base, and the looks (stories, segments, characters, LOOKS) that are read off names where it hints at them."""

    def __init__(self, base: VideoTransformer) -> None:
        super().__init__()
        self.base = base.requires_grad_(False)
        self.base.text.hints.requires_grad_(True)
        self.looks = nn.Linear(base.shape.width, len(LOOKS))
        start_at_zero(self.looks)

    def forward(self, own: Tensor) -> Tensor:
        """Logits."""
        logits: Tensor = _STEEP * self.looks(own) - _SELDOM
        return logits


def train_naming(
    base: VideoTransformer, vocabulary: Vocabulary, readings: tuple[Reading, ...], path: Path, seed: int
) -> VideoTransformer:
    """A copy of the base with hints; each step reads texts of all kinds of `readings`."""
    naming = Naming(deepcopy(base).to(device()))

    def loss(luck: torch.Generator) -> Tensor:
        drawn = [draw_texts(vocabulary, "train", reading, luck) for reading in readings]
        return torch.stack([naming_loss(naming, vocabulary, texts) for texts in drawn]).mean()

    told = (readings, _STEEP, _SELDOM, _CONFUSED, _UNEXPECTED, _TEMPERATURE)
    return fit(naming, readings[0].schedule, loss, path, seed, told).base


def naming_loss(naming: Naming, vocabulary: Vocabulary, texts: Texts) -> Tensor:
    """Looks that cannot be read off a name where it is introduced; names taken for each other; what is not expected."""
    encoder = naming.base.text
    with mixed_precision(texts.words.device):
        told = encoder.told(texts.words)
    own, named = names(encoder, told.hints, texts)
    looks, first = texts.looks(vocabulary), named & (named.cumsum(1) == 1)
    wrong = functional.binary_cross_entropy_with_logits(naming(own), looks, reduction="none").sum(-1)
    unread = mean_where(wrong, first & looks.any(-1))
    confused = confusion(own[named], texts.names()[named])
    with torch.no_grad():
        added = looks_told(encoder, texts, vocabulary)
    return unread + _CONFUSED * confused + _UNEXPECTED * unexpected(told, added)


def unexpected(told: EncodedText, looks: Tensor) -> Tensor:
    """The share of `looks` that is not expected: squared distances, of squares; without a memory, some is."""
    return (told.expected.float() - looks).square().sum() / looks.square().sum().clamp(min=1)


def confusion(own: Tensor, words: Tensor) -> Tensor:
    """How far tokens (mentions, width) of one name are from being most alike, in nats (InfoNCE, arXiv 1807.03748)."""
    apart = functional.normalize(own, dim=-1)
    itself = torch.eye(len(own), dtype=torch.bool, device=own.device)
    alike = (apart @ apart.mT / _TEMPERATURE).masked_fill(itself, -1e4).log_softmax(-1)
    same = (words.unsqueeze(0) == words.unsqueeze(1)) & ~itself
    return -mean_where((alike * same).sum(-1) / same.sum(-1).clamp(min=1), same.any(-1))

"""The texts of stories as numbers: as they are told, and as one who knows all that was told before could tell them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from evalsuite.toon.episode import ACCESSORIES, COLOURS, SPECIES

from ..models.text import Vocabulary
from .reminding import introductions, reminded

LOOKS = (*COLOURS, *SPECIES, *ACCESSORIES)
"""The words that an introduction says looks with."""
_MOST_CHARACTERS = 3


class Texts(NamedTuple):
    """Each (stories, segments, words)."""

    words: Tensor
    named: Tensor
    """Whose name a word is: 1, 2 or 3, in the order in which the story introduces them, and 0 for all other words."""
    reminded: Tensor
    """The words of the texts that introduce anew whom they name."""
    introduced: Tensor
    """Of whom a word of those is the introduction, name included, as in `named`."""

    @classmethod
    def of(cls, stories: Sequence[Sequence[str]], vocabulary: Vocabulary) -> Texts:
        return cls(*map(torch.stack, zip(*(_numbered(texts, vocabulary) for texts in stories), strict=True)))

    def at(self, stories: Tensor, segments: Tensor) -> Texts:
        """Those of some segments of some stories."""
        return Texts(*(part[stories, segments] for part in self))

    def renamed(self, names: Tensor) -> Texts:
        """With another number for each word's, the same for both tellings."""
        return self._replace(words=names[self.words], reminded=names[self.reminded])

    def told(self, which: Tensor) -> Texts:
        """Nothing at all for stories which (stories, 1, 1) are not."""
        return Texts(*(part * which for part in self))

    def looks(self, vocabulary: Vocabulary) -> Tensor:
        """Which of the words LOOKS introduce whom, 0 or 1: (stories, segments, characters, looks)."""
        numbers = torch.tensor([vocabulary.numbers(word)[0] for word in LOOKS], device=self.words.device)
        said = (self.reminded.unsqueeze(-1) == numbers).float()
        return (_whose(self.introduced).mT @ said).clamp(max=1)


def _numbered(texts: Sequence[str], vocabulary: Vocabulary) -> Texts:
    """One story's, (segments, words)."""
    again = reminded(texts)
    words = vocabulary.tensor(texts)
    named, introduced = torch.zeros_like(words), torch.zeros_like(words)
    names: dict[str, int] = {}
    for place, text in enumerate(again):
        for found in introductions(text):
            name = found[1]
            whose = names.setdefault(name, len(names) + 1)
            first = len(vocabulary.numbers(text[: found.start()]))
            introduced[place, first : first + len(vocabulary.numbers(found[0]))] = whose
    for name, whose in names.items():
        named[words == vocabulary.numbers(name)[0]] = whose
    return Texts(words, named, vocabulary.tensor(again), introduced)


def _whose(marked: Tensor) -> Tensor:
    """Numbers of characters (...) to 0 or 1 for each character: (..., characters)."""
    return (marked.unsqueeze(-1) == torch.arange(1, _MOST_CHARACTERS + 1, device=marked.device)).float()


def of_characters(tokens: Tensor, spread: Tensor, marked: Tensor) -> tuple[Tensor, Tensor]:
    """The mean, normalised, of the tokens (stories, segments, tokens, width) that hold words which are marked.

    `spread` (stories, segments, tokens, words) says which tokens hold which words, and `marked` (stories, segments,
    words) which words are whose. (stories, segments, characters, width), and whether there are any such tokens.
    """
    holds = ((spread > 0).float() @ _whose(marked)).clamp(max=1).mT
    count = holds.sum(-1, keepdim=True)
    mean = holds @ tokens.float() / count.clamp(min=1)
    return functional.layer_norm(mean, mean.shape[-1:]), count[..., 0] > 0

"""The texts of stories as numbers: as they are told, and as one who knows all that was told before could tell them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from evalsuite.toon.episode import ACCESSORIES, COLOURS, SPECIES

from ..models.text import Vocabulary
from .reminding import introductions, reminded

LOOKS = (*COLOURS, *SPECIES, *ACCESSORIES)
"""The words that an introduction says looks with."""
_MOST_CHARACTERS = 6


class Texts(NamedTuple):
    """Each (stories, segments, words)."""

    words: Tensor
    named: Tensor
    """Whose name a word is: 1, 2, ... in the order in which the story introduces them, and 0 for all other words."""
    reminded: Tensor
    """The words of the texts that introduce anew whom they name."""
    introduced: Tensor
    """Of whom a word of those is the introduction, name included, as in `named`."""
    anew: Tensor
    """Whether that is so in the words that are reminded alone: 0 in a story's own introductions."""

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

    def names(self) -> Tensor:
        """The numbers of characters' names, 0 where one is not named: (stories, segments, characters)."""
        return (_whose(self.named) * self.words.unsqueeze(-1)).amax(-2).long()

    def holders(self, spread: Tensor) -> Tensor:
        """Which tokens hold whose names, 0 or 1: (stories, segments, tokens, characters).

        `spread` (stories, segments, tokens, words) says which tokens hold which words.
        """
        return ((spread > 0).float() @ _whose(self.named)).clamp(max=1)

    def looks(self, vocabulary: Vocabulary) -> Tensor:
        """Which of the words LOOKS introduce whom, 0 or 1: (stories, segments, characters, looks)."""
        return (_whose(self.introduced).mT @ self._look_words(vocabulary)).clamp(max=1)

    def told_again(self, vocabulary: Vocabulary) -> Tensor:
        """Which reminded words say whose look that these texts introduced: (stories, segments, words, characters)."""
        introduced = _whose(self.introduced * (1 - self.anew)).amax(-2, keepdim=True).cumsum(-3).clamp(max=1)
        again = _whose(self.introduced * self.anew) * self._look_words(vocabulary).amax(-1, keepdim=True)
        return again * introduced

    def _look_words(self, vocabulary: Vocabulary) -> Tensor:
        """Which reminded word is which of LOOKS."""
        numbers = torch.tensor([vocabulary.numbers(word)[0] for word in LOOKS], device=self.words.device)
        return (self.reminded.unsqueeze(-1) == numbers).float()


def _numbered(texts: Sequence[str], vocabulary: Vocabulary) -> Texts:
    """One story's, (segments, words)."""
    again = reminded(texts)
    words = vocabulary.tensor(texts)
    named, introduced, anew = torch.zeros_like(words), torch.zeros_like(words), torch.zeros_like(words)
    names: dict[str, int] = {}
    for place, text in enumerate(again):
        for found in introductions(text):
            name = found[1]
            is_new = name not in names
            whose = names.setdefault(name, len(names) + 1)
            first = len(vocabulary.numbers(text[: found.start()]))
            span = slice(first, first + len(vocabulary.numbers(found[0])))
            introduced[place, span] = whose
            anew[place, span] = not is_new
    for name, whose in names.items():
        named[words == vocabulary.numbers(name)[0]] = whose
    return Texts(words, named, vocabulary.tensor(again), introduced, anew)


def _whose(marked: Tensor) -> Tensor:
    """Numbers of characters (...) to 0 or 1 for each character: (..., characters)."""
    return (marked.unsqueeze(-1) == torch.arange(1, _MOST_CHARACTERS + 1, device=marked.device)).float()

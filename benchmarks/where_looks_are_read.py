"""At which block pictures take from a text how a character looks, and so where a memory has to speak.

`python benchmarks/where_looks_are_read.py`, a minute. The base, which has no memory, answers to the same noisy latents
for texts as a story tells them and for texts that introduce anew whom they name. Printed is which share of all that
differs between these answers, after the first segment, is there

- if the tokens of texts are those of the second kind from a block on: what a memory would bring that made them so
  there, and told pictures nothing else, without anything else learning;
- if before the first block each name's token has those of the words of its look added, as the second kind has them;
- if it has the mean of all these added instead, which says that somebody is there and not who.

95 % intervals over stories of three segments of the split `dev`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch
from evalsuite.baselines.models.files import SHIPPED
from evalsuite.baselines.models.text import Vocabulary
from evalsuite.baselines.models.transformer import VideoTransformer
from evalsuite.baselines.models.weights import load_base
from evalsuite.baselines.training.texts import LOOKS, Texts
from memory import Lesson, answers, apart, held_out, share
from torch import Tensor

from evalsuite.stats import Array


class TextTokens:
    """The texts' tokens (stories, segments, tokens, width) before each block of a base, and behind the last."""

    def __init__(self, base: VideoTransformer, segments: int) -> None:
        self.tokens = (segments, base.shape.text_tokens)
        self.seen: dict[int, Tensor] = {}
        """In the last answer."""
        self.put: Mapping[int, Tensor] = {}
        """What is put in their place in the next."""
        base.blocks[0].register_forward_pre_hook(lambda _, given: self._meet(0, given[0]))
        for number, block in enumerate(base.blocks, start=1):
            block.register_forward_hook(partial(self._behind, number))

    def _behind(self, number: int, _block: Any, _given: Any, line: Tensor) -> None:
        self._meet(number, line)

    def _meet(self, number: int, line: Tensor) -> None:
        segments, tokens = self.tokens
        texts = line.unflatten(1, (segments, -1))[:, :, :tokens]
        if number in self.put:
            texts.copy_(self.put[number])
        self.seen[number] = texts.clone()


@torch.no_grad()
def of_looks(base: VideoTransformer, vocabulary: Vocabulary, texts: Texts) -> Tensor:
    """For each token that holds a name, the sum of those of the words of its look, where they are told again."""
    numbers = torch.tensor([vocabulary.numbers(word)[0] for word in LOOKS])
    characters = torch.arange(1, int(texts.named.max()) + 1)
    says = (texts.introduced.unsqueeze(-1) == characters) & torch.isin(texts.reminded, numbers).unsqueeze(-1)
    again = says & (says.any(2).cumsum(1) > 1).unsqueeze(2)  # the first time, the story says so itself
    named = texts.named.unsqueeze(-1) == characters
    holds, says_so = (
        ((base.text.spread(words) > 0).float() @ marked.float()).clamp(max=1)
        for words, marked in ((texts.words, named), (texts.reminded, again))
    )
    return holds @ (says_so.mT @ (base.text(texts.reminded)[0] - base.text.place))


def left_over(base: VideoTransformer, tokens: TextTokens, lesson: Lesson, texts: Texts, looks: Tensor) -> list[Array]:
    """Distances from the told teacher, with texts told again from each block on, and with looks added to names."""
    tokens.put = {}
    answers(base, [lesson], texts.words)
    plain = tokens.seen[0].clone()
    answers(base, [lesson], texts.reminded)
    again = dict(tokens.seen)
    from_each = [{later: again[later] for later in again if later >= place} for place in range(len(base.blocks))]
    found = []
    anybody = looks.any(-1, keepdim=True) * looks[looks.any(-1)].mean(0)
    for tokens.put in (*from_each, {0: plain + looks}, {0: plain + anybody}):
        found.append(apart(answers(base, [lesson], texts.words), [lesson]))
    return found


def main() -> None:
    base, vocabulary = load_base(SHIPPED)
    texts, taught = held_out(base, vocabulary)
    missing = apart([lesson.untold for lesson in taught], taught)
    tokens, looks = TextTokens(base, texts.words.shape[1]), of_looks(base, vocabulary, texts)
    each = [left_over(base, tokens, lesson, texts, looks) for lesson in taught]
    from_each = (f"told again from block {place + 1} on" for place in range(len(base.blocks)))
    names = [*from_each, "looks added to names", "mean look added to names"]
    for name, distances in zip(names, zip(*each, strict=True), strict=True):
        sys.stdout.write(f"{name:32}{share(np.sum(distances, axis=0), missing)}\n")


if __name__ == "__main__":
    main()

"""At which block pictures take from a text how a character looks, and so where a memory has to speak.

`python benchmarks/where_looks_are_read.py`, a minute. The base, which has no memory, answers to the same noisy latents
for texts as a story tells them and for texts that introduce anew whom they name. Printed is which share of all that
differs between these answers, after the first segment, is there

- if the tokens of texts are those of the second kind from a block on: what a memory would bring that made them so
  there, and told pictures nothing else, without anything else learning;
- if before the first block each name's token has those of the words of its look added, as the second kind has them;
- if instead it has the mean of these looks added, which the shipped base expects without a memory.

95 % intervals over stories of three segments of the split `dev`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from evalsuite.baselines.models.files import SHIPPED
from evalsuite.baselines.models.transformer import VideoTransformer
from evalsuite.baselines.models.weights import load_base
from evalsuite.baselines.training.teaching import Teacher, looks_told
from evalsuite.baselines.training.texts import Texts
from memory import Lesson, answers, apart, held_out, share
from torch import Tensor

from evalsuite.stats import Array


class TextTokens:
    """The texts' tokens (stories, segments, tokens, width) before each block of a base."""

    def __init__(self, base: VideoTransformer, segments: int) -> None:
        self.tokens = (segments, base.shape.text_tokens)
        self.seen: dict[int, Tensor] = {}
        """In the last answer."""
        self.put: Mapping[int, Tensor] = {}
        """What is put in their place in the next."""
        for number, block in enumerate(base.blocks):
            block.see = partial(self._see, number, block.see)

    def _see(self, number: int, see: Callable[..., Tensor], line: Tensor, *rest: Any) -> Tensor:
        segments, tokens = self.tokens
        texts = line.unflatten(1, (segments, -1))[:, :, :tokens]
        if number in self.put:
            texts.copy_(self.put[number])
        self.seen[number] = texts.clone()
        return see(line, *rest)


def left_over(
    told: VideoTransformer, tokens: TextTokens, lesson: Lesson, texts: Texts, added: Sequence[Tensor]
) -> list[Array]:
    """Distances from the told teacher: of plain texts, of ones told again from each block on, of names with `added`."""
    tokens.put = {}
    distances = [apart(answers(told, [lesson], texts.words), [lesson])]
    plain = tokens.seen[0].clone()
    answers(told, [lesson], texts.reminded)
    again = dict(tokens.seen)
    from_each = [{later: again[later] for later in again if later >= place} for place in range(len(told.blocks))]
    for tokens.put in (*from_each, *({0: plain + each} for each in added)):
        distances.append(apart(answers(told, [lesson], texts.words), [lesson]))
    return distances


def main() -> None:
    teacher = Teacher(*load_base(SHIPPED))
    texts, taught = held_out(teacher)
    with torch.no_grad():
        encoder = teacher.base.text
        added = [looks_told(encoder, texts, teacher.vocabulary), encoder.told(texts.words).expected]
    tokens = TextTokens(teacher.told, texts.words.shape[1])
    each = [left_over(teacher.told, tokens, lesson, texts, added) for lesson in taught]
    missing, *left = (np.sum(distances, axis=0) for distances in zip(*each, strict=True))
    from_each = (f"told again from block {place + 1} on" for place in range(len(teacher.told.blocks)))
    for name, distances in zip((*from_each, "looks added to names", "mean look added to names"), left, strict=True):
        sys.stdout.write(f"{name:32}{share(distances, missing)}\n")


if __name__ == "__main__":
    main()

"""At which block pictures take from a text how a character looks, and so where a memory has to speak.

`python benchmarks/where_looks_are_read.py`, a minute. The base, which has no memory, answers to the same noisy latents
for texts as a story tells them and for texts that introduce anew whom they name. Printed is which share of all that
differs between these answers, after the first segment, is there

- if the tokens of texts are those of the second kind from a block on: the most that a memory which speaks there can
  bring without anything else learning, since nothing that it says is heard sooner;
- if before the first block each name's token has those of the words of its look added, as the second kind has them.

95 % intervals over stories of three segments of the split `dev`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from evalsuite.baselines.models.files import SHIPPED
from evalsuite.baselines.models.layout import FRAMES_PER_SEGMENT
from evalsuite.baselines.models.text import Vocabulary
from evalsuite.baselines.models.transformer import VideoTransformer
from evalsuite.baselines.models.weights import load_base
from evalsuite.baselines.training.latents import told
from evalsuite.baselines.training.texts import LOOKS, Texts
from memory import STILL, STORIES, answers, apart, lessons, share
from torch import Tensor


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


def main() -> None:
    base, vocabulary = load_base(SHIPPED)
    with TemporaryDirectory() as folder:
        stories = told(Path(folder), SHIPPED, STORIES, "dev")
    texts = Texts.of(stories.texts, vocabulary)
    taught = lessons(stories.latents[:, STILL::FRAMES_PER_SEGMENT].float(), texts, base)
    missing = apart([lesson.untold for lesson in taught], taught)
    tokens = TextTokens(base, STORIES.segments)
    places = range(len(base.blocks))
    left = {f"told again from block {place + 1} on": 0.0 for place in places} | {"looks added to names": 0.0}
    for lesson in taught:
        tokens.put = {}
        answers(base, [lesson], texts.words)
        plain = tokens.seen[0].clone()
        answers(base, [lesson], texts.reminded)
        again = dict(tokens.seen)
        puts = [{later: again[later] for later in again if later >= place} for place in places]
        for name, tokens.put in zip(left, [*puts, {0: plain + of_looks(base, vocabulary, texts)}], strict=True):
            left[name] = left[name] + apart(answers(base, [lesson], texts.words), [lesson])
    for name, distances in left.items():
        sys.stdout.write(f"{name:32}{share(distances, missing)}\n")


if __name__ == "__main__":
    main()

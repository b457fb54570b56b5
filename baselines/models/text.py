"""The text encoder: a paragraph becomes a fixed number of tokens, each made of a few neighbouring words."""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

SCENE_START = "<start_scene>"
SCENE_END = "<end_scene>"
_WORD = re.compile(r"<start_scene>|<end_scene>|[a-z]+|'s|[.!?]")
_UNREAD = re.compile(r"(?<!\w)[^\W_a-z]+(?!\w)")
"""Words in another script, which are not read at all."""
_UNKNOWN_BUCKETS = 64
MOST_WORDS = 112
_VIEWS = 4


class Vocabulary:
    """Words to numbers; 0 is no word, and words that training did not know share a few buckets."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = tuple(words)
        self._numbers = {word: 1 + _UNKNOWN_BUCKETS + place for place, word in enumerate(self.words)}

    def __len__(self) -> int:
        return 1 + _UNKNOWN_BUCKETS + len(self.words)

    @classmethod
    def of(cls, texts: Iterable[str], at_least: int = 5) -> Vocabulary:
        """The words that occur `at_least` so often, most frequent first."""
        counts = Counter(word for text in texts for word in _words(text))
        frequent = [word for word, count in counts.items() if count >= at_least and not word.startswith("<")]
        return cls([SCENE_START, SCENE_END, *sorted(frequent, key=lambda word: (-counts[word], word))])

    def numbers(self, text: str) -> list[int]:
        """The words of a text as numbers; what is beyond `MOST_WORDS` is dropped, but for a mark at the end."""
        return [self._numbers.get(word, 1 + zlib.crc32(word.encode()) % _UNKNOWN_BUCKETS) for word in _words(text)]

    def strange(self, text: str) -> int:
        """How many of its first words training did not know, and of all its words in another script."""
        return sum(word not in self._numbers for word in _words(text)) + len(_UNREAD.findall(text.lower()))

    def note(self, texts: Iterable[str]) -> str:
        """What of these texts is not told to the model; empty where all is."""
        texts = list(texts)
        counts = {
            "words that it does not know": sum(map(self.strange, texts)),
            f"words beyond the first {MOST_WORDS} of a segment, which it is not told": sum(map(_dropped, texts)),
            "texts without a word": sum(not any(map(str.isalnum, text)) for text in texts if text.strip()),
        }
        return ", and with ".join(f"{count} {what}" for what, count in counts.items() if count)

    def tensor(self, texts: Sequence[str]) -> Tensor:
        """Shape (texts, words), padded with 0."""
        rows = [self.numbers(text) for text in texts]
        table = torch.zeros(len(rows), MOST_WORDS, dtype=torch.long)
        for row, numbers in zip(table, rows, strict=True):
            row[: len(numbers)] = torch.tensor(numbers)
        return table


class TextEncoder(nn.Module):
    """Word numbers (..., words) to tokens (..., `tokens`, `width`) in order, and a summary (..., `width`)."""

    def __init__(self, vocabulary: int, tokens: int, width: int, inner_width: int = 96) -> None:
        super().__init__()
        self.tokens = tokens
        self.embed = nn.Embedding(vocabulary, inner_width, padding_idx=0)
        self.mix = nn.ModuleList([nn.Conv1d(inner_width, inner_width, 5, padding=2) for _ in range(2)])
        self.leave = nn.Linear(inner_width, width)
        self.place = nn.Parameter(torch.randn(tokens, width) * 0.02)
        self.importance = nn.Linear(inner_width, _VIEWS)
        self.summarise = nn.Linear(_VIEWS * inner_width, width)

    def forward(self, numbers: Tensor) -> tuple[Tensor, Tensor]:
        flat = numbers.flatten(0, -2)
        there = (flat > 0).unsqueeze(-1)
        x = self.embed(flat)
        for layer in self.mix:
            x = x + functional.silu(layer((x * there).mT)).mT
        pooled = self.spread(flat).to(x.dtype) @ (x * there)
        tokens: Tensor = self.leave(pooled) + self.place
        return tokens.view(*numbers.shape[:-1], *tokens.shape[1:]), self._summary(x, there, numbers)

    def _summary(self, x: Tensor, there: Tensor, numbers: Tensor) -> Tensor:
        """A few weighted means over all words, each by an importance of its own."""
        share = self.importance(x).masked_fill(~there, -1e4).softmax(1).to(x.dtype) * there
        summary: Tensor = self.summarise((share.mT @ x).flatten(1))
        return summary.view(*numbers.shape[:-1], -1)

    def spread(self, numbers: Tensor) -> Tensor:
        """Weights (..., tokens, words), of `numbers` (..., words): each token is the mean of its share of the words."""
        there = numbers > 0
        count = there.sum(-1, keepdim=True)
        place = torch.arange(numbers.shape[-1], device=numbers.device).expand_as(numbers)
        token = torch.where(count > self.tokens, place * self.tokens // count.clamp(min=1), place)
        token = torch.where(there, token, self.tokens)
        spread = functional.one_hot(token, self.tokens + 1)[..., : self.tokens].mT.float()
        return spread / spread.sum(-1, keepdim=True).clamp(min=1)


def _words(text: str) -> list[str]:
    """At most `MOST_WORDS`; the mark that a scene ends is the last of them, however long the text."""
    words = _WORD.findall(text.lower())
    kept = words[:MOST_WORDS]
    return [*kept[:-1], SCENE_END] if words[-1:] == [SCENE_END] else kept


def _dropped(text: str) -> int:
    return len(_WORD.findall(text.lower())) - len(_words(text))

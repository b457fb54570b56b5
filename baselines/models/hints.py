"""What a text says of names, of which a text encoder that was trained for pictures makes little.

A picture of one segment needs no names. But whom a text names, looks like somebody: so much can be told without a
memory. And a memory finds under a name what was said of it, if it is told which name that is.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .text import TextEncoder

_LOUD, _SURE = 16.0, 10.0
"""How large what pictures are told of a look is beside a layer's first answers, and logits of whether they are."""


class Hints(nn.Module):
    """Word numbers (..., words), and how tokens share them (..., tokens, words), to two things (..., tokens, width).

    The first is for memories: who is named, and what is said of them there; of deviation 1, or 0 where no word is. The
    second is for pictures, and added to what they are told: where somebody is named and not introduced, the mean look.
    """

    def __init__(self, vocabulary: int, width: int, inner_width: int = 96, reach: int = 6) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, inner_width, padding_idx=0)
        self.around = nn.Conv1d(inner_width, inner_width, 2 * reach + 1, padding=reach)
        self.hint = nn.Linear(inner_width, width, bias=False)
        self.named = nn.Linear(inner_width, 1)
        nn.init.zeros_(self.named.weight)
        self.somebody = nn.Parameter(torch.zeros(width))

    def forward(self, numbers: Tensor, spread: Tensor) -> tuple[Tensor, Tensor]:
        x = self.embed(numbers)  # no word is 0
        x = (x + functional.silu(self.around(x.mT)).mT) * (numbers > 0).unsqueeze(-1)
        holds = (spread > 0).to(x.dtype)
        hint, named = self.hint(holds @ x), holds @ (_SURE * self.named(x)).sigmoid()
        return functional.layer_norm(hint, hint.shape[-1:]), named * self.mean_look()

    def mean_look(self) -> Tensor:
        """What is added where one is named and not introduced, (width,)."""
        return _LOUD * self.somebody


class EncodedText(NamedTuple):
    """What a text says: all but `summary`, (..., width), are (..., tokens, width), in order."""

    tokens: Tensor
    summary: Tensor
    hints: Tensor
    """For memories."""
    expected: Tensor
    """For pictures, besides the tokens."""


class HintingEncoder(TextEncoder):
    """A text encoder with hints."""

    def __init__(self, vocabulary: int, tokens: int, width: int) -> None:
        super().__init__(vocabulary, tokens, width)
        self.hints = Hints(vocabulary, width)

    def told(self, numbers: Tensor) -> EncodedText:
        """Of word numbers (..., words)."""
        tokens, summary = self(numbers)
        flat = numbers.flatten(0, -2)
        hints, expected = (part.view_as(tokens) for part in self.hints(flat, self.spread(flat)))
        return EncodedText(tokens, summary, hints, expected)

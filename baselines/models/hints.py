"""What memories are told of a text besides what pictures are: who is named, and what is said of them there.

A picture of one segment needs no names, so that a text encoder that was trained for pictures makes little of them. A
memory finds under a name what was said of it.
"""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class Hints(nn.Module):
    """Word numbers (..., words), and how tokens share them (..., tokens, words), to tokens (..., tokens, width)."""

    def __init__(self, vocabulary: int, width: int, inner_width: int = 96, reach: int = 6) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocabulary, inner_width, padding_idx=0)
        self.around = nn.Conv1d(inner_width, inner_width, 2 * reach + 1, padding=reach)
        self.leave = nn.Linear(inner_width, width)

    def forward(self, numbers: Tensor, spread: Tensor) -> Tensor:
        flat = numbers.flatten(0, -2)
        x = self.embed(flat)  # no word is 0
        x = (x + functional.silu(self.around(x.mT)).mT) * (flat > 0).unsqueeze(-1)
        tokens = self.leave(spread.flatten(0, -3).to(x.dtype) @ x)
        return functional.layer_norm(tokens, tokens.shape[-1:]).view(*spread.shape[:-1], -1)

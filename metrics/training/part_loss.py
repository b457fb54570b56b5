"""The loss that teaches an embedding in parts: each part is to be likest to the word that is right."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

_SHARPNESS = 16.0  # of the softmax over cosines


def part_loss(embedding: Tensor, directions: Sequence[Tensor], words: Tensor, asked: Tensor) -> Tensor:
    """Cross-entropy of each part, summed: embeddings (..., channels), words (..., parts), -1 where nothing is asked.

    Only where `asked` (...) does anything count.
    """
    losses = []
    for number, (part, known) in enumerate(
        zip(embedding.unflatten(-1, (len(directions), -1)).unbind(-2), directions, strict=True)
    ):
        counts = asked & (words[..., number] >= 0)
        scores = _SHARPNESS * functional.normalize(part, dim=-1) @ known.T
        each = functional.cross_entropy(scores.movedim(-1, 1), words[..., number].clamp(min=0), reduction="none")
        losses.append((each * counts).sum() / counts.sum().clamp(min=1))
    return torch.stack(losses).sum()

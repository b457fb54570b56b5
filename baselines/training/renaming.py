"""Names change hands from batch to batch, so that none comes to tell a look: who is meant, only the story can tell."""

from __future__ import annotations

import torch
from torch import Tensor

from evalsuite.toon.names import PRONOUNS

from ..models.text import Vocabulary


def renaming(vocabulary: Vocabulary, luck: torch.Generator) -> Tensor:
    """For each word's number another's: names are shuffled among those of their pronoun, other words stay."""
    table = torch.arange(len(vocabulary))
    for pronoun in sorted(set(PRONOUNS.values())):
        names = [name for name, own in PRONOUNS.items() if own == pronoun and not vocabulary.strange(name)]
        numbers = torch.tensor([vocabulary.numbers(name)[0] for name in names], dtype=torch.long)
        table[numbers] = numbers[torch.randperm(len(numbers), generator=luck)]
    return table

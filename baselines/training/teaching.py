"""The teacher of memories: the base, which has none, reading texts that introduce anew whom they name.

Flow matching alone hardly teaches a memory what a text said: most of its loss is noise, and to know again a look that
was told before takes less than a tenth off the rest of it. A teacher who has been told leaves no noise.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from evalsuite.learning.device import mixed_precision

from ..models.text import TextEncoder, Vocabulary
from ..models.transformer import VideoTransformer, velocity
from .lessons import Shelved, Stretches, Times, draw_blend, draw_stretches
from .recipe import Stage
from .texts import LOOKS, Texts, of_characters

TAUGHT_TIMES = Times(2.0, 0.7)
"""Of the diffusion: at these, being told again helps most."""
MISSED = 0.1
"""How much the share of looks that are missed counts beside the latents."""
_DIRECTIONS = len(LOOKS) - 3
"""An introduction has one word of each of three kinds, so that so many numbers tell which."""


class Teacher:
    """The base, and the directions in which introductions of different looks differ after its first blocks."""

    def __init__(self, base: VideoTransformer, directions: Tensor, variance: Tensor) -> None:
        self.base = base
        self.directions = directions
        self.variance = variance

    @classmethod
    @torch.no_grad()
    def of(
        cls, base: VideoTransformer, vocabulary: Vocabulary, shelves: Sequence[Shelved], stage: Stage, batches: int = 12
    ) -> Teacher:
        """Its directions are found from its own answers to a few batches of a stage."""
        seen, said = [], []
        for number in range(batches):
            luck = torch.Generator().manual_seed(number)
            drawn = draw_stretches(shelves, stage, luck)
            noise, time = draw_blend(drawn.latents, luck, TAUGHT_TIMES)
            _, tokens = _answer(base, drawn, noise, time, drawn.texts.reminded)
            found, there = introductions(base.text, tokens, drawn.texts)
            seen.append(found[there])
            said.append(drawn.texts.looks(vocabulary)[there])
        return cls(base, *look_directions(torch.cat(seen), torch.cat(said)))

    def loss(self, model: VideoTransformer, drawn: Stretches, noise: Tensor, time: Tensor, taught: bool) -> Tensor:
        """How far a model is from the clean latents of the teacher, or else from the true velocity; and what it misses.

        What it misses are looks that the teacher's first blocks read off introductions, and the model's off names.
        """
        with torch.no_grad():
            wanted, told = _answer(self.base, drawn, noise, time, drawn.texts.reminded)
        clean, read = _answer(model, drawn, noise, time, drawn.texts.words)
        flow = velocity(drawn.mixed(noise, time), time, clean)
        wrong = clean - wanted if taught else flow - (noise - drawn.latents)
        return wrong.square().mean() + MISSED * self.missed(read, told, drawn.texts)

    def missed(self, read: Tensor, told: Tensor, texts: Texts) -> Tensor:
        """The share of the variance of looks by which names in the tokens `read` miss introductions in those `told`."""
        own, named = names(self.base.text, read, texts)
        right, there = introductions(self.base.text, told, texts)
        wrong = ((own - right) @ self.directions).square().sum(-1) / self.variance
        return mean_where(wrong, named & there)


def _answer(
    model: VideoTransformer, drawn: Stretches, noise: Tensor, time: Tensor, words: Tensor
) -> tuple[Tensor, Tensor]:
    """Clean latents of noisy ones, and the tokens of texts that were read."""
    with mixed_precision(noise.device):
        clean, read = model.clean_and_read(drawn.mixed(noise, time), time, words, drawn.still)
    return clean.float(), read.float()


def names(encoder: TextEncoder, tokens: Tensor, texts: Texts) -> tuple[Tensor, Tensor]:
    """What stands for each character's name in the tokens of `words`, and whether it is there at all."""
    return of_characters(tokens, encoder.spread(texts.words), texts.named)


def introductions(encoder: TextEncoder, tokens: Tensor, texts: Texts) -> tuple[Tensor, Tensor]:
    """What stands for each character's introduction in the tokens of `reminded`, and whether it is there at all."""
    return of_characters(tokens, encoder.spread(texts.reminded), texts.introduced)


def mean_where(values: Tensor, there: Tensor) -> Tensor:
    return (values * there).sum() / there.sum().clamp(min=1)


def look_directions(seen: Tensor, said: Tensor) -> tuple[Tensor, Tensor]:
    """Columns (width, directions) in which `seen` (count, width) follows `said` (count, words) most, and its variance.

    Reduced rank regression: the first right singular vectors of the coefficients of a ridge regression.
    """
    seen, said = seen - seen.mean(0), said - said.mean(0)
    ridge = torch.eye(said.shape[1], device=said.device)
    coefficients = torch.linalg.solve(said.mT @ said + ridge, said.mT @ seen)
    found = torch.linalg.svd(coefficients, full_matrices=False).Vh[:_DIRECTIONS].mT
    return found, (seen @ found).square().sum(-1).mean()

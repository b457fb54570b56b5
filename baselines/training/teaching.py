"""The teacher of memories: the base, which has none, reading texts that introduce anew whom they name.

Flow matching alone hardly teaches a memory what a text said: most of its loss is noise, and to know again a look that
was told before takes less than a tenth off the rest of it. A teacher who has been told leaves no noise.
"""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.nn import functional

from evalsuite.learning.device import mixed_precision

from ..models.text import TextEncoder, Vocabulary
from ..models.transformer import VideoTransformer, velocity
from .lessons import Stretches, Times
from .texts import Texts

TAUGHT_TIMES = Times(2.0, 0.7)
"""Of the diffusion: at these, being told again helps most."""
MISSED = 0.1
"""How much the share of looks that is missed counts beside the latents."""


class Teacher:
    """The base, and what a memory would have to add to what it is told."""

    def __init__(self, base: VideoTransformer, vocabulary: Vocabulary) -> None:
        self.base = base
        self.told = deepcopy(base)
        """The base, to read what is told again: then nothing has to be expected."""
        nn.init.zeros_(self.told.text.hints.somebody)
        self.vocabulary = vocabulary

    def loss(self, model: VideoTransformer, drawn: Stretches, noise: Tensor, time: Tensor, taught: bool) -> Tensor:
        """How far a model is from the teacher's clean latents, or else from the true velocity; and what it misses."""
        clean, read = _answer(model, drawn, noise, time, drawn.texts.words)
        if taught:
            with torch.no_grad():
                wanted, _ = _answer(self.told, drawn, noise, time, drawn.texts.reminded)
            wrong = clean - wanted
        else:
            wrong = velocity(drawn.mixed(noise, time), time, clean) - (noise - drawn.latents)
        return wrong.square().mean() + MISSED * self.missed(read, drawn.texts)

    def missed(self, read: Tensor, texts: Texts) -> Tensor:
        """How far texts' tokens are from what they are with `remembered`, of how far the base's own are.

        1 where nothing is remembered, 0 where all is.
        """
        with torch.no_grad(), mixed_precision(read.device):
            own = self.base.text(texts.words)[0].float()
        with torch.no_grad():
            added = self.remembered(texts)
        left: Tensor = (read - own - added).square().sum() / added.square().sum().clamp(min=1)
        return left

    def remembered(self, texts: Texts) -> Tensor:
        """What a perfect memory adds to texts' tokens (stories, segments, tokens, width), less the mean look."""
        return looks_told(self.base.text, texts, self.vocabulary, less=self.base.text.hints.mean_look())


def looks_told(encoder: TextEncoder, texts: Texts, vocabulary: Vocabulary, less: Tensor | None = None) -> Tensor:
    """For each token with a name, the sum of those of the words of its look, as they are where it is told again.

    (stories, segments, tokens, width); 0 where a story itself introduces. `less` (width,) is subtracted from each look.
    """
    tokens, _ = encoder(texts.reminded)
    says = ((encoder.spread(texts.reminded) > 0).float() @ texts.told_again(vocabulary)).clamp(max=1).mT
    looks = says @ (tokens - encoder.place)
    if less is not None:
        looks = looks - says.amax(-1, keepdim=True) * less
    added: Tensor = texts.holders(encoder.spread(texts.words)) @ looks
    return added


def _answer(
    model: VideoTransformer, drawn: Stretches, noise: Tensor, time: Tensor, words: Tensor
) -> tuple[Tensor, Tensor]:
    """Clean latents of noisy ones, and the tokens of texts that were read."""
    with mixed_precision(noise.device):
        clean, read = model.clean_and_read(drawn.mixed(noise, time), time, words, drawn.still)
    return clean.float(), read.float()


def names(encoder: TextEncoder, tokens: Tensor, texts: Texts) -> tuple[Tensor, Tensor]:
    """What stands for each character's name in the tokens of `words`, and whether it is there at all.

    The mean, normalised, of tokens (stories, segments, tokens, width): (stories, segments, characters, width).
    """
    holds = texts.holders(encoder.spread(texts.words)).mT
    count = holds.sum(-1, keepdim=True)
    mean = holds @ tokens.float() / count.clamp(min=1)
    return functional.layer_norm(mean, mean.shape[-1:]), count[..., 0] > 0


def mean_where(values: Tensor, there: Tensor) -> Tensor:
    return (values * there).sum() / there.sum().clamp(min=1)

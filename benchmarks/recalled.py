"""Whose looks a name recalls, before any picture is asked: what each generator's first sequence layer adds to names.

`python benchmarks/recalled.py [GENERATOR ...]`, a minute for each. Stories of 30 s, of which some have one character,
some two and some three; texts alone, in which names have changed hands, with noise for pictures. Printed are, for names
of those whom an earlier segment introduced,

- of what a perfect memory would add to their tokens, the share that is there: 1 where just that is added, about a half
  where the looks of a story are known and not whose they are, 0 where nothing is;
- how often the likeliest colour in it is the right one, of eight.

95 % intervals over stories of the split `dev`.
"""

from __future__ import annotations

import sys
from typing import NamedTuple

import torch
from evalsuite.baselines.models.files import SHIPPED
from evalsuite.baselines.models.transformer import VideoTransformer
from evalsuite.baselines.models.weights import load_base
from evalsuite.baselines.training.data import Split
from evalsuite.baselines.training.drawn_texts import draw_texts
from evalsuite.baselines.training.recall import read_in_noise
from evalsuite.baselines.training.recipe import Reading
from evalsuite.baselines.training.teaching import Teacher
from memory import network, share, shipped
from torch import Tensor
from torch.nn import functional

from evalsuite.learning.schedule import Schedule
from evalsuite.stats import clustered_mean
from evalsuite.toon.episode import COLOURS

_READING = Reading(10, Schedule(steps=1, batch=16, rate=1.0))
_FITTED, _TRIED = 12, 12
"""Batches."""
_RIDGE = 1e3


class Mentions(NamedTuple):
    """Tokens with the name of one whom an earlier segment introduced, each (mentions, ...)."""

    added: Tensor
    """To the base's own tokens."""
    perfect: Tensor
    """What a perfect memory adds."""
    colours: Tensor
    cast: Tensor
    """How many characters the story has."""
    stories: Tensor


@torch.no_grad()
def mentions(model: VideoTransformer, teacher: Teacher, split: Split, batches: int) -> Mentions:
    """Of later segments of so many batches of stories."""
    found = []
    for number in range(batches):
        luck = torch.Generator().manual_seed(number)
        texts = draw_texts(teacher.vocabulary, split, _READING, luck)
        added = read_in_noise(model, texts, luck) - teacher.base.text(texts.words)[0]
        holders, perfect = texts.holders(teacher.base.text.spread(texts.words)), teacher.remembered(texts)
        later = (holders.sum(-1) == 1) & perfect.any(-1)
        stories, character = later.nonzero()[:, 0], holders[later].argmax(-1)
        colours = texts.looks(teacher.vocabulary)[..., : len(COLOURS)].amax(1)[stories, character].argmax(-1)
        cast = texts.introduced.amax((1, 2))[stories]
        found.append(Mentions(added[later], perfect[later], colours, cast, stories + number * len(later)))
    return Mentions(*map(torch.cat, zip(*found, strict=True)))


def colours_told(added: Tensor, known: Mentions) -> Tensor:
    """The likeliest of eight for each, by least squares from what a perfect memory adds for those that are `known`."""
    wanted = functional.one_hot(known.colours, len(COLOURS)).float()
    centre, usual = known.perfect.mean(0), wanted.mean(0)
    apart = known.perfect - centre
    ridge = _RIDGE * torch.eye(apart.shape[1])
    return (
        (added - centre) @ torch.linalg.solve(apart.mT @ apart + ridge, apart.mT @ (wanted - usual)) + usual
    ).argmax(-1)


def columns(own: Mentions, right: Tensor) -> str:
    """The share of looks, and of right colours."""
    stories, place = own.stories.unique(return_inverse=True)
    sums = (
        torch.zeros(len(stories)).index_add(0, place, part.square().sum(-1)).double().numpy()
        for part in (own.perfect - own.added, own.perfect)
    )
    colours = clustered_mean(right.double().tolist(), list(map(str, own.stories.tolist())))
    return f"{share(*sums):>24}{f'{colours.value:.3f} [{colours.low:.3f}, {colours.high:.3f}]':>24}"


def main(generators: list[str]) -> None:
    base, vocabulary = load_base(SHIPPED)
    teacher = Teacher(base, vocabulary)
    known = mentions(base, teacher, "train", _FITTED)
    sys.stdout.write(f"{'':32}{'looks':>24}{'colours':>24}\n")
    for name in generators:
        own = mentions(network(name), teacher, "dev", _TRIED)
        right = colours_told(own.added, known) == own.colours
        sys.stdout.write(f"{name:16}{f'all ({len(right)})':16}{columns(own, right)}\n")
        for cast in own.cast.unique().tolist():
            chosen = own.cast == cast
            of_these = Mentions(*(part[chosen] for part in own))
            sys.stdout.write(f"{'':16}{f'of {cast} ({len(of_these.cast)})':16}{columns(of_these, right[chosen])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:] or shipped())

"""How much of what a story told each generator knows later, read from its network and not from its videos.

`python benchmarks/memory.py [GENERATOR ...]`, a few minutes for all. Two teachers, both the base without a memory: one
is told again, by texts that introduce anew whom they name, one reads what the generator reads. Printed are, for
segments after the first,

- of all that differs between their answers to the same noisy latents, the share by which the generator is nearer to the
  teacher who is told: 1 where it answers as if it had been told again, 0 where it is no nearer than the other, less
  where it is further off;
- of the variance of looks in what the told teacher's first blocks make of introductions, the share that the generator's
  first blocks make of names alone: 1 where a name means all that its introduction meant, 0 where it means the average;
  and the same of stories with one character, two and three, where a memory has to know whose look is whose.

With gates closed it has no memory, and can only have learnt what a name looks like on average, or read in the picture;
what its memory adds is the difference. 95 % intervals over stories of three segments of the split `dev`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
from evalsuite.baselines.models.files import SHIPPED
from evalsuite.baselines.models.layout import FRAMES_PER_SEGMENT
from evalsuite.baselines.models.text import Vocabulary
from evalsuite.baselines.models.transformer import VideoTransformer
from evalsuite.baselines.models.weights import load_base, load_layers
from evalsuite.baselines.training.latents import told
from evalsuite.baselines.training.recipe import Shelf
from evalsuite.baselines.training.teaching import introductions, look_directions, names
from evalsuite.baselines.training.texts import Texts
from evalsuite.baselines.training.trained import Trained
from torch import Tensor

from evalsuite import plugins
from evalsuite.stats import Array, draws, interval

_STORIES = Shelf(segments=3, episodes=0, held_out=64)
_TIMES = (0.9, 0.8)
"""Of the diffusion; at these, being told again lowers the error of the base most."""
_STILL = 3


class Answer(NamedTuple):
    """To noisy frames, one of each segment."""

    clean: Tensor
    read: Tensor
    """The texts' tokens after the first blocks."""


class Lesson(NamedTuple):
    """Noisy frames, and what both teachers answer."""

    mixed: Tensor
    times: Tensor
    told: Answer
    untold: Answer


class Looks(NamedTuple):
    """Introductions as the told teacher sees them, (stories, segments, characters, width), and their directions."""

    seen: Tensor
    there: Tensor
    directions: Tensor


def held_out(teacher: VideoTransformer, vocabulary: Vocabulary) -> tuple[Texts, list[Lesson]]:
    """The stories of `dev`, and lessons on a frame of each of their segments."""
    with TemporaryDirectory() as folder:
        stories = told(Path(folder), SHIPPED, _STORIES, "dev")
    texts = Texts.of(stories.texts, vocabulary)
    return texts, lessons(stories.latents[:, _STILL::FRAMES_PER_SEGMENT].float(), texts, teacher)


def lessons(clean: Tensor, texts: Texts, teacher: VideoTransformer) -> list[Lesson]:
    """One at each time."""
    found = []
    for time in _TIMES:
        noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
        mixed, times = torch.lerp(clean, noise, time), torch.full((len(clean),), time)
        both = (answer(teacher, mixed, times, words) for words in (texts.reminded, texts.words))
        found.append(Lesson(mixed, times, *both))
    return found


@torch.no_grad()
def answer(model: VideoTransformer, mixed: Tensor, times: Tensor, words: Tensor) -> Answer:
    clean, read = model.clean_and_read(mixed, times, words, torch.tensor([_STILL]))
    return Answer(clean[:, 1:].float(), read.float())


def answers(model: VideoTransformer, taught: Sequence[Lesson], words: Tensor) -> list[Answer]:
    return [answer(model, lesson.mixed, lesson.times, words) for lesson in taught]


def apart(given: Iterable[Answer], taught: Sequence[Lesson]) -> Array:
    """Squared distances of answers from those of the teacher who is told, summed for each story."""
    pairs = zip(given, taught, strict=True)
    each = [(one.clean - lesson.told.clean).square().flatten(1).sum(1) for one, lesson in pairs]
    return torch.stack(each).sum(0).double().numpy()


def looks(teacher: VideoTransformer, lesson: Lesson, texts: Texts, said: Tensor) -> Looks:
    """`said` are the words for looks in introductions."""
    seen, there = introductions(teacher.text, lesson.told.read, texts)
    directions, _ = look_directions(seen[there], said[there])
    there[:, 0] = False
    return Looks(seen, there, directions)


def unknown(given: Answer, teacher: VideoTransformer, texts: Texts, known: Looks) -> Array:
    """Squared distances of names from introductions, summed for each story."""
    own, named = names(teacher.text, given.read, texts)
    return summed(own, known, named & known.there)


def varied(teacher: VideoTransformer, lesson: Lesson, texts: Texts, known: Looks) -> Array:
    """The same of the mean introduction, which knows nobody."""
    _, named = names(teacher.text, lesson.untold.read, texts)
    there = named & known.there
    return summed(known.seen[there].mean(0), known, there)


def summed(own: Tensor, known: Looks, there: Tensor) -> Array:
    wrong = ((own - known.seen) @ known.directions).square().sum(-1) * there
    return wrong.flatten(1).sum(1).double().numpy()


def columns(heard: Array, unheard: Array, missing: Array) -> str:
    """Gates open, gates closed, and the difference."""
    shares = share(heard, missing), share(unheard, missing), share(missing + heard - unheard, missing)
    return "".join(f"{column:>24}" for column in shares)


def share(left: Array, missing: Array) -> str:
    """1 - left / missing with its interval; drawn anew are stories."""
    weights = draws(len(left))
    low, high = interval((weights @ left) / (weights @ missing))
    return f"{1 - left.sum() / missing.sum():7.3f} [{1 - high:.3f}, {1 - low:.3f}]"


def main(generators: list[str]) -> None:
    teacher, vocabulary = load_base(SHIPPED)
    texts, taught = held_out(teacher, vocabulary)
    missing = apart([lesson.untold for lesson in taught], taught)
    known = looks(teacher, taught[0], texts, texts.looks(vocabulary))
    everything = varied(teacher, taught[0], texts, known)
    cast = texts.named.amax((1, 2)).numpy()
    sys.stdout.write(f"{'':32}{'open':>24}{'closed':>24}{'what memory adds':>24}\n")
    for name in generators:
        baseline = plugins.baseline(name)
        assert isinstance(baseline, Trained)
        model, _ = load_layers(baseline.file, SHIPPED, baseline.make_layer)
        heard = answers(model, taught, texts.words)
        model.close_gates()
        unheard = answers(model, taught, texts.words)
        distances = (apart(given, taught) for given in (heard, unheard))
        sys.stdout.write(f"{name:16}{'the told teacher':16}{columns(*distances, missing)}\n")
        left = [unknown(given[0], teacher, texts, known) for given in (heard, unheard)]
        sys.stdout.write(f"{'':16}{'looks of names':16}{columns(*left, everything)}\n")
        for count in sorted(set(cast)):
            chosen = cast == count
            shares = columns(*(each[chosen] for each in (*left, everything)))
            sys.stdout.write(f"{'':16}{f' ... of {count} ({chosen.sum()})':16}{shares}\n")
        sys.stdout.flush()


def shipped() -> list[str]:
    """The generators that differ in their sequence layer alone."""
    found = plugins.loaded("baselines")
    return [name for name, plugin in found if isinstance(plugin, type) and issubclass(plugin, Trained)]


if __name__ == "__main__":
    main(sys.argv[1:] or shipped())

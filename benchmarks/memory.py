"""How much of what a story told each generator knows later, read from its network and not from its videos.

`python benchmarks/memory.py [GENERATOR ...]`, a few minutes for all. Two teachers, both the base without a memory: one
is told again, by texts that introduce anew whom they name, one reads what the generator reads, and expects the mean
look where a name stands. Printed is, for segments after the first, of all that differs between their answers to the
same noisy latents, the share by which the generator is nearer to the teacher who is told: 1 where it answers as if it
had been told again, 0 where it is no nearer than the other, less where it is further off. With gates closed it has no
memory, and can only have learnt what a name looks like on average, or read in the picture; what its memory adds is the
difference. The first row is the base with all that a perfect memory would add to names. 95 % intervals over stories of
three segments of the split `dev`.
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
from evalsuite.baselines.models.transformer import VideoTransformer
from evalsuite.baselines.models.weights import load_base, load_layers
from evalsuite.baselines.training.latents import told
from evalsuite.baselines.training.recipe import Shelf
from evalsuite.baselines.training.teaching import Teacher
from evalsuite.baselines.training.texts import Texts
from evalsuite.baselines.training.trained import Trained
from torch import Tensor

from evalsuite import plugins
from evalsuite.stats import Array, draws, interval

_STORIES = Shelf(segments=3, episodes=0, held_out=64)
_TIMES = (0.9, 0.8)
"""Of the diffusion; at these, being told again lowers the error of the base most."""
_STILL = 3


class Lesson(NamedTuple):
    """Noisy frames, and what both teachers answer."""

    mixed: Tensor
    times: Tensor
    told: Tensor
    untold: Tensor


def held_out(teacher: Teacher) -> tuple[Texts, list[Lesson]]:
    """The stories of `dev`, and lessons on a frame of each of their segments."""
    with TemporaryDirectory() as folder:
        stories = told(Path(folder), SHIPPED, _STORIES, "dev")
    texts = Texts.of(stories.texts, teacher.vocabulary)
    return texts, lessons(stories.latents[:, _STILL::FRAMES_PER_SEGMENT].float(), texts, teacher)


def lessons(clean: Tensor, texts: Texts, teacher: Teacher) -> list[Lesson]:
    """One at each time."""
    found = []
    for time in _TIMES:
        noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
        mixed, times = torch.lerp(clean, noise, time), torch.full((len(clean),), time)
        told_again = answer(teacher.told, mixed, times, texts.reminded)
        found.append(Lesson(mixed, times, told_again, answer(teacher.base, mixed, times, texts.words)))
    return found


@torch.no_grad()
def answer(
    model: VideoTransformer, mixed: Tensor, times: Tensor, words: Tensor, remembered: Tensor | None = None
) -> Tensor:
    """The latents without their noise, of later segments."""
    clean, _ = model.clean_and_read(mixed, times, words, torch.tensor([_STILL]), remembered)
    return clean[:, 1:].float()


def answers(
    model: VideoTransformer, taught: Sequence[Lesson], words: Tensor, remembered: Tensor | None = None
) -> list[Tensor]:
    return [answer(model, lesson.mixed, lesson.times, words, remembered) for lesson in taught]


def apart(given: Iterable[Tensor], taught: Sequence[Lesson]) -> Array:
    """Squared distances of answers from those of the teacher who is told, summed for each story."""
    pairs = zip(given, taught, strict=True)
    each = [(one - lesson.told).square().flatten(1).sum(1) for one, lesson in pairs]
    return torch.stack(each).sum(0).double().numpy()


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
    teacher = Teacher(*load_base(SHIPPED))
    texts, taught = held_out(teacher)
    missing = apart([lesson.untold for lesson in taught], taught)
    perfect = apart(answers(teacher.base, taught, texts.words, teacher.remembered(texts)), taught)
    sys.stdout.write(f"{'':16}{'open':>24}{'closed':>24}{'what memory adds':>24}\n")
    sys.stdout.write(f"{'a perfect memory':16}{columns(perfect, missing, missing)}\n")
    for name in generators:
        model = network(name)
        heard = apart(answers(model, taught, texts.words), taught)
        model.close_gates()
        unheard = apart(answers(model, taught, texts.words), taught)
        sys.stdout.write(f"{name:16}{columns(heard, unheard, missing)}\n")
        sys.stdout.flush()


def network(generator: str) -> VideoTransformer:
    baseline = plugins.baseline(generator)
    assert isinstance(baseline, Trained)
    return load_layers(baseline.file, SHIPPED, baseline.make_layer)[0]


def shipped() -> list[str]:
    """The generators that differ in their sequence layer alone."""
    found = plugins.loaded("baselines")
    return [name for name, plugin in found if isinstance(plugin, type) and issubclass(plugin, Trained)]


if __name__ == "__main__":
    main(sys.argv[1:] or shipped())

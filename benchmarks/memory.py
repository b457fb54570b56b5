"""How much of what a story told before each generator knows later, read from its network and not from its videos.

`python benchmarks/memory.py [GENERATOR ...]`, a few minutes for all. Two teachers, both the base without a memory: one
is told again, by texts that introduce anew whom they name, one reads what the generator reads. Of all that differs
between their answers to the same noisy latents in segments after the first, printed is the share by which the generator
is nearer to the teacher who is told: 1 where it answers as if it had been told again, 0 where it is no nearer than the
other, less where it is further off. With gates closed it has no memory, and can only have learnt what a name looks like
on average; what its memory adds is the difference. 95 % intervals over stories of three segments of the split `dev`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch
from evalsuite.baselines.models.layout import FRAMES_PER_SEGMENT
from evalsuite.baselines.models.text import Vocabulary
from evalsuite.baselines.models.transformer import VideoTransformer
from evalsuite.baselines.models.weights import SHIPPED, load_base, load_layers
from evalsuite.baselines.training.latents import Told, told
from evalsuite.baselines.training.recipe import Shelf
from evalsuite.baselines.training.reminding import reminded
from evalsuite.baselines.training.trained import Trained
from torch import Tensor

from evalsuite import plugins
from evalsuite.stats import Array, draws, interval

_STORIES = Shelf(segments=3, episodes=0, held_out=64)
_TIMES = (0.9, 0.8)
"""Of the diffusion; at these, being told again lowers the error of the base most."""
_STILL = 3


class Lesson(NamedTuple):
    """Noisy frames, one of each segment, and the clean ones as both teachers see them."""

    mixed: Tensor
    times: Tensor
    told: Tensor
    untold: Tensor


def lessons(stories: Told, vocabulary: Vocabulary, teacher: VideoTransformer, words: Tensor) -> list[Lesson]:
    """One at each time."""
    again = torch.stack([vocabulary.tensor(reminded(texts)) for texts in stories.texts])
    clean = stories.latents[:, _STILL::FRAMES_PER_SEGMENT].float()
    found = []
    for time in _TIMES:
        noise = torch.randn(clean.shape, generator=torch.Generator().manual_seed(0))
        mixed, times = torch.lerp(clean, noise, time), torch.full((len(clean),), time)
        found.append(Lesson(mixed, times, *(answer(teacher, mixed, times, read) for read in (again, words))))
    return found


@torch.no_grad()
def answer(model: VideoTransformer, mixed: Tensor, times: Tensor, words: Tensor) -> Tensor:
    """Clean latents of all segments but the first."""
    return model.clean(mixed, times, words, torch.tensor([_STILL]))[:, 1:].float()


def distances(model: VideoTransformer, taught: list[Lesson], words: Tensor) -> Array:
    """How far a model is from the teacher who is told, squared, for each story."""
    answers = [answer(model, lesson.mixed, lesson.times, words) for lesson in taught]
    return apart(answers, taught)


def apart(answers: Iterable[Tensor], taught: Sequence[Lesson]) -> Array:
    """Squared distances of answers to all lessons from those of the teacher who is told, summed for each story."""
    each = [(one - lesson.told).square().flatten(1).sum(1) for one, lesson in zip(answers, taught, strict=True)]
    return torch.stack(each).sum(0).double().numpy()


def share(left: Array, missing: Array) -> str:
    """1 - left / missing with its interval; drawn anew are stories."""
    weights = draws(len(left))
    low, high = interval((weights @ left) / (weights @ missing))
    return f"{1 - left.sum() / missing.sum():7.3f} [{1 - high:.3f}, {1 - low:.3f}]"


def main(names: list[str]) -> None:
    teacher, vocabulary = load_base(SHIPPED)
    teacher.eval()
    with TemporaryDirectory() as folder:
        stories = told(Path(folder), SHIPPED, _STORIES, "dev")
    words = torch.stack([vocabulary.tensor(texts) for texts in stories.texts])
    taught = lessons(stories, vocabulary, teacher, words)
    missing = apart([lesson.untold for lesson in taught], taught)
    sys.stdout.write(f"{'':16}{'open':>24}{'closed':>24}{'what memory adds':>24}\n")
    for name in names:
        baseline = plugins.baseline(name)
        assert isinstance(baseline, Trained)
        model, _ = load_layers(baseline.file, SHIPPED, baseline.make_layer)
        heard = distances(model.eval(), taught, words)
        model.close_gates()
        unheard = distances(model, taught, words)
        columns = share(heard, missing), share(unheard, missing), share(missing + heard - unheard, missing)
        sys.stdout.write(f"{name:16}" + "".join(f"{column:>24}" for column in columns) + "\n")
        sys.stdout.flush()


def shipped() -> list[str]:
    """The generators that differ in their sequence layer alone."""
    found = plugins.loaded("baselines")
    return [name for name, plugin in found if isinstance(plugin, type) and issubclass(plugin, Trained)]


if __name__ == "__main__":
    main(sys.argv[1:] or shipped())

"""What the generators of one family share: a base transformer, a sequence layer in it, and weights that are trained.

They differ in the sequence layer alone: same data, same base, same stages, same steps.
"""

from __future__ import annotations

import inspect
import re
from abc import abstractmethod
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from evalsuite.errors import PluginError
from evalsuite.interfaces import Baseline, Training
from evalsuite.learning.sums import revision, verify
from evalsuite.types import Footage, Storyboard, VideoSpec

from ..models.files import AUTOENCODER, BASE, NO_WEIGHTS, SHIPPED

if TYPE_CHECKING:
    from ..models.generator import Generator
    from ..models.sequence import SequenceLayer
    from ..models.transformer import MakeSequenceLayer

ARITHMETIC = "7"
"""Raised when the code makes other pixels of the same weights."""
_SEGMENTS_OF_A_MINUTE = 21
CLOSED = "closed"


class Trained(Baseline):
    """`NAME`; `NAME:seed-1` is another training of it; `NAME:closed` shuts the gates of its sequence layers."""

    weights: ClassVar[Path]
    """The file of what was trained besides the base."""

    @staticmethod
    @abstractmethod
    def make_layer(width: int, heads: int) -> SequenceLayer | None:
        """A new sequence layer for one block; None leaves segments alone with themselves."""

    def __init__(self, variant: str = "") -> None:
        self.closed = variant == CLOSED
        self.training = "" if self.closed else variant
        self.file = _of_seed(self.weights, self.training) if self.training else self.weights
        self._files = (SHIPPED / AUTOENCODER, SHIPPED / BASE, self.file)
        self.revision = revision(*self._files) + f"-{ARITHMETIC}"

    def check(self) -> None:
        """That its files are there, and are the listed ones."""
        is_shipped = self.weights.parent == SHIPPED
        if not self.file.is_file() and (self.training or not is_shipped):
            name = self.weights.stem.replace("_", "-") if is_shipped else inspect.getfile(type(self))
            seed = self.training.replace("seed-", " --seed ")
            raise PluginError(f"{self.file} is not there yet: `evalsuite train {name}{seed}` makes it.")
        verify(*self._files)

    @cached_property
    def _generator(self) -> Generator:
        """Loaded when the first video is asked for, and not for the revision alone."""
        from ..models.generator import Generator
        from ..models.weights import load_autoencoder, load_layers

        transformer, vocabulary = load_layers(self.file, SHIPPED, self.make_layer)
        if self.closed:
            transformer.close_gates()
        return Generator(transformer, vocabulary, load_autoencoder())

    def generate(self, storyboard: Storyboard, seed: int, spec: VideoSpec) -> Footage:
        """Frames at the size of `spec` and 8 a second; equal for equal storyboard and seed."""
        return self._generator.film(storyboard, seed, spec)

    def train(self, training: Training) -> list[Path]:
        """The sequence layer, from the shipped base or from nothing.

        On the shipped base it can be run, and is put where it is looked for; what is shipped is never overwritten.
        """
        from evalsuite.learning.weights import copy_weights

        from .train import train_generator  # heavy, and only for training

        if self.closed or self.training:
            raise PluginError("a variant is for running it: train NAME, and another seed of it with --seed.")
        file = self.weights if training.seed == 0 else _of_seed(self.weights, f"seed-{training.seed}")
        made = train_generator(file.stem, self.make_layer, training)
        is_shipped = file == self.weights and file.parent == SHIPPED
        has_own_base = (training.folder / "weights" / BASE).is_file()
        if training.smoke or is_shipped or has_own_base:
            return made
        copy_weights(training.folder / "weights" / file.name, file)
        return [*made, file]

    @classmethod
    def facts(cls) -> Mapping[str, str]:
        """The size of its memory after a minute, and whether its weights are there."""
        there = cls.weights.is_file()
        size = f"{cls.weights.stat().st_size / 1e6:.1f} MB" if there else NO_WEIGHTS
        return {"memory": _memory(cls.make_layer), "weights": size}


def _memory(make_layer: MakeSequenceLayer) -> str:
    from ..models.layout import Layout, TransformerShape

    shape = TransformerShape()
    layer = make_layer(shape.width, shape.heads)
    if layer is None:
        return "none"
    state = layer.state_size(Layout(shape).tokens(_SEGMENTS_OF_A_MINUTE))
    return f"{state:,} numbers in each of {len(shape.sequence_blocks)} layers, after 63 s"


def _of_seed(weights: Path, variant: str) -> Path:
    if not re.fullmatch(r"seed-[1-9][0-9]?", variant):
        raise PluginError(f"{variant!r} is no way to run a trained generator; write {CLOSED}, or such as seed-1.")
    return weights.with_stem(f"{weights.stem}_{variant.replace('-', '_')}")

"""Training data in parts: a few episodes each, rendered, encoded and written once, on all processors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from evalsuite.disk import replacing
from evalsuite.learning.processes import on_all_processors
from evalsuite.toon.episode import Episode
from evalsuite.toon.script import episode

from .data import Split
from .recipe import Shelf

_SEGMENTS_PER_PART = 20


@dataclass(frozen=True, slots=True)
class Part:
    """Some episodes of one length, and the files that hold what is made of them."""

    weights: Path
    """The folder of the autoencoder that sees them."""
    split: Split
    segments: int
    start: int
    stop: int
    tensors: Path

    @property
    def texts(self) -> Path:
        return self.tensors.with_suffix(".json")

    def episodes(self) -> Iterator[Episode]:
        return (episode(self.split, self.segments, index) for index in range(self.start, self.stop))

    def write(self, tensors: Mapping[str, Tensor], texts: Sequence[object]) -> None:
        """Texts first: where the tensors are, the texts are too."""
        self.tensors.parent.mkdir(parents=True, exist_ok=True)
        self.texts.write_text(json.dumps(texts))
        with replacing(self.tensors) as partial:
            save_file(dict(tensors), partial)


def parts_of(shelf: Shelf, split: Split, folder: Path, weights: Path) -> list[Part]:
    """The parts of a shelf, whose files are in `folder`."""
    count = shelf.episodes if split == "train" else shelf.held_out
    place = folder / split / f"{shelf.segments:03d}"
    together = max(1, _SEGMENTS_PER_PART // shelf.segments)
    spans = [(start, min(start + together, count)) for start in range(0, count, together)]
    return [
        Part(weights, split, shelf.segments, start, stop, place / f"{start:06d}-{stop:06d}.safetensors")
        for start, stop in spans
    ]


def make_missing(parts: Iterable[Part], make: Callable[[Part], None]) -> None:
    """Calls `make`, which has to write its part, for those that are not there yet."""
    on_all_processors(make, [part for part in parts if not part.tensors.exists()])


def read(parts: Sequence[Part], *names: str) -> tuple[list[Tensor], list[object]]:
    """The named tensors, each of all parts together, and the texts."""
    loaded = [load_file(part.tensors) for part in parts]
    texts = chain.from_iterable(json.loads(part.texts.read_text()) for part in parts)
    return [torch.cat([one[name] for one in loaded]) for name in names], list(texts)

"""Training data in parts: some episodes each, drawn and written once, on all processors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import Tensor, cat

from evalsuite.disk import replacing
from evalsuite.learning.processes import on_all_processors


@dataclass(frozen=True, slots=True)
class Part:
    """Some episodes of a split, and the file that holds what is drawn of them."""

    split: str
    numbers: range
    path: Path

    def write(self, tensors: Mapping[str, Tensor], told: Mapping[str, str] | None = None) -> None:
        """The whole file, or none."""
        with replacing(self.path) as partial:
            save_file(dict(tensors), partial, metadata=dict(told or {}))


def made_parts(place: Path, numbers: tuple[str, range], each: int, draw: Callable[[Part], None]) -> list[Part]:
    """Parts of `each` episodes of a split and its numbers, in `place`; `draw` has to write those that are missing."""
    split, every = numbers
    folder = place / split
    folder.mkdir(parents=True, exist_ok=True)
    several = [every[edge : edge + each] for edge in range(0, len(every), each)]
    parts = [Part(split, some, folder / f"{some.start:06d}-{some.stop:06d}.safetensors") for some in several]
    on_all_processors(draw, [part for part in parts if not part.path.exists()])
    return parts


def read(parts: Sequence[Part], names: Sequence[str]) -> list[Tensor]:
    """The named tensors, each of all parts together."""
    loaded = [load_file(part.path) for part in parts]
    return [cat([one[name] for one in loaded]) for name in names]

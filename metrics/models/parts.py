"""Embeddings in parts, each of which tells the words of one question apart; read from a file without its network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from safetensors import safe_open

Array = npt.NDArray[np.float64]

PART = 16
"""Channels of a part."""


class Calibration(NamedTuple):
    """Mean cosines on held-out episodes of the world."""

    genuine: float
    """Of what belongs together: two sights of one, or a segment and its own sentence."""
    impostor: float
    """Of what does not."""


CALIBRATION = Calibration._fields
"""What a file of weights tells of itself."""
RAW = Calibration(genuine=1.0, impostor=0.0)
"""Leaves a cosine as it is."""


def part_of(directions: Array, words: Sequence[str], said: Sequence[str]) -> Array | None:
    """The direction of the one of `words` that is said, (PART,); None if none is, or several are."""
    found = [word for word in said if word in words]
    return np.asarray(directions[words.index(found[0])]) if len(found) == 1 else None


@cache
def calibration(path: Path) -> Calibration:
    """What a file of weights tells of itself."""
    with safe_open(path, framework="np") as file:
        told = file.metadata()
    return Calibration(*(float(told[name]) for name in CALIBRATION))


@cache
def directions(path: Path, name: str, sizes: tuple[int, ...]) -> tuple[Array, ...]:
    """For each part, a direction of length 1 for each of its words: (words, PART)."""
    with safe_open(path, framework="np") as file:
        rows = file.get_tensor(name).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return tuple(np.split(rows, np.cumsum(sizes)[:-1]))

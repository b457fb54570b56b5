"""Embeddings in parts, each of which tells the words of one question apart; read from a file without its network."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import safe_open

Array = npt.NDArray[np.float64]

PART = 16
"""Channels of a part."""
CALIBRATION = ("genuine", "impostor")
"""What a file tells of itself: mean cosines on held-out episodes."""


def part_of(directions: Array, words: Sequence[str], said: Sequence[str]) -> Array | None:
    """The direction of the one of `words` that is said, (PART,); None if none is, or several are."""
    found = [word for word in said if word in words]
    return np.asarray(directions[words.index(found[0])]) if len(found) == 1 else None


@cache
def calibration(path: Path) -> tuple[float, float]:
    """The mean cosine of two sights of one, and of two, on held-out episodes of the world."""
    with safe_open(path, framework="np") as file:
        told = file.metadata()
    genuine, impostor = (float(told[name]) for name in CALIBRATION)
    return genuine, impostor


@cache
def directions(path: Path, name: str, sizes: tuple[int, ...]) -> tuple[Array, ...]:
    """For each part, a direction of length 1 for each of its words: (words, PART)."""
    with safe_open(path, framework="np") as file:
        rows = file.get_tensor(name).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return tuple(np.split(rows, np.cumsum(sizes)[:-1]))

"""What toon-id tells apart, in words; and what its file says of them, without loading the network."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import safe_open

from evalsuite.learning.sums import revision
from evalsuite.toon.episode import ACCESSORIES, COLOURS, KEEPSAKES, PHYSICAL_THINGS, SPECIES

Array = npt.NDArray[np.float64]

WEIGHTS = Path(__file__).parents[1] / "weights" / "toon_id.safetensors"
REVISION = revision(WEIGHTS)
THINGS = (*KEEPSAKES, *PHYSICAL_THINGS)
KINDS = ("character", *THINGS)
LOOKS = ((*SPECIES, *THINGS), COLOURS, (*ACCESSORIES, "nothing"))
"""What each part of an embedding tells apart."""
SCORE = 0.3
"""From here on something counts as seen."""
PART = 16
EMBEDDING = PART * len(LOOKS)
CALIBRATION = ("genuine", "impostor")
"""What the file tells of itself: mean cosines on held-out episodes."""


def look_of(description: str) -> Array | None:
    """The embedding of a character that is described in words, such as `green frog with a scarf`; None if it is none.

    Shape (EMBEDDING,), of length 1.
    """
    said = description.split()
    found = [[word for word in said if word in known] for known in LOOKS]
    if not all(len(words) == 1 for words in found):
        return None
    parts = [rows[known.index(words[0])] for rows, known, words in zip(_directions(), LOOKS, found, strict=True)]
    return np.asarray(np.concatenate(parts) / np.sqrt(len(LOOKS)))


@cache
def calibration() -> tuple[float, float]:
    """The mean cosine of two sights of one character, and of two characters, on held-out episodes of the world."""
    with safe_open(WEIGHTS, framework="np") as file:
        told = file.metadata()
    genuine, impostor = (float(told[name]) for name in CALIBRATION)
    return genuine, impostor


@cache
def _directions() -> tuple[Array, ...]:
    """For each part, a direction of length 1 for each of its words: (words, PART)."""
    with safe_open(WEIGHTS, framework="np") as file:
        rows = file.get_tensor("looks").astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    edges = np.cumsum([len(words) for words in LOOKS])[:-1]
    return tuple(np.split(rows, edges))

"""What toon-id tells apart, in words; and what its file says of them, without loading the network."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from safetensors import safe_open

from evalsuite.learning.sums import revision
from evalsuite.toon.episode import ACCESSORIES, COLOURS, KEEPSAKES, PHYSICAL_THINGS, SPECIES

from . import parts
from .parts import PART, Array, Calibration, part_of

WEIGHTS = Path(__file__).parents[1] / "weights" / "toon_id.safetensors"
OUTLINES = WEIGHTS.with_name("outlines.safetensors")
"""What it sees of clean bodies."""
REVISION = revision(WEIGHTS)
OUTLINES_REVISION = revision(OUTLINES)
THINGS = (*KEEPSAKES, *PHYSICAL_THINGS)
KINDS = ("character", *THINGS)
LOOKS = ((*SPECIES, *THINGS), COLOURS, (*ACCESSORIES, "nothing"))
"""What each part of an embedding tells apart."""
ASPECTS = ("species", "colour", "accessory")
"""What the parts are of, where a character is embedded."""
ORDINARY = "ordinary"
"""What the file of outlines tells of itself: the strangeness that nine of ten clean bodies do not exceed."""
SCORE = 0.3
"""From here on something counts as seen."""
EMBEDDING = PART * len(LOOKS)


def look_of(description: str) -> Array | None:
    """The embedding of a character that is described in words, such as `green frog with a scarf`; None if it is none.

    Shape (EMBEDDING,), of length 1.
    """
    known = parts.directions(WEIGHTS, "looks", tuple(map(len, LOOKS)))
    said = description.split()
    found = [part_of(rows, words, said) for rows, words in zip(known, LOOKS, strict=True)]
    if any(part is None for part in found):
        return None
    return np.asarray(np.concatenate([part for part in found if part is not None]) / np.sqrt(len(LOOKS)))


@cache
def ordinary_strangeness() -> float:
    """What nine of ten clean bodies do not exceed."""
    with safe_open(OUTLINES, framework="np") as file:
        return float(file.metadata()[ORDINARY])


def calibration() -> Calibration:
    """The mean cosine of two sights of one character, and of two characters, on held-out episodes of the world."""
    return parts.calibration(WEIGHTS)

"""What toon-place tells apart, in words; and what its file says of them, without loading the network."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np

from evalsuite.learning.sums import revision
from evalsuite.toon.episode import LAYOUTS, PALETTES, SETTINGS, TimeOfDay

from . import parts
from .parts import PART, Array, Calibration

WEIGHTS = Path(__file__).parents[1] / "weights" / "toon_place.safetensors"
REVISION = revision(WEIGHTS)
TIMES: tuple[str, ...] = get_args(TimeOfDay)
PLACES = (
    SETTINGS,
    tuple(f"{kind} in palette {number}" for kind in SETTINGS for number in range(PALETTES)),
    tuple(f"{kind} in layout {number}" for kind in SETTINGS for number in range(LAYOUTS)),
    TIMES,
)
"""What each part of an embedding tells apart."""
EMBEDDING = PART * len(PLACES)


def kind_of(description: str) -> int | None:
    """The number in `SETTINGS` of the one kind of place that is named; None if none is, or several are."""
    found = [number for number, kind in enumerate(SETTINGS) if kind in description.split()]
    return found[0] if len(found) == 1 else None


def kinds_seen(embeddings: Array) -> Array:
    """The number in `SETTINGS` of what each of some embeddings, (samples, EMBEDDING), is likest to; (samples,)."""
    kinds = parts.directions(WEIGHTS, "words", tuple(map(len, PLACES)))[0]
    return np.asarray(np.argmax(embeddings[:, :PART] @ kinds.T, axis=1))


def calibration() -> Calibration:
    """The mean cosine of two sights of one place, and of two places, on held-out episodes of the world."""
    return parts.calibration(WEIGHTS)

"""Do colours, exposure and sharpness stay what they were, over the whole length of the video?

Moments that the storyboard declares alike (the same setting, time of day and cast) are compared in pairs, and the
distance is that of the farther half of the pairs: what changes without a reason that the story gives. Hues are compared
by how far their chroma must be moved on the hue circle (Werman, Peleg and Rosenfeld, 1985). Moments that are frozen,
looped, incoherent or missing carry no evidence that anything stayed the same, and count as drifted in full.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from evalsuite.features import HUES, Colour
from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._evidence import evidence
from ._timeline import Array, timeline
from ._trend import Moments, far, moments, slope

SCALE = {"exposure": 20.0, "colour": 20.0, "hue": 45.0, "sharpness": 0.5}
"""The distance that leaves 1 / e of the score: in L, in (a, b), in degrees, in the logarithm of sharpness."""
GREY = 2.0
"""Chroma that every frame is granted, so that the few hues of a grey picture do not weigh like many."""


class Drift(Metric):
    """The share of the story that carries evidence, times how little the look drifts over it; 0 - 1."""

    summary: ClassVar[str] = "keeps its colours, exposure and sharpness from beginning to end"
    version: ClassVar[str] = "2"
    higher_is_better: ClassVar[bool] = True
    extractors: ClassVar[tuple[str, ...]] = ("colour", "thumbnails")
    failures: ClassVar[tuple[str, ...]] = ("exposure-jump",)

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is the mean L of each moment; details ending in `per_minute` are signed slopes."""
        line = timeline(features["colour"], storyboard)
        live = evidence(timeline(features["thumbnails"], storyboard)).live
        share = float(np.mean(live)) * line.coverage
        found = moments(line, live, storyboard)
        distances = _distances(found) if len(found.left) else {}
        kept = float(np.exp(-sum(distance / SCALE[name] for name, distance in distances.items())))
        return Measured(
            value=share * kept,
            details={"evidence": share, "pairs": float(len(found.left)), **distances, **_slopes(found)},
            series=tuple(zip(found.seconds.tolist(), found.rows[:, 0].tolist(), strict=True)),
            coverage=line.coverage,
        )


def _distances(found: Moments) -> dict[str, float]:
    rows, left, right = found.rows, found.left, found.right
    change = rows[right] - rows[left]
    distances = {
        "exposure": np.abs(change[:, 0]),
        "colour": np.hypot(change[:, 1], change[:, 2]),
        "hue": _hue_distance(rows[left][:, Colour.HUE], rows[right][:, Colour.HUE]),
        "sharpness": np.abs(change[:, Colour.SHARPNESS][:, 0]),
    }
    return {name: far(distance, found) for name, distance in distances.items()}


def _hue_distance(left: Array, right: Array) -> Array:
    """How far chroma must be moved around the hue circle, on average and in degrees; rows are (pairs, hues)."""
    surplus = np.cumsum(_shares(left) - _shares(right), axis=1)
    moved = np.abs(surplus - np.median(surplus, axis=1, keepdims=True)).sum(axis=1)
    return np.asarray(moved * 360 / HUES)


def _shares(hues: Array) -> Array:
    even = GREY / HUES
    return np.asarray((hues + even) / (hues + even).sum(axis=1, keepdims=True))


def _slopes(found: Moments) -> dict[str, float]:
    columns = {"exposure": 0, "a": 1, "b": 2, "contrast": 3, "sharpness": 4}
    if not len(found.left):
        return {}
    change = found.rows[found.right] - found.rows[found.left]
    return {f"{name}_per_minute": slope(change[:, column], found.lag) for name, column in columns.items()}

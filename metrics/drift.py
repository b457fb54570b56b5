"""Do light, colours and sharpness stay what they were, over the whole length of the video?

Moments that the storyboard declares alike are compared in pairs, and the distance is that of the farther half of the
pairs: what changes without a reason that the story gives. Light is compared wherever the place is the same, and within
each shot from one moment to the next, since no story asks for a jump of it there; colours and sharpness where the cast
is the same too. Hues are compared by how far their chroma must be moved on the hue circle (Werman, Peleg and Rosenfeld,
1985). What intact videos differ by is granted. Moments that are frozen, looped, incoherent or missing carry no evidence
that anything stayed the same, and count as drifted in full.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from evalsuite.features import HUES, Colour
from evalsuite.interfaces import Metric
from evalsuite.types import Features, Measured, Storyboard

from ._cuts import begins_shot, cuts
from ._evidence import evidence
from ._stir import NAME as STIR
from ._timeline import Array, Flags, Timeline, segments_at, timeline
from ._trend import Moments, far, moments, places, scenes, slope

GRANTED = {"light": 0.06, "jump": 0.035, "colour": 4.0, "hue": 9.0, "sharpness": 0.08}
"""The distance that nine of ten intact videos of `dev` keep within: of light in its logarithm, of colour in (a, b), in
degrees, of sharpness in its logarithm."""
SCALE = {"light": 0.25, "jump": 0.25, "colour": 20.0, "hue": 45.0, "sharpness": 0.5}
"""The distance beyond that leaves 1 / e of the score."""
BLACK = 16.0
"""What is added to L before its logarithm is taken: it makes a gain of the light one and the same step at any light."""
MOMENT = 0.4
"""Seconds on each side of a jump."""
GREY = 2.0
"""Chroma that every frame is granted, so that the few hues of a grey picture do not weigh like many."""


class Drift(Metric):
    """The share of the story that carries evidence, times how little the look drifts over it; 0 - 1."""

    summary: ClassVar[str] = "keeps its light, colours and sharpness from beginning to end"
    version: ClassVar[str] = "5"
    higher_is_better: ClassVar[bool] = True
    bounds: ClassVar[tuple[float, float]] = (0.0, 1.0)
    extractors: ClassVar[tuple[str, ...]] = ("colour", STIR, "thumbnails")
    failures: ClassVar[tuple[str, ...]] = ("exposure-jump",)

    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """`series` is the mean L of each moment; details ending in `per_minute` are signed slopes."""
        line, pictures = timeline(features["colour"], storyboard), timeline(features["thumbnails"], storyboard)
        live = evidence(pictures, features[STIR]).live
        share = float(np.mean(live)) * line.coverage
        found = moments(line, live, storyboard, scenes(storyboard))
        distances = {
            "light": _light_distance(moments(line, live, storyboard, places(storyboard))),
            "jump": _largest_jump(line, cuts(pictures), storyboard),
            **(_distances(found) if len(found.left) else {}),
        }
        lost = sum(max(0.0, distance - GRANTED[name]) / SCALE[name] for name, distance in distances.items())
        return Measured(
            value=share * float(np.exp(-lost)),
            details={"evidence": share, "pairs": float(len(found.left)), **distances, **_slopes(found)},
            series=tuple(zip(found.seconds.tolist(), found.rows[:, 0].tolist(), strict=True)),
            coverage=line.coverage,
        )


def _light_distance(found: Moments) -> float:
    """Between moments of one place, whoever is there."""
    light = np.log(found.rows[:, 0] + BLACK)
    return far(np.abs(light[found.right] - light[found.left]), found) if len(found.left) else 0.0


def _largest_jump(line: Timeline, cut: Flags, storyboard: Storyboard) -> float:
    """Of the light, between neighbouring moments of one shot."""
    width, segment = line.samples(MOMENT), segments_at(line.seconds, storyboard)
    if len(line.rows) < 2 * width:
        return 0.0
    place = places(storyboard)[segment]
    shot = np.cumsum(begins_shot(line, cut, storyboard) | (np.diff(place, prepend=place[0]) != 0))
    light = np.median(sliding_window_view(np.log(line.rows[:, 0] + BLACK), width), axis=1)
    jumps = np.abs(light[width:] - light[:-width])
    return float(np.max(jumps[shot[2 * width - 1 :] == shot[: 1 - 2 * width]], initial=0.0))


def _distances(found: Moments) -> dict[str, float]:
    rows, left, right = found.rows, found.left, found.right
    change = rows[right] - rows[left]
    distances = {
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

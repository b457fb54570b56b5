"""Whether an event begins a second time: its thing goes the same way again, or is suddenly back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ._happenings import Course
from ._timeline import Array

SOONEST = 0.65
"""Seconds after which the same motion is a repetition; what wobbles repeats itself sooner."""
FEWEST = 2
FEWEST_OF_BOUNCES = 3
"""Samples of the same way that are no chance: a ball that bounces lands more than once."""
FINE = 0.25
"""Lags are tried in steps of so much of a sample."""
ALIKE = 0.2
"""The edges of a box agree within so many of its sizes where it goes the same way."""
MOST, LEAST = 0.5, 0.4
"""From so many sizes of the same way on it surely begins again; up to so many, events that happen once show too."""


def begun_again(course: Course) -> float:
    """How surely the event begins a second time, 0 - 1; bubbles have no outline of their own by which to tell it."""
    if len(course.box) < 3 or course.event.kind not in _BACK:
        return 0.0
    return float(np.clip((max(_retraced(course), _back(course)) - LEAST) / (MOST - LEAST), 0, 1))


def _retraced(course: Course) -> float:
    """The longest way that it goes twice, in sizes."""
    step = float(np.diff(course.seconds).min())
    number = np.rint((course.seconds - course.seconds[0]) / step).astype(np.int64)
    places = np.full((number[-1] + 1, 4), np.nan)
    places[number] = course.box / course.size
    fewest = FEWEST_OF_BOUNCES if course.event.kind == "bounce" else FEWEST
    return max((_same_way(places, lag, fewest) for lag in np.arange(SOONEST / step, len(places), FINE)), default=0.0)


def _same_way(places: Array, lag: float, fewest: int) -> float:
    """The longest way that it goes as it did `lag` samples before; `places` are (samples, 4), NaN where not seen."""
    before = np.arange(np.ceil(lag), len(places)) - lag
    share = (before % 1)[:, None]
    earlier = (1 - share) * places[np.floor(before).astype(np.int64)]
    earlier += share * places[np.ceil(before).astype(np.int64)]
    later = places[len(places) - len(before) :]
    known = np.isfinite(earlier - later).all(axis=1)
    alike = np.abs(earlier - later)[known].max(axis=1, initial=0) < ALIKE
    changes = np.flatnonzero(np.diff(alike)) + 1
    ways = zip(np.split(later[known], changes), np.split(alike, changes), strict=True)
    return max((float(np.ptp(way, axis=0).max()) for way, same in ways if same.sum() >= fewest), default=0.0)


def _back(course: Course) -> float:
    """How far it is suddenly back towards where it began, in sizes."""
    return max((float(step) for step in _BACK[course.event.kind](course)), default=0.0) / course.size


def _raised(course: Course) -> Array:
    """How far each step takes it up from where it was falling, well above the lowest place, in pixels."""
    y = course.middle[:, 1]
    falling = (y[1:-1] > y[:-2]) & (y[1:-1] < y.max() - course.size)
    return np.asarray(falling * (y[1:-1] - y[2:]))


def _behind(course: Course) -> Array:
    """How much less each step brings it than the speed that it has after it, in pixels, since what rolls slows down."""
    x, seconds = course.middle[:, 0], course.seconds
    x = x * np.sign(x[-1] - x[0])
    ahead = np.minimum(np.arange(1, len(x)) + 3, len(x) - 1)
    speed = (x[ahead] - x[1:]) / np.maximum(seconds[ahead] - seconds[1:], np.diff(seconds).min())
    return np.asarray(np.maximum(speed, 0) * np.diff(seconds) - np.diff(x))


def _returned(course: Course) -> Array:
    """How much nearer to where it began each two samples are than the two before, in pixels."""
    far = np.abs(course.box - np.median(course.box[:3], axis=0)).max(axis=1)
    return np.asarray(np.minimum(far[:-3], far[1:-2]) - np.maximum(far[2:-1], far[3:]))


_BACK: dict[str, Callable[[Course], Array]] = {
    "fall": _raised,
    "bounce": _raised,
    "roll": _behind,
    "throw": _returned,
    "topple": _returned,
}

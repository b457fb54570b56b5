"""How strong the gravity is that a thing shows, as a share of the world's: by flights, rising bubbles, and stacks."""

from __future__ import annotations

import numpy as np

from evalsuite.toon.episode import GROUND
from evalsuite.toon.physics import BUBBLE_DRAG, GRAVITY

from ._flight import FEWEST, Flight, flight
from ._happenings import Course
from ._timeline import Array

RISING = 13.0
"""How fast bubbles rise in the end, in units of the stage per second: where lift and drag of the air are equal."""
APART = 0.75
"""Seconds between two places that tell how fast they rise."""
WHOLE = 0.8
"""The share of its size from which on a thing is not cut off."""
ABOVE = GROUND + 0.5
"""How far a thing falls that is let go just above the picture, in units of the stage."""
EARLY_AND_LATE = (0.15, 0.75)
"""Between these shares of its way down a stack is timed."""
DOWN = 0.42
"""Seconds that it takes for that, a median over the suite `dev`."""
SLIDES = 46.0
"""Over so many units a stack of three blocks spreads at most when it topples, for friction is as great as weight."""


def fall(course: Course, unit: float) -> Flight | None:
    """A point mass fitted to what falls, bounces or is thrown, in units of the stage; None where too little is seen."""
    flying = course.longest
    clear = ~flying.cut & (flying.box[:, 3] - flying.box[:, 1] > WHOLE * flying.size)
    y = flying.y[clear] / unit
    return flight(flying.seconds[clear], y, ABOVE if _enters(course, y) else None)


def gravity(fit: Flight) -> float:
    """The gravity of a fit, as a share of the world's."""
    return fit.gravity / GRAVITY


def buoyancy(course: Course, unit: float) -> float | None:
    """How fast the uppermost bubble rises, as a share of the world's; None where it is seen for too short a time.

    It comes to rest in the air with the time constant 1 / k before lift carries it: (t - (1 - exp(-k t)) / k) v high.
    """
    late = ~course.cut
    seconds, top = course.seconds[late], course.box[late, 1] / unit
    if len(seconds) < FEWEST:
        return None
    since = seconds - seconds[0]
    risen = RISING * (since - (1 - np.exp(-BUBBLE_DRAG * since)) / BUBBLE_DRAG)
    first, second = np.nonzero(seconds[None] - seconds[:, None] >= APART)
    if not len(first):
        return None
    return float(np.median((top[first] - top[second]) / (risen[second] - risen[first])))


def weight(course: Course, unit: float) -> float:
    """How fast a stack of blocks comes down and how little it slides apart, 0 - 1: 1 is usual.

    Its boxes jump from block to block, so that half of a difference is all that is believed.
    """
    top = course.box[:, 1]
    first, last = float(np.median(top[:3])), float(np.median(top[-4:]))
    down = np.maximum.accumulate((top - first) / max(last - first, unit))
    lasting = float(np.diff(_reached(course.seconds, down, EARLY_AND_LATE))[0])
    wide = float(np.percentile(course.box[:, 2] - course.box[:, 0], 90)) / unit
    return float((DOWN / max(lasting, DOWN)) ** 0.5 * (SLIDES / max(wide, SLIDES)) ** 2)


def _reached(seconds: Array, rising: Array, levels: tuple[float, ...]) -> Array:
    """When a course that never falls first comes to each level, between samples linearly."""
    after = np.clip([int(np.argmax(rising >= level)) for level in levels], 1, len(rising) - 1)
    part = (np.array(levels) - rising[after - 1]) / np.maximum(rising[after] - rising[after - 1], 1e-9)
    return np.asarray(seconds[after - 1] + np.clip(part, 0, 1) * (seconds[after] - seconds[after - 1]))


def _enters(course: Course, y: Array) -> bool:
    """Whether it is high up when it is first seen, though nobody throws it."""
    return course.event.kind != "throw" and len(y) > 0 and bool(y[0] < (y.min() + y.max()) / 2)

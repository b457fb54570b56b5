"""What the ground takes of a thing's speed across when it lands and while it rolls, against the world's friction.

1 is usual, 0 a thing that glides on as it came, and less than 0 one that gets faster though nobody pushes it.
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import OptimizeResult, least_squares

from evalsuite.toon.physics import ROLLING

from ._flight import Flight
from ._happenings import Course
from ._pull import WHOLE
from ._timeline import Array, Flags

FEWEST = 3
"""Samples that tell a speed."""
CLOSE = 0.02
"""Seconds around a contact that are neither before nor after it."""
AFTER = 0.75
"""Seconds over which the speed after it is taken."""
FAST = 10.0
"""Units of the stage per second from which on a speed across tells anything."""
KEPT = 0.48
"""The share of it that a ball keeps when it lands, a median over stories of the suite `dev`'s world."""
LONG = 5
"""Samples from which on a roll tells what slows it."""
SURE = 4.0
"""How well that is to be known, in units per second squared."""
NOISE = 0.5
"""What a place is wrong by, in units."""
_STARTS = ((1.0, 0.0), (1.5, 9.0))
_BOUNDS = ([-9.0, 0.0, -60.0], [9.0, 90.0, 90.0])


def friction(course: Course, fit: Flight | None, unit: float) -> float | None:
    """That of a throw's first landing or of a roll; None for all else, and where too little is seen."""
    if course.kind not in ROLLING:
        return None
    if course.event.kind == "throw" and fit is not None:
        return _landing(course.longest, fit, unit)
    return _rolling(course.longest, unit) if course.event.kind == "roll" else None


def _landing(flying: Course, fit: Flight, unit: float) -> float | None:
    since, across = flying.seconds - fit.landed, flying.middle[:, 0] / unit
    before = _speed(since, across, (flying.seconds >= fit.released) & (since < -CLOSE))
    after = _speed(since, across, (since > CLOSE) & (since < AFTER))
    if before is None or after is None or abs(before) < FAST:
        return None
    return (1 - after / before) / (1 - KEPT)


def _speed(seconds: Array, across: Array, there: Flags) -> float | None:
    return float(np.polyfit(seconds[there], across[there], 1)[0]) if there.sum() >= FEWEST else None


def _rolling(rolling: Course, unit: float) -> float | None:
    """The deceleration of what rolls until it stops."""
    seen = (rolling.seconds >= rolling.event.start) & (rolling.box[:, 2] - rolling.box[:, 0] > WHOLE * rolling.size)
    if seen.sum() < LONG:
        return None
    seconds, across = rolling.seconds[seen], rolling.middle[seen, 0] / unit
    way = (across - across[0]) * (1 if across[-1] >= across[0] else -1)
    fits = [_slowed(seconds - seconds[0], way, *start) for start in _STARTS]
    best = min(fits, key=lambda fit: float(fit.cost))
    spread = NOISE * float(np.sqrt(np.abs(np.linalg.pinv(best.jac.T @ best.jac)[2, 2])))
    return float(best.x[2]) / ROLLING[rolling.kind] if spread < SURE else None


def _slowed(seconds: Array, way: Array, faster: float, slower: float) -> OptimizeResult:
    """Begin, speed and deceleration of a way; `faster` times its mean speed is where the search begins."""
    mean = max(float(way[-1] / max(seconds[-1], 1e-9)), 1.0)

    def wrong(said: Array) -> Array:
        begin, speed, loss = said
        moving = np.minimum(seconds, speed / loss) if loss > 1e-3 else seconds
        return np.asarray(begin + speed * moving - loss * moving**2 / 2 - way)

    return least_squares(wrong, [0.0, min(faster * mean, 80.0), slower], bounds=_BOUNDS, loss="soft_l1")

"""What gravity and what bounce a track of a falling thing shows: a point mass above a floor, fitted to its heights.

Between contacts y'' = g; each contact turns the speed v into -e v (Newton's law of restitution). What falls into the
picture began at rest just above its edge, so that the speed at which it lands tells gravity too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import OptimizeResult, least_squares

from ._timeline import Array

FEWEST = 4
"""Samples from which on a flight can be fitted."""
NOISE = 0.7
"""What a box is wrong by, in pixels."""
DROP_NOISE = 4.0
"""How well it is known from how high a thing falls into the picture, in pixels."""
SURE = 0.35
BOUNCES = 4
_STARTS = [(pull, keep) for pull in (30.0, 70.0, 130.0) for keep in (0.25, 0.6, 0.95)]
_LOW, _HIGH = (1.0, 0.0, -1.0, -1.0), (400.0, 1.4, np.inf, np.inf)


class Flight(NamedTuple):
    """What a fit says."""

    gravity: float
    """Pixels per second squared, downwards."""
    restitution: float
    sure: bool
    """Whether the places tell gravity, to `SURE` of it."""
    bounced: bool
    """Whether they tell restitution, to a tenth."""
    released: float
    """The second from which on it flies."""
    landed: float
    """The second of its first contact."""
    floor: float
    """Where it is then, in the units of the heights."""


def flight(seconds: Array, y: Array, drop: float | None = None) -> Flight | None:
    """Fits the flight from its release on; None where too little of one is seen.

    `drop` is how high above the floor it began at rest, in pixels, if it did not begin in the picture.
    """
    if len(y) < FEWEST:
        return None
    start = _release(y) if drop is None else 0
    t, y = seconds[start:] - seconds[start], y[start:]
    floor = float(y.max())
    if len(t) < FEWEST or floor - y.min() < 4 * NOISE:
        return None
    landed = float(t[np.argmax(y > floor - 2 * NOISE)])
    fits = [_fitted(t, y, drop, np.array([pull, keep, landed, 0.0, floor])) for pull, keep in _STARTS]
    best = min(fits, key=lambda fit: float(fit.cost))
    pull, keep, *_ = best.x
    variance = np.diag(np.linalg.pinv(best.jac.T @ best.jac))
    spread = np.sqrt(np.where(variance < 0, np.inf, variance))  # rounding makes it negative where nothing is known
    bounced = int((t > best.x[2] + 0.05).sum()) >= 3 and spread[1] < 0.1
    sure = bool(spread[0] < SURE * pull)
    released = float(seconds[start])
    landed, _, lowest = best.x[2:]
    return Flight(float(pull), float(keep), sure, bool(bounced), released, released + float(landed), float(lowest))


def _release(y: Array) -> int:
    """The first sample in the upper two thirds of its way: before that it may be in a hand."""
    return int(np.argmax(y < y.max() - np.ptp(y) / 3))


def _fitted(t: Array, y: Array, drop: float | None, begin: Array) -> OptimizeResult:
    pull, floor = begin[0], begin[4]
    begin[3] = np.sqrt(2 * pull * max(1.0, floor - float(y.min()) if drop is None else drop))
    low, high = np.array([*_LOW, floor - 6]), np.array([*_HIGH, floor + 6])

    def wrong(said: Array) -> Array:
        apart = (_places(said, t) - y) / NOISE
        return np.asarray(apart if drop is None else np.append(apart, (_apex(said) - drop) / DROP_NOISE))

    return least_squares(wrong, np.clip(begin, low, high), bounds=(low, high), loss="soft_l1")


def _apex(said: Array) -> float:
    """How high above the floor it is at rest before its first contact."""
    return float(said[3] ** 2 / (2 * said[0]))


def _places(said: Array, t: Array) -> Array:
    """y at each second, for gravity, restitution, second and speed of the first contact, and the floor."""
    pull, keep, contact, speed, floor = said
    since = t - contact
    height = np.where(since < 0, -speed * since - 0.5 * pull * since**2, 0.0)
    for _ in range(BOUNCES):
        speed = speed * keep
        lasting = 2 * speed / pull
        inside = (since >= 0) & (since < lasting)
        height = np.where(inside, speed * since - 0.5 * pull * since**2, height)
        since = since - lasting
    return np.asarray(floor - height)

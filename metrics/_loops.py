"""Loops: stretches that repeat, in step, what was shown before.

A return to an earlier setting is none: its motion does not repeat. So each moment is compared with each earlier one,
and the likeness must be closer than the motion of half a second, on average over a stretch of constant lag: a plateau
on a diagonal of the matrix of self-similarity. On average, since a gesture that takes half a second is back where it
began, and would hide a loop behind the noise of encoding.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from ._timeline import Array, Flags, Timeline, coarse

SHORTEST_LAG = 2.0
"""The shortest loop, in seconds; of a shorter one, its multiples are found."""
LASTING = 3.0
"""How many seconds a repetition must last."""
JUMPED = 1.5
"""How many seconds are enough where the picture jumps into it: a gesture that comes again does not."""
SAME = 0.2
"""A repetition differs from what it repeats by less than so much of the motion within half a second, on average."""
_FAR = 1e6  # in place of what is endless, so that sums stay finite
BLOCK = 64
"""Samples compared with all others at once, so that memory grows with the length of a video and not its square."""


def loops(line: Timeline, frozen: Flags) -> tuple[Flags, float]:
    """Which samples repeat earlier ones, shape (samples,), and the shortest lag at which most do, in seconds (or 0)."""
    rows = coarse(line.rows, 2)
    count, lasting = len(rows), line.samples(LASTING)
    motion = _motion(rows, line.samples(0.5))
    moving, jumped = np.where(frozen, 0.0, motion), _jumped(rows, motion)
    looped, repeats = np.zeros(count, dtype=np.bool_), np.zeros(count)
    for start in range(0, count, BLOCK):
        low, high = max(0, start - lasting), min(count, start + BLOCK + lasting)
        surplus = _apart(rows, np.arange(low, high)) - SAME * moving[low:high, None]
        surplus[:, : line.samples(SHORTEST_LAG)] = _FAR
        kept = _lasting(surplus, lasting) | _lasting(surplus, line.samples(JUMPED), jumped[low:high])
        kept = kept[start - low : start - low + BLOCK]
        looped[start : start + BLOCK] = kept.any(axis=1)
        repeats += kept.sum(axis=0)
    period = float(np.argmax(repeats > 0.8 * repeats.max())) / line.rate
    return looped, period if looped.any() else 0.0


def _lasting(surplus: Array, length: int, first: Flags | None = None) -> Flags:
    """The moments of stretches of `length` along the first axis over which `surplus` is below 0 on average.

    They begin only where `first`, of shape (moments,), allows it.
    """
    sums = np.cumsum(np.pad(np.minimum(surplus, _FAR), ((1, 0), (0, 0))), axis=0)
    begins = sums[length:] < sums[:-length]
    if first is not None:
        begins &= first[: len(begins), None]
    return windows(begins, length) if len(begins) else np.zeros(surplus.shape, dtype=np.bool_)


def runs(flags: Flags, length: int) -> Flags:
    """Only those True stretches that are at least `length` long."""
    if len(flags) < length:
        return np.zeros(len(flags), dtype=np.bool_)
    return windows(np.asarray(sliding_window_view(flags, length).all(axis=1)), length)


def windows(begins: Flags, length: int) -> Flags:
    """All samples of stretches of `length`, which begin where `begins`, (samples - length + 1, ...), is true."""
    inside = np.zeros((len(begins) + length - 1, *begins.shape[1:]), dtype=np.bool_)
    for step in range(length):
        inside[step : step + len(begins)] |= begins
    return inside


def _motion(rows: Array, lag: int) -> Array:
    """How far the picture moves within `lag` samples of each one, before or after, whichever is less."""
    if len(rows) <= lag:
        return np.zeros(len(rows))
    steps = np.sqrt(np.mean((rows[lag:] - rows[:-lag]) ** 2, axis=1))
    endless = np.full(lag, np.inf)
    least = np.minimum(np.concatenate([steps, endless]), np.concatenate([endless, steps]))
    return np.where(np.isfinite(least), least, 0.0)


def _jumped(rows: Array, motion: Array) -> Flags:
    """Into which samples the picture moves farther in one step than it did in half a second."""
    steps = np.sqrt(np.mean(np.diff(rows, axis=0) ** 2, axis=1))
    return np.concatenate([[False], steps > motion[:-1]])


def _apart(rows: Array, moments: npt.NDArray[np.int64]) -> Array:
    """How far each of `moments` is from what was shown so many samples before; shape (moments, samples)."""
    squares = np.sum(rows**2, axis=1)
    apart = squares[moments, None] + squares - 2 * rows[moments] @ rows.T
    earlier = moments[:, None] - np.arange(len(rows))
    lagged = np.take_along_axis(np.sqrt(np.maximum(apart, 0) / rows.shape[1]), np.maximum(earlier, 0), axis=1)
    return np.where(earlier >= 0, lagged, np.inf)

"""Which moments of a video carry no evidence: those that stand still, repeat what was shown, or do not hang together.

A metric of sameness over time would be won by such a video, so it may count the other moments only.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ._timeline import Array, Flags, Timeline

STILL = 1.0
"""The largest change of any cell between samples that still counts as none, in units of Lab."""
STILL_SECONDS = 1.0
LOOP_LAG = 2.0
"""The shortest loop, in seconds."""
LOOP_SECONDS = 3.0
"""How long a repetition must last; a return to an earlier setting does not repeat its motion for so long."""
SAME = 0.4
"""A repetition differs from what it repeats by less than so much of the motion within half a second."""
FLOOR = 0.5
"""Change that compression alone explains: root mean square over cells, in units of Lab."""
INCOHERENT = 1.2
"""The roughness from which neighbouring frames are as good as unrelated; unrelated frames have 1.5."""
BLOCK = 256


@dataclass(frozen=True)
class Evidence:
    """What each sample is worth; arrays of shape (samples,)."""

    frozen: Flags
    looped: Flags
    incoherent: Flags
    roughness: Array
    """0 for even motion, 1 for steps that are unrelated, 1.5 for pictures that are, 2 for trembling."""
    period: float
    """The shortest lag at which most repeated moments repeat, in seconds; 0 where nothing loops."""

    @property
    def live(self) -> Flags:
        return ~(self.frozen | self.looped | self.incoherent)


def evidence(line: Timeline) -> Evidence:
    """Judge each sample of a timeline of thumbnails."""
    frozen, rough = _frozen(line), _roughness(line)
    looped, period = _looped(line, frozen)
    window = np.ones(line.samples(1.0)) / line.samples(1.0)
    incoherent = _filtered(rough, window) > INCOHERENT
    return Evidence(frozen, looped, incoherent, rough, period)


def _filtered(values: Array, window: Array) -> Array:
    filtered = cv2.filter2D(values[:, None], cv2.CV_64F, window[:, None])
    return np.asarray(filtered[:, 0], dtype=np.float64)


def _runs(flags: Flags, length: int) -> Flags:
    """Only those True stretches along the first axis that are at least `length` long."""
    kernel = np.ones((length, 1), dtype=np.uint8)
    padded = np.pad(flags.astype(np.uint8).reshape(len(flags), -1), ((length, length), (0, 0)))
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, kernel)
    return np.asarray(opened[length:-length].reshape(flags.shape), dtype=np.bool_)


def _frozen(line: Timeline) -> Flags:
    still = np.abs(np.diff(line.rows, axis=0)).max(axis=1, initial=0.0) < STILL
    first = still[:1] if len(still) else np.ones(1, dtype=np.bool_)
    return _runs(np.concatenate([first, still]), line.samples(STILL_SECONDS))


def _roughness(line: Timeline) -> Array:
    steps = np.diff(line.rows, axis=0)
    if len(steps) < 2:
        return np.zeros(len(line.rows))
    energy = np.mean(steps**2, axis=1)
    turn = np.mean(np.diff(steps, axis=0) ** 2, axis=1)
    rough = turn / (energy[1:] + energy[:-1] + 2 * FLOOR**2)
    return np.concatenate([rough[:1], rough, rough[-1:]])


def _looped(line: Timeline, frozen: Flags) -> tuple[Flags, float]:
    """Samples that repeat, in step, what was shown at least `LOOP_LAG` before; and the usual lag."""
    count, shortest = len(line.rows), line.samples(LOOP_LAG)
    run = line.samples(LOOP_SECONDS)
    looped = np.zeros(count, dtype=np.bool_)
    repeats = np.zeros(count)
    motion = _motion(line)
    for start in range(0, count, BLOCK):
        low, high = max(0, start - run), min(count, start + BLOCK + run)
        same = _same(line.rows, np.arange(low, high), shortest, motion, frozen)
        kept = _runs(same, run)[start - low : start - low + BLOCK]
        looped[start : start + BLOCK] = kept.any(axis=1)
        repeats += kept.sum(axis=0)
    period = float(np.argmax(repeats > 0.8 * repeats.max(initial=0.0))) / line.rate if looped.any() else 0.0
    return looped, period


def _motion(line: Timeline) -> Array:
    """How far the picture moves within half a second of each sample: the lesser of before and after."""
    lag = line.samples(0.5)
    apart = np.full(len(line.rows) + 2 * lag, np.inf)
    if len(line.rows) > lag:
        apart[lag : -2 * lag] = np.sqrt(np.mean((line.rows[lag:] - line.rows[:-lag]) ** 2, axis=1))
    after, before = apart[lag:-lag], apart[: len(line.rows)]
    least = np.minimum(after, before)
    return np.where(np.isfinite(least), least, 0.0)


def _same(rows: Array, moments: np.ndarray, shortest: int, motion: Array, frozen: Flags) -> Flags:
    """Whether each of `moments` looks as it did each lag before; shape (moments, samples), the columns being lags."""
    squares = np.sum(rows**2, axis=1)
    apart = squares[moments, None] + squares[None] - 2 * rows[moments] @ rows.T
    earlier = moments[:, None] - np.arange(len(rows))[None]
    lagged = np.take_along_axis(np.maximum(apart, 0) / rows.shape[1], np.maximum(earlier, 0), axis=1)
    near = np.sqrt(lagged) < (SAME * motion[moments])[:, None]
    late_enough = (earlier >= 0) & (np.arange(len(rows)) >= shortest)[None]
    return np.asarray(near & late_enough & ~frozen[moments, None])

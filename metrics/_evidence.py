"""Which moments of a video carry no evidence: those that stand still, repeat what was shown, or do not hang together.

A metric of sameness over time would be won by such a video, so it may count the other moments only.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from evalsuite.features import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH

from ._cuts import cuts
from ._timeline import Array, Flags, Timeline

STILL = 2.5
"""The largest change of any cell between samples that encoding alone makes, in units of Lab."""
STILL_SECONDS = 1.0
LOOP_LAG = 2.0
"""The shortest loop, in seconds."""
LOOP_SECONDS = 3.0
"""How long a repetition must last; a return to an earlier setting does not repeat its motion for so long."""
SAME = 0.4
"""A repetition differs from what it repeats by less than so much of the motion within half a second."""
FLOOR = 0.1
"""Change that compression alone explains: root mean square over cells, in units of Lab."""
INCOHERENT = 1.25
"""The roughness from which neighbouring frames are as good as unrelated; unrelated frames have 1.5."""
INCOHERENT_SECONDS = 2.0
BLOCK = 256


@dataclass(frozen=True)
class Evidence:
    """What each sample is worth; arrays of shape (samples,)."""

    frozen: Flags
    looped: Flags
    incoherent: Flags
    period: float
    """The shortest lag at which most repeated moments repeat, in seconds; 0 where nothing loops."""

    @property
    def live(self) -> Flags:
        return ~(self.frozen | self.looped | self.incoherent)


def evidence(line: Timeline) -> Evidence:
    """Judge each sample of a timeline of thumbnails."""
    frozen = _frozen(line)
    looped, period = _looped(line, frozen)
    evened = _evened(_coarse(line.rows, 2))
    incoherent = _roughness(evened, cuts(line), line.samples(INCOHERENT_SECONDS)) > INCOHERENT
    return Evidence(frozen, looped, incoherent, period)


def _runs(flags: Flags, length: int) -> Flags:
    """Only those True stretches along the first axis that are at least `length` long."""
    kernel = np.ones((length, 1), dtype=np.uint8)
    padded = np.pad(flags.astype(np.uint8).reshape(len(flags), -1), ((length, length), (0, 0)))
    opened = cv2.morphologyEx(padded, cv2.MORPH_OPEN, kernel)
    return np.asarray(opened[length:-length].reshape(flags.shape), dtype=np.bool_)


def roughness(line: Timeline) -> Array:
    """How roughly each sample moves, shape (samples,): 0 for even motion, 1.5 for unrelated frames, 2 for trembling."""
    return _roughness(_coarse(line.rows, 8), cuts(line), line.samples(1.0))


def _frozen(line: Timeline) -> Flags:
    still = np.abs(np.diff(line.rows, axis=0)).max(axis=1, initial=0.0) < STILL
    first = still[:1] if len(still) else np.ones(1, dtype=np.bool_)
    return _runs(np.concatenate([first, still]), line.samples(STILL_SECONDS))


def _roughness(rows: Array, cut: Flags, window: int) -> Array:
    """How steps change, against the steps themselves, in so many samples around each one; cuts are left out."""
    steps = np.diff(rows, axis=0)
    if len(steps) < 2:
        return np.zeros(len(rows))
    energy = np.mean(steps**2, axis=1)
    turn = np.mean(np.diff(steps, axis=0) ** 2, axis=1)
    within = ~(cut[1:-1] | cut[2:])
    rough = _mean(turn * within, window) / (_mean((energy[1:] + energy[:-1]) * within, window) + 2 * FLOOR**2)
    return np.concatenate([rough[:1], rough, rough[-1:]])


def _coarse(rows: Array, factor: int) -> Array:
    """Thumbnails in cells that are so many times as wide and high: what moves evenly changes large cells evenly."""
    height, width = THUMBNAIL_HEIGHT // factor, THUMBNAIL_WIDTH // factor
    cells = rows.reshape(len(rows), height, factor, width, factor, 3)
    return np.asarray(cells.mean(axis=(2, 4)).reshape(len(rows), -1))


def _evened(rows: Array) -> Array:
    """Thumbnails of one brightness and contrast, so that flicker does not make pictures look unrelated."""
    cells = rows.reshape(len(rows), -1, 3)
    cells = cells - cells.mean(axis=1, keepdims=True)
    contrast = np.sqrt(np.mean(cells**2, axis=(1, 2), keepdims=True))
    return np.asarray((cells * np.median(contrast) / np.maximum(contrast, FLOOR)).reshape(len(rows), -1))


def _mean(values: Array, samples: int) -> Array:
    """The mean of so many values around each one."""
    return np.asarray(cv2.blur(values[:, None], (1, samples))[:, 0], dtype=np.float64)


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

"""Where a video cuts, from thumbnails: a jump that neither motion, a flash nor a change of light explains.

Pictures are compared at one brightness and contrast, so that a cut between two dark places counts as much as one
between two bright ones, and a jump of the exposure is none.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from evalsuite.types import Storyboard

from ._timeline import Array, Flags, Timeline, once_per_video

CLEAR = 0.26
"""By how much a cut changes the picture more than the motion around it does, in units of the picture's contrast."""
WHOLE = 0.4
"""By how much a cut does that counts in full; one in between counts in part, as each encoding moves it a little.

Each of the 120 cuts of the world's on `dev` is beyond it.
"""
AROUND = 1.0
"""Seconds on each side that tell what motion is usual."""
FLAT = 2.0
"""The least contrast that is granted, in units of Lab, so that the noise of a flat picture is not taken for content."""
_AT_ONCE = 512
"""Samples compared at a time, so that memory hardly grows with the length of a video."""


def jumps(line: Timeline) -> tuple[Array, Array]:
    """How far the picture jumps into each sample, and the usual change around it; both of shape (samples,).

    A jump is the least distance between the two samples before and the two samples after, so that a flash of one sample
    is none. The usual change is the median step of the second before, or after, whichever is larger.
    """
    one, two, three = (_changes(line.rows, lag) for lag in (1, 2, 3))
    jump = np.zeros(len(line.rows))
    if len(three):
        jump[2:-1] = np.min([one[1:-1], two[1:], two[:-1], three], axis=0)
    return jump, _usual(one, two, line.samples(AROUND))


@once_per_video
def cuts(line: Timeline) -> Flags:
    """Which samples begin a new shot, shape (samples,)."""
    return _excess(line) > CLEAR


@once_per_video
def clearness(line: Timeline) -> Array:
    """How clearly each sample begins a new shot, 0 - 1, shape (samples,)."""
    return np.clip((_excess(line) - CLEAR) / (WHOLE - CLEAR), 0, 1)


def _excess(line: Timeline) -> Array:
    """How much further the picture jumps into each sample than is usual around; 0 where it jumps further just by."""
    jump, usual = jumps(line)
    peak = sliding_window_view(np.pad(jump, 2), 5).max(axis=1)
    return np.asarray(np.where(jump == peak, jump - usual, 0.0))


def begins_shot(line: Timeline, seen: Flags, storyboard: Storyboard) -> Flags:
    """Which samples begin a shot, by a cut that is `seen` or by one that is planned."""
    planned = np.searchsorted(storyboard.cuts, line.seconds + 1e-6, side="right")
    return np.asarray(seen | (np.diff(planned, prepend=0) > 0))


def _changes(rows: Array, lag: int) -> Array:
    """How far each sample is from the one `lag` after it, of shape (samples - lag,); a few at a time."""
    starts = range(0, len(rows) - lag, _AT_ONCE)
    parts = (_evened(rows[start : start + _AT_ONCE + lag]) for start in starts)
    found = [_distance(part[:-lag], part[lag:]) for part in parts]
    return np.concatenate(found) if found else np.zeros(0)


def _evened(rows: Array) -> Array:
    """Cells less the mean colour of the picture, in units of their mean distance from it."""
    cells = rows.reshape(len(rows), -1, 3)
    cells = cells - cells.mean(axis=1, keepdims=True)
    contrast = np.sqrt((cells**2).sum(axis=2)).mean(axis=1)
    return np.asarray((cells / np.maximum(contrast, FLAT)[:, None, None]).reshape(len(rows), -1))


def _distance(left: Array, right: Array) -> Array:
    """The squared mean root of the cells' distances: a cut, which changes most cells, outweighs whoever moves fast."""
    cells = (left - right).reshape(len(left), left.shape[1] // 3, 3)
    return np.asarray(((cells**2).sum(axis=2) ** 0.25).mean(axis=1) ** 2)


def _usual(one: Array, two: Array, width: int) -> Array:
    """The usual change within so many samples, of shape (samples,), from the changes within one sample and two."""
    if not len(one):
        return np.zeros(1)
    steps = np.append(one[:1], np.minimum(one[1:], two))  # flicker goes to and fro, and is not motion
    medians = np.median(sliding_window_view(np.pad(steps, width, mode="edge"), width), axis=1)
    before, after = np.append(medians[0], medians[: len(steps)]), medians[-len(steps) - 1 :]
    return np.asarray(np.maximum(before, after))

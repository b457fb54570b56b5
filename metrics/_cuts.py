"""Where a video cuts, from thumbnails: a jump that neither motion, a flash nor a change of light explains.

Pictures are compared at one brightness and contrast, so that a cut between two dark places counts as much as one
between two bright ones, and a jump of the exposure is none.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ._timeline import Array, Flags, Timeline, once_per_video

CLEAR = 0.26
"""By how much a cut changes the picture more than the motion around it does, in units of the picture's contrast."""
AROUND = 1.0
"""Seconds on each side that tell what motion is usual."""
FLAT = 2.0
"""The least contrast that is granted, in units of Lab, so that the noise of a flat picture is not taken for content."""


def jumps(line: Timeline) -> tuple[Array, Array]:
    """How far the picture jumps into each sample, and the usual change around it; both of shape (samples,).

    A jump is the least distance between the two samples before and the two samples after, so that a flash of one sample
    is none. The usual change is the median step of the second before, or after, whichever is larger.
    """
    rows = _evened(line.rows)
    jump = np.zeros(len(rows))
    if len(rows) > 3:
        crossing = [_distance(rows[1:-2], rows[2:-1]), _distance(rows[1:-2], rows[3:])]
        crossing += [_distance(rows[:-3], rows[2:-1]), _distance(rows[:-3], rows[3:])]
        jump[2:-1] = np.min(crossing, axis=0)
    return jump, _usual(rows, line.samples(AROUND))


@once_per_video
def cuts(line: Timeline) -> Flags:
    """Which samples begin a new shot, shape (samples,)."""
    jump, usual = jumps(line)
    peak = sliding_window_view(np.pad(jump, 2), 5).max(axis=1)
    return np.asarray((jump > usual + CLEAR) & (jump == peak))


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


def _usual(rows: Array, width: int) -> Array:
    """The usual change within so many samples, of shape (samples,)."""
    if len(rows) < 2:
        return np.zeros(len(rows))
    steps = _distance(rows[:-1], rows[1:])
    steps[1:] = np.minimum(steps[1:], _distance(rows[:-2], rows[2:]))  # flicker goes to and fro, and is not motion
    medians = np.median(sliding_window_view(np.pad(steps, width, mode="edge"), width), axis=1)
    before, after = np.append(medians[0], medians[: len(rows) - 1]), medians[-len(rows) :]
    return np.asarray(np.maximum(before, after))

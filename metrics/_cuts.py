"""Where a video cuts, from thumbnails: a jump that neither motion nor a flash explains."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ._timeline import Array, Flags, Timeline

HARD = 16.0
"""A cut changes the picture by at least so much: the mean distance of cells, in units of Lab."""
ABRUPT = 3.0
"""... and by at least so many times the motion around it."""
AROUND = 1.0
"""Seconds on each side that tell what motion is usual."""


def jumps(line: Timeline) -> tuple[Array, Array]:
    """How far the picture jumps into each sample, and the usual change around it; both of shape (samples,).

    A jump is the least distance between the two samples before and the two samples after, so that a flash of one sample
    is none. The usual change is the median step of the second before, or after, whichever is larger.
    """
    rows = line.rows
    jump = np.zeros(len(rows))
    if len(rows) > 3:
        crossing = [_distance(rows[1:-2], rows[2:-1]), _distance(rows[1:-2], rows[3:])]
        crossing += [_distance(rows[:-3], rows[2:-1]), _distance(rows[:-3], rows[3:])]
        jump[2:-1] = np.min(crossing, axis=0)
    return jump, _usual(line)


def cuts(line: Timeline) -> Flags:
    """Which samples begin a new shot, shape (samples,)."""
    jump, usual = jumps(line)
    peak = sliding_window_view(np.pad(jump, 2), 5).max(axis=1)
    return np.asarray((jump > HARD) & (jump > ABRUPT * usual) & (jump == peak))


def _distance(left: Array, right: Array) -> Array:
    """The mean over cells of their distance in Lab, so that a cut, which changes most cells, outweighs fast objects."""
    cells = (left - right).reshape(len(left), left.shape[1] // 3, 3)
    return np.asarray(np.sqrt((cells**2).sum(axis=2)).mean(axis=1))


def _usual(line: Timeline) -> Array:
    rows, width = line.rows, line.samples(AROUND)
    if len(rows) < 2:
        return np.zeros(len(rows))
    steps = _distance(rows[:-1], rows[1:])
    steps[1:] = np.minimum(steps[1:], _distance(rows[:-2], rows[2:]))  # flicker goes to and fro, and is not motion
    medians = np.median(sliding_window_view(np.pad(steps, width, mode="edge"), width), axis=1)
    before, after = np.append(medians[0], medians[: len(rows) - 1]), medians[-len(rows) :]
    return np.asarray(np.maximum(before, after))

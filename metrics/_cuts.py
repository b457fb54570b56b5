"""Where a video cuts, from thumbnails: a jump that neither motion nor a flash explains."""

from __future__ import annotations

import numpy as np

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
    peak = np.array([jump[max(0, i - 2) : i + 3].max() for i in range(len(jump))])
    return np.asarray((jump > HARD) & (jump > ABRUPT * usual) & (jump == peak))


def _distance(left: Array, right: Array) -> Array:
    """The mean over cells of their distance in Lab, so that a cut, which changes most cells, outweighs fast objects."""
    cells = (left - right).reshape(len(left), -1, 3)
    return np.asarray(np.sqrt((cells**2).sum(axis=2)).mean(axis=1))


def _usual(line: Timeline) -> Array:
    rows = line.rows
    steps = np.concatenate([[0.0], _distance(rows[:-1], rows[1:])])
    steps[2:] = np.minimum(steps[2:], _distance(rows[:-2], rows[2:]))  # flicker goes to and fro, and is not motion
    width = line.samples(AROUND)
    before = [np.median(steps[max(1, i - width) : i]) if i > 1 else 0.0 for i in range(len(steps))]
    after = [np.median(steps[i + 1 : i + 1 + width]) if i + 1 < len(steps) else 0.0 for i in range(len(steps))]
    return np.maximum(before, after)

"""How roughly a picture moves: whether each step goes on from the one before, goes back, or has nothing to do with it.

For successive steps a and b of the thumbnails, roughness is |a - b|^2 / (|a|^2 + |b|^2), summed over a while: 0 for
even motion, 1 for steps that are unrelated, 1.5 for frames that are, 2 for trembling to and fro.
"""

from __future__ import annotations

import cv2
import numpy as np

from ._cuts import cuts
from ._timeline import Array, Flags, Timeline, coarse

UNRELATED = 1.5
"""The roughness of unrelated frames."""
FLOOR = 0.2
"""Change that does not count: root mean square over cells, in units of Lab."""
SLIGHT = 0.5
"""The same in large cells, where what encoding adds is as much as that."""


def roughness(line: Timeline) -> Array:
    """The roughness of each second, shape (samples,); in large cells, in which fast objects move evenly too."""
    return _turns(coarse(line.rows, 8), cuts(line), line.samples(1.0), SLIGHT)


def unrelatedness(line: Timeline) -> Array:
    """The roughness of every two seconds, shape (samples,), whatever the brightness does: flicker hides no content."""
    return _turns(_evened(coarse(line.rows, 2)), cuts(line), line.samples(2.0), FLOOR)


def _turns(rows: Array, cut: Flags, window: int, floor: float) -> Array:
    """How steps change, against the steps themselves, in so many samples around each one; cuts are left out."""
    steps = np.diff(rows, axis=0)
    if len(steps) < 2:
        return np.zeros(len(rows))
    energy = np.mean(steps**2, axis=1)
    turn = np.mean(np.diff(steps, axis=0) ** 2, axis=1)
    within = ~(cut[1:-1] | cut[2:])
    rough = _mean(turn * within, window) / (_mean((energy[1:] + energy[:-1]) * within, window) + 2 * floor**2)
    return np.concatenate([rough[:1], rough, rough[-1:]])


def _evened(rows: Array) -> Array:
    """Thumbnails of one brightness and contrast, so that flicker does not make pictures look unrelated."""
    cells = rows.reshape(len(rows), -1, 3)
    cells = cells - cells.mean(axis=1, keepdims=True)
    contrast = np.sqrt(np.mean(cells**2, axis=(1, 2), keepdims=True))
    return np.asarray((cells * np.median(contrast) / np.maximum(contrast, FLOOR)).reshape(len(rows), -1))


def _mean(values: Array, samples: int) -> Array:
    """The mean of so many values around each one."""
    return np.asarray(cv2.blur(values[:, None], (1, samples))[:, 0], dtype=np.float64)

"""How the camera moves from frame to frame: the zoom and shift that most of the picture follows.

Corners are tracked by Lucas-Kanade; scale and shift are fitted to them by least squares, weighted anew a few times by
how well each agrees (Tukey's biweight), so that what moves by itself does not count.
"""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from evalsuite.features import ANALYSIS_PIXELS, EXTRACTORS
from evalsuite.interfaces import Extractor
from evalsuite.types import Clip

from ._timeline import Array

NAME = "camera"
CORNERS = 80
FEWEST = 8
"""Corners below which nothing is said of a move."""
ROUNDS = 6
WIDEST = 2.0
"""Pixels by which a corner may disagree before it stops to count, in the first round; half as many in each next one."""
CLOSEST = 0.4


class Camera(Extractor):
    """Each frame's scale and shift against the one before, and the share of corners that agree."""

    version: ClassVar[str] = "1"
    dimensions: ClassVar[int] = 4
    pixels: ClassVar[int | None] = ANALYSIS_PIXELS

    def __init__(self) -> None:
        self._last: npt.NDArray[np.uint8] | None = None

    def start(self) -> None:
        self._last = None

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (time, 4): place = scale * place before + shift, in pixels of which 96 are the picture's width."""
        return np.stack([self._next(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)) for frame in clip.frames])

    def _next(self, grey: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        last, self._last = self._last, grey
        if last is None:
            return np.array([1, 0, 0, 0], np.float32)
        scale, across, down, share = _move(*_followed(last, grey))
        size = 96 / grey.shape[1]
        return np.array([scale, across * size, down * size, share], np.float32)


def _followed(last: npt.NDArray[np.uint8], grey: npt.NDArray[np.uint8]) -> tuple[Array, Array]:
    """Corners of the last frame, and where they are in this one; both (corners, 2)."""
    corners = cv2.goodFeaturesToTrack(last, CORNERS, 0.01, 4)
    if corners is None:
        return np.zeros((0, 2)), np.zeros((0, 2))
    found, known, _ = cv2.calcOpticalFlowPyrLK(last, grey, corners, corners.copy(), winSize=(11, 11), maxLevel=2)
    kept = known[:, 0] > 0
    return corners[kept, 0].astype(np.float64), found[kept, 0].astype(np.float64)


def _move(before: Array, after: Array) -> tuple[float, float, float, float]:
    """Scale, shift across and down, and the share of points that follow them."""
    if len(before) < FEWEST:
        return 1.0, 0.0, 0.0, 0.0
    shift, scale = np.median(after - before, axis=0), 1.0
    weight = np.ones(len(before))
    for number in range(ROUNDS):
        apart = np.linalg.norm(after - scale * before - shift, axis=1)
        weight = np.maximum(0.0, 1 - (apart / max(CLOSEST, WIDEST / 2**number)) ** 2) ** 2 + 1e-9
        centre, moved = np.average(before, 0, weight), np.average(after, 0, weight)
        spread = (weight[:, None] * (before - centre) ** 2).sum()
        scale = float((weight[:, None] * (before - centre) * (after - moved)).sum() / max(float(spread), 1e-9))
        shift = moved - scale * centre
    return scale, float(shift[0]), float(shift[1]), float((weight > 0.1).mean())


EXTRACTORS[NAME] = Camera

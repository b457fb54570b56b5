"""How the camera moves from frame to frame: the zoom and shift that most of the picture follows.

Corners are tracked by Lucas-Kanade; scale and shift are fitted to them by least squares, weighted anew a few times by
how well each agrees (Tukey's biweight), so that what moves by itself does not count.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

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
FEWEST_FOLLOW = 0.2
"""The share of corners that must follow a move of the camera for it to be believed."""
WIDTH, HEIGHT = 96.0, 64.0
"""In which places are told, whatever the size of the picture."""


class Corners(NamedTuple):
    """Where the same corners are in a frame and in the next one, both (corners, 2)."""

    before: Array
    after: Array


NONE = Corners(np.zeros((0, 2)), np.zeros((0, 2)))


class Camera(Extractor):
    """Each frame's scale and shift against the one before, and the share of corners that agree."""

    version: ClassVar[str] = "2"
    dimensions: ClassVar[int] = 4
    pixels: ClassVar[int | None] = ANALYSIS_PIXELS

    def __init__(self) -> None:
        self._last: npt.NDArray[np.uint8] | None = None

    def start(self) -> None:
        self._last = None

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (time, 4): place = scale * place before + shift, in pixels of which a picture has 96 x 64."""
        seen = moves([self._next(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY)) for frame in clip.frames])
        height, width = clip.frames.shape[1:3]
        return np.asarray(seen * [1, WIDTH / width, HEIGHT / height, 1], dtype=np.float32)

    def _next(self, grey: npt.NDArray[np.uint8]) -> Corners:
        last, self._last = self._last, grey
        return NONE if last is None else followed(last, grey)


def followed(last: npt.NDArray[np.uint8], grey: npt.NDArray[np.uint8]) -> Corners:
    """Corners of the last frame, and where they are in this one."""
    corners = cv2.goodFeaturesToTrack(last, CORNERS, 0.01, 4)
    if corners is None:
        return NONE
    found, known, _ = cv2.calcOpticalFlowPyrLK(last, grey, corners, corners.copy(), winSize=(11, 11), maxLevel=2)
    kept = known[:, 0] > 0
    return Corners(corners[kept, 0].astype(np.float64), found[kept, 0].astype(np.float64))


def moves(corners: Sequence[Corners]) -> Array:
    """Scale, shift across and down, and the share of points that follow them, (frames, 4); all frames at once."""
    enough = [number for number, each in enumerate(corners) if len(each.before) >= FEWEST]
    found = np.tile([1.0, 0.0, 0.0, 0.0], (len(corners), 1))
    if enough:
        found[enough] = _fitted([corners[number] for number in enough])
    return found


def _fitted(followed: Sequence[Corners]) -> Array:
    counts = np.array([len(corners.before) for corners in followed])
    there = np.arange(counts.max()) < counts[:, None]
    before, after = np.zeros((2, *there.shape, 2))
    before[there] = np.concatenate([corners.before for corners in followed])
    after[there] = np.concatenate([corners.after for corners in followed])
    shift = np.stack([np.median(corners.after - corners.before, axis=0) for corners in followed])
    scale = np.ones(len(followed))
    weight = there.astype(np.float64)
    for number in range(ROUNDS):
        apart = np.linalg.norm(after - scale[:, None, None] * before - shift[:, None], axis=2)
        weight = there * (np.maximum(0.0, 1 - (apart / max(CLOSEST, WIDEST / 2**number)) ** 2) ** 2 + 1e-9)
        share = (weight / weight.sum(axis=1, keepdims=True))[..., None]
        centre, moved = (share * before).sum(axis=1), (share * after).sum(axis=1)
        offset = weight[..., None] * (before - centre[:, None])
        spread = (offset * (before - centre[:, None])).sum(axis=(1, 2))
        scale = (offset * (after - moved[:, None])).sum(axis=(1, 2)) / np.maximum(spread, 1e-9)
        shift = moved - scale[:, None] * centre
    return np.column_stack([scale, shift, (weight > 0.1).sum(axis=1) / counts])


EXTRACTORS[NAME] = Camera

"""How much each part of the picture changes within a second, beyond what the camera's own move explains.

A figure that was drawn once and is only shown changes little, whatever the camera does; one that lives does not.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from evalsuite.features import ANALYSIS_PIXELS, EXTRACTORS, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH
from evalsuite.interfaces import Extractor, Sampling
from evalsuite.types import Clip, Features, Frame

from ._camera import FEWEST_FOLLOW, NONE, Corners, followed, moves
from ._loops import runs
from ._timeline import PACE, Array

NAME = "stir"
LAGS = (4, 8)
"""Samples of half a second, after which a gesture is elsewhere, and of a second."""
UNKNOWN = 100.0
"""The change where there is no moment before to compare with."""
STANDING = 2.0
"""The mean change in a figure's box, in units of Lab, below which it stands still.

On `dev` 1 of 100 moments of the world's figures has less, bystanders at night, none of the generators' figures (3.0 at
least), and 99 of 100 of generators' stills under a slow pan; of the world's own stills, which are crisper, half.
"""
STIRRED = 6.0
"""The change from which on a cell stirs, in units of Lab."""
FEWEST = 13
"""How many of 384 cells must stir where anybody lives, at some moment of `LASTING`.

On `dev` 31 do at least in the world, 189 in generators' videos; 9 at most where the camera moves over a still, 12 where
a small dot does.
"""
LASTING = 2.5
"""For how many seconds few cells must stir until the picture passes for a still; each tells of the second before it."""
WHOLLY = 0.99
"""The share of a pixel that must have been in view before."""
SMOOTHED = 0.8
"""The sigma, in pixels, of what each picture is blurred by: where edges lie between pixels is no change."""


class _Past(NamedTuple):
    """A picture of before in Lab, and how it is seen now: place = scale * place then + shift."""

    picture: npt.NDArray[np.float32]
    scale: float
    shift: Array

    def moved(self, move: Array) -> _Past:
        """As it is seen after the camera's next move; moves that little of the picture follows are none."""
        zoom, right, down, share = move
        if share < FEWEST_FOLLOW:
            return self
        return _Past(self.picture, self.scale * zoom, zoom * self.shift + [right, down])

    def change(self, now: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """How far each pixel of `now` is from it; 0 for what was not in view."""
        height, width = now.shape[:2]
        view = np.array([[self.scale, 0, self.shift[0]], [0, self.scale, self.shift[1]]])
        then = cv2.warpAffine(self.picture, view, (width, height), borderMode=cv2.BORDER_REPLICATE)
        in_view = cv2.warpAffine(np.ones((height, width), np.float32), view, (width, height))
        change = np.maximum.reduce(cv2.split(cv2.absdiff(then, now)))  # an axis of three is slow to reduce
        return np.where(in_view > WHOLLY, change, np.float32(0))


class Stir(Extractor):
    """Of each cell of a thumbnail, the mean change since half a second and a second before, whichever is more."""

    version: ClassVar[str] = "2"
    dimensions: ClassVar[int] = THUMBNAIL_HEIGHT * THUMBNAIL_WIDTH
    pixels: ClassVar[int | None] = ANALYSIS_PIXELS
    sampling: ClassVar[Sampling | None] = Sampling(every=1 / PACE)

    def __init__(self) -> None:
        self._grey: npt.NDArray[np.uint8] | None = None
        self._past: deque[_Past] = deque(maxlen=max(LAGS))

    def start(self) -> None:
        self._grey = None
        self._past.clear()

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (time, cells), in units of Lab."""
        corners = [self._corners(frame) for frame in clip.frames]
        rows = [self._row(frame, move) for frame, move in zip(clip.frames, moves(corners), strict=True)]
        return np.stack(rows)

    def _corners(self, frame: Frame) -> Corners:
        last, self._grey = self._grey, np.asarray(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        return NONE if last is None else followed(last, self._grey)

    def _row(self, frame: Frame, move: Array) -> npt.NDArray[np.float32]:
        lab = cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_RGB2LAB)
        now = np.asarray(cv2.GaussianBlur(lab, (0, 0), SMOOTHED), dtype=np.float32)
        seen = [past.moved(move) for past in self._past]
        self._past = deque([*seen, _Past(now, 1.0, np.zeros(2))], maxlen=max(LAGS))
        if len(seen) < max(LAGS):
            return np.full(self.dimensions, UNKNOWN, np.float32)
        change = np.maximum.reduce([seen[-lag].change(now) for lag in LAGS])
        cells = cv2.resize(change, (THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT), interpolation=cv2.INTER_AREA)
        return np.asarray(cells, dtype=np.float32).ravel()


def lifeless(stir: Features, seconds: Array) -> npt.NDArray[np.bool_]:
    """Whether at each of these seconds the whole picture was drawn once, and is only shown: whatever the camera does.

    As is what hardly changes anywhere, such as a still with a clock or a bar of progress.
    """
    few = (stir.array >= STIRRED).sum(axis=1) < FEWEST
    steps = np.diff(stir.seconds)
    pace = 1 / float(np.median(steps[steps > 0])) if np.any(steps > 0) else PACE
    told = np.pad(runs(few, max(1, round(LASTING * pace))), (0, max(LAGS)))
    found = np.asarray(sliding_window_view(told, max(LAGS) + 1).any(axis=1))
    return found[_latest(stir, seconds)]


def standing(stir: Features, seconds: Array, boxes: Array) -> npt.NDArray[np.bool_]:
    """Whether each figure stands still at each of these seconds: in the second before it, or in the one after.

    `boxes` (moments, figures, 4) are left, top, right, bottom as shares of the picture; one of NaN is nobody's.
    """
    before, after = (_change_at(stir, seconds + late) for late in (0.0, 1.0))
    least = np.full(boxes.shape[:2], UNKNOWN)
    for place in np.argwhere(np.isfinite(boxes[..., 0])):
        moment, figure = place.tolist()
        rows, columns = _cells(boxes[moment, figure])
        least[moment, figure] = min(change[moment, rows, columns].mean() for change in (before, after))
    return least < STANDING


def _change_at(stir: Features, seconds: Array) -> Array:
    """What is known of each cell at these seconds, (moments, rows, columns), whatever the rate of the video."""
    change = stir.array[_latest(stir, seconds)].reshape(-1, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH)
    ended = seconds > stir.seconds[-1] + 0.5 / PACE
    return np.where(ended[:, None, None], UNKNOWN, change)


def _latest(stir: Features, seconds: Array) -> npt.NDArray[np.int64]:
    """The number of the row that tells of each of these seconds."""
    return np.maximum(np.searchsorted(stir.seconds, seconds + 0.5 / PACE) - 1, 0)


def _cells(box: Sequence[float] | Array) -> tuple[slice, slice]:
    """The rows and columns of cells that a box lies in, one of each at least."""
    left, top, right, bottom = box
    return _span(top, bottom, THUMBNAIL_HEIGHT), _span(left, right, THUMBNAIL_WIDTH)


def _span(begin: float, end: float, count: int) -> slice:
    first = min(count - 1, max(0, int(begin * count)))
    return slice(first, max(first + 1, int(np.ceil(end * count))))


EXTRACTORS[NAME] = Stir

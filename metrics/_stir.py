"""How much each part of the picture changes within a second, beyond what the camera's own move explains.

A picture that was drawn once and is only shown changes little, whatever the camera does; one that lives does not.
"""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from evalsuite.features import ANALYSIS_PIXELS, EXTRACTORS, THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH
from evalsuite.interfaces import Extractor, Sampling
from evalsuite.types import Clip, Features, Frame

from ._camera import FEWEST_FOLLOW, NONE, Corners, followed, moves
from ._loops import runs
from ._timeline import PACE, Array, pace_of

NAME = "stir"
LAGS = (4, 8)
"""Samples of half a second, after which a gesture is elsewhere, and of a second."""
UNKNOWN = 100.0
"""The change where there is no moment before to compare with."""
STIRRED = 6.0
"""The change from which on a cell stirs, in units of Lab."""
PAUSE = 0.75
"""Seconds for which anybody may stand still."""
CALM = ((PAUSE, 5), (2.5, 13))
"""Where for so many seconds fewer than so many of 384 cells ever stir, nobody lives.

On `dev` in any such times 14 and 31 do at least in the world, 40 and 186 in generators' videos; 3 at most in all their
stills that the camera moves across, and 12 where a small dot moves on one.
"""
LIVELY = 0.1
"""Where at some time within `PAUSE` this share of the cells stir that do in the middling moment of the video, it is as
lively as can be asked for."""
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
    stirring, pace = _stirring(stir), pace_of(stir.seconds)
    calm = np.any([runs(stirring < fewest, max(1, round(lasting * pace))) for lasting, fewest in CALM], axis=0)
    return np.asarray(_with_later(calm).any(axis=1))[_latest(stir, seconds)]


def liveliness(stir: Features, seconds: Array) -> Array:
    """How much stirs at each of these seconds, 0 - 1, beside what mostly stirs in this video."""
    stirring, lasting = _stirring(stir), max(1, round(PAUSE * pace_of(stir.seconds)))
    usual = np.median(stirring[max(LAGS) :]) if len(stirring) > max(LAGS) else 0.0  # before, nothing is known
    lively = np.minimum(stirring / max(LIVELY * usual, 1.0), 1)
    recent = sliding_window_view(np.pad(lively, (lasting - 1, 0), mode="edge"), lasting).max(axis=1)
    return np.asarray(_with_later(recent).min(axis=1))[_latest(stir, seconds)]


def _stirring(stir: Features) -> npt.NDArray[np.int_]:
    """How many cells stir in each row."""
    return np.asarray((stir.array >= STIRRED).sum(axis=1))


def _with_later(rows: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Each row and those of the second after it, which tell of it too: (rows, rows of a second and one)."""
    return sliding_window_view(np.pad(rows, (0, max(LAGS)), mode="edge"), max(LAGS) + 1)


def _latest(stir: Features, seconds: Array) -> npt.NDArray[np.int_]:
    """The number of the last row at each of these seconds."""
    return np.asarray(np.maximum(np.searchsorted(stir.seconds, seconds + 0.5 / PACE) - 1, 0))


EXTRACTORS[NAME] = Stir

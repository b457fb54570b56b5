"""What metrics see: every extractor runs once for each video, in one pass over its streamed frames.

Pixel extractors share one resize of each frame, in uint8 and antialiased, to about `ANALYSIS_PIXELS` with its shape
kept: a 96 x 64 and a 1440 x 960 video of the same content give nearly the same rows, at nearly the same cost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from evalsuite.errors import UnknownPluginError, VideoError
from evalsuite.interfaces import Extractor
from evalsuite.types import Clip, Features, Frame
from evalsuite.viewing import Sized, Viewer

ANALYSIS_PIXELS = 96 * 64
THUMBNAIL_WIDTH = 24
THUMBNAIL_HEIGHT = 16
HUES = 24
"""Bins of the hue circle, 15 degrees each."""


class Thumbnails(Extractor):
    """Each frame as 24 x 16 cells of CIE Lab: rows, columns and (L, a, b), flattened."""

    version: ClassVar[str] = "1"
    dimensions: ClassVar[int] = THUMBNAIL_HEIGHT * THUMBNAIL_WIDTH * 3
    pixels: ClassVar[int | None] = ANALYSIS_PIXELS

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (time, 1152); L in 0 - 100, a and b in about -127 - 127."""
        size = (THUMBNAIL_WIDTH, THUMBNAIL_HEIGHT)
        return np.stack([cv2.resize(_lab(frame), size, interpolation=cv2.INTER_AREA).ravel() for frame in clip.frames])


class Colour(Extractor):
    """Each frame's colours and sharpness as few numbers: `MEAN`, `SPREAD`, `SHARPNESS` and `HUE` say where they are."""

    MEAN: ClassVar[slice] = slice(0, 3)
    """Mean L, a and b."""
    SPREAD: ClassVar[slice] = slice(3, 4)
    """Standard deviation of L."""
    SHARPNESS: ClassVar[slice] = slice(4, 5)
    """Natural logarithm of how large the finest detail is, against all detail."""
    HUE: ClassVar[slice] = slice(5, 5 + HUES)
    """Mean chroma by hue: the bins sum to the mean chroma of the frame."""

    version: ClassVar[str] = "1"
    dimensions: ClassVar[int] = 5 + HUES
    pixels: ClassVar[int | None] = ANALYSIS_PIXELS

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (time, 29)."""
        return np.stack([_colours(_lab(frame)) for frame in clip.frames])


EXTRACTORS: dict[str, type[Extractor]] = {"colour": Colour, "thumbnails": Thumbnails}
"""By name; a plugin that brings its own adds it here when it is imported."""


def extractor(text: str) -> Extractor:
    """The extractor that `NAME` or `NAME:ARGUMENT` names; `UnknownPluginError` where there is none."""
    name, colon, argument = text.partition(":")
    if name not in EXTRACTORS:
        raise UnknownPluginError(f"there is no extractor {name!r}: there are {', '.join(sorted(EXTRACTORS))}.")
    made: Callable[..., Extractor] = EXTRACTORS[name]
    return made(argument) if colon else made()


def extract(clips: Iterable[Clip], names: Sequence[str]) -> dict[str, Features]:
    """What each extractor in `names` sees in one video, from a single pass; `VideoError` where there are no frames."""
    return {name: told(each) for name, each in try_extract(clips, names).items()}


def try_extract(clips: Iterable[Clip], names: Sequence[str]) -> dict[str, Features | Exception]:
    """The same, with what went wrong in place of features: an extractor that cannot see costs the others nothing."""
    attempts = [_Attempt(name) for name in sorted(set(names))]
    empty = True
    for clip in clips:
        empty = False
        sized = Sized(clip)
        for attempt in attempts:
            attempt.look(sized)
    if empty:
        raise VideoError("the video has no frames.")
    return {attempt.name: attempt.result() for attempt in attempts}


def told(found: Features | Exception) -> Features:
    """Features, or what went wrong raised."""
    if isinstance(found, Exception):
        raise found
    return found


class _Attempt:
    """One extractor on its way through one video, for as long as it can."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._failure: Exception | None = None
        self._viewer: Viewer | None = None

    def look(self, sized: Sized) -> None:
        if self._failure is not None:
            return
        try:
            self._viewer = self._viewer or Viewer(self.name, extractor(self.name))
            self._viewer.look(sized)
        except Exception as error:  # an extractor may fail in any way; its metrics tell
            self._failure = error

    def result(self) -> Features | Exception:
        if self._failure is not None or self._viewer is None:
            return self._failure or VideoError("the video has no frames.")
        try:
            return self._viewer.features()
        except Exception as error:  # such as rows of several lengths
            return error


def _lab(frame: Frame) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.cvtColor(frame.astype(np.float32) / 255, cv2.COLOR_RGB2LAB), dtype=np.float32)


def _colours(lab: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """One row of `Colour` for one frame in Lab, shape (height, width, 3)."""
    light = lab[..., 0]
    chroma, hue = cv2.cartToPolar(lab[..., 1], lab[..., 2])
    bins = np.minimum((hue * (HUES / (2 * np.pi))).astype(np.int64), HUES - 1)
    weights = np.bincount(bins.ravel(), weights=chroma.ravel(), minlength=HUES) / light.size
    return np.concatenate([lab.mean(axis=(0, 1)), [light.std()], [_sharpness(light)], weights]).astype(np.float32)


def _sharpness(light: npt.NDArray[np.float32]) -> float:
    fine = float((light - cv2.GaussianBlur(light, (0, 0), 0.8)).std())
    coarse = float((light - cv2.GaussianBlur(light, (0, 0), 3.0)).std())
    return float(np.log((fine + 0.05) / (coarse + 0.5)))

"""Hands an extractor what it asks for of a stream of frames: its size, its moments, its excerpts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import cv2
import numpy as np
import numpy.typing as npt

from evalsuite.errors import VideoError
from evalsuite.interfaces import Extractor, Sampling
from evalsuite.types import Clip, Features, Frame

_EARLY = 1e-6
"""Seconds by which rounding may let a frame be early."""
_AT_ONCE = 16
"""Single frames that an extractor is shown together at least, until the video ends: few at a time are slow to see."""


class Sized:
    """The frames of one clip at the sizes that are asked for, each of which is made once."""

    def __init__(self, clip: Clip) -> None:
        self.clip = clip
        self._made: dict[tuple[int, int | None], Frame] = {}

    def frame(self, index: int, pixels: int | None) -> Frame:
        """One frame with about so many pixels, its shape kept: uint8, antialiased."""
        if (index, pixels) not in self._made:
            self._made[index, pixels] = resized(self.clip.frames[index], pixels)
        return self._made[index, pixels]

    def whole(self, pixels: int | None) -> Clip:
        """All frames with about so many pixels."""
        if pixels is None:
            return self.clip
        frames = np.stack([self.frame(index, pixels) for index in range(len(self.clip.frames))])
        return Clip(frames, self.clip.seconds)


class Viewer:
    """One extractor on its way through one video."""

    def __init__(self, name: str, extractor: Extractor) -> None:
        self.name = name
        self._extractor = extractor
        self._picker = None if extractor.sampling is None else _Picker(extractor.sampling, extractor.pixels)
        self._rows: list[npt.NDArray[np.float32]] = []
        self._seconds: list[npt.NDArray[np.float64]] = []
        extractor.start()

    def look(self, sized: Sized) -> None:
        """Show the extractor what it wants of the next frames."""
        self._see([sized.whole(self._extractor.pixels)] if self._picker is None else self._picker.clips(sized))

    def features(self) -> Features:
        """All that was seen; an excerpt is told by when it begins. `VideoError` where any of it is no number."""
        if self._picker is not None:
            self._see(self._picker.rest())
        rows = np.concatenate(self._rows or [np.zeros((0, self._extractor.dimensions), np.float32)])
        if not np.isfinite(rows).all():
            raise VideoError(f"{self.name} saw something in the video that is no number.")
        return Features(self.name, self._extractor.revision, rows, np.concatenate([np.zeros(0), *self._seconds]))

    def _see(self, clips: Iterable[Clip]) -> None:
        for clip in clips:
            rows = self._extractor.extract(clip)
            self._rows.append(rows)
            self._seconds.append(clip.seconds[: len(rows)])


def resized(frame: Frame, pixels: int | None) -> Frame:
    """A frame with about so many pixels, its shape kept: uint8, antialiased."""
    height, width = frame.shape[:2]
    scale = 1.0 if pixels is None else (pixels / (width * height)) ** 0.5
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return frame
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(frame, size, interpolation=method), dtype=np.uint8)


@dataclass(slots=True)
class _Excerpt:
    """Frames that are still being gathered."""

    start: float
    frames: list[Frame] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class _Picker:
    """Gathers the excerpts of a sampling from a stream; holds those that are not yet complete."""

    def __init__(self, sampling: Sampling, pixels: int | None) -> None:
        self._sampling, self._pixels = sampling, pixels
        self._opened = 0
        self._open: list[_Excerpt] = []
        self._single: list[_Excerpt] = []

    def clips(self, sized: Sized) -> Iterator[Clip]:
        """Excerpts that these frames complete; single frames together, once there are enough."""
        done = [excerpt for index in range(len(sized.clip.seconds)) for excerpt in self._add(sized, index)]
        if self._sampling.frames > 1:
            yield from (_clip([excerpt]) for excerpt in done)
            return
        self._single += done
        if len(self._single) >= _AT_ONCE:
            yield from self.rest()

    def rest(self) -> Iterator[Clip]:
        """Single frames that still wait for others."""
        if self._single:
            yield _clip(self._single)
        self._single = []

    def _add(self, sized: Sized, index: int) -> list[_Excerpt]:
        """The excerpts that one frame completes."""
        second, asked = float(sized.clip.seconds[index]), self._sampling
        while self._opened * asked.every <= second + _EARLY:
            self._open.append(_Excerpt(self._opened * asked.every))
            self._opened += 1
        for excerpt in self._open:
            while self._lacks(excerpt, second):
                excerpt.frames.append(sized.frame(index, self._pixels).copy())  # a view would keep all of its clip
                excerpt.seconds.append(second)
        done = [excerpt for excerpt in self._open if len(excerpt.frames) == asked.frames]
        self._open = self._open[len(done) :]  # those that began first are the first to be complete
        return done

    def _lacks(self, excerpt: _Excerpt, second: float) -> bool:
        """Whether the frame at this second is the next of the excerpt."""
        count, asked = len(excerpt.frames), self._sampling
        return count < asked.frames and excerpt.start + count * asked.seconds / asked.frames <= second + _EARLY


def _clip(excerpts: list[_Excerpt]) -> Clip:
    frames = [frame for excerpt in excerpts for frame in excerpt.frames]
    return Clip(np.stack(frames), np.array([second for excerpt in excerpts for second in excerpt.seconds]))

"""Rows of features at an even pace near 8 a second, whatever the frame rate: metrics sample by time, not by index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from evalsuite.features import THUMBNAIL_HEIGHT, THUMBNAIL_WIDTH
from evalsuite.types import Features, Storyboard

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Found = TypeVar("Found")

PACE = 8.0
"""Samples per second that are aimed at."""


@dataclass(frozen=True)
class Timeline:
    """Evenly spaced samples of a video, no longer than its storyboard."""

    rows: Array
    """Shape (samples, dimensions)."""
    rate: float
    """Samples per second."""
    coverage: float
    """The share of the storyboard's length that the video fills, 0 - 1."""
    features: Features | None = None
    """What the samples were taken from."""

    @property
    def seconds(self) -> Array:
        """When each sample is shown."""
        return np.arange(len(self.rows)) / self.rate

    def at(self, seconds: Array, flags: Flags) -> Flags:
        """What `flags` of the samples say at other moments."""
        nearest = np.rint(seconds * self.rate).astype(np.int64)
        return np.asarray(flags[np.minimum(nearest, len(flags) - 1)])

    def samples(self, seconds: float) -> int:
        """How many samples fit into so many seconds; at least one."""
        return max(1, round(seconds * self.rate))


def pace_of(seconds: Array) -> float:
    """How many of these moments fall into a second; `PACE` where there is but one."""
    steps = np.diff(seconds)
    return 1 / float(np.median(steps[steps > 0])) if np.any(steps > 0) else PACE  # slow videos may repeat a moment


def timeline(features: Features, storyboard: Storyboard) -> Timeline:
    """The part of a video that its storyboard covers; a stride over whole frames keeps motion even."""
    shown = features.seconds
    fps = pace_of(shown)
    rate = fps / max(1, round(fps / PACE))
    length = min(float(shown[-1]) + 1 / fps, storyboard.seconds)
    grid = np.arange(max(1, round(length * rate))) / rate
    nearest = np.clip(np.searchsorted(shown, grid + 0.5 / fps) - 1, 0, len(shown) - 1)
    return Timeline(features.array[nearest].astype(np.float64), rate, min(1.0, length / storyboard.seconds), features)


def once_per_video(find: Callable[[Timeline], Found]) -> Callable[[Timeline], Found]:
    """Finds what many metrics ask of a video only once, and keeps it for as long as the video's features are kept.

    Who gets it must not change it.
    """
    kept: WeakKeyDictionary[Features, dict[int, Found]] = WeakKeyDictionary()

    @wraps(find)
    def recalled(line: Timeline) -> Found:
        if line.features is None:
            return find(line)
        known = kept.setdefault(line.features, {})
        samples = len(line.rows)  # all that a storyboard decides of a timeline
        if samples not in known:
            known[samples] = find(line)
        return known[samples]

    return recalled


def segments_at(seconds: Array, storyboard: Storyboard) -> npt.NDArray[np.int64]:
    """The number of the segment that is shown at each of these seconds, of the same shape."""
    return np.asarray(np.searchsorted(storyboard.starts, seconds + 1e-6, side="right") - 1)  # rounding may be early


def overlooked(seconds: Array, storyboard: Storyboard, coverage: float) -> Flags:
    """Of each segment, whether the video shows it and yet none of the moments `seconds` lies in it, it is so short."""
    ends = np.append(storyboard.starts[1:], storyboard.seconds)
    looks = np.bincount(segments_at(seconds[seconds < storyboard.seconds], storyboard), minlength=len(ends))
    return np.asarray((looks == 0) & (ends <= coverage * storyboard.seconds + 1e-6))


def shares(flags: Flags | Array, line: Timeline, storyboard: Storyboard) -> Array:
    """The share of each segment's moments at which `flags` is true; those that the video lacks count as false.

    Numbers from 0 to 1 may stand for flags; the answer is then their mean.
    """
    number = segments_at(line.seconds, storyboard)
    return np.asarray(
        np.bincount(number, weights=flags, minlength=len(storyboard.segments)) / lasting(line, storyboard)
    )


def lasting(line: Timeline, storyboard: Storyboard) -> Array:
    """How many samples each segment has, or would have if the video did not lack any."""
    there = np.bincount(segments_at(line.seconds, storyboard), minlength=len(storyboard.segments))
    return np.maximum(there, [segment.seconds * line.rate for segment in storyboard.segments])


def coarse(rows: Array, factor: int) -> Array:
    """Thumbnails in cells that are so many times as wide and high: what moves evenly changes large cells evenly."""
    height, width = THUMBNAIL_HEIGHT // factor, THUMBNAIL_WIDTH // factor
    cells = rows.reshape(len(rows), height, factor, width, factor, 3)
    return np.asarray(cells.mean(axis=(2, 4)).reshape(len(rows), -1))

"""Physics-IQ: does a generated video move where, when and as much as a real take of the same event does?

Motamed et al., "Do generative video models understand physical principles?" (arXiv 2501.09038); definitions after the
authors' code. Two takes of the same real event say how much two lawful videos may differ: the physical variance.
The original masks go through a lossy video file, which this does not imitate, and are then thresholded again: whole
scores agree with published ones only as far as those masks do. No metric of a run uses this, as a storyboard has no
second take; `takes` measures folders of videos.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt

Frames = npt.NDArray[np.uint8]
Flags = npt.NDArray[np.bool_]
LEARNING = 0.3
"""The weight of the newest frame in the running mean that stands for the background."""
CHANGED = 10.0
"""Grey levels, of 255, by which a moving pixel differs from the background."""
SMALLER = 4
"""By so many times height and width are shrunk for the squared error."""


class Agreement(NamedTuple):
    """How one video agrees with another; the overlaps are 0 - 1, and 1 where nothing moves in either."""

    spatial: float
    """Intersection over union of where anything ever moves."""
    spatiotemporal: float
    """That of where things move in each frame, as a mean over frames."""
    weighted: float
    """Sum of minima over sum of maxima of how often each pixel moves."""
    error: float
    """Mean squared difference of the pixels, 0 - 1."""


def motion_masks(frames: Frames) -> Flags:
    """Where things move in each frame, (frames, height, width); the first frame has nothing to differ from."""
    square = np.ones((5, 5), np.uint8)
    masks = np.zeros(frames.shape[:3], dtype=np.bool_)
    background: npt.NDArray[np.float32] | None = None
    for number, frame in enumerate(frames):
        grey = cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY), (5, 5), 0).astype(np.float32)
        if background is None:
            background = grey
            continue
        background = (1 - LEARNING) * background + LEARNING * grey
        moving = (np.abs(grey - background) > CHANGED).astype(np.uint8)
        moving = cv2.morphologyEx(cv2.morphologyEx(moving, cv2.MORPH_OPEN, square), cv2.MORPH_CLOSE, square)
        masks[number] = moving > 0
    return masks


def compare(video: Frames, other: Frames) -> Agreement:
    """Both of shape (frames, height, width, 3)."""
    if video.shape != other.shape:
        raise ValueError(f"both videos must have one shape, and have {video.shape} and {other.shape}: cut and resize.")
    mine, its = motion_masks(video), motion_masks(other)
    apart = (_small(video) - _small(other)) ** 2
    return Agreement(spatial(mine, its), spatiotemporal(mine, its), weighted(mine, its), float(apart.mean()))


def spatial(mine: Flags, its: Flags) -> float:
    """Intersection over union of the masks' union over time."""
    return _overlap(np.asarray(mine.any(axis=0)), np.asarray(its.any(axis=0)))


def spatiotemporal(mine: Flags, its: Flags) -> float:
    """The mean over frames of intersection over union."""
    return float(np.mean([_overlap(*pair) for pair in zip(mine, its, strict=True)]))


def weighted(mine: Flags, its: Flags) -> float:
    """Overlap of the masks' means over time: sum of minima over sum of maxima."""
    left, right = mine.mean(axis=0), its.mean(axis=0)
    union = float(np.maximum(left, right).sum())
    return float(np.minimum(left, right).sum()) / union if union else 1.0


def score(generated: Sequence[Agreement], variance: Sequence[Agreement]) -> float:
    """0 - 100, over a whole data set: the ratios are of means over the data set, not means of ratios.

    `generated` is each generated video against the first take, `variance` each second take against the first.
    """
    found, lawful = np.mean(np.array(generated), axis=0), np.mean(np.array(variance), axis=0)
    if not (lawful[:3] > 0).all():
        raise ValueError("the two takes never move in one place: Physics-IQ needs two takes of the same event.")
    return 100 * float(np.clip((found[:3] / lawful[:3]).mean() - (found[3] - lawful[3]), 0, 1))


def _overlap(left: Flags, right: Flags) -> float:
    union = int((left | right).sum())
    return int((left & right).sum()) / union if union else 1.0


def _small(frames: Frames) -> npt.NDArray[np.float64]:
    height, width = frames.shape[1:3]
    size = (max(1, width // SMALLER), max(1, height // SMALLER))
    return np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in frames]) / 255.0

"""How brightness varies locally in each frame, as few numbers: the scene statistics of BRISQUE.

Brightness less its local mean, divided by its local contrast, follows a generalised Gaussian, and the products of
neighbours an asymmetric one; blur, noise and blocks change their shapes (Mittal, Moorthy and Bovik 2012, equations 1 to
11). Shapes are fitted by matching moments. All frames are brought to one size first, and how large each one was is told
too, since a small picture enlarged lacks detail that it never had.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from scipy.special import gamma

from evalsuite.features import ANALYSIS_PIXELS, EXTRACTORS
from evalsuite.interfaces import Extractor, Sampling, Training
from evalsuite.types import Clip, Frame
from evalsuite.viewing import resized

from ._timeline import Array

if TYPE_CHECKING:
    from pathlib import Path

NAME = "scene-statistics"
PIXELS = ANALYSIS_PIXELS // 4
"""Half the size that others look at, at which one resize more does little harm."""
SCALES = 2
NEIGHBOURS = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Rows down and columns right."""
_WINDOW, _SIGMA = (7, 7), 7 / 6
_FLAT = 1.0  # of 255: what is added to the contrast, so that flat ground is not made of noise
_SHAPES = np.arange(0.2, 10.0, 0.01)
_RATIOS = gamma(2 / _SHAPES) ** 2 / (gamma(1 / _SHAPES) * gamma(3 / _SHAPES))


class Asymmetric(NamedTuple):
    """A fitted asymmetric generalised Gaussian."""

    shape: float
    """2 for a Gaussian, 1 for a Laplacian."""
    mean: float
    left: float
    """Root mean square of what is below 0, and ..."""
    right: float
    """... of what is above."""


class SceneStatistics(Extractor):
    """Twice a second, shape and spread of the brightness, and of its products with four neighbours, and the size."""

    version: ClassVar[str] = "2"
    dimensions: ClassVar[int] = SCALES * (2 + 4 * len(NEIGHBOURS)) + 1
    sampling: ClassVar[Sampling | None] = Sampling(every=0.5)

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (time, 37)."""
        return np.stack([sized_statistics(frame) for frame in clip.frames]).astype(np.float32)

    def train(self, training: Training) -> list[Path]:
        """What these statistics are in frames of the world."""
        from .training.clean_frames import measure_clean_frames  # draws, and only for training

        return measure_clean_frames(training)


def sized_statistics(frame: Frame) -> Array:
    """One row of `SceneStatistics`: the statistics, and the log of the width against `ANALYSIS_PIXELS`."""
    height, width = frame.shape[:2]
    return np.append(statistics(resized(frame, PIXELS)), 0.5 * np.log(width * height / ANALYSIS_PIXELS))


def statistics(frame: Frame) -> Array:
    """Shape and spread of the brightness, and of its products with four neighbours, at two scales; shape (36,)."""
    light = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float64)
    rows: list[float] = []
    for scale in range(SCALES):
        shrunk = cv2.resize(light, None, fx=0.5**scale, fy=0.5**scale, interpolation=cv2.INTER_AREA)
        evened = normalised(np.asarray(shrunk, dtype=np.float64))
        own = asymmetric(evened)
        rows += [own.shape, (own.left + own.right) / 2]
        for down, right in NEIGHBOURS:
            rows += asymmetric(_products(evened, down, right))
    return np.array(rows)


def normalised(light: Array) -> Array:
    """Brightness less its local mean, divided by its local contrast; shape (height, width)."""
    mean = cv2.GaussianBlur(light, _WINDOW, _SIGMA)
    contrast = np.sqrt(np.maximum(cv2.GaussianBlur(light**2, _WINDOW, _SIGMA) - mean**2, 0))
    return np.asarray((light - mean) / (contrast + _FLAT))


def asymmetric(values: Array) -> Asymmetric:
    """The asymmetric generalised Gaussian with the moments of the values."""
    left, right = (_root_mean_square(values[side]) for side in (values < 0, values > 0))
    ratio = left / right
    moments = np.abs(values).mean() ** 2 / max(float(np.mean(values**2)), 1e-12)
    moments *= (ratio**3 + 1) * (ratio + 1) / (ratio**2 + 1) ** 2
    shape = float(_SHAPES[np.argmin((_RATIOS - moments) ** 2)])
    mean = (right - left) * float(gamma(2 / shape) / np.sqrt(gamma(1 / shape) * gamma(3 / shape)))
    return Asymmetric(shape, mean, left, right)


def _root_mean_square(values: Array) -> float:
    """At least a little, so that a picture of one colour has statistics too."""
    return max(float(np.sqrt(np.mean(values**2))), 1e-3) if len(values) else 1e-3


def _products(values: Array, down: int, right: int) -> Array:
    """Of each value with its neighbour, where there is one."""
    height, width = values.shape
    own = values[: height - down, max(0, -right) : width - max(0, right)]
    return np.asarray(own * values[down:, max(0, right) : width + min(0, right)])


EXTRACTORS[NAME] = SceneStatistics

"""How much each frame differs from the one before, pixel by pixel, at the video's own size."""

from __future__ import annotations

from typing import ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from evalsuite.features import EXTRACTORS
from evalsuite.interfaces import Extractor
from evalsuite.types import Clip, Frame

NAME = "pixel-change"


class PixelChange(Extractor):
    """The mean absolute difference to the frame before, over pixels and colours, 0 - 255; the first frame has 0."""

    version: ClassVar[str] = "1"
    dimensions: ClassVar[int] = 1

    def __init__(self) -> None:
        self._before: Frame | None = None

    def start(self) -> None:
        """Forget the last frame of the last video."""
        self._before = None

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (time, 1)."""
        first = clip.frames[0] if self._before is None else self._before
        pairs = zip([first, *clip.frames[:-1]], clip.frames, strict=True)
        self._before = clip.frames[-1]
        return np.array([[cv2.absdiff(before, now).mean()] for before, now in pairs], dtype=np.float32)


EXTRACTORS[NAME] = PixelChange

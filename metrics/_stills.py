"""A few whole frames a second, small, for those who judge pictures themselves."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from evalsuite.features import EXTRACTORS
from evalsuite.interfaces import Extractor, Sampling
from evalsuite.types import Clip, Features, Frame

NAME = "stills"


class Stills(Extractor):
    """A frame a second of about 288 x 192 pixels: height and width, then its values, row by row."""

    version: ClassVar[str] = "1"
    dimensions: ClassVar[int] = 0
    pixels: ClassVar[int | None] = 288 * 192
    sampling: ClassVar[Sampling | None] = Sampling(every=1.0)

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (time, 2 + height x width x 3)."""
        count, height, width, _ = clip.frames.shape
        size = np.tile(np.array([height, width], np.float32), (count, 1))
        return np.concatenate([size, clip.frames.reshape(count, -1).astype(np.float32)], axis=1)


def frames_of(features: Features) -> list[Frame]:
    """The frames that the rows are of."""
    return [row[2:].astype(np.uint8).reshape(int(row[0]), int(row[1]), 3) for row in features.array]


EXTRACTORS[NAME] = Stills

"""What toon-place sees twice a second, as rows of numbers; the network itself is loaded when the first frame comes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from evalsuite.features import ANALYSIS_PIXELS, EXTRACTORS
from evalsuite.interfaces import Extractor, Sampling, Training
from evalsuite.learning.sums import verify
from evalsuite.types import Clip

from .models.places import EMBEDDING, REVISION, WEIGHTS

if TYPE_CHECKING:
    from pathlib import Path

    from .models.toon_place import PlaceTeller

NAME = "toon-place"


class ToonPlace(Extractor):
    """The embedding of the place, twice a second."""

    version: ClassVar[str] = f"1-{REVISION}"
    dimensions: ClassVar[int] = EMBEDDING
    pixels: ClassVar[int | None] = ANALYSIS_PIXELS
    sampling: ClassVar[Sampling | None] = Sampling(every=0.5)

    def __init__(self) -> None:
        self._model: PlaceTeller | None = None

    def check(self) -> None:
        """That its file is the listed one."""
        verify(WEIGHTS)

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (time, EMBEDDING), each of length 1."""
        import torch

        from .models.toon_place import HEIGHT, WIDTH, load_place_teller

        if self._model is None:
            self._model = load_place_teller()
        small = [cv2.resize(frame, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for frame in clip.frames]
        with torch.inference_mode():
            told = self._model(torch.from_numpy(np.stack(small)).movedim(-1, 1) / 127.5 - 1)
        return np.asarray(told.numpy(), dtype=np.float32)

    def train(self, training: Training) -> list[Path]:
        """The network, from nothing."""
        from .training.train_toon_place import train_toon_place  # heavy, and only for training

        return train_toon_place(training)


EXTRACTORS[NAME] = ToonPlace

"""What toon-video sees in each excerpt of a video, as rows of numbers: of 2 seconds, and of 16."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from evalsuite.features import ANALYSIS_PIXELS, EXTRACTORS
from evalsuite.interfaces import Extractor, Sampling, Training
from evalsuite.learning.sums import revision, verify
from evalsuite.types import Clip

if TYPE_CHECKING:
    from .models.toon_video import ClipEncoder

WEIGHTS = Path(__file__).parent / "weights" / "toon_video.safetensors"
SHORT, LONG = "toon-video", "toon-video-long"
_EVERY = 3.0
_FOLD = 16


class ToonVideo(Extractor):
    """Excerpts of 2 seconds, one every 3 seconds: 64 numbers each, with mean 0 and variance 1."""

    version: ClassVar[str] = "1"
    dimensions: ClassVar[int] = 64
    pixels: ClassVar[int | None] = ANALYSIS_PIXELS
    sampling: ClassVar[Sampling | None] = Sampling(every=_EVERY, frames=16, seconds=2.0)

    def __init__(self, *, weights: Path = WEIGHTS) -> None:
        self._weights = weights
        self._model: ClipEncoder | None = None

    @property
    def revision(self) -> str:
        return f"{self.version}-{revision(self._weights)}"

    def check(self) -> None:
        """That its file is the listed one."""
        verify(self._weights)

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (1, 64)."""
        import torch

        from evalsuite.learning.weights import quick_kind

        from .models.toon_video import load_encoder

        if self._model is None:
            self._model = load_encoder(self._weights).to(quick_kind())
        height, width = clip.frames.shape[1:3]
        edges = ((0, 0), (0, -height % _FOLD), (0, -width % _FOLD), (0, 0))
        frames = torch.from_numpy(np.pad(clip.frames, edges, mode="edge")).movedim(-1, 1)
        with torch.inference_mode():
            rows = self._model((frames.float() / 127.5 - 1).unsqueeze(0).to(quick_kind()))
        return np.asarray(rows.float().numpy())

    def train(self, training: Training) -> list[Path]:
        """The network, from nothing."""
        from .training.train_toon_video import train_toon_video  # heavy, and only for training

        return train_toon_video(training)


class ToonVideoLong(ToonVideo):
    """The same of excerpts of 16 seconds, a frame a second."""

    sampling: ClassVar[Sampling | None] = Sampling(every=_EVERY, frames=16, seconds=16.0)


EXTRACTORS[SHORT] = ToonVideo
EXTRACTORS[LONG] = ToonVideoLong

"""What toon-id sees in each frame, as rows of numbers; the network itself is loaded when the first frame comes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import numpy.typing as npt

from evalsuite.features import ANALYSIS_PIXELS, EXTRACTORS
from evalsuite.interfaces import Extractor, Training
from evalsuite.learning.sums import verify
from evalsuite.types import Clip

from ._timeline import Array
from .models.looks import EMBEDDING, OUTLINES, OUTLINES_REVISION, REVISION, WEIGHTS

if TYPE_CHECKING:
    from pathlib import Path

    from .models.outlines import Outlines
    from .models.toon_id import Detector

MOST = 6
"""Detections that are kept of a frame."""
NAME = "toon-id"
_EACH = 2 + 4 + EMBEDDING
_FRAMES_AT_ONCE = 32
_FOLD = 8  # the network halves a picture three times


@dataclass(frozen=True)
class Sights:
    """What is seen in each of some samples, the surest first; arrays are (samples, MOST, ...)."""

    score: Array
    """0 - 1."""
    kind: npt.NDArray[np.int64]
    """A number in `KINDS`."""
    box: Array
    """Left, top, right, bottom, as shares of the picture's width and height."""
    identity: Array
    """Embeddings of length 1."""


def sights(rows: Array) -> Sights:
    """Rows of the extractor, (samples, dimensions), taken apart."""
    each = rows[:, : MOST * _EACH].reshape(len(rows), MOST, _EACH)
    return Sights(each[..., 0], each[..., 1].astype(np.int64), each[..., 2:6], each[..., 6:])


def strangeness(rows: Array) -> Array:
    """How strange the outline of each sight is, (samples, MOST), 0 - 1: see `models/outlines.py`."""
    return rows[:, MOST * _EACH :]


class ToonId(Extractor):
    """Characters and things of the cartoon world: for each of the `MOST` surest, score, kind, box and embedding.

    After all of these, how strange the outline of each is.
    """

    version: ClassVar[str] = f"2-{REVISION}-{OUTLINES_REVISION}"
    dimensions: ClassVar[int] = MOST * (_EACH + 1)
    pixels: ClassVar[int | None] = ANALYSIS_PIXELS

    def __init__(self) -> None:
        self._model: Detector | None = None
        self._outlines: Outlines | None = None

    def check(self) -> None:
        """That both of its files are the listed ones."""
        verify(WEIGHTS, OUTLINES)

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (time, dimensions)."""
        frames = clip.frames
        parts = [
            self._look(frames[start : start + _FRAMES_AT_ONCE]) for start in range(0, len(frames), _FRAMES_AT_ONCE)
        ]
        return np.concatenate(parts)

    def train(self, training: Training) -> list[Path]:
        """The network, from nothing, and then what it sees of clean bodies."""
        from .training.outlines import measure_outlines  # heavy, and only for training
        from .training.train_toon_id import train_toon_id

        (network,) = train_toon_id(training)
        return [network, *measure_outlines(training, network)]

    def _look(self, frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        import torch

        from evalsuite.learning.weights import quick_kind

        from .models.outlines import load_outlines
        from .models.toon_id import load_detector, peaks

        if self._model is None or self._outlines is None:
            self._model = load_detector().to(quick_kind()).to(memory_format=torch.channels_last)
            self._outlines = load_outlines()
        height, width = frames.shape[1:3]
        edges = ((0, 0), (0, -height % _FOLD), (0, -width % _FOLD), (0, 0))
        padded = torch.from_numpy(np.pad(frames, edges, mode="edge")).movedim(-1, 1)
        with torch.inference_mode():
            layers = self._model.layers((padded.float() / 127.5 - 1).to(quick_kind()))
            seen = peaks(self._model.told(layers), MOST)
            strange = self._outlines.strangeness(layers, seen.box)
        box = seen.box / seen.box.new_tensor([width, height, width, height])
        columns = (seen.score.unsqueeze(-1), seen.kind.unsqueeze(-1).float(), box, seen.identity)
        return torch.cat([torch.cat(columns, dim=-1).flatten(1), strange], dim=1).numpy()


EXTRACTORS[NAME] = ToonId

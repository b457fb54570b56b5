"""Whose face is in a frame: YuNet finds faces, ArcFace looks at the only one.

A face is turned and scaled so that eyes, nose and corners of the mouth lie, by least squares, where ArcFace was taught
that they are. Which of several faces is whose nobody can say, so of such a frame only their number is told.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import numpy.typing as npt

from evalsuite import backbones
from evalsuite.errors import WeightsError
from evalsuite.features import EXTRACTORS
from evalsuite.interfaces import Sampling
from evalsuite.types import Clip, Frame

from ._backbone import Backbone, once

NAME = "arcface"
FINDER = "yunet"
SURE = 0.9
"""From here on YuNet's score counts as a face: the default of its authors."""
PLACES = np.array([38.2946 + 51.6963j, 73.5318 + 51.5014j, 56.0252 + 71.7366j, 41.5493 + 92.3655j, 70.7299 + 92.2041j])
"""Eyes, nose and corners of the mouth in a face of 112 x 112 as insightface aligns it; x + iy, from left to right."""


class ArcFace(Backbone):
    """Two frames a second: how many faces there are, and where it is one, its embedding, of length 1."""

    version: ClassVar[str] = "1"
    sampling: ClassVar[Sampling | None] = Sampling(every=0.5)

    def __init__(self, weights: str = "arcface-r50") -> None:
        self.weights = weights

    @property
    def revision(self) -> str:
        """The version, and the sums of both files that are there."""
        return f"{super().revision}-{backbones.revision(FINDER)}"

    def load(self) -> Any:
        """The network that looks at faces."""
        from .models.arcface import load_arcface

        return once(load_arcface, self.weights, self.revision)

    @cached_property
    def finder(self) -> Any:
        """The network that finds them, an ONNX file that OpenCV reads by itself."""
        return once(_load_finder, FINDER, self.revision)

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (time, 1 + channels): the number of faces and the embedding, or 0 where they are not one."""
        return np.stack([self._row(frame) for frame in clip.frames])

    def _row(self, frame: Frame) -> npt.NDArray[np.float32]:
        import torch
        from torch.nn.functional import normalize

        from evalsuite.learning.device import device

        row = np.zeros(1 + self.network.fc.out_features, np.float32)
        points = self._found(frame)
        row[0] = len(points)
        if len(points) == 1:
            face = torch.from_numpy(aligned(frame, points[0])).movedim(-1, 0).float() / 127.5 - 1
            with torch.inference_mode():
                row[1:] = normalize(self.network(face.unsqueeze(0).to(device())), dim=1)[0].cpu().numpy()
        return row

    def _found(self, frame: Frame) -> npt.NDArray[np.complex128]:
        """Eyes, nose and corners of the mouth of each face as x + iy, (faces, 5)."""
        self.finder.setInputSize(frame.shape[1::-1])
        _, found = self.finder.detect(cv2.cvtColor(frame, cv2.COLOR_RGB2BGR))
        corners = np.zeros((0, 10)) if found is None else found[:, 4:14].astype(np.float64)
        return np.asarray(corners[:, ::2] + 1j * corners[:, 1::2])


def aligned(frame: Frame, points: npt.NDArray[np.complex128]) -> Frame:
    """The face whose eyes, nose and mouth are at these points, (112, 112, 3)."""
    spread, wanted = points - points.mean(), PLACES - PLACES.mean()
    turn = (spread.conj() @ wanted) / (spread.conj() @ spread).real  # least squares: rotation and scale in one number
    shift = PLACES.mean() - turn * points.mean()
    matrix = np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]])
    return np.asarray(cv2.warpAffine(frame, matrix, (112, 112)), dtype=np.uint8)


def _load_finder(path: Path) -> Any:
    try:
        return cv2.FaceDetectorYN.create(str(path), "", (320, 320), SURE)
    except cv2.error as error:
        raise WeightsError(f"{path.name} is no face detector that OpenCV {cv2.__version__} can read.") from error


EXTRACTORS[NAME] = ArcFace

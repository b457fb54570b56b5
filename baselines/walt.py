"""W.A.L.T: a cascade of three small diffusion models with attention in windows, trained on the cartoon world.

*Photorealistic Video Generation with Diffusion Models* (arXiv 2312.06662) at a thousandth of its size. Long videos are
made as there, each chunk of 17 frames from the last 5 before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import cv2
import numpy as np

from evalsuite.errors import PluginError
from evalsuite.interfaces import Baseline, Training
from evalsuite.learning.sums import revision, verify
from evalsuite.types import Footage, Frame, Storyboard, VideoSpec

from .models.files import AUTOENCODER, CASCADE, NO_WEIGHTS, SHIPPED, weight_file

if TYPE_CHECKING:
    from .models.walt_generator import WaltGenerator

ARITHMETIC = "3"
"""Raised when the code makes other pixels of the same weights."""


class Walt(Baseline):
    """Text to cartoon, 8 frames a second; made at 48 x 32, 96 x 64 or 192 x 128, as large as is asked for.

    `walt:PICTURE.png` goes on from a picture, in each of its videos (image-to-video).
    """

    summary: ClassVar[str] = "cascade of latent diffusion with attention in windows (W.A.L.T), for the cartoon world"

    def __init__(self, picture: str = "") -> None:
        self._files = (SHIPPED / AUTOENCODER, *map(weight_file, CASCADE))
        self.revision = revision(*self._files) + f"-{ARITHMETIC}"
        self._picture = _read(Path(picture).expanduser()) if picture else None
        if self._picture is not None:
            self.revision += f"-{hashlib.sha256(self._picture.tobytes()).hexdigest()[:12]}"

    def check(self) -> None:
        """That its files are there, and are the listed ones."""
        verify(*self._files)

    @cached_property
    def _generator(self) -> WaltGenerator:
        """Loaded when the first video is asked for, and not for the revision alone."""
        from .models.walt_generator import WaltGenerator
        from .models.walt_weights import load_cascade
        from .models.weights import load_autoencoder

        return WaltGenerator(load_cascade(), load_autoencoder())

    def generate(self, storyboard: Storyboard, seed: int, spec: VideoSpec) -> Footage:
        """Frames at the size of `spec` and 8 a second; equal for equal storyboard and seed."""
        return self._generator.film(storyboard, seed, spec, self._picture)

    def train(self, training: Training) -> list[Path]:
        """The three models, on latents of the shipped autoencoder or of one trained from nothing."""
        from .training.train_walt import train_cascade  # heavy, and only for training

        return train_cascade(training)

    @classmethod
    def facts(cls) -> Mapping[str, str]:
        """What it remembers, and whether its weights are there."""
        files = [weight_file(name) for name in CASCADE]
        there = all(file.is_file() for file in files)
        size = f"{sum(file.stat().st_size for file in files) / 1e6:.1f} MB" if there else NO_WEIGHTS
        return {"memory": "the last five frames", "weights": size}


def _read(path: Path) -> Frame:
    """A picture as (height, width, 3), RGB."""
    found = cv2.imread(str(path)) if path.is_file() else None
    if found is None:
        raise PluginError(f"walt was to go on from the picture {path}, which is not there or no picture.")
    return np.asarray(found[..., ::-1], dtype=np.uint8)

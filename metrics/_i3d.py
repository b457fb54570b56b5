"""What I3D sees in excerpts of 16 frames, called as StyleGAN-V calls it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar
from warnings import catch_warnings

import numpy as np
import numpy.typing as npt

from evalsuite import backbones
from evalsuite.errors import WeightsError
from evalsuite.features import EXTRACTORS
from evalsuite.interfaces import Sampling
from evalsuite.types import Clip

from ._backbone import Backbone, once

FRAMES = 16
WHOLE = 64
"""Digits of a sha256."""
SHORT = Sampling(every=3.0, frames=FRAMES, seconds=2.0)
"""Sixteen frames at 8 a second, one excerpt for each 3 s of a story."""
LONG = Sampling(every=3.0, frames=FRAMES, seconds=16.0)
"""Sixteen frames at one a second."""


class I3d(Backbone):
    """One row for each excerpt: the 400 outputs of I3D before the softmax."""

    version: ClassVar[str] = "1"
    dimensions: ClassVar[int] = 400
    sampling: ClassVar[Sampling | None] = SHORT

    def __init__(self, weights: str = "i3d") -> None:
        self.weights = weights

    def load(self) -> Any:
        """The TorchScript file: a program, so only the very one whose whole sum is known beforehand is run."""
        if len(backbones.backbone(self.weights).sha256) != WHOLE:
            raise WeightsError(f"{self.weights} is no TorchScript whose whole sha256 is known, and is not run.")
        return once(_load, self.weights, self.revision)

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (1, 400); the network itself stretches to 224 x 224 and scales to -1 - 1."""
        import torch

        excerpt = torch.from_numpy(clip.frames).permute(3, 0, 1, 2).unsqueeze(0).contiguous()
        with torch.inference_mode():
            seen = self.network(excerpt, rescale=True, resize=True, return_features=True)
        return np.asarray(seen.float().numpy(), dtype=np.float32)


class I3dLong(I3d):
    """The same of excerpts of 16 s."""

    sampling: ClassVar[Sampling | None] = LONG


def _load(path: Path) -> Any:
    import torch

    with catch_warnings(action="ignore", category=FutureWarning):  # torch means to leave TorchScript
        return torch.jit.load(str(path), map_location="cpu").eval()


EXTRACTORS["i3d"] = I3d
EXTRACTORS["i3d-long"] = I3dLong

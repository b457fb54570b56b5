"""What DINO sees in each frame: at 2 frames a second for our own use, or every frame as VBench shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from evalsuite.features import EXTRACTORS
from evalsuite.interfaces import Sampling

from ._backbone import FrameBackbone, once

if TYPE_CHECKING:
    from torch import Tensor

VBENCH = "vbench-dino"
SIDE = 224
"""Pixels of the shorter side; the shape of the frame is kept, and nothing is cut off."""
MEAN, SPREAD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet


class Dino(FrameBackbone):
    """The class token of DINO or DINOv2, of length 1; the argument names the weights."""

    version: ClassVar[str] = "1"
    sampling: ClassVar[Sampling | None] = Sampling(every=0.5)

    def __init__(self, weights: str = "dino-vits16") -> None:
        self.weights = weights

    def load(self) -> Any:
        """The network of the file, in bfloat16 where that is quick."""
        from .models.dino import Dino as Network

        return once(Network, self.weights, self.revision)

    def prepare(self, frames: npt.NDArray[np.uint8]) -> Tensor:
        """Resized in uint8, bicubic and antialiased."""
        from torchvision.transforms.v2 import InterpolationMode
        from torchvision.transforms.v2.functional import normalize, resize

        small = resize(_tensor(frames), [SIDE], InterpolationMode.BICUBIC, antialias=True)
        prepared: Tensor = normalize(small.float() / 255, list(MEAN), list(SPREAD))
        return prepared


class VBenchDino(Dino):
    """The same of every frame, resized as VBench does: bilinear, in float, and not antialiased."""

    sampling: ClassVar[Sampling | None] = None

    def __init__(self, weights: str = "dino-vitb16") -> None:
        super().__init__(weights)

    def prepare(self, frames: npt.NDArray[np.uint8]) -> Tensor:
        """Resized in float, bilinear, so that what is fine turns into noise."""
        from torchvision.transforms.v2.functional import normalize, resize

        small = resize(_tensor(frames).float(), [SIDE], antialias=False)
        prepared: Tensor = normalize(small / 255, list(MEAN), list(SPREAD))
        return prepared


def _tensor(frames: npt.NDArray[np.uint8]) -> Tensor:
    """(n, 3, height, width)."""
    import torch

    return torch.from_numpy(frames).movedim(-1, 1)


EXTRACTORS["dino"] = Dino
EXTRACTORS[VBENCH] = VBenchDino

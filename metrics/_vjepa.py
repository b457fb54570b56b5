"""What V-JEPA 2 sees in excerpts of 16 frames, prepared as its own preparation has them."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from evalsuite.features import EXTRACTORS
from evalsuite.interfaces import Sampling
from evalsuite.types import Clip

from ._backbone import Backbone, once
from ._dino import MEAN, SPREAD
from ._i3d import LONG, SHORT

_MARGIN = 256 / 224
"""By how much the shorter side is longer than what is cut out of its middle."""


class VJepa(Backbone):
    """One row for each excerpt: the mean of all tokens of the encoder; of 1024 channels in ViT-L.

    Frames are resized, bilinear and antialiased in uint8, and the middle 256 x 256 is taken.
    """

    version: ClassVar[str] = "1"
    sampling: ClassVar[Sampling | None] = SHORT

    def __init__(self, weights: str = "vjepa2-vitl") -> None:
        self.weights = weights

    def load(self) -> Any:
        """The encoder of the file."""
        from .models.vjepa import load_vjepa

        return once(load_vjepa, self.weights, self.revision)

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (1, channels)."""
        import torch
        from torchvision.transforms.v2.functional import center_crop, normalize, resize

        from .models.vjepa import SIDE

        frames = torch.from_numpy(clip.frames).movedim(-1, 1)
        middle = center_crop(resize(frames, [int(SIDE * _MARGIN)], antialias=True), [SIDE])
        excerpt = normalize(middle.float() / 255, list(MEAN), list(SPREAD)).transpose(0, 1)
        with torch.inference_mode():
            kind = next(self.network.parameters())
            seen: npt.NDArray[np.float32] = self.network(excerpt.unsqueeze(0).to(kind)).cpu().numpy()
        return seen


class VJepaLong(VJepa):
    """The same of excerpts of 16 s."""

    sampling: ClassVar[Sampling | None] = LONG


EXTRACTORS["vjepa"] = VJepa
EXTRACTORS["vjepa-long"] = VJepaLong

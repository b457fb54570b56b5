"""What VideoMAE v2 sees in excerpts of 16 frames, fed as cd-fvd feeds it."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from evalsuite.features import EXTRACTORS
from evalsuite.interfaces import Sampling
from evalsuite.types import Clip

from ._backbone import Backbone, once
from ._i3d import LONG, SHORT


class VideoMae(Backbone):
    """One row for each excerpt: the mean of all tokens, before the classifier; of 1408 channels in ViT-g.

    As in cd-fvd frames are stretched to 224 x 224 in float, not antialiased, and divided by 255; no mean is taken off.
    """

    version: ClassVar[str] = "1"
    sampling: ClassVar[Sampling | None] = SHORT

    def __init__(self, weights: str = "videomae") -> None:
        self.weights = weights

    def load(self) -> Any:
        """The network of the file."""
        from .models.videomae import load_videomae

        return once(load_videomae, self.weights, self.revision)

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (1, channels)."""
        import torch
        from torch.nn.functional import interpolate

        from .models.videomae import SIDE

        frames = torch.from_numpy(clip.frames).movedim(-1, 1).float() / 255
        excerpt = interpolate(frames, size=(SIDE, SIDE), mode="bilinear", align_corners=False).transpose(0, 1)
        kind = next(self.network.parameters())
        with torch.inference_mode():
            seen: npt.NDArray[np.float32] = self.network(excerpt.unsqueeze(0).to(kind)).cpu().numpy()
        return seen


class VideoMaeLong(VideoMae):
    """The same of excerpts of 16 s."""

    sampling: ClassVar[Sampling | None] = LONG


EXTRACTORS["videomae"] = VideoMae
EXTRACTORS["videomae-long"] = VideoMaeLong

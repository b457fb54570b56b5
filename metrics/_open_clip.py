"""What CLIP sees in frames and reads in texts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np
import numpy.typing as npt

from evalsuite.features import EXTRACTORS
from evalsuite.interfaces import Sampling

from ._backbone import FrameBackbone
from ._timeline import Array
from .models.clip_source import source

if TYPE_CHECKING:
    from torch import Tensor

    from .models.open_clip import Clip

OPENAI = "ViT-B-32-quickgelu@openai"
"""The network of most published numbers."""
ANY = "open-clip"
"""The extractor, whose argument says which CLIP."""
NAME = f"{ANY}:{OPENAI}"
VBENCH = "vbench-clip"
SIDE = 224


class Texts(NamedTuple):
    """What CLIP reads in some texts."""

    rows: Array
    """Shape (texts, channels), of length 1."""
    lost: int
    """How many tokens it did not see, because its context is shorter."""


class OpenClip(FrameBackbone):
    """Two frames a second as CLIP sees them; the argument says which CLIP, see `models.clip_source`."""

    version: ClassVar[str] = "1"
    sampling: ClassVar[Sampling | None] = Sampling(every=0.5)

    def __init__(self, argument: str = OPENAI) -> None:
        self._argument = argument

    @property
    def revision(self) -> str:
        """The version, and the sum of the weights that are there."""
        return f"{self.version}-{source(self._argument).revision}"

    def load(self) -> Clip:
        """The network, in bfloat16 where that is quick."""
        from .models.open_clip import load_clip

        return load_clip(self._argument, source(self._argument).revision)

    def prepare(self, frames: npt.NDArray[np.uint8]) -> Tensor:
        """As the network's own preparation has it: resized, cropped, with its mean and spread."""
        import torch
        from PIL import Image

        return torch.stack([self.network.preprocess(Image.fromarray(frame)) for frame in frames])


class VBenchClip(OpenClip):
    """CLIP ViT-B/32 of every frame, prepared as VBench does: bicubic in float, not antialiased, its middle alone."""

    sampling: ClassVar[Sampling | None] = None

    def prepare(self, frames: npt.NDArray[np.uint8]) -> Tensor:
        """Resized in float, without rounding."""
        import torch
        from open_clip import OPENAI_DATASET_MEAN, OPENAI_DATASET_STD
        from torchvision.transforms.v2 import InterpolationMode
        from torchvision.transforms.v2.functional import center_crop, normalize, resize

        pictures = torch.from_numpy(frames).movedim(-1, 1).float()
        small = resize(pictures, [SIDE], InterpolationMode.BICUBIC, antialias=False)
        middle = center_crop(small, [SIDE]) / 255
        prepared: Tensor = normalize(middle, list(OPENAI_DATASET_MEAN), list(OPENAI_DATASET_STD))
        return prepared


def text_rows(texts: Sequence[str], argument: str = OPENAI) -> Texts:
    """What the CLIP that looks at the frames reads in texts."""
    from .models.open_clip import load_clip

    clip = load_clip(argument, source(argument).revision)
    return Texts(clip.texts(texts).cpu().numpy().astype(np.float64), sum(map(clip.lost, texts)))


EXTRACTORS[ANY] = OpenClip
EXTRACTORS[VBENCH] = VBenchClip

"""What extractors that look through public weights have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from evalsuite import backbones
from evalsuite.interfaces import Extractor
from evalsuite.types import Clip

if TYPE_CHECKING:
    from torch import Tensor

AT_ONCE = 24
"""Frames in one batch at most."""


@cache
def once(load: Callable[[Path], Any], weights: str, revision: str) -> Any:
    """What `load` makes of public weights, once in a process for as long as they are the same."""
    return load(backbones.require(weights))


class Backbone(Extractor):
    """An extractor that looks through public weights, which are loaded when the first frame comes."""

    weights: str
    """Their name in `evalsuite weights list`."""
    dimensions: ClassVar[int] = 0

    @property
    def revision(self) -> str:
        """The version, and the sum of the weights that are there."""
        return f"{self.version}-{backbones.revision(self.weights)}"

    @cached_property
    def network(self) -> Any:
        """What `load` gives."""
        return self.load()

    @abstractmethod
    def load(self) -> Any:
        """The network, ready to run."""


class FrameBackbone(Backbone):
    """One that looks at frames one by one: rows of length 1."""

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (time, channels)."""
        import torch
        from torch.nn.functional import normalize

        network = self.network
        with torch.inference_mode():
            parts = [
                normalize(network(self.prepare(clip.frames[start : start + AT_ONCE])), dim=1).cpu().numpy()
                for start in range(0, len(clip.frames), AT_ONCE)
            ]
        return np.concatenate(parts)

    @abstractmethod
    def prepare(self, frames: npt.NDArray[np.uint8]) -> Tensor:
        """Frames as the network takes them, (n, 3, height, width)."""

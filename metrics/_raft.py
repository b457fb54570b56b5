"""How fast things move, by optical flow between frames an eighth of a second apart."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from evalsuite.features import EXTRACTORS
from evalsuite.interfaces import Sampling
from evalsuite.types import Clip

from ._backbone import Backbone, once

NAME = "raft"
PACE = 8.0
"""Frames a second."""
FASTEST = 0.05
"""The share of pixels that count, the fastest."""


class Raft(Backbone):
    """For each pair of frames: pixels that its fastest 5 % move on average, and the frame's height and width."""

    version: ClassVar[str] = "1"
    dimensions: ClassVar[int] = 3
    sampling: ClassVar[Sampling | None] = Sampling(every=1 / PACE, frames=2, seconds=2 / PACE)

    def __init__(self, weights: str = "raft-things") -> None:
        self.weights = weights

    def load(self) -> Any:
        """The network, in float32: flow is finer than bfloat16."""
        from .models.raft import Flow

        return once(Flow, self.weights, self.revision)

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (1, 3)."""
        import torch

        first, second = torch.from_numpy(clip.frames).movedim(-1, 1).float().unsqueeze(1)
        with torch.inference_mode():
            flow = self.network(first, second).cpu().numpy()[0]
        return np.array([[fastest(np.hypot(*flow.astype(np.float64))), *clip.frames.shape[1:3]]], dtype=np.float32)


def fastest(speed: npt.NDArray[np.float64]) -> float:
    """The mean of the fastest 5 %, of speeds (height, width)."""
    count = int(speed.size * FASTEST)
    return float(np.sort(speed, axis=None)[-count:].mean())


EXTRACTORS[NAME] = Raft

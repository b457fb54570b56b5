"""Measures frames of the world as `quality` looks at them; no kind of damage is looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from evalsuite.interfaces import Training
from evalsuite.learning.weights import save
from evalsuite.toon import script, world
from evalsuite.types import VideoSpec
from evalsuite.viewing import resized

from .._scene_statistics import sized_statistics
from ..models.clean_frames import TYPICAL, WEIGHTS, CleanFrames, fitted

EPISODES, SEGMENTS = 600, 3
SHRINKAGE = 0.05
SIZES = (0.75, 1.0, 1.5)
"""How wide the pictures are against those that are drawn."""
_SPEC = VideoSpec(96, 64, 0.5)


def measure_clean_frames(training: Training) -> list[Path]:
    """The file in the training's folder: a frame every two seconds, in `SIZES`, of episodes that train no network."""
    training.refuse_further_and_rate("scene-statistics")
    episodes = (script.episode("reference", SEGMENTS, index) for index in range(6 if training.smoke else EPISODES))
    drawn = (frame for one in episodes for frame in world.frames(one, _SPEC))
    pixels = [round(_SPEC.width * _SPEC.height * size**2) for size in SIZES]
    rows = [sized_statistics(resized(frame, count)) for frame in drawn for count in pixels]
    found = fitted(np.stack(rows), SHRINKAGE)
    path = training.place("clean_frames") / "weights" / WEIGHTS.name
    tensors = {name: torch.from_numpy(getattr(found, name)) for name in CleanFrames._fields[:3]}
    save(path, tensors, {TYPICAL: str(found.typical)})
    return [path]

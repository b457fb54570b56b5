"""Episodes of the cartoon world as frames and resolved texts: drawn once, on all processors, and kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import safe_open

from evalsuite.toon import script, world
from evalsuite.types import VideoSpec

from .parts import Part, made_parts

SPEC = VideoSpec(96, 64, 8.0)
SEGMENTS = 6
SEGMENT_FRAMES = 24
FIRST = 300_000
"""Episodes from this number on train the encoders of clips: no generator and no other evaluator sees them."""
_EPISODES_PER_PART = 25

Frames = npt.NDArray[np.uint8]
Copying = Callable[[int, Frames], Frames]
"""What becomes of the frames of the episode with this number, such as their reconstruction by an autoencoder."""


@dataclass(frozen=True, slots=True)
class Films:
    """Frames on disk, read where they are looked at, and the texts of their segments."""

    parts: tuple[torch.Tensor, ...]
    """(episodes, frames, height, width, 3), uint8, on disk, so that there may be more of them than fit into memory."""
    texts: list[list[str]]

    def __len__(self) -> int:
        return len(self.texts)

    def frames(self, episode: int, wanted: slice) -> Frames:
        """Some consecutive or evenly spaced frames of one episode, (time, height, width, 3)."""
        part, place = divmod(episode, _EPISODES_PER_PART)
        found: Frames = self.parts[part][place][wanted].numpy()
        return found


def films(folder: Path, split: str, start: int, count: int, copying: Copying | None = None) -> Films:
    """So many episodes of 18 seconds, from number `start` on."""
    numbers = (split, range(start, start + count))
    parts = made_parts(folder / "films", numbers, _EPISODES_PER_PART, partial(_draw, copying))
    opened = [_opened(part.path) for part in parts]
    return Films(tuple(frames for frames, _ in opened), [text for _, texts in opened for text in texts])


def _opened(path: Path) -> tuple[torch.Tensor, list[list[str]]]:
    """Frames that are read from disk where they are looked at, and texts."""
    with safe_open(path, framework="pt") as file:
        return file.get_tensor("frames"), json.loads(file.metadata()["texts"])


def _draw(copying: Copying | None, part: Part) -> None:
    episodes = [script.episode(part.split, SEGMENTS, index) for index in part.numbers]
    drawn = [np.stack(list(world.frames(one, SPEC))) for one in episodes]
    if copying is not None:
        drawn = [copying(number, frames) for number, frames in zip(part.numbers, drawn, strict=True)]
    texts = [[segment.resolved_text for segment in script.storyboard(one).segments] for one in episodes]
    part.write({"frames": torch.from_numpy(np.stack(drawn))}, {"texts": json.dumps(texts)})

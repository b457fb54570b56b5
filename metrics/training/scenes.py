"""Frames of the cartoon world with all that can be seen in them: drawn once, on all processors, and kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from evalsuite.toon import script, world
from evalsuite.toon.episode import Episode
from evalsuite.types import VideoSpec

from ..models.looks import KINDS, LOOKS
from .films import Copying
from .parts import Part, made_parts, read

SPEC = VideoSpec(96, 64, 1.0)
MOST = 8
"""Characters and things that are kept of one frame."""
FEWEST_PIXELS = 30
"""What shows less is neither to be found nor wrong to find."""
_SEGMENTS = 6
_EPISODES_PER_PART = 25
_NAMES = ("frames", "boxes", "words", "pixels")


@dataclass(frozen=True, slots=True)
class Scenes:
    """Frames and what is seen in them; the second dimension of all but `frames` is the entity, `MOST` in all."""

    frames: Tensor
    """(frames, height, width, 3), uint8."""
    boxes: Tensor
    """Left, top, right, bottom in pixels of what is visible, (frames, entities, 4)."""
    words: Tensor
    """Kind and look as numbers in `KINDS` and `LOOKS`, (frames, entities, 4); -1 where nothing is asked."""
    pixels: Tensor
    """How many are visible, (frames, entities); 0 where there is no such entity."""

    def __len__(self) -> int:
        return len(self.frames)


def scenes(folder: Path, split: str, start: int, count: int, copying: Copying | None = None) -> Scenes:
    """A frame a second of so many episodes of 18 seconds, from number `start` on."""
    numbers = (split, range(start, start + count))
    parts = made_parts(folder / "scenes", numbers, _EPISODES_PER_PART, partial(_draw, copying))
    return Scenes(*read(parts, _NAMES))


def _draw(copying: Copying | None, part: Part) -> None:
    drawn = [
        one for number in part.numbers for one in _of(script.episode(part.split, _SEGMENTS, number), number, copying)
    ]
    columns = zip(_NAMES, zip(*drawn, strict=True), strict=True)
    part.write({name: torch.from_numpy(np.stack(values)) for name, values in columns})


def _of(episode: Episode, number: int, copying: Copying | None) -> Iterator[tuple[npt.NDArray[np.generic], ...]]:
    """For each frame: its pixels, and boxes, words and visible pixels of what is in it."""
    words = entity_words(episode)
    frames = np.stack(list(world.frames(episode, SPEC)))
    shown = frames if copying is None else copying(number, frames)
    for frame, masks in zip(shown, world.masks(episode, SPEC), strict=True):
        boxes, told = np.zeros((MOST, 4), np.float32), np.full((MOST, 1 + len(LOOKS)), -1, np.int64)
        pixels = np.zeros(MOST, np.int64)
        for place, (name, mask) in enumerate(list(masks.items())[:MOST]):
            boxes[place], told[place], pixels[place] = box_of(mask), words[name], mask.sum()
        yield frame, boxes, told, pixels


def entity_words(episode: Episode) -> dict[str, tuple[int, ...]]:
    """Kind and look of each character and thing, as numbers; -1 for what a thing has no word for."""
    what, colours, worn = LOOKS
    found: dict[str, tuple[int, ...]] = {
        one.id: (0, what.index(one.look.species), colours.index(one.look.colour), worn.index(one.look.accessory))
        for one in episode.characters
    }
    for thing in episode.things:
        colour = colours.index(thing.colour) if thing.colour in colours else -1
        found[thing.id] = (KINDS.index(thing.kind), what.index(thing.kind), colour, worn.index("nothing"))
    return found


def box_of(mask: npt.NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of the pixels of a mask."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1

"""Small views of the places of the cartoon world, with whoever stands in front: drawn once, and kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from evalsuite.toon import script, world
from evalsuite.toon.episode import Episode, Place
from evalsuite.types import Frame, VideoSpec

from ..models.places import PLACES
from ..models.toon_place import HEIGHT, WIDTH
from .parts import Part, made_parts, read

SPEC = VideoSpec(96, 64, 1.0)
SEGMENTS = 3
_EPISODES_PER_PART = 250
_NAMES = ("frames", "words", "episode")


@dataclass(frozen=True, slots=True)
class Views:
    """What is seen of places, in the order of the episodes."""

    frames: Tensor
    """(frames, HEIGHT, WIDTH, 3), uint8."""
    words: Tensor
    """The place as numbers in `PLACES`, (frames, parts)."""
    episode: Tensor
    """The number of the episode, (frames,)."""


def views(folder: Path, split: str, start: int, count: int) -> Views:
    """A frame a second of so many episodes of 9 seconds, from number `start` on."""
    parts = made_parts(folder / "views", (split, range(start, start + count)), _EPISODES_PER_PART, _draw)
    return Views(*read(parts, _NAMES))


def place_words(place: Place, time: str) -> tuple[int, ...]:
    """A place at a time of day, as numbers in `PLACES`."""
    said = (place.kind, f"{place.kind} in palette {place.palette}", f"{place.kind} in layout {place.layout}", time)
    return tuple(words.index(word) for words, word in zip(PLACES, said, strict=True))


def _draw(part: Part) -> None:
    drawn = [
        (frame, words, number)
        for number in part.numbers
        for frame, words in _of(script.episode(part.split, SEGMENTS, number))
    ]
    columns = zip(_NAMES, zip(*drawn, strict=True), strict=True)
    part.write({name: torch.from_numpy(np.stack(values)) for name, values in columns})


def _of(episode: Episode) -> Iterator[tuple[Frame, tuple[int, ...]]]:
    places = {place.id: place for place in episode.places}
    seconds = [shot for shot in episode.shots for _ in range(round(shot.seconds * SPEC.fps))]
    for frame, shot in zip(world.frames(episode, SPEC), seconds, strict=True):
        small = cv2.resize(frame, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
        yield np.asarray(small, dtype=np.uint8), place_words(places[shot.place], shot.time)

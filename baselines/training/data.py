"""The pool of rendered training episodes: an array of frames for each, in a folder.

A fourth channel of the frames marks characters and things, which the autoencoder is to draw with most care.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from evalsuite.disk import replacing
from evalsuite.learning.processes import on_all_processors
from evalsuite.toon.episode import Episode
from evalsuite.toon.script import episode
from evalsuite.toon.world import frames, masks
from evalsuite.types import VideoSpec

from .recipe import Shelf

SPEC = VideoSpec(96, 64, 8.0)
Split = Literal["train", "dev"]


@dataclass(frozen=True, slots=True)
class Filmed:
    """A rendered episode on disk."""

    path: Path

    @property
    def frames(self) -> npt.NDArray[np.uint8]:
        """Shape (time, height, width, 4): red, green, blue, and 255 where a character or a thing is seen."""
        array: npt.NDArray[np.uint8] = np.load(self.path, mmap_mode="r")
        return array


def shelf_folder(folder: Path, segments: int) -> Path:
    return folder / "pool" / "train" / f"{segments:03d}"


def shelved(folder: Path, segments: int) -> list[Filmed]:
    """The episodes of one length that are there, in order."""
    return [Filmed(path) for path in sorted(shelf_folder(folder, segments).glob("*.npy"))]


def render(folder: Path, shelf: Shelf) -> None:
    """Renders what is not there yet."""
    wanted = _wanted(folder, shelf)
    on_all_processors(_render_one, [one for one in wanted if not one.path.exists()])


@dataclass(frozen=True, slots=True)
class _Wanted:
    """An episode, and where its film is to be."""

    path: Path
    segments: int
    index: int


def _wanted(folder: Path, shelf: Shelf) -> Iterator[_Wanted]:
    for index in range(shelf.episodes):
        yield _Wanted(shelf_folder(folder, shelf.segments) / f"{index:06d}.npy", shelf.segments, index)


def _render_one(wanted: _Wanted) -> None:
    script = episode("train", wanted.segments, wanted.index)
    with replacing(wanted.path) as partial, partial.open("wb") as file:
        np.save(file, film(script))


def film(script: Episode) -> npt.NDArray[np.uint8]:
    """An episode as (time, height, width, 4): red, green, blue, and 255 where a character or a thing is seen."""
    marked = []
    for frame, seen in zip(frames(script, SPEC), masks(script, SPEC), strict=True):
        anyone = np.logical_or.reduce(list(seen.values())) if seen else np.zeros(frame.shape[:2], bool)
        marked.append(np.dstack([frame, np.where(anyone, 255, 0).astype(np.uint8)]))
    return np.stack(marked)


def clip(filmed: Filmed, start: int, count: int) -> npt.NDArray[np.uint8]:
    """The frame at `start` alone, then `count` frames from it on: a group of latents sees 1 + `count` frames."""
    part = np.asarray(filmed.frames[start : start + count])
    return np.concatenate([part[:1], part])


def as_video(film: npt.NDArray[np.uint8], on: torch.device | None = None) -> tuple[Tensor, Tensor]:
    """Bytes (..., height, width, 4) to colours -1 - 1 and marks 0 - 1, (..., 3 and 1, height, width)."""
    channels = torch.from_numpy(film).to(on).movedim(-1, -3).float() / 255
    return channels[..., :3, :, :] * 2 - 1, channels[..., 3:, :, :]

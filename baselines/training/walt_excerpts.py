"""What the W.A.L.T cascade is trained on: excerpts of 17 frames, as latents at two sizes; rendered once, in parts."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from evalsuite.toon.script import episode, storyboard
from evalsuite.toon.world import frames
from evalsuite.types import Storyboard, VideoSpec

from ..models.autoencoder import Autoencoder
from ..models.generator import pieces
from ..models.walt_generator import CHUNK_FRAMES, NEW_FRAMES, PAST_FRAMES
from ..models.weights import AUTOENCODER, load_autoencoder, revision
from .data import Split
from .recipe import Shelf

_EPISODES_PER_PART = 20


class Excerpt(NamedTuple):
    """Where 17 frames of a video begin, and the text that tells of them."""

    start: int
    text: str
    follows: bool
    """Whether the first 5 frames come before those that the text tells of, as when a video goes on."""


@dataclass(frozen=True, slots=True)
class Excerpts:
    """Excerpts of many episodes."""

    large: Tensor
    """(excerpts, 5, channels, height, width), float16."""
    small: Tensor
    """The same excerpts at half the height and width."""
    texts: list[str]
    follows: Tensor
    """(excerpts,), bool."""


@dataclass(frozen=True, slots=True)
class _Part:
    """Some episodes of one length, that are rendered and encoded together."""

    folder: Path
    weights: Path
    pictures: VideoSpec
    split: Split
    segments: int
    start: int
    stop: int

    @property
    def latents(self) -> Path:
        size = f"{self.pictures.width}x{self.pictures.height}"
        place = self.folder / "excerpts" / revision(self.weights / AUTOENCODER) / size / self.split
        return place / f"{self.segments:03d}" / f"{self.start:06d}.safetensors"

    @property
    def texts(self) -> Path:
        return self.latents.with_suffix(".json")


def excerpts(
    folder: Path, weights: Path, shelves: Iterable[Shelf], pictures: VideoSpec, split: Split = "train"
) -> Excerpts:
    """Of all episodes of the shelves, as the autoencoder in `weights` sees them; made where not done yet."""
    parts = [part for shelf in shelves for part in _parts(folder, weights, shelf, pictures, split)]
    missing = [part for part in parts if not part.latents.exists()]
    if missing:
        workers = min(os.cpu_count() or 1, len(missing))
        with ProcessPoolExecutor(workers, get_context("spawn"), initializer=_use_one_thread) as pool:
            list(pool.map(_make, missing))
    texts = chain.from_iterable(json.loads(part.texts.read_text()) for part in parts)
    tensors = [load_file(part.latents) for part in parts]
    large, small, follows = (torch.cat([one[name] for one in tensors]) for name in ("large", "small", "follows"))
    return Excerpts(large, small, list(texts), follows)


def find_excerpts(storyboard: Storyboard) -> list[Excerpt]:
    """One that opens each 3 seconds of a segment, and one that leads into each chunk of 12 frames from those before.

    So that a generator sees in training what it sees when it makes a video chunk by chunk.
    """
    found, begin = [], 0
    for piece in pieces(storyboard):
        found.append(Excerpt(begin, piece.text, follows=False))
        for new in range(begin, begin + piece.frames, NEW_FRAMES):
            found.append(Excerpt(new - PAST_FRAMES, piece.text, follows=True))
        begin += piece.frames
    return [excerpt for excerpt in found if 0 <= excerpt.start <= begin - CHUNK_FRAMES]


def encode_excerpts(model: Autoencoder, film: npt.NDArray[np.uint8], places: Iterable[Excerpt]) -> Tensor:
    """Latents (excerpts, 5, channels, height, width), float16, of a film (time, height, width, 3)."""
    return torch.cat([_encode(model, film[place.start : place.start + CHUNK_FRAMES]) for place in places])


def halve(film: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Half the height and width; each pixel is the mean of four."""
    height, width = film.shape[1] // 2, film.shape[2] // 2
    return np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in film])


def _parts(folder: Path, weights: Path, shelf: Shelf, pictures: VideoSpec, split: Split) -> Iterator[_Part]:
    count = shelf.episodes if split == "train" else shelf.held_out
    for start in range(0, count, _EPISODES_PER_PART):
        yield _Part(folder, weights, pictures, split, shelf.segments, start, min(start + _EPISODES_PER_PART, count))


def _use_one_thread() -> None:
    torch.set_num_threads(1)


def _make(part: _Part) -> None:
    """Writes the texts first: where the latents are, the texts are too."""
    model = load_autoencoder(part.weights)
    places, large, small = [], [], []
    for index in range(part.start, part.stop):
        script = episode(part.split, part.segments, index)
        film = np.stack(list(frames(script, part.pictures)))
        places.append(find_excerpts(storyboard(script).told()))
        large.append(encode_excerpts(model, film, places[-1]))
        small.append(encode_excerpts(model, halve(film), places[-1]))
    told = list(chain.from_iterable(places))
    part.latents.parent.mkdir(parents=True, exist_ok=True)
    part.texts.write_text(json.dumps([excerpt.text for excerpt in told]))
    follows = torch.tensor([excerpt.follows for excerpt in told])
    partial = part.latents.with_suffix(".partial")
    save_file({"large": torch.cat(large), "small": torch.cat(small), "follows": follows}, partial)
    partial.replace(part.latents)


@torch.no_grad()
def _encode(model: Autoencoder, clip: npt.NDArray[np.uint8]) -> Tensor:
    video = torch.from_numpy(clip).movedim(-1, 1).float().unsqueeze(0) / 127.5 - 1
    with torch.autocast("cpu", torch.bfloat16):
        latents: Tensor = model.encode(video).half()
    return latents

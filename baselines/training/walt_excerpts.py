"""What the W.A.L.T cascade is trained on: excerpts of 17 frames, as latents at two sizes; rendered once, in parts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple, cast

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from evalsuite.learning.device import device
from evalsuite.learning.sums import revision
from evalsuite.toon.script import storyboard
from evalsuite.toon.world import frames
from evalsuite.types import Storyboard, VideoSpec

from ..models.autoencoder import Autoencoder
from ..models.files import AUTOENCODER
from ..models.generator import pieces
from ..models.walt_generator import CHUNK_FRAMES, NEW_FRAMES, PAST_FRAMES
from ..models.weights import load_autoencoder
from .latents import encode
from .parts import Part, make_missing, parts_of, read
from .recipe import Shelf


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


def excerpts(folder: Path, weights: Path, shelves: Iterable[Shelf], pictures: VideoSpec) -> Excerpts:
    """Of all episodes of the shelves, as the autoencoder in `weights` sees them; made where not done yet."""
    size = f"{pictures.width}x{pictures.height}"
    place = folder / "excerpts" / revision(weights / AUTOENCODER) / size
    parts = [part for shelf in shelves for part in parts_of(shelf, "train", place, weights)]
    make_missing(parts, partial(_make, pictures=pictures))
    (large, small, follows), texts = read(parts, "large", "small", "follows")
    return Excerpts(large, small, cast(list[str], texts), follows)


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
    return torch.stack([encode(model, film[place.start : place.start + CHUNK_FRAMES]) for place in places])


def halve(film: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Half the height and width; each pixel is the mean of four."""
    height, width = film.shape[1] // 2, film.shape[2] // 2
    return np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in film])


def _make(part: Part, pictures: VideoSpec) -> None:
    model = load_autoencoder(part.weights).to(device())
    places, large, small = [], [], []
    for script in part.episodes():
        film = np.stack(list(frames(script, pictures)))
        places.append(find_excerpts(storyboard(script).told()))
        large.append(encode_excerpts(model, film, places[-1]))
        small.append(encode_excerpts(model, halve(film), places[-1]))
    told = list(chain.from_iterable(places))
    follows = torch.tensor([excerpt.follows for excerpt in told])
    tensors = {"large": torch.cat(large), "small": torch.cat(small), "follows": follows}
    part.write(tensors, [excerpt.text for excerpt in told])

"""What the transformers are trained on: episodes as latents, with the texts of their segments, made once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from evalsuite.learning.device import device, mixed_precision
from evalsuite.learning.sums import revision
from evalsuite.toon.script import storyboard

from ..models.autoencoder import Autoencoder
from ..models.files import AUTOENCODER
from ..models.generator import marked_texts
from ..models.weights import load_autoencoder
from .data import Split, film
from .parts import Part, make_missing, parts_of, read
from .recipe import Shelf


@dataclass(frozen=True, slots=True)
class Told:
    """Episodes of one length: their latents and the texts of their segments."""

    latents: Tensor
    """(episodes, 6 n + 1, channels, height, width), float16."""
    marks: Tensor
    """(episodes, 6 n + 1, 1, height, width), bool: where a character or a thing is seen."""
    texts: list[list[str]]

    @property
    def segments(self) -> int:
        return len(self.texts[0])

    def on(self, device: torch.device) -> Told:
        """The same, with its tensors there."""
        return Told(self.latents.to(device), self.marks.to(device), self.texts)


def told(folder: Path, weights: Path, shelf: Shelf, split: Split = "train") -> Told:
    """The episodes of a shelf, as the autoencoder in `weights` sees them; made where that has not been done yet."""
    parts = parts_of(shelf, split, folder / "marked_latents" / revision(weights / AUTOENCODER), weights)
    make_missing(parts, _make)
    (latents, marks), texts = read(parts, "latents", "marks")
    return Told(latents, marks, cast(list[list[str]], texts))


def _make(part: Part) -> None:
    model = load_autoencoder(part.weights).to(device())
    texts = [marked_texts(storyboard(one).told().segments) for one in part.episodes()]
    made = [(encode(model, opened(seen[..., :3])), mark(opened(seen[..., 3]))) for seen in map(film, part.episodes())]
    latents, marks = zip(*made, strict=True)
    part.write({"latents": torch.stack(latents), "marks": torch.stack(marks)}, texts)


def opened(frames: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """A film with its first frame shown once more, which is what the first latent is of."""
    return np.concatenate([frames[:1], frames])


def mark(seen: npt.NDArray[np.uint8]) -> Tensor:
    """Which latents (1 + k, 1, height / 8, width / 8) are of any marked pixel of 1 + 4 k frames (time, height, width).

    The first latent is of the first frame alone.
    """
    first = np.repeat(seen[:1], 4, axis=0)
    marks = torch.from_numpy(np.concatenate([first, seen[1:]])).float()
    return functional.max_pool3d(marks[None, None], (4, 8, 8))[0].movedim(0, 1) > 0


@torch.no_grad()
def encode(model: Autoencoder, film: npt.NDArray[np.uint8]) -> Tensor:
    """Latents (1 + k, channels, height / 8, width / 8), float16, of 1 + 4 k frames, uint8 (time, height, width, 3)."""
    video = torch.from_numpy(film).to(model.latent_mean.device).movedim(-1, 1).float().unsqueeze(0) / 127.5 - 1
    with mixed_precision(video.device):
        latents: Tensor = model.encode(video)[0].half()
    return latents.cpu()

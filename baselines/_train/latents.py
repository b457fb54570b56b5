"""The pool once more, as latents: made once when the autoencoder is done, and read whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from .._models.autoencoder import Autoencoder
from .._models.generator import marked_texts
from .data import Filmed, Split, as_video, clip, shelved
from .recipe import Recipe


@dataclass(frozen=True, slots=True)
class Told:
    """Episodes of one length: their latents and the texts of their segments."""

    latents: Tensor
    """(episodes, 6 n + 1, channels, height, width), float16."""
    texts: list[list[str]]

    @property
    def segments(self) -> int:
        return len(self.texts[0])


def latents_of(model: Autoencoder, recipe: Recipe, folder: Path, split: Split = "train") -> list[Told]:
    """For each shelf; encoded where that has not been done yet."""
    return [_told(model, folder, split, shelf.segments) for shelf in recipe.shelves]


def _told(model: Autoencoder, folder: Path, split: Split, segments: int) -> Told:
    films = shelved(folder, split, segments)
    path = folder / "latents" / f"{split}_{segments:03d}.safetensors"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({"latents": _encode(model, films)}, path)
    latents = load_file(path)["latents"]
    return Told(latents, [marked_texts(film.storyboard.segments) for film in films[: len(latents)]])


@torch.no_grad()
def _encode(model: Autoencoder, films: Sequence[Filmed]) -> Tensor:
    encoded = []
    for film in films:
        video, _ = as_video(clip(film, 0, len(film.frames))[np.newaxis])
        with torch.autocast("cpu", torch.bfloat16):
            encoded.append(model.encode(video)[0].half())
    return torch.stack(encoded).contiguous()

"""What the transformers are trained on: episodes as latents, with the texts of their segments, made once."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from evalsuite.toon.script import episode, storyboard
from evalsuite.toon.world import frames

from ..models.autoencoder import Autoencoder
from ..models.generator import marked_texts
from ..models.weights import AUTOENCODER, load_autoencoder, revision
from .data import SPEC, Split
from .recipe import Shelf

_EPISODES_PER_PART = 20


@dataclass(frozen=True, slots=True)
class Told:
    """Episodes of one length: their latents and the texts of their segments."""

    latents: Tensor
    """(episodes, 6 n + 1, channels, height, width), float16."""
    texts: list[list[str]]

    @property
    def segments(self) -> int:
        return len(self.texts[0])


@dataclass(frozen=True, slots=True)
class _Part:
    """Some episodes of one length, that are rendered and encoded together."""

    folder: Path
    weights: Path
    split: Split
    segments: int
    start: int
    stop: int

    @property
    def latents(self) -> Path:
        encoder = revision(self.weights / AUTOENCODER)
        return self.folder / "latents" / encoder / self.split / f"{self.segments:03d}" / f"{self.start:06d}.safetensors"

    @property
    def texts(self) -> Path:
        return self.latents.with_suffix(".json")


def told(folder: Path, weights: Path, shelf: Shelf, split: Split = "train") -> Told:
    """The episodes of a shelf, as the autoencoder in `weights` sees them; made where that has not been done yet."""
    parts = list(_parts(folder, weights, shelf, split))
    missing = [part for part in parts if not part.latents.exists()]
    if len(missing) == 1:
        _make(missing[0])
    elif missing:
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn"), initializer=_use_one_thread) as workers:
            list(workers.map(_make, missing))
    texts = chain.from_iterable(json.loads(part.texts.read_text()) for part in parts)
    return Told(torch.cat([load_file(part.latents)["latents"] for part in parts]), list(texts))


def _parts(folder: Path, weights: Path, shelf: Shelf, split: Split) -> Iterator[_Part]:
    count = shelf.episodes if split == "train" else shelf.held_out
    for start in range(0, count, _EPISODES_PER_PART):
        yield _Part(folder, weights, split, shelf.segments, start, min(start + _EPISODES_PER_PART, count))


def _use_one_thread() -> None:
    torch.set_num_threads(1)


def _make(part: _Part) -> None:
    """Writes the texts first: where the latents are, the texts are too."""
    model = load_autoencoder(part.weights)
    episodes = [episode(part.split, part.segments, index) for index in range(part.start, part.stop)]
    part.latents.parent.mkdir(parents=True, exist_ok=True)
    part.texts.write_text(json.dumps([marked_texts(storyboard(one).told().segments) for one in episodes]))
    films = (np.stack(list(frames(one, SPEC))) for one in episodes)
    partial = part.latents.with_suffix(".partial")
    save_file({"latents": torch.stack([encode(model, film) for film in films])}, partial)
    partial.replace(part.latents)


@torch.no_grad()
def encode(model: Autoencoder, film: npt.NDArray[np.uint8]) -> Tensor:
    """Latents of a whole film, uint8 (time, height, width, 3), whose first frame is shown once more; float16."""
    video = torch.from_numpy(np.concatenate([film[:1], film])).movedim(-1, 1).float().unsqueeze(0) / 127.5 - 1
    with torch.autocast("cpu", torch.bfloat16):
        latents: Tensor = model.encode(video)[0].half()
    return latents

"""Measures what toon-id sees of clean bodies; no kind of damage is looked at."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from evalsuite.interfaces import Training
from evalsuite.learning.weights import quick_kind, save

from ..models.looks import KINDS, ORDINARY, OUTLINES, SCORE, WEIGHTS
from ..models.outlines import COMPONENTS, Outlines, patches, subspace
from ..models.toon_id import Detector, Layers, load_detector, peaks
from .copyists import copyists
from .scenes import scenes
from .train_toon_id import FIRST

EPISODES = 500
_MOST = 4
_FRAMES_AT_ONCE = 32
_HELD_OUT = 5  # one body of so many says what is ordinary, and is not fitted to
_ORDINARY = 0.9


def measure_outlines(training: Training, network: Path) -> list[Path]:
    """The file in the training's folder: characters in a part of the frames that the network was trained on."""
    folder = training.place("toon_id")
    frames = scenes(folder, "train", FIRST, 6 if training.smoke else EPISODES, copyists(training).stills).frames
    chosen = WEIGHTS if training.smoke else network  # after a few steps of training it sees nobody
    model = load_detector(chosen).to(quick_kind()).to(memory_format=torch.channels_last)
    fine, middle = bodies(model, frames)
    held_out = torch.arange(len(fine)) % _HELD_OUT == 0
    spaces = [subspace(rows[~held_out], count) for rows, count in zip((fine, middle), COMPONENTS, strict=True)]
    found = Outlines(*spaces)
    strange = found.strangeness_of((fine[held_out], middle[held_out]))
    path = folder / "weights" / OUTLINES.name
    tensors = {
        f"{name}.{part}": value
        for name, space in zip(Layers._fields, found, strict=True)
        for part, value in space._asdict().items()
    }
    save(path, tensors, {ORDINARY: f"{float(strange.quantile(_ORDINARY)):.4f}"})
    return [path]


def bodies(model: Detector, frames: Tensor) -> tuple[Tensor, ...]:
    """What each layer has over each character that is seen in frames, (bodies, numbers)."""
    each = []
    for some in frames.split(_FRAMES_AT_ONCE):
        with torch.inference_mode():
            layers = model.layers((some.movedim(-1, 1).float() / 127.5 - 1).to(quick_kind()))
            seen = peaks(model.told(layers), _MOST)
            sure = (seen.score >= SCORE) & (seen.kind == KINDS.index("character"))
            each.append([rows[sure] for rows in patches(layers, seen.box)])
    return tuple(torch.cat(rows) for rows in zip(*each, strict=True))

"""Weights from nothing: what is done already in a folder is not done again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from evalsuite.disk import write_atomically
from evalsuite.errors import EvalsuiteError
from evalsuite.interfaces import Training
from evalsuite.learning.curves import draw_curves
from evalsuite.learning.sums import is_made

from ..models.files import AUTOENCODER, BASE, SHIPPED
from ..models.transformer import MakeSequenceLayer
from ..models.weights import load_autoencoder
from .recipe import RECIPE, Recipe
from .train_autoencoder import train_autoencoder
from .train_transformer import train_base, train_layers


def train_generator(name: str, make_layer: MakeSequenceLayer, training: Training) -> list[Path]:
    """A generator's file in `weights` of the training's folder, with what it needs if that is asked for too.

    It starts from the autoencoder and base of that folder, or from the shipped ones where it has none; a smoke run is
    tiny throughout, and so has a folder of its own and starts from nothing. Trained further, encoder and latents stay.
    """
    recipe = RECIPE.smoke() if training.smoke else RECIPE
    if training.rate is not None:
        recipe = replace(recipe, rates=(training.rate,))
    folder = training.folder / "smoke" if training.smoke else training.folder
    founded: tuple[str, ...] = ()
    if training.from_nothing or training.further or training.smoke:
        founded = (AUTOENCODER, BASE)
        _train_foundation(recipe, folder, SHIPPED if training.further and not training.smoke else None)
    train_layers(recipe, folder, name, make_layer, training.seed)
    draw_curves(folder / "loss.png", sorted(folder.glob("*.csv")))
    return [folder / "weights" / file for file in (*founded, f"{name}.safetensors")]


def _train_foundation(recipe: Recipe, folder: Path, start: Path | None) -> None:
    if start is not None:
        _refuse_another_encoder(folder / "weights", start)
    _begin(folder / "foundation.txt", "from the shipped weights" if start else "from nothing")
    for name, train in ((AUTOENCODER, train_autoencoder), (BASE, train_base)):
        if not is_made(folder / "weights" / name):
            train(recipe, folder, start)


def _begin(note: Path, start: str) -> None:
    """Write down where the autoencoder and base of a folder begin; `EvalsuiteError` where they began elsewhere."""
    before = note.read_text() if note.exists() else start
    if before != start:
        raise EvalsuiteError(
            f"the autoencoder and base in {note.parent} were trained {before}, not {start}: use another --folder."
        )
    write_atomically(note, start.encode())


def _refuse_another_encoder(own: Path, start: Path) -> None:
    """The base in `start` knows the latents of the encoder there alone."""
    if not is_made(own / AUTOENCODER):
        return
    one, other = (load_autoencoder(place).encoder.state_dict() for place in (own, start))
    if one.keys() != other.keys() or not all(torch.equal(one[name], other[name]) for name in other):
        raise EvalsuiteError(f"the autoencoder in {own} is not that of the shipped base: use another --folder.")

"""A recipe from nothing to weight files: render, autoencoder, latents, stages. What is done is not done again."""

from __future__ import annotations

from pathlib import Path

from .._models.autoencoder import Autoencoder
from .._models.weights import AUTOENCODER, load_autoencoder, save_autoencoder, save_transformer
from .data import render
from .latents import latents_of
from .pictures import draw_curves
from .recipe import RECIPES, Recipe
from .train_autoencoder import train_autoencoder, train_decoder
from .train_transformer import train_transformer


def train(name: str, folder: Path, smoke: bool = False) -> Path:
    """Trains the generator `name`; goes on where an interrupted run stopped. Gives the folder of weights."""
    recipe = RECIPES[name].smoke() if smoke else RECIPES[name]
    render_pool(recipe, folder)
    autoencoder = autoencoder_of(recipe, folder)
    told = latents_of(autoencoder, recipe, folder)
    save_autoencoder(folder / "weights", train_decoder(autoencoder, recipe, folder))
    transformer, vocabulary = train_transformer(recipe, told, folder)
    save_transformer(folder / "weights", name, transformer, vocabulary, recipe.sequence_layer)
    draw_all_curves(recipe, folder)
    return folder / "weights"


def render_pool(recipe: Recipe, folder: Path) -> None:
    for shelf in recipe.shelves:
        render(folder, shelf)


def autoencoder_of(recipe: Recipe, folder: Path) -> Autoencoder:
    """The autoencoder that makes the latents; trained first where it is not there yet."""
    joint = folder / "joint"
    if not (joint / AUTOENCODER).exists():
        save_autoencoder(joint, train_autoencoder(recipe, folder))
    return load_autoencoder(joint)


def draw_all_curves(recipe: Recipe, folder: Path) -> None:
    titles = {"autoencoder": "autoencoder", "decoder": "decoder alone", "base": "base, 3 s"}
    for stage in recipe.stages:
        titles[f"{recipe.name}_{stage.segments:03d}"] = f"with layers, {3 * stage.segments} s"
    draw_curves(folder / "loss.png", [folder / f"{name}.csv" for name in titles], list(titles.values()))

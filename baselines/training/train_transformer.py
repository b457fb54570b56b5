"""The transformers' training: first the base, by flow matching and then for memories to come; then sequence layers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from evalsuite.learning.device import device, mixed_precision
from evalsuite.learning.loop import DivergedError, fit, fused
from evalsuite.learning.sums import is_made, revision

from ..models.files import AUTOENCODER, BASE, SHIPPED
from ..models.generator import Generator
from ..models.text import Vocabulary
from ..models.transformer import MakeSequenceLayer, VideoTransformer
from ..models.weights import load_autoencoder, load_base, save_base, save_layers
from .heeding import train_heeding
from .latents import Told, told
from .lessons import FLOW_TIMES, Lessons, Stretches, draw_blend, draw_stretches
from .naming import train_naming
from .recall import held_out_recall, train_recall
from .recipe import Reading, Recipe, Stage
from .samples import draw_samples
from .teaching import MISSED, TAUGHT_TIMES, Teacher


class Course(NamedTuple):
    """What the stages of sequence layers have in common."""

    lessons: Lessons
    teacher: Teacher
    recipe: Recipe
    seed: int
    latents: str
    """Which autoencoder made what is learnt from."""


def train_base(recipe: Recipe, folder: Path, start: Path | None = None) -> None:
    """The transformer without sequence layers, on single frames and segments; then whom texts name, and to heed it.

    It begins with the weights in `start`, or with nothing.
    """
    weights = folder / "weights" if is_made(folder / "weights" / AUTOENCODER) else SHIPPED
    shelves = [told(folder, weights, shelf) for shelf in recipe.stories]
    model, vocabulary = load_base(start) if start else _new_base(recipe, shelves)
    lessons = Lessons.from_shelves(shelves, vocabulary)
    for stage in recipe.base:
        checkpoint = folder / f"base_{stage.name}.pt"
        model.requires_grad_(True).text.hints.requires_grad_(False)
        model = _fit_base(model, lessons, recipe, stage, checkpoint, revision(weights / AUTOENCODER))
    model = train_naming(model, vocabulary, recipe.naming, folder / "base_naming.pt", recipe.seed)
    model = train_heeding(model, lessons, recipe, folder / "base_heeding.pt", revision(weights / AUTOENCODER))
    save_base(folder / "weights", model, vocabulary)
    held_out = Lessons.from_shelves([told(folder, weights, shelf, "dev") for shelf in recipe.stories], vocabulary)
    last = recipe.base[-1]
    write_losses(folder / "base.json", model, held_out, last, recipe.held_out)
    draw_samples(folder / "base.png", _filming(model, vocabulary, weights), last.segments)


def _new_base(recipe: Recipe, shelves: Sequence[Told]) -> tuple[VideoTransformer, Vocabulary]:
    vocabulary = Vocabulary.of(text for shelf in shelves for texts in shelf.texts for text in texts)
    torch.manual_seed(recipe.seed)
    return VideoTransformer(recipe.transformer_shape, len(vocabulary), None), vocabulary


def _fit_base(
    model: VideoTransformer, lessons: Lessons, recipe: Recipe, stage: Stage, checkpoint: Path, latents: str
) -> VideoTransformer:
    """The moving average of the model; `latents` tells the autoencoder that made what it learns from."""
    shelves = lessons.of(stage.segments)
    step_loss = fused(velocity_loss, recipe.fused)

    def loss(luck: torch.Generator) -> Tensor:
        drawn = draw_stretches(shelves, stage, luck).disguised(lessons.vocabulary, recipe.text_dropout, luck)
        return step_loss(model, drawn, *draw_blend(drawn.latents, luck), stage.emphasis)

    told = (stage, recipe.text_dropout, recipe.stories, latents, FLOW_TIMES)
    return fit(model, stage.schedule, loss, checkpoint, recipe.seed + stage.seed_offset, told)


def train_layers(recipe: Recipe, folder: Path, name: str, make_layer: MakeSequenceLayer, seed: int) -> None:
    """Sequence layers in the base, stage by stage; each stage starts from the average of the one before."""
    weights = base = _foundation(folder)
    torch.manual_seed(seed)
    model, vocabulary = load_base(base, make_layer)
    teacher = Teacher(load_base(base)[0].to(device()), vocabulary)
    if model.gates():  # else there is nothing that could recall
        model = _recalling(model, teacher, recipe, folder / name, seed)
    fewest = min(stage.segments for stage in recipe.stages)
    shelves = [shelf for shelf in recipe.stories if shelf.segments >= fewest]
    lessons = Lessons.from_shelves([told(folder, weights, shelf) for shelf in shelves], vocabulary)
    held_out = Lessons.from_shelves([told(folder, weights, shelf, "dev") for shelf in shelves], vocabulary)
    course = Course(lessons, teacher, recipe, seed, revision(weights / AUTOENCODER))
    for stage in recipe.stages:
        step = f"{name}_{stage.name}"
        model = _fit(_learning(model), course, stage, folder / f"{step}.pt")
        model.trained_segments = stage.segments
        if not (folder / f"{step}.png").exists():
            write_losses(folder / f"{step}.json", model, held_out, stage, recipe.held_out)
            draw_samples(folder / f"{step}.png", _filming(model, vocabulary, weights), stage.segments)
    save_layers(folder / "weights" / f"{name}.safetensors", model, base)


def _recalling(model: VideoTransformer, teacher: Teacher, recipe: Recipe, path: Path, seed: int) -> VideoTransformer:
    """Taught to recall: by the first step at each rate, then on from the one that recalls held-out looks best."""
    first, *others = recipe.recall
    taught, losses = {}, {}
    for rate in recipe.rates:
        try:
            taught[rate] = _recalling_at(rate, deepcopy(model), teacher, first, path, seed)
        except DivergedError:
            continue
        losses[rate] = held_out_recall(taught[rate], teacher, first[0], recipe.held_out)
    if not losses:
        raise DivergedError(f"{path.name} diverged at every rate of {', '.join(map(str, recipe.rates))}.")
    path.with_name(f"{path.name}_rates.json").write_text(json.dumps(losses))
    best = min(losses, key=losses.__getitem__)
    model = taught[best]
    for together in others:
        model = _recalling_at(best, model, teacher, together, path, seed)
    return model


def _recalling_at(
    rate: float, model: VideoTransformer, teacher: Teacher, together: tuple[Reading, ...], path: Path, seed: int
) -> VideoTransformer:
    """After one step, whose checkpoint is named by its longest texts and the rate."""
    readings = tuple(_at_rate(reading, rate) for reading in together)
    checkpoint = path.with_name(f"{path.name}_{readings[-1].segments:03d}_recall_{rate:g}.pt")
    return train_recall(_remembering(model), teacher, readings, checkpoint, seed)


def _at_rate(reading: Reading, rate: float) -> Reading:
    return replace(reading, schedule=replace(reading.schedule, rate=reading.schedule.rate * rate))


def _remembering(model: VideoTransformer) -> VideoTransformer:
    """Where pictures are noise, sequence layers and their gates to texts learn."""
    model.requires_grad_(False)
    for gates in model.gates():
        gates.requires_grad_(True).video_gates.requires_grad_(False)
    return model


def _learning(model: VideoTransformer) -> VideoTransformer:
    """On latents, their gates to pictures and attention's projections learn too."""
    model.requires_grad_(False)
    for part in (*model.gates(), *model.attention()):
        part.requires_grad_(True)
    return model


def _fit(model: VideoTransformer, course: Course, stage: Stage, checkpoint: Path) -> VideoTransformer:
    """The moving average of the model."""
    lessons, teacher, recipe, seed, latents = course
    shelves = lessons.of(stage.segments)
    times = TAUGHT_TIMES if stage.taught else FLOW_TIMES

    def loss(luck: torch.Generator) -> Tensor:
        drawn = draw_stretches(shelves, stage, luck).disguised(lessons.vocabulary, recipe.text_dropout, luck)
        return teacher.loss(model, drawn, *draw_blend(drawn.latents, luck, times), stage.taught)

    told = (stage, recipe.text_dropout, recipe.stories, latents, times, MISSED)
    return fit(model, stage.schedule, loss, checkpoint, seed + stage.seed_offset, told)


def velocity_loss(
    model: VideoTransformer, drawn: Stretches, noise: Tensor, time: Tensor, emphasis: float = 0.0
) -> Tensor:
    """Mean squared error of the velocity noise - latents; where marks are, it counts 1 + `emphasis` times."""
    with mixed_precision(noise.device):
        velocity = model(drawn.mixed(noise, time), time, drawn.texts.words, drawn.still)
    wrong: Tensor = (velocity.float() - (noise - drawn.latents)).square()
    count = 1 + emphasis * drawn.marks.to(wrong.dtype)
    return (count * wrong).mean() / count.mean()


@torch.no_grad()
def held_out_loss(model: VideoTransformer, lessons: Lessons, stage: Stage, count: int) -> float:
    """The loss on `count` stretches, whose times and noise are always the same."""
    shelves = lessons.of(stage.segments)
    one = replace(stage, schedule=replace(stage.schedule, batch=1))
    losses = []
    for number in range(count):
        luck = torch.Generator().manual_seed(number)
        drawn = draw_stretches(shelves, one, luck)
        losses.append(float(velocity_loss(model, drawn, *draw_blend(drawn.latents, luck))))
    return sum(losses) / count


def write_losses(path: Path, model: VideoTransformer, held_out: Lessons, stage: Stage, count: int) -> None:
    """The loss on held-out stretches, and what it is when the sequence layers are not heard."""
    closed = deepcopy(model)
    closed.close_gates()
    found = {name: held_out_loss(one, held_out, stage, count) for name, one in (("open", model), ("closed", closed))}
    path.write_text(json.dumps({**found, "stretches": count}))


def _filming(model: VideoTransformer, vocabulary: Vocabulary, weights: Path) -> Generator:
    return Generator(deepcopy(model).cpu().eval(), vocabulary, load_autoencoder(weights))


def _foundation(folder: Path) -> Path:
    """Where autoencoder and base lie that layers are trained on: both trained here before, or both shipped."""
    own = folder / "weights"
    return own if is_made(own / AUTOENCODER) and is_made(own / BASE) else SHIPPED

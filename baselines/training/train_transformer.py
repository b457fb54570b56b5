"""The transformers' training: first the base, then sequence layers on ever longer stretches; all by flow matching."""

from __future__ import annotations

import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from evalsuite.learning.device import device, draw_noise, mixed_precision, moved
from evalsuite.learning.loop import fit, fused

from ..models.generator import Generator
from ..models.layout import FRAMES_PER_SEGMENT
from ..models.text import Vocabulary
from ..models.transformer import MakeSequenceLayer, VideoTransformer
from ..models.weights import AUTOENCODER, BASE, SHIPPED, load_autoencoder, load_base, save_base, save_layers
from .latents import Told, told
from .recipe import Recipe, Stage
from .renaming import renaming
from .samples import draw_samples

_TOWARDS_NOISE, _SPREAD = 1.3, 1.3
_FUSED_SEGMENTS = 3

Shelved = tuple[Told, Tensor]
"""Episodes of one length, and their words as numbers (episodes, segments, words)."""


class Lessons(NamedTuple):
    """What a transformer is trained on, or tried on."""

    shelves: list[Shelved]
    vocabulary: Vocabulary

    def of(self, segments: int) -> list[Shelved]:
        """The shelves whose episodes have so many segments or more."""
        return [(told, words) for told, words in self.shelves if told.segments >= segments]


class Stretches(NamedTuple):
    """Some consecutive segments of each of a few episodes."""

    latents: Tensor
    marks: Tensor
    """Where a character or a thing is seen."""
    words: Tensor
    still: Tensor | None
    """The number of the one frame of each segment that is here, where not all are."""


def train_base(recipe: Recipe, folder: Path, start: Path | None = None) -> None:
    """The transformer without sequence layers, first on single frames, then on single segments.

    It begins with the weights in `start`, or with nothing.
    """
    weights = _weights_of(folder, AUTOENCODER)
    shelves = [told(folder, weights, shelf) for shelf in recipe.stories]
    model, vocabulary = load_base(start) if start else _new_base(recipe, shelves)
    lessons = _lessons(shelves, vocabulary)
    for stage in recipe.base:
        checkpoint = folder / f"base_{stage.name}.pt"
        model = _fit(model.requires_grad_(True), lessons, recipe, stage, checkpoint, recipe.seed)
    save_base(folder / "weights", model, vocabulary)
    held_out = _lessons([told(folder, weights, shelf, "dev") for shelf in recipe.stories], vocabulary)
    last = recipe.base[-1]
    write_losses(folder / "base.json", model, held_out, last, recipe.held_out)
    draw_samples(folder / "base.png", _filming(model, vocabulary, weights), last.segments)


def _new_base(recipe: Recipe, shelves: Sequence[Told]) -> tuple[VideoTransformer, Vocabulary]:
    vocabulary = Vocabulary.of(text for shelf in shelves for texts in shelf.texts for text in texts)
    torch.manual_seed(recipe.seed)
    return VideoTransformer(recipe.transformer_shape, len(vocabulary), None), vocabulary


def train_layers(recipe: Recipe, folder: Path, name: str, make_layer: MakeSequenceLayer, seed: int) -> None:
    """Sequence layers in the base, stage by stage; each stage starts from the average of the one before."""
    weights, base = _weights_of(folder, AUTOENCODER), _weights_of(folder, BASE)
    torch.manual_seed(seed)
    model, vocabulary = load_base(base, make_layer)
    lessons = _lessons([told(folder, weights, shelf) for shelf in recipe.stories], vocabulary)
    held_out = _lessons([told(folder, weights, shelf, "dev") for shelf in recipe.stories], vocabulary)
    rate = _best_rate(model, lessons, held_out, recipe, folder / name, seed)
    for stage in recipe.stages:
        step = folder / f"{name}_{stage.name}"
        model = _fit(_learning(model), lessons, recipe, _at_rate(stage, rate), step.with_suffix(".pt"), seed)
        model.trained_segments = stage.segments
        write_losses(step.with_suffix(".json"), model, held_out, stage, recipe.held_out)
        draw_samples(step.with_suffix(".png"), _filming(model, vocabulary, weights), stage.segments)
    save_layers(folder / "weights" / f"{name}.safetensors", model, base)


def _best_rate(
    model: VideoTransformer,
    lessons: Lessons,
    held_out: Lessons,
    recipe: Recipe,
    path: Path,
    seed: int,
) -> float:
    """The rate under which the loss on held-out stretches is least after the same few steps."""
    kept = path.with_name(f"{path.name}_rates.json")
    if len(recipe.rates) == 1:
        return recipe.rates[0]
    if not kept.exists():
        first = recipe.stages[0]
        trial = replace(first, schedule=replace(first.schedule, steps=recipe.trial_steps))
        found = {}
        for rate in recipe.rates:
            checkpoint = path.with_name(f"{path.name}_rate_{rate:g}.pt")
            tried = _fit(_learning(deepcopy(model)), lessons, recipe, _at_rate(trial, rate), checkpoint, seed)
            found[rate] = held_out_loss(tried, held_out, first, recipe.held_out)
        kept.write_text(json.dumps(found))
    losses = json.loads(kept.read_text())
    return float(min(losses, key=losses.__getitem__))


def _at_rate(stage: Stage, rate: float) -> Stage:
    return replace(stage, schedule=replace(stage.schedule, rate=stage.schedule.rate * rate))


def _learning(model: VideoTransformer) -> VideoTransformer:
    """After the base, sequence layers, their gates, attention's projections and the text encoder learn.

    The text encoder does, since until there is a memory the names in a text tell nothing that it could learn.
    """
    model.requires_grad_(False)
    model.text.requires_grad_(True)
    for block in model.blocks:
        block.attention.requires_grad_(True)
        if block.between is not None:
            block.between.requires_grad_(True)
    return model


def _fit(
    model: VideoTransformer, lessons: Lessons, recipe: Recipe, stage: Stage, checkpoint: Path, seed: int
) -> VideoTransformer:
    """The moving average of the model."""
    shelves = lessons.of(stage.segments)

    # sequence layers loop over chunks, of which a compiler can take few
    few = stage in recipe.base or (stage.stills and stage.segments <= _FUSED_SEGMENTS)
    step_loss = fused(velocity_loss, recipe.fused) if few else velocity_loss

    def loss(luck: torch.Generator) -> Tensor:
        drawn = draw_stretches(shelves, stage, luck)
        is_told = torch.rand(len(drawn.words), 1, 1, generator=luck) >= recipe.text_dropout
        renamed = moved(renaming(lessons.vocabulary, luck))[drawn.words]
        drawn = drawn._replace(words=renamed * moved(is_told))
        return step_loss(model, drawn, *draw_blend(drawn.latents, luck), stage.emphasis)

    average = fit(model, stage.schedule, loss, checkpoint, seed)
    assert isinstance(average, VideoTransformer)
    return average


def draw_stretches(shelves: Sequence[Shelved], stage: Stage, luck: torch.Generator) -> Stretches:
    """A batch; the longer all episodes of a length are together, the more often one of them is drawn."""
    still = torch.randint(1, FRAMES_PER_SEGMENT + 1, (1,), generator=luck) if stage.stills else None
    weights = torch.tensor([len(told.latents) * told.segments for told, _ in shelves], dtype=torch.float)
    places = torch.multinomial(weights, stage.schedule.batch, replacement=True, generator=luck)
    counts = places.bincount(minlength=len(shelves)).tolist()
    drawn = [
        _draw_from(shelf, stage, still, count, luck) for shelf, count in zip(shelves, counts, strict=True) if count
    ]
    latents, marks, words = (torch.cat(parts) for parts in zip(*drawn, strict=True))
    return Stretches(latents.float(), marks, words, None if still is None else still.to(words.device))


def _draw_from(
    shelf: Shelved, stage: Stage, still: Tensor | None, count: int, luck: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Latents, marks and words of `count` stretches of episodes of one length."""
    told, words = shelf
    which = torch.randint(len(words), (count, 1), generator=luck)
    anywhere = torch.rand(count, 1, generator=luck) >= stage.from_start
    starts = torch.randint(told.segments - stage.segments + 1, (count, 1), generator=luck) * anywhere
    segments = starts + torch.arange(stage.segments)
    frames = starts * FRAMES_PER_SEGMENT + _frames(stage.segments, still)
    which, segments, frames = (x.to(words.device, non_blocking=True) for x in (which, segments, frames))
    return told.latents[which, frames], told.marks[which, frames], words[which, segments]


def _frames(segments: int, still: Tensor | None) -> Tensor:
    """Which latent frames of some segments: all, with the one before them; or one of each segment."""
    if still is None:
        return torch.arange(segments * FRAMES_PER_SEGMENT + 1)
    return still + torch.arange(segments) * FRAMES_PER_SEGMENT


def draw_blend(latents: Tensor, luck: torch.Generator) -> tuple[Tensor, Tensor]:
    """Noise for `latents`, and times 0 - 1 (batch,) whose logit is normal (arXiv 2403.03206).

    The times lean towards noise, where the text decides what is seen.
    """
    time = (_SPREAD * torch.randn(len(latents), generator=luck) + _TOWARDS_NOISE).sigmoid()
    return draw_noise(latents.shape, luck), moved(time)


def velocity_loss(
    model: VideoTransformer, drawn: Stretches, noise: Tensor, time: Tensor, emphasis: float = 0.0
) -> Tensor:
    """Mean squared error of the velocity noise - latents; where marks are, it counts 1 + `emphasis` times."""
    mixed = torch.lerp(drawn.latents, noise, time.view(-1, 1, 1, 1, 1))
    with mixed_precision(mixed.device):
        velocity = model(mixed, time, drawn.words, drawn.still)
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


def _weights_of(folder: Path, name: str) -> Path:
    """The folder with a file that something is trained from: trained here before, or shipped."""
    return folder / "weights" if (folder / "weights" / name).is_file() else SHIPPED


def _lessons(shelves: Sequence[Told], vocabulary: Vocabulary) -> Lessons:
    """Ready to be drawn from."""
    numbers = (torch.stack([vocabulary.tensor(texts) for texts in shelf.texts]) for shelf in shelves)
    numbered = [(shelf.on(device()), moved(words)) for shelf, words in zip(shelves, numbers, strict=True)]
    return Lessons(numbered, vocabulary)

"""The W.A.L.T cascade's training: each of its models on excerpts of 17 frames, by the squared error of the velocity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from evalsuite.interfaces import Training
from evalsuite.learning.curves import draw_curves
from evalsuite.learning.device import draw_noise, mixed_precision, moved
from evalsuite.learning.loop import fit
from evalsuite.learning.sums import is_made, revision
from evalsuite.types import VideoSpec

from ..models.files import AUTOENCODER, SHIPPED, weight_file
from ..models.frames import FRAMES_PER_SECOND
from ..models.text import Vocabulary
from ..models.walt_diffusion import TIMES, latents_in, mix, velocity_of
from ..models.walt_generator import WaltGenerator
from ..models.walt_transformer import LATENT_FRAMES, Given, WaltTransformer
from ..models.walt_weights import load_part, save_part
from ..models.weights import load_autoencoder
from .recipe import RECIPE
from .recipe_walt import WALT, WaltPart, WaltRecipe
from .samples import draw_samples
from .train_autoencoder import train_autoencoder
from .walt_excerpts import Excerpts, excerpts


def train_cascade(training: Training) -> list[Path]:
    """The three files in `weights` of the training's folder.

    Latents are made by the autoencoder of that folder, or by the shipped one where it has none. A smoke run is tiny
    throughout, and so has a folder of its own and starts from nothing.
    """
    training.refuse_further_and_rate("walt")
    recipe, needed = (WALT.smoke(), RECIPE.smoke()) if training.smoke else (WALT, RECIPE)
    folder = training.folder / "smoke" if training.smoke else training.folder
    own = folder / "weights"
    if (training.smoke or training.from_nothing) and not is_made(own / AUTOENCODER):
        train_autoencoder(needed, folder)
    train_walt(recipe, folder, own if is_made(own / AUTOENCODER) else SHIPPED, training.seed)
    draw_curves(folder / "loss.png", sorted(folder.glob("*.csv")))
    return [weight_file(part.name, own) for part in recipe.parts]


def train_walt(recipe: WaltRecipe, folder: Path, weights: Path, seed: int) -> None:
    """All models of the cascade, on latents of the autoencoder in the folder `weights`."""
    for number, part in enumerate(recipe.parts, 1):
        train_part(recipe, part, folder, weights, seed)
        samples = folder / f"{part.name}.png"
        if not samples.exists():
            _draw_samples(samples, recipe.parts[:number], folder, weights)


def _draw_samples(path: Path, parts: Sequence[WaltPart], folder: Path, weights: Path) -> None:
    """What these models, one after the other, make; at the size of the last."""
    made = [load_part(part.name, folder / "weights") for part in parts]
    generator = WaltGenerator(made, load_autoencoder(weights))
    draw_samples(path, generator, 1, VideoSpec(*generator.stages[-1].size, fps=FRAMES_PER_SECOND))


def train_part(recipe: WaltRecipe, part: WaltPart, folder: Path, weights: Path, seed: int) -> None:
    """One model, which needs no other; goes on where an interrupted run stopped."""
    seen = excerpts(folder, weights, part.stories, part.pictures)
    vocabulary = Vocabulary.of(seen.texts)
    lessons = Lessons.of(seen, vocabulary, part)
    torch.manual_seed(seed)
    model = WaltTransformer(part.shape, len(vocabulary))

    def loss(luck: torch.Generator) -> Tensor:
        latents, given = lessons.draw(recipe, part.schedule.batch, luck)
        return walt_loss(model, latents, given, draw_blend(latents.shape, recipe.self_conditioning, luck))

    told = (replace(recipe, parts=(part,)), revision(weights / AUTOENCODER))
    average = fit(model, part.schedule, loss, folder / f"{part.name}.pt", seed, told)
    assert isinstance(average, WaltTransformer)
    save_part(folder / "weights", part.name, average, vocabulary)


@dataclass(frozen=True, slots=True)
class Lessons:
    """Excerpts as one model of the cascade sees them."""

    latents: Tensor
    small: Tensor | None
    words: Tensor
    opening: Tensor
    """Numbers of the excerpts that open a stretch of video."""
    following: Tensor
    """Numbers of those that lead from one to the next."""

    @classmethod
    def of(cls, seen: Excerpts, vocabulary: Vocabulary, part: WaltPart) -> Lessons:
        latents, small = (seen.large, seen.small) if part.shape.enlarges else (seen.small, None)
        small = None if small is None else moved(small)
        words = moved(vocabulary.tensor(seen.texts))
        return cls(moved(latents), small, words, (~seen.follows).nonzero()[:, 0], seen.follows.nonzero()[:, 0])

    def draw(self, recipe: WaltRecipe, batch: int, luck: torch.Generator) -> tuple[Tensor, Given]:
        """Latents, and what they are to be made from."""
        known = torch.multinomial(torch.tensor(recipe.knowing), batch, replacement=True, generator=luck)
        which = torch.where(known < 2, _choose(self.opening, batch, luck), _choose(self.following, batch, luck))
        mask = moved((torch.arange(LATENT_FRAMES) < known.unsqueeze(1)).view(batch, -1, 1, 1, 1))
        told = moved(torch.rand(batch, 1, generator=luck) >= recipe.text_dropout)
        which = moved(which)
        latents = self.latents[which].float()
        given = Given(self.words[which] * told, latents * mask, mask)
        if self.small is None:
            return latents, given
        times = moved(torch.randint(recipe.noisiest, (batch,), generator=luck))
        small = _mixed(self.small[which].float(), times, luck)
        return latents, Given(given.words, given.known, mask, small, times / TIMES)


class Blend(NamedTuple):
    """What is drawn for each chunk of a batch."""

    times: Tensor
    noise: Tensor
    helped: Tensor
    """Which chunks are told what the model took them for before."""


def draw_blend(shape: Sequence[int], self_conditioning: float, luck: torch.Generator) -> Blend:
    """For latents of a `shape`; times are drawn evenly."""
    times = torch.randint(TIMES, (shape[0],), generator=luck)
    helped = torch.rand(shape[0], 1, 1, 1, 1, generator=luck) < self_conditioning
    return Blend(moved(times), draw_noise(shape, luck), moved(helped))


def walt_loss(model: WaltTransformer, latents: Tensor, given: Given, blend: Blend) -> Tensor:
    """Mean squared error of the velocity over all frames that are not known."""
    times, noise, helped = blend
    noisy = mix(latents, noise, times)
    with mixed_precision(latents.device):
        estimate = _estimate(model, noisy, times, given) * helped
        velocity = model(noisy, times / TIMES, estimate, given)
    wrong: Tensor = (velocity - velocity_of(latents, noise, times)).square() * ~given.mask
    return wrong.sum() / (~given.mask).expand_as(wrong).sum()


@torch.no_grad()
def _estimate(model: WaltTransformer, noisy: Tensor, times: Tensor, given: Given) -> Tensor:
    """What the model takes noisy chunks for at first sight."""
    velocity = model(noisy, times / TIMES, torch.zeros_like(noisy), given)
    return given.fill(latents_in(noisy, velocity, times))


def _mixed(latents: Tensor, times: Tensor, luck: torch.Generator) -> Tensor:
    return mix(latents, draw_noise(latents.shape, luck), times)


def _choose(numbers: Tensor, count: int, luck: torch.Generator) -> Tensor:
    return numbers[torch.randint(len(numbers), (count,), generator=luck)]

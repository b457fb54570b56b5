"""The cascade's training on a tiny world of its own: what it is shown, that it learns, and that it ends in files."""

from __future__ import annotations

import csv
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from evalsuite.baselines.models.autoencoder import Autoencoder, AutoencoderShape
from evalsuite.baselines.models.files import CASCADE
from evalsuite.baselines.models.generator import marked_texts
from evalsuite.baselines.models.text import Vocabulary
from evalsuite.baselines.models.walt_diffusion import NOISE, SIGNAL, TIMES, WaltSampling
from evalsuite.baselines.models.walt_generator import WaltGenerator
from evalsuite.baselines.models.walt_weights import load_cascade
from evalsuite.baselines.models.weights import load_autoencoder, save_autoencoder
from evalsuite.baselines.training.recipe import Shelf
from evalsuite.baselines.training.recipe_walt import WALT
from evalsuite.baselines.training.train_walt import Lessons, draw_blend, train_cascade, train_walt, walt_loss
from evalsuite.baselines.training.walt_excerpts import Excerpts, encode_excerpts, excerpts, find_excerpts, halve

from evalsuite.errors import PluginError
from evalsuite.interfaces import Training
from evalsuite.toon.script import episode, storyboard
from evalsuite.toon.world import frames
from evalsuite.types import Segment, Storyboard, VideoSpec

SMOKE = WALT.smoke()
CHANNELS = SMOKE.parts[0].shape.latent_channels
BOARD = Storyboard(
    id="s", title="s", segments=(Segment(text="One."), Segment(text="Two."), Segment(text="Three.", cut_before=True))
)


def tiny_autoencoder():
    torch.manual_seed(0)
    widths, depths = (16, 16), (1, 1)
    model = Autoencoder(AutoencoderShape(CHANNELS, widths, depths, widths, depths)).requires_grad_(False)
    model.normalise(model.encode(torch.rand(1, 17, 3, 64, 96) * 2 - 1))
    return model


def test_excerpts_begin_where_a_generators_chunks_do():
    one, two, three = marked_texts(BOARD.segments)
    found = [(place.start, place.text) for place in find_excerpts(BOARD) if not place.follows]
    assert found == [(0, one), (24, two), (48, three)]
    found = [(place.start + 5, place.text) for place in find_excerpts(BOARD) if place.follows]
    assert found == [(12, one), (24, two), (36, two), (48, three), (60, three)]


def test_pictures_are_halved_by_the_mean_of_four():
    film = np.random.default_rng(0).integers(0, 256, (2, 4, 6, 3), dtype=np.uint8)
    means = film.reshape(2, 2, 2, 3, 2, 3).mean((2, 4))
    assert np.abs(halve(film) - means).max() <= 0.5


def test_excerpts_are_encoded_at_two_sizes_once(tmp_path):
    model = tiny_autoencoder()
    save_autoencoder(tmp_path, model)
    shelf = Shelf(segments=1, episodes=1, held_out=0)
    first = excerpts(tmp_path, tmp_path, [shelf], VideoSpec(96, 64, 8.0))
    (made,) = (tmp_path / "excerpts").rglob("*.safetensors")
    before = made.stat().st_mtime_ns
    again = excerpts(tmp_path, tmp_path, [shelf], VideoSpec(96, 64, 8.0))
    assert made.stat().st_mtime_ns == before
    assert torch.equal(again.large, first.large)
    script = episode("train", 1, 0)
    film = np.stack(list(frames(script, VideoSpec(96, 64, 8.0))))
    places = find_excerpts(storyboard(script).told())
    assert first.texts == [place.text for place in places]
    assert first.follows.tolist() == [place.follows for place in places] == [False, True]
    same = load_autoencoder(tmp_path)
    assert torch.equal(first.large, encode_excerpts(same, film, places))
    assert torch.equal(first.small, encode_excerpts(same, halve(film), places))
    assert first.small.shape == (2, 5, CHANNELS, 4, 6)


def numbered():
    """Excerpts whose numbers are their latents."""
    numbers = torch.arange(40.0).view(-1, 1, 1, 1, 1)
    large, small = (numbers.expand(40, 5, 1, 2 * size, 3 * size) for size in (4, 2))
    return Excerpts(large, small, ["one"] * 20 + ["two"] * 20, torch.arange(40) >= 20)


def test_lessons_keep_latents_words_and_what_is_known_together():
    vocabulary = Vocabulary(["one", "two"])
    recipe = replace(WALT, text_dropout=0.25, noisiest=1)
    lessons = Lessons.of(numbered(), vocabulary, WALT.parts[1])
    latents, given = lessons.draw(recipe, 4000, torch.Generator().manual_seed(0))
    number, known = latents[:, 0, 0, 0, 0], given.mask[:, :, 0, 0, 0].sum(1)
    assert torch.equal(number >= 20, known == 2)
    assert (known.bincount() / 4000).tolist() == pytest.approx(WALT.knowing, abs=0.03)
    assert torch.equal(given.known, latents * given.mask)
    assert given.mask[known == 1][0, :, 0, 0, 0].tolist() == [True, False, False, False, False]
    assert torch.allclose(given.small[..., 0, 0, 0].mean(1), number, atol=0.1)
    words = given.words[:, 0]
    assert set(words[number < 20].tolist()) == {0, *vocabulary.numbers("one")}
    assert set(words[number >= 20].tolist()) == {0, *vocabulary.numbers("two")}
    assert float((words == 0).float().mean()) == pytest.approx(0.25, abs=0.03)


def test_the_first_model_is_shown_the_smaller_size_alone():
    lessons = Lessons.of(numbered(), Vocabulary(["one"]), WALT.parts[0])
    latents, given = lessons.draw(WALT, 3, torch.Generator())
    assert latents.shape == (3, 5, 1, 4, 6)
    assert given.small is None


class Omniscient:
    """Gives the exact velocity, but nonsense for frames that are known anyway; remembers the estimates it got."""

    def __init__(self, latents):
        self.latents = latents
        self.estimates = []

    def __call__(self, noisy, time, estimate, given):
        self.estimates.append(estimate)
        times = (time * TIMES).round().long()
        signal, spread = (table[times].view(-1, 1, 1, 1, 1) for table in (SIGNAL, NOISE))
        velocity = signal * (noisy - signal * self.latents) / spread - spread * self.latents
        return torch.where(given.mask, 7.0, velocity)


def test_the_loss_is_of_unknown_frames_and_estimates_are_told_to_most():
    lessons = Lessons.of(numbered(), Vocabulary(["one"]), WALT.parts[0])
    luck = torch.Generator().manual_seed(0)
    latents, given = lessons.draw(WALT, 1000, luck)
    model = Omniscient(latents.double())
    blend = draw_blend(latents.shape, 0.9, luck)
    assert float(walt_loss(model, latents.double(), given, blend)) < 1e-6
    nothing, told = model.estimates
    assert not nothing.any()
    helped = told.abs().amax((1, 2, 3, 4)) > 0
    assert float(helped.double().mean()) == pytest.approx(0.9, abs=0.04)
    assert torch.allclose(told[helped], model.latents[helped], atol=1e-2)
    model.latents = model.latents + 1
    assert float(walt_loss(model, latents.double(), given, blend)) > 0.1


@pytest.mark.slow
def test_a_smoke_run_learns_and_ends_in_files_that_make_frames(tmp_path):
    save_autoencoder(tmp_path / "weights", tiny_autoencoder())
    train_walt(SMOKE, tmp_path, tmp_path / "weights", seed=0)
    for name in CASCADE:
        with (tmp_path / f"{name}.csv").open() as file:
            losses = [float(row["loss"]) for row in csv.DictReader(file)]
        assert losses[-1] < losses[0]
        width, height = map(int, name.removeprefix("walt_").split("x"))
        assert cv2.imread(str(tmp_path / f"{name}.png")).shape == (12 * (height + 2), 8 * (width + 2), 3)
    parts, autoencoder = load_cascade(tmp_path / "weights"), load_autoencoder(tmp_path / "weights")
    generator = WaltGenerator(parts, autoencoder, WaltSampling(steps=2))
    assert len(list(generator.film(BOARD, 0, VideoSpec(96, 64, 8.0)).frames)) == 72
    large = next(iter(generator.film(BOARD, 0, VideoSpec(192, 128, 8.0)).frames))
    assert large.shape == (128, 192, 3)
    assert large.std() > 0


def test_there_is_no_base_to_train_further(tmp_path):
    with pytest.raises(PluginError, match="leave out --further"):
        train_cascade(Training(tmp_path, further=True))

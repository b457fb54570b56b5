"""The cascade at work, with tiny random weights: chunks, what they are conditioned on, streaming, files."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from evalsuite.baselines.models import walt_generator
from evalsuite.baselines.models.autoencoder import Autoencoder, AutoencoderShape
from evalsuite.baselines.models.files import CASCADE
from evalsuite.baselines.models.text import Vocabulary
from evalsuite.baselines.models.walt_diffusion import NOISE, SIGNAL, WaltSampling
from evalsuite.baselines.models.walt_generator import WaltGenerator, chunks
from evalsuite.baselines.models.walt_transformer import WaltShape, WaltTransformer
from evalsuite.baselines.models.walt_weights import load_cascade, save_part
from evalsuite.baselines.walt import Walt

from evalsuite import plugins
from evalsuite.errors import EvalsuiteError, PluginError
from evalsuite.types import Segment, Storyboard, VideoSpec

SPEC = VideoSpec(96, 64, 8.0)
WORDS = Vocabulary(["<start_scene>", "<end_scene>", "red", "fox"])


def shape(scale):
    return WaltShape(
        latent_channels=16,
        latent_height=4 * scale,
        latent_width=6 * scale,
        patch=scale,
        width=16,
        heads=1,
        blocks=2,
        enlarges=scale > 1,
    )


def random_part(scale):
    torch.manual_seed(scale)
    model = WaltTransformer(shape(scale), len(WORDS))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return model.requires_grad_(False), WORDS


def tiny_autoencoder():
    torch.manual_seed(0)
    widths, depths = (8, 8), (1, 1)
    model = Autoencoder(AutoencoderShape(16, widths, depths, widths, depths))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    model.requires_grad_(False).normalise(model.encode(torch.rand(1, 17, 3, 64, 96) * 2 - 1))
    return model


def story(*seconds, identity="story"):
    texts = ("The red fox.", "It waves.", "A cut: the kitchen.", "The end.")
    segments = tuple(
        Segment(text=text, seconds=length, cut_before=place == 2)
        for place, (text, length) in enumerate(zip(texts, seconds, strict=False))
    )
    return Storyboard(id=identity, title="story", segments=segments)


@pytest.fixture(scope="module")
def generator():
    return WaltGenerator([random_part(scale) for scale in (1, 2, 4)], tiny_autoencoder(), WaltSampling(steps=1))


@pytest.fixture
def given(monkeypatch):
    """What each chunk was made from, and what it became, in order."""
    calls = []

    def recording(model, given, unwanted, noise, sampling):
        latents = sample(model, given, unwanted, noise, sampling)
        calls.append((given, latents))
        return latents

    sample = walt_generator.sample
    monkeypatch.setattr(walt_generator, "sample", recording)
    return calls


def film(generator, board, seed=0, spec=SPEC, picture=None):
    return np.stack(list(generator.film(board, seed, spec, picture).frames))


@pytest.mark.parametrize("seconds", [(3, 3), (0.25, 3), (1.3, 0.7, 2), (4.5,), (0.125,), (7.1, 0.4)])
def test_chunks_tile_a_video_of_any_length(generator, seconds):
    board = story(*seconds)
    assert len(film(generator, board)) == round(sum(seconds) * 8)
    assert sum(chunk.frames for chunk in chunks(board)) == round(sum(seconds) * 8)


def test_chunks_are_12_frames_of_one_segment():
    plan = chunks(story(3, 2, 1))
    assert [chunk.frames for chunk in plan] == [12, 12, 12, 4, 8]
    assert [chunk.text for chunk in plan[:3]] == ["The red fox.", "The red fox.", "It waves. <end_scene>"]
    assert plan[4].text.startswith("<start_scene>")


def test_each_chunk_goes_on_from_the_frames_shown_last(generator, given):
    frames = film(generator, story(3, 1.25, 0.25))
    counts = [[int(one.mask.sum()) for one, _ in given[stage::2]] for stage in range(2)]
    assert counts == [[0, 2, 2, 2]] * 2
    encoder = generator.stages[1].autoencoder
    last = torch.from_numpy(frames[29:34]).permute(0, 3, 1, 2).unsqueeze(0).float() / 127.5 - 1
    expected = encoder.encode(last.to(next(encoder.parameters()).dtype)).float()
    found = given[7][0].known[:, :2]
    assert (found - expected).std() < 0.05 * expected.std()
    assert not given[7][0].known[:, 2:].any()


def test_fewer_than_5_frames_are_followed_as_a_picture_is(generator, given):
    film(generator, story(0.25, 1))
    assert [int(one.mask.sum()) for one, _ in given] == [0, 0, 1, 1]


def test_a_picture_conditions_the_first_latent_frame(generator, given):
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    frames = film(generator, story(1.5), picture=picture)
    assert frames.shape == (12, 64, 96, 3)
    assert [int(one.mask.sum()) for one, _ in given] == [1, 1]
    for stage, (one, latents) in zip(generator.stages, given, strict=False):
        expected = stage.autoencoder.encode(stage.begin(picture).to(next(stage.autoencoder.parameters()).dtype))
        assert torch.equal(latents[:, :1], expected.float())
        assert torch.equal(one.known[:, :1], expected.float())
    assert not np.array_equal(frames, film(generator, story(1.5)))


def test_each_model_enlarges_what_the_one_before_it_made(generator, given):
    film(generator, story(1), spec=VideoSpec(192, 128, 8.0))
    (first, small), (second, middle), (third, _) = given
    assert first.small is None
    for larger, before in ((second, small), (third, middle)):
        noise = (larger.small - SIGNAL[50] * before) / NOISE[50]
        assert float(noise.std()) == pytest.approx(1, abs=0.1)
        assert larger.level.tolist() == pytest.approx([0.05])


@pytest.mark.parametrize(("size", "models"), [((96, 64), 2), ((90, 60), 2), ((97, 64), 3), ((320, 200), 3)])
def test_the_last_model_runs_for_large_pictures_alone(generator, given, size, models):
    frames = film(generator, story(0.5), spec=VideoSpec(*size, 8.0))
    assert frames.shape == (4, size[1], size[0], 3)
    assert len(given) == models


def test_footage_tells_the_effort_and_strange_words(generator):
    footage = generator.film(story(3, 1), 0, SPEC)
    assert (footage.effort.steps, footage.effort.tokens) == (1, 3 * 2 * 5 * 24)
    assert footage.note == "5 words that it does not know"  # "the", "it", "waves", and two full stops
    assert generator.film(story(9), 0, SPEC).note.startswith("2 words")  # of one segment, however long


def test_equal_storyboard_and_seed_make_equal_frames(generator):
    frames = film(generator, story(3, 1))
    assert np.array_equal(film(generator, story(3, 1)), frames)
    assert np.array_equal(film(generator, story(3)), frames[:24])
    assert not np.array_equal(film(generator, story(3, 1), seed=1), frames)
    assert not np.array_equal(film(generator, story(3, 1, identity="other")), frames)


def test_frames_are_handed_out_while_the_rest_is_not_made(generator, given):
    frames = iter(generator.film(story(600), 0, SPEC).frames)
    for _ in range(13):
        next(frames)
    assert len(given) == 4


def test_files_hold_the_cascade(tmp_path):
    parts = [random_part(scale) for scale in (1, 2, 4)]
    for name, (model, vocabulary) in zip(CASCADE, parts, strict=True):
        save_part(tmp_path, name, model, vocabulary)
    for (model, vocabulary), (loaded, words) in zip(parts, load_cascade(tmp_path), strict=True):
        assert words.words == vocabulary.words
        assert loaded.shape == model.shape
        assert torch.allclose(loaded.leave.weight, model.leave.weight, atol=1e-3)


def test_missing_weights_are_told(tmp_path):
    with pytest.raises(EvalsuiteError, match=r"walt_48x32\.safetensors"):
        load_cascade(tmp_path)


def test_a_picture_may_be_named_on_the_command_line(tmp_path):
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), dtype=np.uint8)
    for number in (1, 2):
        cv2.imwrite(str(tmp_path / f"My {number}.png"), np.roll(picture, number, axis=1)[..., ::-1])
    first, second = (plugins.baseline(f"walt:{tmp_path}/My {number}.png") for number in (1, 2))
    assert len({first.revision, second.revision, Walt().revision}) == 3
    assert np.array_equal(first._picture, np.roll(picture, 1, axis=1))
    with pytest.raises(PluginError, match="which is not there or no picture"):
        plugins.baseline(f"walt:{tmp_path}/none.png")

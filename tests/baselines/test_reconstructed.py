"""The autoencoder's veil: what went in comes out again, at any length and in the same order."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from evalsuite.baselines.models.weights import load_autoencoder
from evalsuite.baselines.training.latents import encode, opened

from evalsuite import plugins
from evalsuite.errors import PluginError
from evalsuite.toon import script
from evalsuite.types import VideoSpec

SPEC = VideoSpec(96, 64, 8)
STORY = script.storyboard(script.episode("dev", 3, 4))


def frames(model, story=STORY, spec=SPEC):
    return np.stack(list(plugins.baseline(model).generate(story, 0, spec).frames)).astype(float)


def loudness(error):
    return 10 * np.log10(255**2 / np.mean(error**2))


def test_each_frame_is_like_the_oracle_s_and_unlike_its_neighbours():
    oracle, veiled = frames("oracle"), frames("reconstructed")
    assert oracle.shape == veiled.shape
    assert not np.array_equal(oracle, veiled)
    assert loudness(oracle - veiled) > 24  # its card says 25.4 dB
    assert loudness(oracle - veiled) > 3 + loudness(oracle[1:] - veiled[:-1])


def test_who_looks_at_frames_may_learn_meanwhile():
    stream = iter(plugins.baseline("reconstructed").generate(STORY, 0, SPEC).frames)
    next(stream)
    assert not torch.is_inference_mode_enabled()
    assert next(stream).shape == (64, 96, 3)


def test_it_is_what_generators_are_trained_on():
    oracle, autoencoder = frames("oracle"), load_autoencoder()
    shown = autoencoder.decode(encode(autoencoder, opened(oracle.astype(np.uint8))).float()[None])[0, 1:]
    expected = (shown.clamp(-1, 1).movedim(1, -1).numpy() + 1) * 127.5
    assert np.abs(expected - frames("reconstructed")).mean() < 0.6  # levels of 255: two roundings to bfloat16


def test_damage_comes_first():
    damaged, veiled = frames("degraded:vanish@1"), frames("reconstructed:vanish@1")
    assert loudness(damaged - veiled) > 24
    assert loudness(damaged - veiled) > 3 + loudness(frames("oracle") - veiled)


def test_what_ends_early_ends_as_early_behind_the_veil():
    assert len(frames("reconstructed:truncate@0.5")) == len(frames("degraded:truncate@0.5")) == 36


def test_a_story_that_fills_no_last_piece_and_a_larger_picture():
    segments = STORY.segments
    story = STORY.model_copy(update={"segments": (segments[0], segments[1].model_copy(update={"seconds": 2.2}))})
    assert frames("reconstructed", story, VideoSpec(192, 128, 24)).shape == (42, 128, 192, 3)


@pytest.mark.parametrize("model", ["reconstructed", "harmless:resize"])
def test_the_truth_is_kept_only_of_pictures_of_its_size(model):
    large = plugins.baseline(model).generate(STORY, 0, VideoSpec(192, 128, 8))
    assert large.truth is None
    assert plugins.baseline("reconstructed").generate(STORY, 0, SPEC).truth is not None


def test_a_damage_must_be_known():
    with pytest.raises(PluginError, match="did you mean vanish"):
        plugins.baseline("reconstructed:vansh@0.4")

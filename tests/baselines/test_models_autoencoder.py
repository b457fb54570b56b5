from __future__ import annotations

import pytest
import torch
from evalsuite.baselines.models.autoencoder import Autoencoder, AutoencoderShape


@pytest.fixture
def model():
    """A small one in float64 in which no weight is zero."""
    torch.manual_seed(0)
    autoencoder = Autoencoder(
        AutoencoderShape(latent_channels=16, encoder_widths=(4, 8), decoder_widths=(4, 8))
    ).double()
    for parameter in autoencoder.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return autoencoder.requires_grad_(False)


def video(frames):
    return torch.rand(2, frames, 3, 16, 24, dtype=torch.double) * 2 - 1


def test_four_frames_and_eight_pixels_become_one_latent(model):
    latents = model.encode(video(13))
    assert latents.shape == (2, 4, 16, 2, 3)
    assert model.decode(latents).shape == (2, 13, 3, 16, 24)


def test_latents_do_not_know_the_future(model):
    short, long = video(9), video(17)
    long[:, :9] = short
    assert torch.equal(model.encode(long)[:, :3], model.encode(short))


def test_the_first_frame_alone_is_a_picture(model):
    film = video(9)
    picture = model.encode(film[:, :1])
    assert torch.equal(model.encode(film)[:, :1], picture)
    assert model.decode(picture).shape == (2, 1, 3, 16, 24)


def test_frames_do_not_know_later_latents(model):
    latents = torch.randn(1, 5, 16, 2, 3, dtype=torch.double)
    changed = latents.clone()
    changed[:, 3:] += 1
    before, after = model.decode(latents), model.decode(changed)
    assert torch.equal(before[:, :9], after[:, :9])
    assert (before[:, 9:] - after[:, 9:]).abs().amax((0, 2, 3, 4)).min() > 0


@pytest.mark.parametrize("sizes", [(1, 6), (3, 2, 2), (7,)])
def test_streaming_equals_decoding_at_once(model, sizes):
    latents = torch.randn(2, 7, 16, 2, 3, dtype=torch.double)
    streamed = torch.cat(list(model.stream(latents.split(sizes, dim=1))), dim=1)
    assert (streamed - model.decode(latents)).abs().max() < 1e-12


@pytest.mark.parametrize("sizes", [(1, 24), (9, 4, 12), (25,)])
def test_streaming_equals_encoding_at_once(model, sizes):
    film = video(25)
    streamed = torch.cat(list(model.encode_stream(film.split(sizes, dim=1))), dim=1)
    assert (streamed - model.encode(film)).abs().max() < 1e-12


def test_normalised_latents_decode_to_the_same_frames(model):
    film = video(9)
    before = model.decode(model.encode(film))
    model.normalise(model.encode(film))
    model.normalise(model.encode(film))
    latents = model.encode(film)
    assert torch.allclose(latents.mean((0, 1, 3, 4)), torch.zeros(16).double(), atol=1e-9)
    assert torch.allclose(latents.std((0, 1, 3, 4)), torch.ones(16).double())
    assert torch.allclose(model.decode(latents), before)

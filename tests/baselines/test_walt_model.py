"""The W.A.L.T transformer and its diffusion against what is worked out another way."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from evalsuite.baselines.models.noise import named_noise
from evalsuite.baselines.models.walt_diffusion import (
    NOISE,
    SIGNAL,
    TIMES,
    WaltSampling,
    latents_in,
    mix,
    noise_in,
    sample,
    steps,
    velocity_of,
)
from evalsuite.baselines.models.walt_transformer import (
    Given,
    Steering,
    WaltShape,
    WaltTransformer,
    _Attention,
    _TextAttention,
    know,
)
from evalsuite.baselines.models.walt_windows import Window
from torch.nn import functional

SMALL = WaltShape(latent_channels=2, text_tokens=3, width=16, heads=2, blocks=3, rank=2, tile_height=2)
LARGE = WaltShape(
    latent_channels=2, latent_height=8, latent_width=12, patch=2, text_tokens=3, width=16, heads=2, blocks=2, rank=2,
    enlarges=True,
)  # fmt: skip


def random_model(shape):
    """A transformer in which no weight is zero."""
    torch.manual_seed(0)
    model = WaltTransformer(shape, 20).double()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model.requires_grad_(False)


def given_for(shape, batch=1, frames=0):
    """Random conditions for a batch of which the first latent frames are known."""
    size = (shape.latent_channels, shape.latent_height, shape.latent_width)
    known, mask = know(torch.randn(batch, frames, *size, dtype=torch.double))
    words = torch.randint(1, 20, (batch, 7))
    if not shape.enlarges:
        return Given(words, known, mask)
    small = torch.randn(batch, 5, size[0], size[1] // 2, size[2] // 2, dtype=torch.double)
    return Given(words, known, mask, small, torch.full((batch,), 0.05).double())


def part_of(given, number):
    here = slice(number, number + 1)
    fields = (given.words, given.known, given.mask, given.small, given.level)
    return Given(*(None if field is None else field[here] for field in fields))


@pytest.mark.parametrize("window", [Window(1, 4, 6), Window(5, 2, 3), Window(5, 4, 6), Window(1, 1, 2)])
def test_boxes_hold_neighbours_and_merge_back(window):
    grid = torch.randn(2, 5, 4, 6, 3)
    boxes = window.partition(grid)
    assert boxes.shape == (2, 120 // (window.frames * window.height * window.width), boxes.shape[2], 3)
    assert torch.equal(boxes[:, 0], grid[:, : window.frames, : window.height, : window.width].flatten(1, 3))
    assert torch.equal(boxes[:, -1], grid[:, -window.frames :, -window.height :, -window.width :].flatten(1, 3))
    assert torch.equal(window.merge(boxes, 4, 6), grid)


def dense_answers(queries, keys, values, scale, bias):
    """One softmax over all tokens for each head; `bias` (heads, queries, keys) is -inf where nothing is seen."""
    heads = len(scale)
    q, k, v = (x.unflatten(-1, (heads, -1)).transpose(-2, -3) for x in (queries, keys, values))
    q, k = functional.normalize(q, dim=-1) * scale.exp(), functional.normalize(k, dim=-1)
    return ((q @ k.mT + bias).softmax(-1) @ v).transpose(-2, -3).flatten(-2)


@pytest.mark.parametrize("window", [Window(1, 4, 6), Window(5, 2, 3)])
def test_attention_in_windows_is_dense_attention_with_a_mask(window):
    torch.manual_seed(0)
    attention = _Attention(8, 2, window).double()
    torch.nn.init.normal_(attention.bias)
    grid = torch.randn(1, 5, 4, 6, 8, dtype=torch.double)
    sizes = (window.frames, window.height, window.width)
    table = attention.bias.view(2, *(2 * size - 1 for size in sizes))
    places = [np.array(place) for place in np.ndindex(5, 4, 6)]
    bias = torch.full((2, 120, 120), -torch.inf, dtype=torch.double)
    for i, one in enumerate(places):
        for j, other in enumerate(places):
            if np.array_equal(one // sizes, other // sizes):
                bias[:, i, j] = table[:, *(one - other + sizes - 1)]
    queries, keys, values = attention.project(grid.flatten(1, 3)).chunk(3, dim=-1)
    expected = attention.leave(dense_answers(queries, keys, values, attention.scale, bias))
    assert torch.allclose(attention(grid).flatten(1, 3), expected, atol=1e-9, rtol=0)


def test_text_is_seen_beside_the_tokens_of_the_same_frame():
    torch.manual_seed(0)
    read = _TextAttention(8, 2).double()
    torch.nn.init.normal_(read.leave.weight)
    grid, text = torch.randn(1, 5, 4, 6, 8, dtype=torch.double), torch.randn(1, 3, 8, dtype=torch.double)
    frame = torch.arange(5).repeat_interleave(24)
    seen = torch.cat([frame.unsqueeze(1) == frame, torch.ones(120, 3, dtype=torch.bool)], dim=1)
    bias = torch.zeros(2, 120, 123, dtype=torch.double).masked_fill(~seen, -torch.inf)
    tokens = grid.flatten(1, 3)
    keys, values = read.remember(torch.cat([tokens, text], dim=1)).chunk(2, dim=-1)
    expected = read.leave(dense_answers(read.ask(tokens), keys, values, read.scale, bias))
    assert torch.allclose(read(grid, text).flatten(1, 3), expected, atol=1e-9, rtol=0)


def test_steering_is_the_first_blocks_and_a_low_rank_part():
    steering = Steering(width=4, blocks=3, rank=2).double()
    for parameter in steering.parameters():
        torch.nn.init.normal_(parameter)
    told = torch.randn(5, 4, dtype=torch.double)
    enter, leave = steering.first[0], steering.first[2]
    first = functional.silu(told @ enter.weight.T + enter.bias) @ leave.weight.T + leave.bias
    expected = [first] + [
        first + told @ (steering.up[block].weight @ steering.down[block].weight).T for block in range(2)
    ]
    assert all(torch.allclose(*pair, atol=1e-12) for pair in zip(steering(told), expected, strict=True))
    assert steering.up[0].weight.shape == (24, 2)


@pytest.mark.parametrize("blocks", [1, 2])
def test_only_windows_over_all_frames_carry_what_is_seen_from_frame_to_frame(blocks):
    model = random_model(WaltShape(latent_channels=2, text_tokens=3, width=16, heads=2, blocks=blocks, tile_height=2))
    given = given_for(SMALL)
    noisy = torch.randn(1, 5, 2, 4, 6, dtype=torch.double)
    other = noisy.clone()
    other[:, 3] += 1
    time = torch.full((1,), 0.5).double()
    change = model(noisy, time, noisy, given) - model(other, time, noisy, given)
    assert (change.abs().amax((0, 2, 3, 4)) > 1e-12).tolist() == [blocks == 2] * 3 + [True] + [blocks == 2]


def test_every_condition_matters():
    model, given = random_model(LARGE), given_for(LARGE, frames=2)
    noisy, estimate = torch.randn(2, 1, 5, 2, 8, 12, dtype=torch.double)
    time = torch.full((1,), 0.5).double()
    before = model(noisy, time, estimate, given)
    others = {"words": given.words % 19 + 1, "known": 2 * given.known, "small": -given.small, "level": 2 * given.level}
    fields = {name: getattr(given, name) for name in ("words", "known", "mask", "small", "level")}
    for name, value in others.items():
        assert not torch.allclose(model(noisy, time, estimate, Given(**{**fields, name: value})), before), name
    assert not torch.allclose(model(noisy, time, -estimate, given), before)
    assert not torch.allclose(model(noisy, time / 2, estimate, given), before)


def test_smaller_latents_are_enlarged_from_depth_to_space():
    model, given = random_model(LARGE), given_for(LARGE)
    model.enlarge.weight.zero_()
    model.enlarge.bias.zero_()
    for channel in range(2):  # each of a position's four new ones copies it
        model.enlarge.weight.view(8, 2, 3, 3)[4 * channel : 4 * channel + 4, channel, 1, 1] = 1
    zeros = torch.zeros(1, 5, 2, 8, 12, dtype=torch.double)
    enlarged = model._see(zeros, zeros, given)[:, :, -2:]
    assert torch.equal(enlarged, given.small.repeat_interleave(2, dim=3).repeat_interleave(2, dim=4))


def test_the_last_time_is_pure_noise_and_the_rest_is_rescaled_linear_betas():
    assert SIGNAL[999] == 0
    assert NOISE[999] == 1
    assert (SIGNAL[-1], NOISE[-1]) == (1, 0)
    old = np.sqrt(np.cumprod(1 - np.linspace(1e-4, 0.02, 1000)))
    assert np.allclose(SIGNAL[:1000].numpy(), (old - old[-1]) * old[0] / (old[0] - old[-1]), atol=1e-12)
    assert (SIGNAL[:1000].diff() < 0).all()


def test_latents_and_noise_come_back_from_a_velocity():
    latents, noise = torch.randn(2, 1001, 1, 1, 1, 1, dtype=torch.double)
    times = torch.arange(-1, 1000)
    noisy, velocity = mix(latents, noise, times), velocity_of(latents, noise, times)
    assert torch.allclose(latents_in(noisy, velocity, times), latents, atol=1e-12)
    assert torch.allclose(noise_in(noisy, velocity, times), noise, atol=1e-12)
    assert torch.equal(noisy[-1], noise[-1])
    assert torch.equal(noisy[0], latents[0])


def test_steps_begin_with_pure_noise_and_end_with_none():
    assert steps(4) == [999, 749, 499, 249, -1]
    assert len(set(steps(20))) == 21


class Posterior:
    """The exact velocity for latents that are normal, with a mean for each text; remembers what it was told."""

    def __init__(self, deviation):
        self.deviation = deviation
        self.told = []

    def __call__(self, noisy, time, estimate, given):
        self.told.append((noisy, time, estimate))
        times = (time * TIMES).round().long()
        signal, noise = (table[times].view(-1, 1, 1, 1, 1) for table in (SIGNAL, NOISE))
        mean = given.words[:, :1].view(-1, 1, 1, 1, 1).double()
        beyond = (noisy - signal * mean) / (signal.square() * self.deviation**2 + noise.square())
        return signal * noise * beyond - noise * (mean + signal * self.deviation**2 * beyond)


def sampled(model, wanted, unwanted, frames=0, **sampling):
    torch.manual_seed(0)
    given, noise = given_for(SMALL, frames=frames), torch.randn(1, 5, 2, 4, 6, dtype=torch.double)
    given = Given(torch.full((1, 7), wanted), given.known, given.mask)
    return sample(model, given, torch.full((1, 7), unwanted), noise, WaltSampling(**sampling)), noise, given


@pytest.mark.parametrize("count", [1, 20])
def test_a_single_possible_answer_is_reached_whatever_the_steps(count):
    found, _, _ = sampled(Posterior(0.0), 3, 1, steps=count, guidance=1.0)
    assert torch.allclose(found, torch.full_like(found, 3.0), atol=1e-9)
    beyond, _, _ = sampled(Posterior(0.0), 3, 1, steps=count, guidance=2.5)
    assert torch.allclose(beyond, torch.full_like(beyond, 1 + 2.5 * 2), atol=1e-9)


def test_noise_is_carried_to_the_normal_that_was_learned():
    found, noise, _ = sampled(Posterior(0.5), 3, 1, steps=1000, guidance=1.0)
    assert torch.allclose(found, 3 + 0.5 * noise, atol=0.02)
    coarse, _, _ = sampled(Posterior(0.5), 3, 1, steps=20, guidance=1.0)
    assert torch.allclose(coarse, 3 + 0.5 * noise, atol=0.5)
    assert (coarse - found).abs().max() > 1e-3


def test_known_frames_come_out_unchanged():
    found, _, given = sampled(random_model(SMALL), 3, 1, frames=2, steps=3)
    assert torch.equal(found[:, :2], given.known[:, :2])
    assert not torch.allclose(found[:, 2:], given.known[:, 2:])


def test_known_frames_are_seen_as_noisy_as_in_training():
    model = Posterior(0.5)
    _, noise, given = sampled(model, 3, 1, frames=2, steps=4, guidance=2.0)
    assert len(model.told) == 4
    for noisy, time, _ in model.told:
        expected = mix(given.known, noise, (time[:1] * TIMES).round().long())
        assert torch.allclose(noisy[:, :2], expected[:, :2].expand(2, -1, -1, -1, -1), atol=1e-12)


def test_each_text_is_told_its_own_last_estimate():
    model = Posterior(0.0)
    sampled(model, 3, 1, frames=1, steps=3, guidance=2.0)
    (_, first, nothing), (_, second, estimate), _ = model.told
    assert (first * TIMES).tolist() == pytest.approx([999, 999])
    assert (second * TIMES).tolist() == pytest.approx([666, 666])
    assert not nothing.any()
    assert torch.allclose(estimate[:, 1:].mean((1, 2, 3, 4)), torch.tensor([3.0, 1.0]).double())
    assert torch.equal(estimate[0, 0], estimate[1, 0])


@pytest.mark.parametrize("shape", [SMALL, LARGE])
def test_a_chunk_does_not_depend_on_its_neighbours_in_the_batch(shape):
    model, given = random_model(shape), given_for(shape, batch=3, frames=2)
    noise = torch.randn(3, *shape.latents, dtype=torch.double)
    unwanted, sampling = torch.randint(1, 20, (3, 7)), WaltSampling(steps=3)
    together = sample(model, given, unwanted, noise, sampling)
    alone = [
        sample(model, part_of(given, i), unwanted[i : i + 1], noise[i : i + 1], sampling) for i in range(3)
    ]  # fmt: skip
    assert torch.allclose(together, torch.cat(alone), atol=1e-9)


def test_noise_goes_by_its_name():
    assert torch.equal(named_noise("story 0 1 96x64", (5, 2)), named_noise("story 0 1 96x64", (5, 2)))
    assert not torch.equal(named_noise("story 0 1 96x64", (5, 2)), named_noise("story 0 2 96x64", (5, 2)))
    assert abs(float(named_noise("many", (10_000,)).std()) - 1) < 0.02

"""Mamba 2 against its recurrence, token by token, and against the one in `transformers`."""

from __future__ import annotations

import pytest
import torch
from evalsuite.baselines.models.mamba2 import Mamba2, mamba2
from evalsuite.baselines.models.recurrent import Forgetting
from transformers import Mamba2Config
from transformers.models.mamba2.modeling_mamba2 import Mamba2Mixer


def random_layer(chunk=64):
    layer = Mamba2(width=12, head_width=8, state_width=5, chunk=chunk)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return layer


def recurrence(layer, video, convolved):
    gates, mixed, steps = layer.enter(video).split([24, 34, 3], dim=-1)
    values, writes, reads = convolved(layer, mixed).split([24, 5, 5], dim=-1)
    steps = torch.log1p(torch.exp(steps + layer.forgetting.bias))
    memories = [torch.zeros(8, 5).double() for _ in range(3)]
    rows = []
    for token in range(len(video)):
        row = []
        for head in range(3):
            value, step = values[token, 8 * head : 8 * head + 8], steps[token, head]
            decay = torch.exp(-torch.exp(layer.forgetting.log_rate[head]) * step)
            memories[head] = decay * memories[head] + step * torch.outer(value, writes[token])
            row.append(memories[head] @ reads[token] + layer.skip[head] * value)
        row = torch.cat(row) * gates[token] * torch.sigmoid(gates[token])
        rows.append(row / (row.square().mean() + 1e-5).sqrt() * layer.gain)
    return layer.leave(torch.stack(rows))


@pytest.mark.parametrize(("length", "chunk"), [(1, 64), (3, 64), (63, 64), (64, 64), (65, 64), (131, 64), (131, 4)])
@torch.no_grad()
def test_equals_the_recurrence(length, chunk, still, convolved):
    torch.manual_seed(length)
    layer = random_layer(chunk).double()
    videos = torch.randn(2, length, 12).double()
    expected = torch.stack([recurrence(layer, video, convolved) for video in videos])
    assert (layer(videos, still(length)) - expected).abs().max() < 1e-9


def test_equals_the_mixer_of_transformers(still):
    torch.manual_seed(0)
    layer = random_layer()
    config = Mamba2Config(
        hidden_size=12, num_heads=3, head_dim=8, state_size=5, n_groups=1, chunk_size=32, layer_norm_epsilon=1e-5
    )
    mixer = Mamba2Mixer(config, layer_idx=0).eval()
    theirs = {
        "A_log": layer.forgetting.log_rate,
        "D": layer.skip,
        "dt_bias": layer.forgetting.bias,
        "in_proj.weight": layer.enter.weight,
        "conv1d.weight": layer.convolution.weight.T.unsqueeze(1),
        "conv1d.bias": layer.convolution.bias,
        "norm.weight": layer.gain,
        "out_proj.weight": layer.leave.weight,
    }
    mixer.load_state_dict(theirs)
    tokens = torch.randn(2, 131, 12)
    with torch.no_grad():
        assert (layer(tokens, still(131)) - mixer(tokens)).abs().max() < 1e-4


def test_steps_start_as_usual_and_little_is_forgotten():
    torch.manual_seed(0)
    steps, decays = Forgetting(4000)(torch.zeros(4000))
    rates = -decays / steps
    assert 0.001 <= steps.min() < 0.0011
    assert 0.09 < steps.max() <= 0.1001
    assert (steps < 0.01).float().mean() == pytest.approx(0.5, abs=0.03)  # evenly spread on a logarithmic scale
    assert torch.allclose(rates, torch.full((4000,), 0.05))


def test_the_matrix_remembers_four_times_as_much_as_ttt_linears():
    before, memory = mamba2(192, 3).start(1, torch.float32)
    assert memory.numel() == 4 * 3 * 64 * 64
    assert before.shape == (1, 3, 2 * 192 + 2 * 128)
    assert mamba2(192, 3).state_size(5) == memory.numel() + before.numel()

"""Gated DeltaNet against its recurrence, token by token, and against those in `transformers`."""

from __future__ import annotations

import pytest
import torch
from evalsuite.baselines.models.gated_deltanet import GatedDeltaNet, Inputs, gated_delta_rule
from torch.nn import functional
from transformers import Qwen3NextConfig
from transformers.models.qwen3_next import modeling_qwen3_next as qwen


def random_layer(chunk=64):
    layer = GatedDeltaNet(width=12, heads=2, key_width=6, value_width=4, chunk=chunk)
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return layer


def recurrence(layer, video, convolved):
    mixed, gates, strengths, steps = layer.enter(video).split([32, 8, 2, 2], dim=-1)
    mixed = convolved(layer, mixed)
    steps = torch.log1p(torch.exp(steps + layer.forgetting.bias))
    decays = torch.exp(-torch.exp(layer.forgetting.log_rate) * steps)
    heads = []
    for head in range(2):
        memory = torch.zeros(6, 4).double()
        rows = []
        for token in range(len(video)):
            query, key, value = mixed[token, 16 * head : 16 * head + 16].split([6, 6, 4])
            query, key, strength = query / query.norm(), key / key.norm(), torch.sigmoid(strengths[token, head])
            replace = torch.eye(6).double() - strength * torch.outer(key, key)
            memory = decays[token, head] * replace @ memory + strength * torch.outer(key, value)
            answer = query @ memory / 6**0.5
            gate = functional.silu(gates[token, 4 * head : 4 * head + 4])
            rows.append(answer / (answer.square().mean() + 1e-5).sqrt() * layer.gain * gate)
        heads.append(torch.stack(rows))
    return layer.leave(torch.cat(heads, dim=-1))


@pytest.mark.parametrize(("length", "chunk"), [(1, 64), (3, 64), (63, 64), (64, 64), (65, 64), (131, 64), (131, 4)])
@torch.no_grad()
def test_equals_the_recurrence(length, chunk, still, convolved):
    torch.manual_seed(length)
    layer = random_layer(chunk).double()
    videos = torch.randn(2, length, 12).double()
    expected = torch.stack([recurrence(layer, video, convolved) for video in videos])
    assert (layer(videos, still(length)) - expected).abs().max() < 1e-9


@pytest.mark.parametrize("rule", [qwen.torch_recurrent_gated_delta_rule, qwen.torch_chunk_gated_delta_rule])
@pytest.mark.parametrize("length", [1, 64, 131])
def test_equals_the_rules_of_transformers(rule, length):
    torch.manual_seed(length)
    queries, keys = (functional.normalize(torch.randn(2, 3, length, 16), dim=-1) for _ in range(2))
    values, memory = torch.randn(2, 3, length, 8), torch.randn(2, 3, 16, 8)
    strengths, decays = torch.rand(2, 3, length, 1), -torch.rand(2, 3, length, 1)
    inputs = Inputs(queries, keys, values, strengths, decays)
    found, left = gated_delta_rule(memory, inputs, chunk=64, rounded=torch.float32)
    q, k, v, beta, g = (x.transpose(1, 2) for x in inputs)
    answers, state = rule(
        q, k, v, g=g.squeeze(-1), beta=beta.squeeze(-1), initial_state=memory.clone(), output_final_state=True
    )
    assert (found - answers.transpose(1, 2)).abs().max() < 1e-4
    assert (left - state).abs().max() < 1e-4


def test_equals_the_layer_of_transformers(still):
    torch.manual_seed(0)
    layer = random_layer()
    torch.nn.init.zeros_(layer.convolution.bias)  # theirs has none
    config = Qwen3NextConfig(
        hidden_size=12,
        linear_num_value_heads=2,
        linear_num_key_heads=2,
        linear_key_head_dim=6,
        linear_value_head_dim=4,
        rms_norm_eps=1e-5,
    )
    other = qwen.Qwen3NextGatedDeltaNet(config, layer_idx=0).eval()
    mixed, gates, strengths, steps = layer.enter.weight.split([32, 8, 2, 2])
    by_part = [part.flatten(0, 1) for part in layer.convolution.weight.T.unflatten(0, (2, 16)).split([6, 6, 4], dim=1)]
    theirs = {
        "A_log": layer.forgetting.log_rate,
        "dt_bias": layer.forgetting.bias,
        "in_proj_qkvz.weight": torch.cat([mixed.unflatten(0, (2, 16)), gates.unflatten(0, (2, 4))], dim=1).flatten(
            0, 1
        ),
        "in_proj_ba.weight": torch.stack([strengths, steps], dim=1).flatten(0, 1),
        "conv1d.weight": torch.cat(by_part).unsqueeze(1),
        "norm.weight": layer.gain,
        "out_proj.weight": layer.leave.weight,
    }
    other.load_state_dict(theirs)
    tokens = torch.randn(2, 131, 12)
    with torch.no_grad():
        assert (layer(tokens, still(131)) - other(tokens)).abs().max() < 1e-4


def test_a_key_that_comes_again_replaces_its_value():
    key = functional.normalize(torch.randn(4, dtype=torch.double), dim=0)
    ones, values = torch.ones(1, 1, 3, 1).double(), torch.randn(1, 1, 3, 2).double()
    keys = key.expand(1, 1, 3, 4)
    inputs = Inputs(keys, keys, values, strengths=ones, decays=0 * ones)
    answers, memory = gated_delta_rule(torch.zeros(1, 1, 4, 2).double(), inputs, chunk=64, rounded=torch.double)
    assert torch.allclose(answers, values / 2)  # divided by the root of the key width
    assert torch.allclose(memory[0, 0], torch.outer(key, values[0, 0, 2]))


def test_sums_so_large_that_their_exponentials_overflow_do_no_harm():
    torch.manual_seed(0)
    queries, keys = functional.normalize(torch.randn(2, 1, 1, 64, 4), dim=-1)
    values, strengths = torch.randn(1, 1, 64, 3), torch.full((1, 1, 64, 1), 0.5)
    decays = torch.full((1, 1, 64, 1), -50.0, requires_grad=True)
    inputs = Inputs(queries, keys, values, strengths, decays)
    answers, _ = gated_delta_rule(torch.zeros(1, 1, 4, 3), inputs, chunk=64, rounded=torch.float32)
    alone = (queries * keys).sum(-1, keepdim=True) * values * 0.5 / 2  # all but the last token is forgotten
    assert torch.allclose(answers, alone, atol=1e-6)
    assert torch.autograd.grad(answers.sum(), decays)[0].isfinite().all()

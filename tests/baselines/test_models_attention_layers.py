"""The attention layers against dense attention with an explicit mask."""

from __future__ import annotations

import pytest
import torch
from evalsuite.baselines.models.full_attention import FullAttention
from evalsuite.baselines.models.sequence import rotate
from evalsuite.baselines.models.sliding_window import SlidingWindow, sliding_window


def random_layer(make, *sizes):
    layer = make(*sizes).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return layer


def dense(layer, video, rotation, width):
    """Of one video, (tokens, channels): each token attends to those less than `width` away."""
    places = torch.arange(len(video))
    near = (places.unsqueeze(0) - places.unsqueeze(1)).abs() < width
    queries, keys, values = layer.project(video).chunk(3, dim=-1)
    heads = []
    for head in range(3):
        part = slice(4 * head, 4 * head + 4)
        query, key = (rotate(x[:, part] / x[:, part].norm(dim=-1, keepdim=True), rotation) for x in (queries, keys))
        weights = torch.exp(query @ key.T * layer.scale[head].exp()) * near
        heads.append(weights / weights.sum(-1, keepdim=True) @ values[:, part])
    return layer.leave(torch.cat(heads, dim=-1))


@pytest.mark.parametrize("length", [1, 3, 63, 64, 65, 131])
@pytest.mark.parametrize("each_way", [1, 5, 40, 200, None])
@torch.no_grad()
def test_equals_dense_attention(length, each_way):
    torch.manual_seed(length)
    make, sizes = (SlidingWindow, (12, 3, 4, each_way)) if each_way else (FullAttention, (12, 3, 4))
    layer = random_layer(make, *sizes)
    videos = torch.randn(2, length, 12).double()
    angles = torch.rand(length, 2).double()
    rotation = (angles.cos(), angles.sin())
    expected = torch.stack([dense(layer, video, rotation, each_way + 1 if each_way else length) for video in videos])
    assert (layer(videos, rotation) - expected).abs().max() < 1e-9


def test_starts_with_the_usual_scale():
    assert FullAttention(12, 3, 4).scale.exp().flatten().tolist() == pytest.approx([2.0] * 3)


def test_the_window_keeps_keys_and_values_of_six_thirteenths_of_a_segment():
    layer = sliding_window(192, 3)
    assert 2 * layer.each_way + 1 == round(176 * 6 / 13)
    assert layer.state_size(50) == 2 * 256 * 50
    assert layer.state_size(81) == layer.state_size(10_000) == 2 * 256 * 81

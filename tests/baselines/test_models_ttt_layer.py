"""The TTT layers against the definition: gradient descent, by autograd, on the loss of each mini-batch."""

from __future__ import annotations

import pytest
import torch
from evalsuite.baselines.models.sequence import rotate
from evalsuite.baselines.models.ttt_linear import ttt_linear
from evalsuite.baselines.models.ttt_mlp import InnerMLP, ttt_mlp
from torch.nn import functional


def random_layer(make, width, heads, mini_batch):
    layer = make(width, heads, mini_batch).double()
    for parameter in layer.parameters():
        torch.nn.init.normal_(parameter, std=0.4)
    return layer


def inner(layer, state, x):
    if isinstance(layer.inner, InnerMLP):
        weight_in, bias_in, weight_out, bias_out = state
        return functional.gelu(x @ weight_in + bias_in, approximate="tanh") @ weight_out + bias_out
    return x @ state[0] + state[1]


def normal(layer, head, x):
    channels = x.shape[-1]
    return functional.layer_norm(x, (channels,), eps=1e-6) * layer.inner.gain[head] + layer.inner.shift[head]


def primal_head(layer, head, queries, keys, values, rates):
    """One head of one video, token by token in the loss, mini-batch by mini-batch in the descent."""
    state = [weight[head].detach().clone().requires_grad_() for weight in layer.inner.weights()]
    answers = []
    for part in range(0, len(queries), layer.chunk):
        here = slice(part, part + layer.chunk)
        count = len(queries[here])
        difference = values[here] - keys[here]
        target = (difference - difference.mean(-1, keepdim=True)) / (difference.std(-1, keepdim=True) + 1e-8)
        target = (target * layer.inner.gain[head] + layer.inner.shift[head]).detach()
        losses = 0.5 * (normal(layer, head, inner(layer, state, keys[here])) - target).square().sum(-1)
        steps = torch.autograd.grad((losses * rates[here] / count).sum(), state)
        state = [(weight - step).detach().requires_grad_() for weight, step in zip(state, steps, strict=True)]
        answers.append(queries[here] + normal(layer, head, inner(layer, state, queries[here])))
    return torch.cat(answers).detach()


def primal(layer, tokens, rotation):
    videos = []
    for video in tokens:
        queries, keys, values = layer.project(video).detach().chunk(3, dim=-1)
        rates = torch.sigmoid(layer.rate(video).detach()) * layer.inner.base_rate / (len(video[0]) // layer.heads)
        heads = []
        for head in range(layer.heads):
            part = slice(head * len(video[0]) // layer.heads, (head + 1) * len(video[0]) // layer.heads)
            query, key = (rotate(x[:, part] / x[:, part].norm(dim=-1, keepdim=True), rotation) for x in (queries, keys))
            heads.append(primal_head(layer, head, query, key, values[:, part], rates[:, head]))
        videos.append(layer.leave(layer.normalise(torch.cat(heads, dim=-1))))
    return torch.stack(videos)


@pytest.mark.parametrize("make", [ttt_linear, ttt_mlp])
@pytest.mark.parametrize("length", [12, 15, 3, 1, 131])
def test_equals_autograd_of_the_primal_loss(make, length):
    torch.manual_seed(length)
    layer = random_layer(make, width=16, heads=2, mini_batch=4)
    layer.inner.base_rate = 5.0  # steps that a wrong gradient could not hide behind
    tokens = torch.randn(2, length, 16, dtype=torch.double)
    angles = torch.rand(length, 4, dtype=torch.double)
    rotation = (angles.cos(), angles.sin())
    assert (layer(tokens, rotation) - primal(layer, tokens, rotation)).abs().max() < 1e-9


@pytest.mark.parametrize("make", [ttt_linear, ttt_mlp])
def test_later_tokens_know_of_earlier_ones_and_not_the_reverse(make):
    torch.manual_seed(0)
    layer = random_layer(make, width=16, heads=2, mini_batch=4)
    tokens = torch.randn(1, 10, 16, dtype=torch.double, requires_grad=True)
    rotation = (torch.ones(10, 4).double(), torch.zeros(10, 4).double())
    (seen,) = torch.autograd.grad(layer(tokens, rotation)[0, 5].sum(), tokens)
    reached = seen[0].abs().amax(-1) > 0
    assert reached.tolist() == [True] * 8 + [False] * 2


def test_gradients_of_training_are_right():
    torch.manual_seed(0)
    layer = random_layer(ttt_mlp, width=8, heads=2, mini_batch=2)
    rotation = (torch.ones(3, 2).double(), torch.zeros(3, 2).double())
    tokens = torch.randn(1, 3, 8, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: layer(x, rotation), tokens)


def test_state_is_as_large_as_the_paper_says():
    assert ttt_linear(64, 1).state_size(1000) == 64 * 64 + 64
    assert ttt_mlp(64, 1).state_size(1000) == 2 * 64 * 256 + 256 + 64

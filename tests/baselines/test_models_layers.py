"""What holds of every sequence layer."""

from __future__ import annotations

import pytest
import torch
from evalsuite.baselines.models.full_attention import full_attention
from evalsuite.baselines.models.gated_deltanet import gated_deltanet
from evalsuite.baselines.models.layout import TransformerShape
from evalsuite.baselines.models.mamba2 import mamba2
from evalsuite.baselines.models.sequence import SequenceLayer
from evalsuite.baselines.models.sliding_window import sliding_window
from evalsuite.baselines.models.transformer import VideoTransformer
from evalsuite.baselines.models.ttt_linear import ttt_linear
from evalsuite.baselines.models.ttt_mlp import ttt_mlp

RECURRENT = ["ttt_linear", "ttt_mlp", "mamba2", "gated_deltanet"]
ATTENTION = ["sliding_window", "full_attention"]
LAYERS = {
    "ttt_linear": ttt_linear,
    "ttt_mlp": ttt_mlp,
    "mamba2": mamba2,
    "gated_deltanet": gated_deltanet,
    "sliding_window": sliding_window,
    "full_attention": full_attention,
}

each_layer = pytest.mark.parametrize("name", RECURRENT + ATTENTION)


def make(name):
    """Of 8 channels a head, as it is before training."""
    torch.manual_seed(0)
    return LAYERS[name](16, 2)


def turned(length):
    angles = torch.rand(length, 4)
    return angles.cos(), angles.sin()


@pytest.fixture(scope="module")
def models():
    shape = TransformerShape()
    return {name: VideoTransformer(shape, 1340, layer) for name, layer in {"local": None, **LAYERS}.items()}


def test_whole_models_have_about_as_many_parameters(models):
    counts = [sum(p.numel() for p in model.parameters()) for name, model in models.items() if name != "local"]
    assert max(counts) < 1.1 * min(counts)


def state_sizes(model: VideoTransformer, tokens: int) -> list[int]:
    return [part.state_size(tokens) for part in model.modules() if isinstance(part, SequenceLayer)]


def test_what_is_remembered_grows_with_the_video_for_full_attention_alone(models):
    short, long = ({name: state_sizes(model, tokens) for name, model in models.items()} for tokens in (1000, 3000))
    assert long.pop("full_attention") == [3 * size for size in short.pop("full_attention")]
    assert long == short
    assert short.pop("local") == []
    assert all(len(sizes) == 3 for sizes in short.values())


def test_mamba2_remembers_four_times_as_much_as_ttt_linear_and_half_as_much_as_ttt_mlp(models):
    sizes = {name: state_sizes(model, 1000)[0] for name, model in models.items() if name in RECURRENT}
    assert sizes["mamba2"] / sizes["ttt_linear"] == pytest.approx(4, rel=0.05)
    assert sizes["mamba2"] / sizes["ttt_mlp"] == pytest.approx(0.5, rel=0.05)


@each_layer
def test_a_video_does_not_depend_on_its_neighbours_in_the_batch(name):
    layer, rotation = make(name).double(), turned(131)
    videos = torch.randn(3, 131, 16).double()
    alone = torch.cat([layer(video.unsqueeze(0), rotation) for video in videos])
    assert torch.allclose(layer(videos, rotation), alone, rtol=0, atol=1e-12)


@each_layer
def test_every_parameter_learns(name):
    layer = make(name)
    layer(torch.randn(2, 131, 16), turned(131)).square().sum().backward()
    still = [key for key, parameter in layer.named_parameters() if not parameter.grad.abs().max() > 1e-12]
    assert still == []


@pytest.mark.parametrize("name", ["mamba2", "gated_deltanet"])
def test_tokens_know_of_earlier_ones_and_not_of_later(name, still):
    layer = make(name).double()
    tokens = torch.randn(1, 131, 16).double().requires_grad_()
    (seen,) = torch.autograd.grad(layer(tokens, still(131))[0, 100].sum(), tokens)
    assert (seen[0].abs().amax(-1) > 0).tolist() == [True] * 101 + [False] * 30


@pytest.mark.parametrize("name", ["mamba2", "gated_deltanet"])
def test_gradients_of_training_are_right(name, still):
    layer = make(name).double()
    tokens = torch.randn(1, 5, 16).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda x: layer(x, still(5)), tokens)


@each_layer
@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32])
def test_rounded_tokens_give_nearly_the_same(name, kind):
    layer, tokens, rotation = make(name), torch.randn(1, 700, 16), turned(700)
    with torch.no_grad():
        exact = layer.double()(tokens.double(), rotation)
        found = layer.to(kind)(tokens.to(kind), rotation)
    assert found.dtype == kind
    assert (found - exact).norm() < 5 * torch.finfo(kind).eps * exact.norm()


@pytest.mark.parametrize("name", RECURRENT)
def test_states_are_not_rounded_with_the_tokens(name):
    layer, tokens = make(name).bfloat16(), torch.randn(1, 70, 16).bfloat16()
    _, state = layer.read(layer.start(1, torch.float32), tokens, turned(70))
    assert [part.dtype for part in state] == [torch.float32] * len(state)

"""DINO from files of its authors' format, against the network written out step by step."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from evalsuite.metrics import _dino
from evalsuite.metrics.models.dino import stretched
from torch import Tensor
from torch.nn.functional import conv2d, gelu, interpolate, layer_norm

from evalsuite import plugins
from evalsuite.errors import WeightsError
from evalsuite.features import extract
from evalsuite.types import Clip, Segment, Storyboard
from tests.metrics.backbone_files import dino_state, hand_over, pickled


def written_out(state: dict[str, Tensor], pictures: Tensor, position: Tensor) -> Tensor:
    """A vision transformer's class token, head by head."""
    state = {name: each.double() for name, each in state.items()}
    kernel = state["patch_embed.proj.weight"]
    patches = conv2d(pictures.double(), kernel, state["patch_embed.proj.bias"], stride=kernel.shape[-1])
    tokens = patches.flatten(2).transpose(1, 2)
    tokens = torch.cat([state["cls_token"].expand(len(tokens), 1, -1), tokens], dim=1) + position.double()
    for number in range(2):
        tokens = _block({name.split(".", 2)[2]: e for name, e in state.items() if f"blocks.{number}." in name}, tokens)
    return _norm(state, "norm", tokens)[:, 0]


def _block(part: dict[str, Tensor], tokens: Tensor) -> Tensor:
    query, key, value = (
        _norm(part, "norm1", tokens) @ part["attn.qkv.weight"].T + part["attn.qkv.bias"]
    ).split(tokens.shape[-1], dim=-1)  # fmt: skip
    heads = []
    for start in range(0, tokens.shape[-1], 64):
        here = slice(start, start + 64)
        weights = (query[..., here] @ key[..., here].transpose(1, 2) / 8).softmax(dim=-1)
        heads.append(weights @ value[..., here])
    mixed = torch.cat(heads, dim=-1) @ part["attn.proj.weight"].T + part["attn.proj.bias"]
    tokens = tokens + part.get("ls1.gamma", 1) * mixed
    inner = gelu(_norm(part, "norm2", tokens) @ part["mlp.fc1.weight"].T + part["mlp.fc1.bias"])
    return tokens + part.get("ls2.gamma", 1) * (inner @ part["mlp.fc2.weight"].T + part["mlp.fc2.bias"])


def _norm(part: dict[str, Tensor], name: str, tokens: Tensor) -> Tensor:
    return layer_norm(tokens, tokens.shape[-1:], part[f"{name}.weight"], part[f"{name}.bias"], 1e-6)


def noise(count: int, height: int, width: int) -> Clip:
    coarse = np.random.default_rng(0).integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    frames = interpolate(torch.from_numpy(coarse).movedim(-1, 1).float(), size=(height, width), mode="bilinear")
    return Clip(frames.movedim(1, -1).round().byte().numpy(), np.arange(count) / 2)


def cosines(found: np.ndarray, expected: Tensor) -> np.ndarray:
    rows = torch.nn.functional.normalize(expected, dim=1).numpy()
    return (found * rows).sum(axis=1)


@pytest.mark.parametrize("scaled", [False, True])
def test_squares_are_seen_as_the_formulas_say(weights_folder, tmp_path, monkeypatch, scaled):
    state = dino_state(scaled=scaled)
    hand_over(monkeypatch, pickled(tmp_path / "d.pth", {"teacher": state}), "dino-vits16")
    clip = noise(11, 224, 224)
    mean, spread = (torch.tensor(each)[:, None, None] for each in (_dino.MEAN, _dino.SPREAD))
    pictures = (torch.from_numpy(clip.frames).movedim(-1, 1) / 255 - mean) / spread
    found = extract([clip], ["dino"])["dino"].array
    assert found.shape == (11, 128)
    assert np.linalg.norm(found, axis=1) == pytest.approx(1, abs=1e-4)
    assert cosines(found, written_out(state, pictures, state["pos_embed"])).min() > 0.9995


def test_what_is_wide_keeps_its_shape(weights_folder, tmp_path, monkeypatch):
    state = dino_state()
    hand_over(monkeypatch, pickled(tmp_path / "d.pth", state), "dino-vitb16")
    clip = noise(3, 112, 168)
    mean, spread = (torch.tensor(each)[:, None, None] for each in (_dino.MEAN, _dino.SPREAD))
    pictures = torch.from_numpy(clip.frames).movedim(-1, 1).float()
    large = interpolate(pictures, size=(224, 336), mode="bilinear", align_corners=False)
    position = stretched(state["pos_embed"], 14, 21)
    found = extract([clip], ["vbench-dino"])["vbench-dino"].array
    assert cosines(found, written_out(state, (large / 255 - mean) / spread, position)).min() > 0.9995


def test_positions_are_stretched_like_a_picture():
    flat = torch.cat([torch.full((1, 1, 2), 7.0), torch.full((1, 16, 2), 3.0)], dim=1)
    assert torch.equal(stretched(flat, 4, 4), flat)
    wide = stretched(flat, 4, 6)
    assert wide.shape == (1, 25, 2)
    assert torch.allclose(wide[:, 1:], torch.tensor(3.0))
    ramp = torch.arange(4.0)[:, None].expand(4, 4).reshape(1, 16, 1)
    slope = stretched(torch.cat([torch.zeros(1, 1, 1), ramp], dim=1), 8, 4)[0, 1:, 0].view(8, 4)
    assert slope[:, 1].tolist() == pytest.approx(
        [_cubic_at((row + 0.5) / (8.1 / 4) - 0.5) for row in range(8)], abs=1e-5
    )


def _cubic_at(place: float) -> float:
    """The sequence 0, 1, 2, 3 at a place between, by the cubic kernel with a = -0.75."""
    near = int(np.floor(place))
    return sum(min(max(near + k, 0), 3) * _kernel(abs(place - near - k)) for k in range(-1, 3))


def _kernel(x: float, a: float = -0.75) -> float:
    return (a + 2) * x**3 - (a + 3) * x**2 + 1 if x <= 1 else a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a


def test_two_frames_a_second_are_looked_at(weights_folder, tmp_path, monkeypatch):
    hand_over(monkeypatch, pickled(tmp_path / "d.pth", dino_state()), "dino-vits16")
    frames = np.zeros((20, 32, 48, 3), np.uint8)
    assert extract([Clip(frames, np.arange(20) / 8)], ["dino"])["dino"].seconds.tolist() == [0, 0.5, 1, 1.5, 2]


def test_the_argument_names_the_weights_and_so_does_the_revision(weights_folder, tmp_path, monkeypatch):
    hand_over(monkeypatch, pickled(tmp_path / "a.pth", dino_state()), "dino-vits16")
    hand_over(monkeypatch, pickled(tmp_path / "b.pth", dino_state(14, 37, True)), "dinov2-vitb14")
    assert _dino.Dino().revision != _dino.Dino("dinov2-vitb14").revision
    clip = noise(2, 224, 280)
    rows = extract([clip], ["dino:dinov2-vitb14", "dino"])
    assert not np.allclose(rows["dino"].array, rows["dino:dinov2-vitb14"].array, atol=0.1)


def test_subjects_can_be_compared_through_dinov2(weights_folder, tmp_path, monkeypatch):
    hand_over(monkeypatch, pickled(tmp_path / "b.pth", dino_state(14, 37, True)), "dinov2-vitb14")
    metric = plugins.metric("vbench-subject-consistency:dinov2-vitb14")
    moving = noise(6, 56, 84)
    frozen = Clip(np.repeat(moving.frames[:1], 6, axis=0), moving.seconds)
    board = Storyboard(id="s", title="s", segments=(Segment(text="On."),))
    values = [metric.measure(extract([clip], metric.extractors), board).value for clip in (frozen, moving)]
    assert values[0] == pytest.approx(1, abs=2e-3)
    assert values[1] < 0.999
    assert metric.version != plugins.metric("vbench-subject-consistency").version


def test_a_file_of_something_else_is_refused(weights_folder, tmp_path, monkeypatch):
    clip = noise(1, 224, 224)
    hand_over(monkeypatch, pickled(tmp_path / "a.pth", {"weight": torch.zeros(3)}), "dino-vits16")
    with pytest.raises(WeightsError, match="no vision transformer"):
        extract([clip], ["dino"])
    state = dino_state()
    del state["norm.bias"]
    hand_over(monkeypatch, pickled(tmp_path / "b.pth", state), "dino-vitb16")
    with pytest.raises(WeightsError, match=r"norm\.bias"):
        extract([clip], ["dino:dino-vitb16"])


def test_a_pickle_that_holds_more_than_tensors_is_not_opened(weights_folder, tmp_path, monkeypatch):
    class Program:
        def __reduce__(self) -> tuple[object, ...]:
            return (open, (str(tmp_path / "ran"), "w"))

    hand_over(monkeypatch, pickled(tmp_path / "a.pth", {"model": Program()}), "dino-vits16")
    with pytest.raises(WeightsError, match="more than tensors"):
        extract([noise(1, 224, 224)], ["dino"])
    assert not (tmp_path / "ran").exists()

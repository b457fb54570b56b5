"""I3D, VideoMAE and V-JEPA 2 on excerpts of 16 frames, from files of their formats."""

from __future__ import annotations

import hashlib
import warnings

import numpy as np
import pytest
import torch
from evalsuite.metrics import _i3d, _videomae, _vjepa
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.functional import conv3d, gelu, interpolate, layer_norm
from transformers import VJEPA2Config, VJEPA2Model, VJEPA2VideoProcessor

from evalsuite import backbones, plugins
from evalsuite.errors import WeightsError
from evalsuite.features import extract, extractor
from evalsuite.learning.weights import save as save_tensors
from evalsuite.types import Clip, Features, Segment, Storyboard
from tests.metrics.backbone_files import WIDTH, TinyI3d, hand_over, pickled, videomae_state


def film(seconds: float, fps: float = 8.0) -> Clip:
    count = round(seconds * fps)
    frames = np.random.default_rng(0).integers(0, 256, (count, 36, 54, 3), dtype=np.uint8)
    return Clip(frames, np.arange(count) / fps)


def test_videomae_is_the_network_written_out(weights_folder, tmp_path, monkeypatch):
    state = videomae_state()
    hand_over(monkeypatch, pickled(tmp_path / "v.pth", {"module": state}), "videomae")
    clip = film(2)
    found = extract([clip], ["videomae"])["videomae"].array
    frames = torch.from_numpy(clip.frames).movedim(-1, 1).double() / 255
    large = interpolate(frames, size=(224, 224), mode="bilinear", align_corners=False)
    expected = _written_out({name: each.double() for name, each in state.items()}, large.transpose(0, 1)[None])
    assert found.shape == (1, WIDTH)
    cosine = (found @ expected[0].numpy()) / np.linalg.norm(found) / np.linalg.norm(expected)
    assert cosine[0] > 0.9995
    assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(expected), rel=0.01)


def _written_out(state: dict[str, Tensor], excerpt: Tensor) -> Tensor:
    """One block of two heads over 8 x 4 x 4 tokens, then their mean."""
    tokens = conv3d(excerpt, state["patch_embed.proj.weight"], state["patch_embed.proj.bias"], stride=(2, 56, 56))
    tokens = tokens[0].flatten(1).T
    place = [
        [
            np.sin(p / 10000 ** (c / WIDTH)) if c % 2 == 0 else np.cos(p / 10000 ** ((c - 1) / WIDTH))
            for c in range(WIDTH)
        ]
        for p in range(len(tokens))
    ]
    tokens = tokens + torch.tensor(place)
    block = {name.removeprefix("blocks.0."): each for name, each in state.items()}
    mixed = _attended(block, layer_norm(tokens, (WIDTH,), block["norm1.weight"], block["norm1.bias"], 1e-6))
    tokens = tokens + mixed @ block["attn.proj.weight"].T + block["attn.proj.bias"]
    inner = layer_norm(tokens, (WIDTH,), block["norm2.weight"], block["norm2.bias"], 1e-6)
    inner = gelu(inner @ block["mlp.fc1.weight"].T + block["mlp.fc1.bias"])
    tokens = tokens + inner @ block["mlp.fc2.weight"].T + block["mlp.fc2.bias"]
    return layer_norm(tokens.mean(dim=0), (WIDTH,), state["fc_norm.weight"], state["fc_norm.bias"], 1e-6)[None]


def _attended(block: dict[str, Tensor], tokens: Tensor) -> Tensor:
    kernels = block["attn.qkv.weight"].split(WIDTH)
    query, key, value = (tokens @ kernel.T for kernel in kernels)
    query, value = query + block["attn.q_bias"], value + block["attn.v_bias"]
    heads = []
    for here in (slice(0, 64), slice(64, 128)):
        heads.append((query[:, here] @ key[:, here].T / 8).softmax(dim=-1) @ value[:, here])
    return torch.cat(heads, dim=-1)


def test_videomae_refuses_what_is_none(weights_folder, tmp_path, monkeypatch):
    hand_over(monkeypatch, pickled(tmp_path / "v.pth", {"weight": torch.zeros(2)}), "videomae")
    with pytest.raises(WeightsError, match="no fine-tuned VideoMAE"):
        extract([film(2)], ["videomae"])


@pytest.fixture
def script(tmp_path):
    path = tmp_path / "i3d.pt"
    with warnings.catch_warnings(action="ignore", category=FutureWarning):  # the published file is TorchScript too
        torch.jit.script(TinyI3d()).save(str(path))
    return path


def test_i3d_is_called_as_stylegan_v_calls_it(weights_folder, script, monkeypatch):
    hand_over(monkeypatch, script, "i3d", sha256=hashlib.sha256(script.read_bytes()).hexdigest())
    clip = film(2)
    found = extract([clip], ["i3d"])["i3d"].array
    values = torch.from_numpy(clip.frames).permute(3, 0, 1, 2)[None].float() / 127.5 - 1
    expected = interpolate(values, size=(16, 20, 20)).flatten(1)[:, :400]
    assert found.shape == (1, 400)
    assert found[0] == pytest.approx(expected[0].numpy(), abs=1e-5)


@pytest.mark.parametrize("known", ["", "abcdef12"])
def test_a_script_whose_whole_sum_is_not_known_beforehand_is_not_run(weights_folder, script, monkeypatch, known):
    begins = hashlib.sha256(script.read_bytes()).hexdigest()[: len(known)]
    hand_over(monkeypatch, script, "i3d", sha256=begins)
    with pytest.raises(WeightsError, match="is not run"):
        extract([film(2)], ["i3d"])
    with pytest.raises(WeightsError, match="is not run"):
        extract([film(2)], ["i3d:dino-vits16"])


def test_the_published_i3d_is_the_only_script():
    assert [name for name, each in backbones.known().items() if each.file.endswith(".pt")] == ["i3d"]
    assert len(backbones.known()["i3d"].sha256) == 64


def test_excerpts_begin_every_3_seconds_and_last_2_or_16(weights_folder, script, tmp_path, monkeypatch):
    hand_over(monkeypatch, script, "i3d", sha256=hashlib.sha256(script.read_bytes()).hexdigest())
    found = extract([film(21, 4.0)], ["i3d", "i3d-long"])
    assert found["i3d"].seconds.tolist() == [0, 3, 6, 9, 12, 15, 18]
    assert found["i3d-long"].seconds.tolist() == [0, 3]
    assert extract([film(1)], ["i3d"])["i3d"].array.shape == (0, 400)
    assert (_videomae.VideoMaeLong.sampling, _videomae.VideoMae.sampling) == (_i3d.LONG, _i3d.SHORT)
    assert (_vjepa.VJepaLong.sampling, _vjepa.VJepa.sampling) == (_i3d.LONG, _i3d.SHORT)


def test_vjepa_is_the_encoder_of_transformers(weights_folder, tmp_path, monkeypatch):
    torch.manual_seed(0)
    network = VJEPA2Model(
        VJEPA2Config(
            patch_size=64,
            frames_per_clip=16,
            hidden_size=WIDTH,
            num_attention_heads=2,
            num_hidden_layers=2,
            mlp_ratio=2,
            pred_hidden_size=12,
            pred_num_attention_heads=1,
            pred_num_hidden_layers=1,
            initializer_range=0.2,
        )
    ).eval()
    network.save_pretrained(tmp_path / "saved")
    hand_over(monkeypatch, tmp_path / "saved" / "model.safetensors", "vjepa2-vitl")
    clip = film(2)
    found = extract([clip], ["vjepa"])["vjepa"].array
    prepared = VJEPA2VideoProcessor()(torch.from_numpy(clip.frames).movedim(-1, 1), return_tensors="pt")
    with torch.inference_mode():
        seen = network(prepared["pixel_values_videos"], skip_predictor=True).last_hidden_state[0].mean(dim=0).numpy()
    assert found.shape == (1, WIDTH)
    assert found[0] @ seen / np.linalg.norm(found) / np.linalg.norm(seen) > 0.9995
    assert np.linalg.norm(found) == pytest.approx(np.linalg.norm(seen), rel=0.01)
    backwards = Clip(np.ascontiguousarray(clip.frames[::-1]), clip.seconds)
    assert np.abs(extract([backwards], ["vjepa"])["vjepa"].array - found).max() > 0.01  # time is told


def saved_vjepa(folder):
    torch.manual_seed(0)
    small = {"hidden_size": WIDTH, "num_attention_heads": 2, "num_hidden_layers": 1, "mlp_ratio": 2}
    predictor = {"pred_hidden_size": 12, "pred_num_attention_heads": 1, "pred_num_hidden_layers": 1}
    config = VJEPA2Config(patch_size=64, frames_per_clip=16, initializer_range=0.2, **small, **predictor)
    VJEPA2Model(config).save_pretrained(folder)
    return folder / "model.safetensors"


@pytest.mark.parametrize("space", ["i3d", "videomae", "vjepa"])
def test_from_files_and_frames_to_both_distances(weights_folder, script, tmp_path, monkeypatch, space):
    """Videos of one noise are near a reference of the same, and those of another are not."""
    sums = {"sha256": hashlib.sha256(script.read_bytes()).hexdigest()}
    file, name, known = {
        "i3d": (script, "i3d", sums),
        "videomae": (pickled(tmp_path / "v.pth", {"module": videomae_state()}), "videomae", {}),
        "vjepa": (saved_vjepa(tmp_path / "vjepa"), "vjepa2-vitl", {}),
    }[space]
    hand_over(monkeypatch, file, name, **known)
    names = (space, f"{space}-long")

    def seen(seed: int, low: int) -> dict[str, Features]:
        frames = np.random.default_rng(seed).integers(low, 256, (24, 18, 27, 3), dtype=np.uint8)
        return extract([Clip(frames, np.arange(24) / 8)], names)

    real = np.stack([seen(seed, 0)[space].array for seed in range(20)])
    versions = {each: extractor(each).revision for each in names}
    save_tensors(tmp_path / f"{space}_reference.safetensors", {f"{space}/1": torch.from_numpy(real)}, versions)
    monkeypatch.setenv("EVALSUITE_REFERENCES", str(tmp_path))
    boards = [Storyboard(id=f"s{n}", title="s", segments=(Segment(text="On."),)) for n in range(10)]
    for metric in map(plugins.metric, (f"temporal-fvd:{space}", f"cd-fvd:{space}")):
        near, far = (
            np.mean([each.value for each in metric.measure_set([seen(100 + n, low) for n in range(10)], boards)])
            for low in (0, 200)
        )
        assert np.isfinite(near)
        assert far > near


@pytest.mark.parametrize(
    ("save", "said"), [(save_file, "no encoder of V-JEPA 2"), (torch.save, "no file of safetensors")]
)
def test_vjepa_refuses_what_is_none(weights_folder, tmp_path, monkeypatch, save, said):
    save(videomae_state(), tmp_path / "v.safetensors")
    hand_over(monkeypatch, tmp_path / "v.safetensors", "vjepa2-vitl")
    with pytest.raises(WeightsError, match=said):
        extract([film(2)], ["vjepa"])

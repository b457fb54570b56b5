"""Files of weights in the formats of the public ones, tiny and random."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from evalsuite import backbones

WIDTH = 128
TINY_CLIP: dict[str, Any] = {
    "embed_dim": 24,
    "vision_cfg": {"image_size": 224, "layers": 1, "width": 64, "head_width": 32, "patch_size": 56},
    "text_cfg": {"context_length": 12, "vocab_size": 49408, "width": 32, "heads": 2, "layers": 1},
    "quick_gelu": True,
}


def drawn(shapes: dict[str, tuple[int, ...]], seed: int = 0) -> dict[str, Tensor]:
    """Random tensors; norms near 1, so that nothing dies."""
    luck = torch.Generator().manual_seed(seed)
    state = {name: torch.randn(shape, generator=luck) * 0.2 for name, shape in shapes.items()}
    return {name: each + 1 if "norm" in name and name.endswith("weight") else each for name, each in state.items()}


def block_shapes(width: int, hidden: int, qkv_bias: bool) -> dict[str, tuple[int, ...]]:
    biases = {"attn.qkv.bias": (3 * width,)} if qkv_bias else {"attn.q_bias": (width,), "attn.v_bias": (width,)}
    return {
        "norm1.weight": (width,),
        "norm1.bias": (width,),
        **biases,
        "attn.qkv.weight": (3 * width, width),
        "attn.proj.weight": (width, width),
        "attn.proj.bias": (width,),
        "norm2.weight": (width,),
        "norm2.bias": (width,),
        "mlp.fc1.weight": (hidden, width),
        "mlp.fc1.bias": (hidden,),
        "mlp.fc2.weight": (width, hidden),
        "mlp.fc2.bias": (width,),
    }


def blocks(depth: int, width: int, hidden: int, qkv_bias: bool) -> dict[str, tuple[int, ...]]:
    each = block_shapes(width, hidden, qkv_bias)
    return {f"blocks.{number}.{name}": shape for number in range(depth) for name, shape in each.items()}


def dino_state(patch: int = 16, side: int = 14, scaled: bool = False) -> dict[str, Tensor]:
    """As the DINO and DINOv2 files have it: two blocks of two heads."""
    shapes = {
        "cls_token": (1, 1, WIDTH),
        "pos_embed": (1, 1 + side * side, WIDTH),
        "patch_embed.proj.weight": (WIDTH, 3, patch, patch),
        "patch_embed.proj.bias": (WIDTH,),
        **blocks(2, WIDTH, 2 * WIDTH, True),
        "norm.weight": (WIDTH,),
        "norm.bias": (WIDTH,),
    }
    if scaled:
        shapes["mask_token"] = (1, WIDTH)
        shapes |= {f"blocks.{number}.ls{part}.gamma": (WIDTH,) for number in range(2) for part in (1, 2)}
    return drawn(shapes)


def videomae_state() -> dict[str, Tensor]:
    """As the fine-tuned VideoMAE v2 files have it: one block of two heads, patches of 56 pixels."""
    return drawn(
        {
            "patch_embed.proj.weight": (WIDTH, 3, 2, 56, 56),
            "patch_embed.proj.bias": (WIDTH,),
            **blocks(1, WIDTH, 3 * WIDTH, False),
            "fc_norm.weight": (WIDTH,),
            "fc_norm.bias": (WIDTH,),
            "head.weight": (5, WIDTH),
            "head.bias": (5,),
        }
    )


class TinyI3d(torch.nn.Module):
    """Takes what the I3D of StyleGAN-V takes, and gives as many numbers."""

    def forward(self, x: Tensor, rescale: bool = False, resize: bool = False, return_features: bool = False) -> Tensor:
        values = x.float()
        if rescale:
            values = values / 127.5 - 1
        if resize:
            values = torch.nn.functional.interpolate(values, size=(x.shape[2], 20, 20))
        rows = values.flatten(1)[:, :400]
        return rows if return_features else rows.softmax(dim=1)


def hand_over(monkeypatch: pytest.MonkeyPatch, path: Path, name: str, **fields: str) -> Path:
    """Add a file as the public weights `name`, whose sum is nobody's business here unless `fields` tell it."""
    entry = dataclasses.replace(backbones.known()[name], **{"sha256": "", **fields})
    monkeypatch.setitem(backbones.known(), name, entry)
    return backbones.add(path, name).path


def pickled(path: Path, state: dict[str, Any]) -> Path:
    torch.save(state, path)
    return path


def tiny_clip_state() -> dict[str, Tensor]:
    """The weights of a tiny CLIP, whose configuration must be known to open_clip as `ViT-B-32-quickgelu`."""
    import open_clip

    torch.manual_seed(0)
    model = open_clip.create_model("ViT-B-32-quickgelu")
    return {name: each.contiguous() for name, each in model.state_dict().items()}


def put_clip(monkeypatch: pytest.MonkeyPatch, folder: Path, save: Callable[..., None] = save_file) -> Path:
    """A tiny CLIP under the name of OpenAI's."""
    import open_clip
    from evalsuite.metrics._open_clip import OPENAI

    monkeypatch.setitem(open_clip.factory._MODEL_CONFIGS, "ViT-B-32-quickgelu", TINY_CLIP)
    save(tiny_clip_state(), folder / "clip.safetensors")
    return hand_over(monkeypatch, folder / "clip.safetensors", OPENAI)

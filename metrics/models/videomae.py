"""VideoMAE v2 (arXiv 2303.16727), fine-tuned: 16 frames to the mean of all tokens, as wide and deep as the file says.

Heads are not in the file: they have 64 channels up to 16 heads, and from there on there are 16. Positions are sines and
cosines over all tokens in order, which the files leave out.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from timm.models.vision_transformer import Block
from torch import Tensor, nn

from evalsuite.errors import WeightsError
from evalsuite.learning.device import device
from evalsuite.learning.weights import quick_kind

from .checkpoints import depth, fill, read_state

FRAMES = 16
SIDE = 224
MOST_HEADS = 16
_HEAD = 64


class VideoMae(nn.Module):
    """Excerpts (n, 3, 16, 224, 224) to (n, channels)."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        kernel = state["patch_embed.proj.weight"]
        channels, tube, patch = kernel.shape[0], kernel.shape[2], kernel.shape[-1]
        norm: Any = partial(nn.LayerNorm, eps=1e-6)
        heads = min(MOST_HEADS, channels // _HEAD)
        ratio = state["blocks.0.mlp.fc1.weight"].shape[0] / channels
        size = (tube, patch, patch)
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv3d(3, channels, size, stride=size)})
        self.blocks = nn.ModuleList(
            [Block(channels, heads, ratio, qkv_bias=True, norm_layer=norm) for _ in range(depth(state))]
        )
        self.fc_norm = nn.LayerNorm(channels, eps=1e-6)
        position = positions(FRAMES // tube * (SIDE // patch) ** 2, channels)
        self.register_buffer("position", position, persistent=False)

    def forward(self, excerpts: Tensor) -> Tensor:
        tokens = self.patch_embed["proj"](excerpts).flatten(2).transpose(1, 2) + self.position
        for block in self.blocks:
            tokens = block(tokens)
        seen: Tensor = self.fc_norm(tokens.mean(dim=1))
        return seen.float()


def load_videomae(path: Path) -> VideoMae:
    """The network of a file, in bfloat16 where that is quick."""
    state = read_state(path)
    if "fc_norm.weight" not in state or state.get("patch_embed.proj.weight", torch.zeros(0)).dim() != 5:
        raise WeightsError(f"{path.name} holds no fine-tuned VideoMAE with mean pooling.")
    network = VideoMae(state)
    fill(network, _as_ours(state), path)
    return network.to(device(), quick_kind())


def positions(count: int, channels: int) -> Tensor:
    """Sines in even channels and cosines in odd ones, shape (count, channels)."""
    pair = torch.arange(channels, dtype=torch.float64) // 2
    angle = torch.arange(count, dtype=torch.float64)[:, None] / 10000 ** (2 * pair / channels)
    even = torch.arange(channels) % 2 == 0
    return torch.where(even, angle.sin(), angle.cos()).float()


def _as_ours(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Without the classifier; queries and values have biases in the file, and keys none."""
    kept = {name: each for name, each in state.items() if not name.startswith("head.") and not name.endswith("_bias")}
    for name, query in state.items():
        if name.endswith("q_bias"):
            value = state[name.replace("q_bias", "v_bias")]
            kept[name.replace("q_bias", "qkv.bias")] = torch.cat([query, torch.zeros_like(query), value])
    return kept

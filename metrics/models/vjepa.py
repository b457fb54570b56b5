"""V-JEPA 2 (arXiv 2506.09985): excerpts to the mean of the encoder's tokens, as wide and deep as the file says.

The file is as transformers saves it; its predictor is left out. Every head has 64 channels, as in ViT-L and ViT-g.
Queries and keys are turned by where their token is: equal parts of a head by time, row and column, and what is left of
it not at all. As in the authors' code the two channels of a pair are turned by angles of two neighbouring frequencies.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from evalsuite.errors import WeightsError
from evalsuite.learning.device import device
from evalsuite.learning.weights import quick_kind

from .checkpoints import fill, read_state

FRAMES = 16
SIDE = 256
HEAD = 64
_PATCHES = "embeddings.patch_embeddings.proj.weight"
_ENCODER = "encoder."


class Attention(nn.Module):
    """Tokens (n, tokens, channels) to as many."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.query, self.key, self.value, self.proj = (nn.Linear(channels, channels) for _ in range(4))

    def forward(self, tokens: Tensor, angles: Tensor) -> Tensor:
        query, key, value = (
            each(tokens).unflatten(2, (-1, HEAD)).transpose(1, 2) for each in (self.query, self.key, self.value)
        )
        mixed = functional.scaled_dot_product_attention(turned(query, angles), turned(key, angles), value)
        seen: Tensor = self.proj(mixed.transpose(1, 2).flatten(2))
        return seen


class Block(nn.Module):
    """One layer of the encoder."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = (nn.LayerNorm(channels, eps=1e-6) for _ in range(2))
        self.attention = Attention(channels)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(channels, hidden), "fc2": nn.Linear(hidden, channels)})

    def forward(self, tokens: Tensor, angles: Tensor) -> Tensor:
        tokens = tokens + self.attention(self.norm1(tokens), angles)
        changed: Tensor = tokens + self.mlp["fc2"](functional.gelu(self.mlp["fc1"](self.norm2(tokens))))
        return changed


class VJepa(nn.Module):
    """Excerpts (n, 3, 16, 256, 256), normalised, to (n, channels)."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        channels, _, tube, patch = state[_PATCHES].shape[:4]
        proj = nn.Conv3d(3, channels, (tube, patch, patch), stride=(tube, patch, patch))
        self.embeddings = nn.ModuleDict({"patch_embeddings": nn.ModuleDict({"proj": proj})})
        hidden = state["layer.0.mlp.fc1.weight"].shape[0]
        depth = sum(name.endswith("norm1.weight") for name in state)
        self.layer = nn.ModuleList([Block(channels, hidden) for _ in range(depth)])
        self.layernorm = nn.LayerNorm(channels, eps=1e-6)
        self.register_buffer("angles", angles(FRAMES // tube, SIDE // patch), persistent=False)

    def forward(self, excerpts: Tensor) -> Tensor:
        tokens = self.embeddings.get_submodule("patch_embeddings.proj")(excerpts).flatten(2).transpose(1, 2)
        for block in self.layer:
            tokens = block(tokens, self.angles)
        seen: Tensor = self.layernorm(tokens).float().mean(dim=1)
        return seen


def load_vjepa(path: Path) -> VJepa:
    """The encoder of a file, in bfloat16 where that is quick."""
    whole = read_state(path)
    state = {name.removeprefix(_ENCODER): each for name, each in whole.items() if name.startswith(_ENCODER)}
    if _PATCHES not in state or "layer.0.mlp.fc1.weight" not in state or state[_PATCHES].shape[0] % HEAD:
        raise WeightsError(f"{path.name} holds no encoder of V-JEPA 2 with heads of {HEAD} channels.")
    network = VJepa(state)
    fill(network, state, path)
    network.to(device(), quick_kind()).angles = network.angles.to(device())  # angles need all their digits
    return network


def angles(frames: int, side: int) -> Tensor:
    """By how much each channel of a head is turned at each token, (tokens, HEAD)."""
    part = HEAD // 3 // 2
    speed = 10000 ** -(torch.arange(part, dtype=torch.float64) / part)
    places = torch.cartesian_prod(*(torch.arange(size) for size in (frames, side, side)))
    turns = (places[:, :, None] * speed).repeat(1, 1, 2).flatten(1)
    return functional.pad(turns, (0, HEAD - turns.shape[1])).float()


def turned(rows: Tensor, by: Tensor) -> Tensor:
    """Pairs of neighbouring channels of (n, heads, tokens, HEAD), turned by angles (tokens, HEAD)."""
    even, odd = rows.float().unflatten(3, (-1, 2)).unbind(dim=-1)
    across = torch.stack([-odd, even], dim=-1).flatten(3)
    return (rows * by.cos() + across * by.sin()).to(rows.dtype)

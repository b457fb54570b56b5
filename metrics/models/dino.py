"""DINO (arXiv 2104.14294) and DINOv2 (2304.07193) from their own files, for pictures of any shape.

The file says how wide and deep the network is; every head has 64 channels, in all of them. Position embeddings are
stretched to the picture's grid as the authors' code does it: bicubic, by a factor that is a tenth of a patch too large.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor
from torch.nn import functional

from evalsuite.errors import WeightsError
from evalsuite.learning.device import device
from evalsuite.learning.weights import quick_kind

from .checkpoints import depth, fill, read_state

HEAD = 64
_EXCESS = 0.1


class Dino:
    """The class token of pictures, with a network for each size of picture, the last of which is kept."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = read_state(path)
        self._state.pop("mask_token", None)
        if "cls_token" not in self._state or "patch_embed.proj.weight" not in self._state:
            raise WeightsError(f"{path.name} holds no vision transformer of DINO.")
        self._size, self._network = (0, 0), torch.nn.Module()

    def __call__(self, pictures: Tensor) -> Tensor:
        """Pictures (n, 3, height, width), normalised, to (n, channels) in float32."""
        height, width = pictures.shape[2:]
        if (height, width) != self._size:
            self._size, self._network = (height, width), self._made(height, width)
        seen: Tensor = self._network(pictures.to(device(), quick_kind()))
        return seen.float()

    def _made(self, height: int, width: int) -> VisionTransformer:
        state = self._state
        patch = state["patch_embed.proj.weight"].shape[-1]
        network = vision_transformer(state, (height, width))
        position = stretched(state["pos_embed"], height // patch, width // patch)
        fill(network, {**state, "pos_embed": position}, self._path)
        return network.to(device(), quick_kind())


def vision_transformer(state: Mapping[str, Tensor], size: tuple[int, int]) -> VisionTransformer:
    """An empty network as wide and deep as what is in the file."""
    channels = state["cls_token"].shape[-1]
    return VisionTransformer(
        img_size=size,
        patch_size=state["patch_embed.proj.weight"].shape[-1],
        embed_dim=channels,
        depth=depth(state),
        num_heads=channels // HEAD,
        mlp_ratio=state["blocks.0.mlp.fc1.weight"].shape[0] / channels,
        init_values=1.0 if "blocks.0.ls1.gamma" in state else None,
        num_classes=0,
    )


def stretched(position: Tensor, rows: int, columns: int) -> Tensor:
    """Position embeddings of a class token and a square grid, (1, 1 + side * side, channels), for another grid."""
    token, grid = position[:, :1], position[:, 1:]
    side = int(grid.shape[1] ** 0.5)
    if rows == columns == side:
        return position
    picture = grid.unflatten(1, (side, side)).permute(0, 3, 1, 2)
    factor = ((rows + _EXCESS) / side, (columns + _EXCESS) / side)
    picture = functional.interpolate(picture, scale_factor=factor, mode="bicubic")
    return torch.cat([token, picture.permute(0, 2, 3, 1).flatten(1, 2)], dim=1)

"""ArcFace's network (arXiv 1801.07698) as insightface trains it in PyTorch: faces of 112 x 112 to rows.

The file says how wide and deep it is. Each block is normalised before it is convolved, and the second convolution of a
layer's first block halves the picture.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from evalsuite.errors import WeightsError
from evalsuite.learning.device import device

from .checkpoints import fill, read_state

SIDE = 112
LAYERS = ("layer1", "layer2", "layer3", "layer4")


class Block(nn.Module):
    """Two convolutions beside what they are given, which is made as small and wide where it must be."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.bn1, self.bn2, self.bn3 = nn.BatchNorm2d(inputs), nn.BatchNorm2d(outputs), nn.BatchNorm2d(outputs)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        self.prelu = nn.PReLU(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, stride, padding=1, bias=False)
        self.downsample = (
            nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
            if stride > 1
            else nn.Identity()
        )

    def forward(self, x: Tensor) -> Tensor:
        inner = self.prelu(self.bn2(self.conv1(self.bn1(x))))
        changed: Tensor = self.bn3(self.conv2(inner)) + self.downsample(x)
        return changed


class ArcFace(nn.Module):
    """Faces (n, 3, 112, 112), values -1 - 1, to (n, channels)."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        super().__init__()
        width = state["conv1.weight"].shape[0]
        self.conv1 = nn.Conv2d(3, width, 3, padding=1, bias=False)
        self.bn1, self.prelu = nn.BatchNorm2d(width), nn.PReLU(width)
        for name in LAYERS:
            outputs = state[f"{name}.0.conv1.weight"].shape[0]
            depth = sum(key.startswith(f"{name}.") and key.endswith(".conv1.weight") for key in state)
            blocks = [Block(width if not place else outputs, outputs, 1 if place else 2) for place in range(depth)]
            self.add_module(name, nn.Sequential(*blocks))
            width = outputs
        self.bn2 = nn.BatchNorm2d(width)
        self.fc = nn.Linear(width * (SIDE // 2 ** len(LAYERS)) ** 2, state["fc.weight"].shape[0])
        self.features = nn.BatchNorm1d(self.fc.out_features)

    def forward(self, faces: Tensor) -> Tensor:
        x = self.prelu(self.bn1(self.conv1(faces)))
        for name in LAYERS:
            x = self.get_submodule(name)(x)
        seen: Tensor = self.features(self.fc(self.bn2(x).flatten(1)))
        return seen


def load_arcface(path: Path) -> ArcFace:
    """The network of a file, in float32."""
    state = read_state(path)
    if not {"conv1.weight", "fc.weight", *(f"{name}.0.conv1.weight" for name in LAYERS)} <= state.keys():
        raise WeightsError(f"{path.name} holds no ArcFace of insightface's PyTorch code.")
    network = ArcFace(state)
    fill(network, state, path)
    return network.to(device(), torch.float32)

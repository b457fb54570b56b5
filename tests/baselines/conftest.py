"""What the tests of several sequence layers share."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional


@pytest.fixture
def still():
    """Makes a rotation of so many tokens that turns nothing."""
    return lambda length: (torch.ones(length, 4), torch.zeros(length, 4))


@pytest.fixture
def convolved():
    """The naive form of a layer's short convolution."""
    return _convolved


def _convolved(layer, mixed):
    """Of one video, (tokens, channels)."""
    long = torch.cat([torch.zeros(3, mixed.shape[1]).to(mixed), mixed])
    taps = layer.convolution.weight
    rows = [(long[token : token + 4] * taps).sum(0) + layer.convolution.bias for token in range(len(mixed))]
    return functional.silu(torch.stack(rows))

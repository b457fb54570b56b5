"""The noise that videos begin with."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import torch
from torch import Tensor


def named_noise(name: str, shape: Sequence[int]) -> Tensor:
    """White noise (1, *shape), always the same for the same name."""
    digest = hashlib.sha256(name.encode()).digest()
    source = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
    return torch.randn(1, *shape, generator=source)

"""Where training is worked out: on a graphics card where there is one, else on the processor."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch
from torch import Tensor

from .weights import quick_kind

_HAS_QUICK_BFLOAT16 = quick_kind() is torch.bfloat16
"""Asked once, since a compiler that fuses a loss cannot look into the question."""


@cache
def device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def mixed_precision(on: torch.device) -> torch.autocast:
    """Matrix products in bfloat16, except on a processor without instructions for it, where they would crawl."""
    return torch.autocast(on.type, torch.bfloat16, enabled=on.type == "cuda" or _HAS_QUICK_BFLOAT16)


def moved(x: Tensor) -> Tensor:
    """`x` on that device; a processor does not wait for a card to take it."""
    return x.to(device(), non_blocking=True)


def draw_noise(shape: Sequence[int], luck: torch.Generator) -> Tensor:
    """White noise, drawn on that device, which is quicker than to move it there."""
    seed = int(torch.randint(2**62, (), generator=luck))
    return torch.randn(*shape, generator=torch.Generator(device()).manual_seed(seed), device=device())

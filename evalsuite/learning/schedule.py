"""How long and how fast something is trained."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Schedule:
    """Steps of the optimisers: the rate rises for `warm_up` steps, and falls at the end."""

    steps: int
    batch: int
    rate: float
    warm_up: int = 100
    weight_decay: float = 1e-4
    clip: float = 1.0
    averaging: float = 0.998
    """Share of the old in the moving average of weights that is shipped."""

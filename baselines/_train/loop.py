"""One loop for all training: seeded, with checkpoints, a moving average of weights and a curve of the loss."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import torch
from torch import Tensor, nn

from .recipe import Schedule

Loss = Callable[[torch.Generator], Tensor]
"""The loss on a batch that is drawn with the generator's luck."""

_SECONDS_BETWEEN_CHECKPOINTS = 120.0
_STEPS_PER_RECORD = 20


def fit(model: nn.Module, schedule: Schedule, loss: Loss, checkpoint: Path, seed: int) -> nn.Module:
    """Trains `model` and gives back the moving average of it; goes on from `checkpoint` where there is one."""
    training = _Training(model, schedule, checkpoint)
    saved = time.monotonic()
    while training.step < schedule.steps:
        training.advance(loss, seed)
        if time.monotonic() - saved > _SECONDS_BETWEEN_CHECKPOINTS:
            training.save()
            saved = time.monotonic()
    training.save()
    return training.average


class _Training:
    def __init__(self, model: nn.Module, schedule: Schedule, checkpoint: Path) -> None:
        self.model = model
        self.schedule = schedule
        self.checkpoint = checkpoint
        self.average = deepcopy(model).requires_grad_(False)
        self.optimiser = torch.optim.AdamW(_groups(model, schedule), lr=schedule.rate, betas=(0.9, 0.95))
        self.step = 0
        self.curve: list[tuple[int, float, float]] = []
        """(step, mean loss since the last record, seconds of training)."""
        self.seconds = 0.0
        self._recent: list[float] = []
        if checkpoint.exists():
            self._restore()

    def advance(self, loss: Loss, seed: int) -> None:
        began = time.monotonic()
        luck = torch.Generator().manual_seed(seed * 1_000_003 + self.step)
        for group in self.optimiser.param_groups:
            group["lr"] = _rate(self.schedule, self.step)
        value = loss(luck)
        self.optimiser.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.schedule.clip)
        self.optimiser.step()
        self._follow()
        self.step += 1
        self.seconds += time.monotonic() - began
        self._record(value.item())

    def save(self) -> None:
        self.checkpoint.parent.mkdir(parents=True, exist_ok=True)
        partial = self.checkpoint.with_suffix(".partial")
        state = {name: getattr(self, name).state_dict() for name in ("model", "average", "optimiser")}
        torch.save({**state, "step": self.step, "seconds": self.seconds, "curve": self.curve}, partial)
        partial.replace(self.checkpoint)
        with self.checkpoint.with_suffix(".csv").open("w", newline="") as file:
            csv.writer(file).writerows([("step", "loss", "seconds"), *self.curve])

    def _restore(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True)
        for name in ("model", "average", "optimiser"):
            getattr(self, name).load_state_dict(state[name])
        self.step, self.seconds, self.curve = state["step"], state["seconds"], state["curve"]

    def _follow(self) -> None:
        """The average follows the model, at first quickly."""
        keep = min(self.schedule.averaging, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for old, new in zip(self.average.parameters(), self.model.parameters(), strict=True):
                old.lerp_(new, 1 - keep)

    def _record(self, value: float) -> None:
        self._recent.append(value)
        if self.step % _STEPS_PER_RECORD == 0 or self.step == self.schedule.steps:
            self.curve.append((self.step, sum(self._recent) / len(self._recent), round(self.seconds, 1)))
            self._recent = []


def _rate(schedule: Schedule, step: int) -> float:
    rise = min(1.0, (step + 1) / schedule.warm_up)
    fall = min(1.0, (schedule.steps - step) / (0.2 * schedule.steps))
    return schedule.rate * rise * max(0.1, fall)


def _groups(model: nn.Module, schedule: Schedule) -> list[dict[str, object]]:
    """Matrices decay; biases, gains and gates do not."""
    matrices = [p for p in model.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in model.parameters() if p.requires_grad and p.ndim <= 1]
    return [{"params": matrices, "weight_decay": schedule.weight_decay}, {"params": others, "weight_decay": 0.0}]

"""One loop for all training: seeded, with checkpoints, a moving average of weights and a curve of the loss."""

from __future__ import annotations

import csv
import hashlib
import inspect
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import ParamSpec, TypeVar, cast

import torch
from torch import Tensor, nn

from evalsuite import progress
from evalsuite.disk import replacing
from evalsuite.errors import EvalsuiteError

from .convolution import Convolution
from .device import device
from .schedule import Schedule

P = ParamSpec("P")
Model = TypeVar("Model", bound=nn.Module)
Loss = Callable[[torch.Generator], Tensor]
"""The loss on a batch that is drawn with the generator's luck."""

_SECONDS_BETWEEN_CHECKPOINTS = 120.0
_STEPS_PER_RECORD = 20
_FALLING = 0.4
"""The share of the steps, at the end, over which the rate falls to a twentieth."""


class DivergedError(EvalsuiteError):
    """A training whose weights became NaN or infinite."""


def fit(
    model: Model, schedule: Schedule, loss: Loss, checkpoint: Path, seed: int, recipe: tuple[object, ...] = ()
) -> Model:
    """Trains `model` and gives back the moving average of it; goes on from `checkpoint` where there is one.

    `recipe` is what else decides the training, each with a `repr` that tells it. DivergedError where weights become NaN
    or infinite; `checkpoint` is then as it was before they did. EvalsuiteError where it is of another seed, or of a
    training that began otherwise: from other weights, by another schedule or recipe, or with other code of the user's.
    """
    training = _Training(model.to(device()), schedule, checkpoint, seed, recipe)
    saved = time.monotonic()
    with progress.shown(f"{checkpoint.stem}: steps") as advance:
        while training.step < schedule.steps:
            advance(training.step, schedule.steps, "")
            training.advance(loss)
            if time.monotonic() - saved > _SECONDS_BETWEEN_CHECKPOINTS:
                training.save()
                saved = time.monotonic()
    training.save()
    return cast(Model, training.average)


def fused(loss: Callable[P, Tensor], wanted: bool = True) -> Callable[P, Tensor]:
    """The same, fused on a processor with a C++ compiler: equal to rounding, in two thirds of the time.

    A graphics card waits for what it is told to do next, which fusing takes longer than it saves.
    """
    useful = wanted and device().type == "cpu" and shutil.which("g++")
    return torch.compile(loss) if useful else loss


class _Training:
    def __init__(
        self, model: nn.Module, schedule: Schedule, checkpoint: Path, seed: int, recipe: tuple[object, ...]
    ) -> None:
        self.model = model
        self.seed = seed
        self.schedule = schedule
        self.checkpoint = checkpoint
        self.beginning = fingerprint(model, (schedule, *recipe))
        self.average = deepcopy(model).requires_grad_(False)
        self.optimisers = _optimisers(model, schedule)
        self.step = 0
        self.curve: list[tuple[int, float, float]] = []
        """(step, mean loss since the last record, seconds of training)."""
        self.seconds = 0.0
        self._recent: list[Tensor] = []
        if checkpoint.exists():
            self._restore()

    def advance(self, loss: Loss) -> None:
        began = time.monotonic()
        luck = torch.Generator().manual_seed(self.seed * 1_000_003 + self.step)
        value = loss(luck)
        self.model.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), self.schedule.clip)
        for optimiser in self.optimisers:
            for group in optimiser.param_groups:
                group["lr"] = _rate(self.schedule, self.step)
            optimiser.step()
        self._follow()
        self.step += 1
        self.seconds += time.monotonic() - began
        self._record(value.detach())

    def save(self) -> None:
        self._refuse_nonsense()
        state = {"model": self.model.state_dict(), "average": self.average.state_dict()}
        optimisers = [optimiser.state_dict() for optimiser in self.optimisers]
        reached = {
            "seed": self.seed,
            "beginning": self.beginning,
            "step": self.step,
            "seconds": self.seconds,
            "curve": self.curve,
            "recent": [value.item() for value in self._recent],
        }
        with replacing(self.checkpoint) as partial:
            torch.save({**state, **reached, "optimisers": optimisers}, partial)
        with self.checkpoint.with_suffix(".csv").open("w", newline="") as file:
            csv.writer(file).writerows([("step", "loss", "seconds"), *self.curve])

    def _refuse_nonsense(self) -> None:
        if not all(parameter.isfinite().all() for parameter in self.model.parameters()):
            raise DivergedError(
                f"the training {self.checkpoint.stem} has weights that are NaN or infinite after step {self.step}, and "
                "was stopped; what it saved before is kept: run it again, with a lower rate or another seed."
            )

    def _restore(self) -> None:
        state = torch.load(self.checkpoint, weights_only=True, map_location=device())
        seed = state.get("seed")
        if seed != self.seed:
            raise EvalsuiteError(
                f"{self.checkpoint} is of a training with seed {seed}, not {self.seed}; use another --folder."
            )
        if state.get("beginning") != self.beginning:
            raise EvalsuiteError(
                f"{self.checkpoint} is of a training that began otherwise, from other weights or by another recipe or "
                "layer; use another --folder."
            )
        self.model.load_state_dict(state["model"])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.step, self.seconds, self.curve = state["step"], state["seconds"], state["curve"]
        self._recent = [torch.tensor(value, device=device()) for value in state.get("recent", ())]

    def _follow(self) -> None:
        """The average follows the model, at first quickly."""
        keep = min(self.schedule.averaging, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_(list(self.average.parameters()), list(self.model.parameters()), 1 - keep)

    def _record(self, value: Tensor) -> None:
        self._recent.append(value)
        if self.step % _STEPS_PER_RECORD == 0 or self.step == self.schedule.steps:
            self.curve.append((self.step, torch.stack(self._recent).mean().item(), round(self.seconds, 1)))
            self._recent = []


def fingerprint(model: nn.Module, recipe: tuple[object, ...]) -> str:
    """Of all that a training begins with but its data and its luck; of the user's own layers, the whole files."""
    found = hashlib.sha256(repr(recipe).encode())
    for name, tensor in sorted(model.state_dict().items()):
        found.update(f"{name} {tuple(tensor.shape)}".encode())
        found.update(tensor.detach().cpu().float().numpy().tobytes())
    classes = {type(module) for module in model.modules()}
    for each in sorted(classes, key=lambda one: one.__qualname__):
        if each.__module__.partition(".")[0] not in ("evalsuite", "torch"):
            with suppress(OSError, TypeError):  # of a class that lies in no file
                found.update(Path(inspect.getfile(each)).read_bytes())
    return found.hexdigest()


def _rate(schedule: Schedule, step: int) -> float:
    rise = min(1.0, (step + 1) / schedule.warm_up)
    fall = min(1.0, (schedule.steps - step) / (_FALLING * schedule.steps))
    return schedule.rate * rise * max(0.05, fall)


def _optimisers(model: nn.Module, schedule: Schedule) -> list[torch.optim.Optimizer]:
    """Muon for the matrices of layers, AdamW for all else: biases, gains, gates, embeddings.

    Muon takes steps whose directions all count alike, scaled to the size of AdamW's, and learns several times faster
    here (https://kellerjordan.github.io/posts/muon/ and arXiv 2502.16982).
    """
    layers = [module for module in model.modules() if isinstance(module, nn.Linear | Convolution)]
    matrices = {id(module.weight): module.weight for module in layers if module.weight.requires_grad}
    others = [p for p in model.parameters() if p.requires_grad and id(p) not in matrices]
    return [
        torch.optim.Muon(
            matrices.values(), lr=schedule.rate, weight_decay=schedule.weight_decay, adjust_lr_fn="match_rms_adamw"
        ),
        torch.optim.AdamW(others, lr=schedule.rate, betas=(0.9, 0.95), weight_decay=0.0),
    ]

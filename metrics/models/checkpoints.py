"""Reads the files in which others keep their weights: safetensors, or pickles of tensors and nothing else."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from evalsuite.errors import WeightsError

_WRAPPINGS = ("model", "module", "state_dict", "teacher")


def read_state(path: Path) -> dict[str, Tensor]:
    """Tensors by name, in float32, out of what training code wraps them in."""
    state: dict[str, Any] = _tensors(path) if path.suffix == ".safetensors" else _unpickled(path)
    for wrapping in _WRAPPINGS:
        if isinstance(state.get(wrapping), Mapping):
            state = state[wrapping]
    tensors = {name: each for name, each in state.items() if isinstance(each, Tensor)}
    return {name.removeprefix("module.").removeprefix("backbone."): each.float() for name, each in tensors.items()}


def depth(state: Mapping[str, Tensor]) -> int:
    """How many transformer blocks there are."""
    return 1 + max((int(name.split(".")[1]) for name in state if name.startswith("blocks.")), default=-1)


def fill(network: torch.nn.Module, state: Mapping[str, Tensor], path: Path) -> None:
    """Every tensor of the network from the file, and every one of the file in the network; then ready to run."""
    try:
        network.load_state_dict(dict(state))
    except RuntimeError as error:
        raise WeightsError(f"{path.name} does not hold this network: {' '.join(str(error).split())[:200]}") from error
    network.eval().requires_grad_(requires_grad=False)


def _tensors(path: Path) -> dict[str, Any]:
    try:
        return dict(load_file(path))
    except SafetensorError as error:
        raise WeightsError(f"{path.name} is no file of safetensors, or is damaged: {error}.") from error


def _unpickled(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, KeyError, EOFError, ValueError) as error:
        raise WeightsError(f"{path.name} holds more than tensors, or is damaged, and is not opened.") from error
    return state

"""Files of weights: safetensors in float16 that also tell what they are, beside a list of their sha256 sums."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from evalsuite.errors import EvalsuiteError

_SUMS = "sha256sums.txt"


def save(path: Path, state: Mapping[str, Tensor], told: Mapping[str, str]) -> None:
    """Tensors in float16, and what there is to tell of them; the file's sum goes into the list beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().cpu().half().contiguous() for name, tensor in state.items()}
    save_file(tensors, path, metadata=dict(told))
    _enlist(path)


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors in float32, and what is told of them; EvalsuiteError where the file is missing or not the listed one."""
    if not path.is_file():
        raise EvalsuiteError(f"the weights {path.name} are not in {path.parent}; reinstall evalsuite, or train them.")
    if _sums(path.parent).get(path.name) != sha256(path):
        raise EvalsuiteError(
            f"the weights {path} are not those that {_SUMS} lists; reinstall evalsuite, or train them."
        )
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name).float() for name in file.keys()}, file.metadata()  # noqa: SIM118


def copy_weights(source: Path, path: Path) -> None:
    """A file of weights to another place, byte for byte, with its sum in the list there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, path)
    _enlist(path)


def revision(*paths: Path) -> str:
    """The first 12 digits of the sha256 of the listed sums of these files."""
    sums = [_sums(path.parent).get(path.name, "missing") for path in paths]
    return hashlib.sha256(" ".join(sums).encode()).hexdigest()[:12]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _enlist(path: Path) -> None:
    """Writes the sum of a file into the list beside it."""
    sums = {**_sums(path.parent), path.name: sha256(path)}
    lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
    (path.parent / _SUMS).write_text("".join(lines))


def _sums(folder: Path) -> dict[str, str]:
    """File name to sha256, from a list as `sha256sum` writes it."""
    listed = folder / _SUMS
    lines = listed.read_text().splitlines() if listed.is_file() else []
    return {name: digest for digest, name in (line.split() for line in lines)}

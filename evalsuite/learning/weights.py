"""Files of weights: safetensors in float16 that also tell what they are, beside a list of their sha256 sums."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save as serialised
from torch import Tensor

from evalsuite.disk import copy_atomically, write_atomically

from .sums import enlist, verify

_TOLD = "__metadata__"


def save(path: Path, state: Mapping[str, Tensor], told: Mapping[str, str]) -> None:
    """Tensors in float16, and what there is to tell of them; the file's sum goes into the list beside it."""
    tensors = {name: tensor.detach().cpu().half().contiguous() for name, tensor in state.items()}
    write_atomically(path, _in_order(serialised(tensors, metadata=dict(told))))
    enlist(path)


def _in_order(data: bytes) -> bytes:
    """The same file with what is told in alphabetical order, which safetensors has in any: equal weights are equal."""
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    told = dict(sorted(header.pop(_TOLD, {}).items()))
    text = json.dumps({_TOLD: told, **header}, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data[start:]


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Tensors in float32, and what is told of them; EvalsuiteError where the file is missing or not the listed one."""
    verify(path)
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name).float() for name in file.keys()}, file.metadata()  # noqa: SIM118


def copy_weights(source: Path, path: Path) -> None:
    """A file of weights to another place, byte for byte, with its sum in the list there."""
    copy_atomically(source, path)
    enlist(path)


def quick_kind() -> torch.dtype:
    """What weights are rounded to when they run: bfloat16 where the processor multiplies it, much faster."""
    quick = torch.backends.mkldnn.is_available() and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.bfloat16 if quick else torch.float32

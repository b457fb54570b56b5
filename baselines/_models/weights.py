"""Weight files: safetensors in float16 that also tell the shape of their model, beside a list of their sha256 sums."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from evalsuite.errors import EvalsuiteError

from .autoencoder import Autoencoder, AutoencoderShape
from .layers import SEQUENCE_LAYERS
from .layout import TransformerShape
from .text import Vocabulary
from .transformer import VideoTransformer

SHIPPED = Path(__file__).parents[1] / "weights"
AUTOENCODER = "toon_autoencoder.safetensors"
_SUMS = "sha256sums.txt"


def save_autoencoder(folder: Path, model: Autoencoder) -> None:
    _save(folder / AUTOENCODER, model, {"shape": json.dumps(asdict(model.shape))})


def load_autoencoder(folder: Path = SHIPPED) -> Autoencoder:
    tensors, told = _load(folder / AUTOENCODER)
    model = Autoencoder(AutoencoderShape(**_tuples(json.loads(told["shape"]))))
    model.load_state_dict(tensors)
    return model.eval().requires_grad_(False)


def save_transformer(folder: Path, name: str, model: VideoTransformer, vocabulary: Vocabulary, layer: str) -> None:
    shape = json.dumps(asdict(model.shape))
    told = {"shape": shape, "vocabulary": " ".join(vocabulary.words), "sequence_layer": layer}
    _save(folder / f"{name}.safetensors", model, told)


def load_transformer(name: str, folder: Path = SHIPPED) -> tuple[VideoTransformer, Vocabulary]:
    tensors, told = _load(folder / f"{name}.safetensors")
    vocabulary = Vocabulary(told["vocabulary"].split())
    shape = TransformerShape(**_tuples(json.loads(told["shape"])))
    model = VideoTransformer(shape, len(vocabulary), SEQUENCE_LAYERS[told["sequence_layer"]])
    model.load_state_dict(tensors)
    return model.eval().requires_grad_(False), vocabulary


def revision(*names: str, folder: Path = SHIPPED) -> str:
    """The first 12 digits of the sha256 of the listed sums of these files."""
    sums = _sums(folder)
    return hashlib.sha256(" ".join(sums.get(name, "missing") for name in names).encode()).hexdigest()[:12]


def quick_kind() -> torch.dtype:
    """What weights are rounded to when they run: bfloat16 where the processor multiplies it, much faster."""
    return torch.bfloat16 if torch.ops.mkldnn._is_mkldnn_bf16_supported() else torch.float32


def _save(path: Path, model: nn.Module, told: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().half().contiguous() for name, tensor in model.state_dict().items()}
    save_file(tensors, path, metadata=dict(told))
    sums = {**_sums(path.parent), path.name: _sha256(path)}
    lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
    (path.parent / _SUMS).write_text("".join(lines))


def _load(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    if not path.is_file():
        raise EvalsuiteError(f"the weights {path.name} are not in {path.parent}; reinstall evalsuite, or train them")
    if _sums(path.parent).get(path.name) != _sha256(path):
        raise EvalsuiteError(f"the weights {path} are not those that {_SUMS} lists; reinstall evalsuite, or train them")
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name).float() for name in file.keys()}, file.metadata()  # noqa: SIM118


def _sums(folder: Path) -> dict[str, str]:
    """File name to sha256, from a list as `sha256sum` writes it."""
    listed = folder / _SUMS
    lines = listed.read_text().splitlines() if listed.is_file() else []
    return {name: digest for digest, name in (line.split() for line in lines)}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}

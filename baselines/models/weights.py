"""Weight files: safetensors in float16 that also tell the shape of their model, beside a list of their sha256 sums.

A transformer with a sequence layer is kept as what differs from the base that it was trained from, and names that base
by its hash.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor

from evalsuite.errors import EvalsuiteError

from .autoencoder import Autoencoder, AutoencoderShape
from .layout import TransformerShape
from .text import Vocabulary
from .transformer import MakeSequenceLayer, VideoTransformer

SHIPPED = Path(__file__).parents[1] / "weights"
AUTOENCODER = "toon_autoencoder.safetensors"
BASE = "base.safetensors"
NO_WEIGHTS = "none yet; `evalsuite train` makes them"
_SUMS = "sha256sums.txt"


def save_autoencoder(folder: Path, model: Autoencoder) -> None:
    save(folder / AUTOENCODER, model.state_dict(), {"shape": json.dumps(asdict(model.shape))})


def load_autoencoder(folder: Path = SHIPPED) -> Autoencoder:
    tensors, told = load(folder / AUTOENCODER)
    model = Autoencoder(AutoencoderShape(**_tuples(json.loads(told["shape"]))))
    model.load_state_dict(tensors)
    return model.eval().requires_grad_(False)


def save_base(folder: Path, model: VideoTransformer, vocabulary: Vocabulary) -> None:
    told = {"shape": json.dumps(asdict(model.shape)), "vocabulary": " ".join(vocabulary.words)}
    save(folder / BASE, model.state_dict(), told)


def load_base(
    folder: Path = SHIPPED, make_layer: MakeSequenceLayer | None = None
) -> tuple[VideoTransformer, Vocabulary]:
    """The base, with new sequence layers in it where `make_layer` says how to make them."""
    tensors, told = load(folder / BASE)
    vocabulary = Vocabulary(told["vocabulary"].split())
    shape = TransformerShape(**_tuples(json.loads(told["shape"])))
    model = VideoTransformer(shape, len(vocabulary), make_layer)
    model.load_state_dict(tensors, strict=False)  # the base has no sequence layers to give
    return model.eval().requires_grad_(False), vocabulary


def save_layers(path: Path, model: VideoTransformer, base: Path) -> None:
    """What of `model` differs from the base in the folder `base`."""
    tensors, _ = load(base / BASE)
    state = {name: tensor.cpu().half() for name, tensor in model.state_dict().items()}
    own = {name: tensor for name, tensor in state.items() if not _same(tensors.get(name), tensor)}
    save(path, own, {"base": sha256(base / BASE), "segments": str(model.trained_segments)})


def load_layers(path: Path, base: Path, make_layer: MakeSequenceLayer | None) -> tuple[VideoTransformer, Vocabulary]:
    """A transformer as `save_layers` wrote it; EvalsuiteError where it was trained from another base."""
    model, vocabulary = load_base(base, make_layer)
    tensors, told = load(path)
    if told.get("base") != sha256(base / BASE):
        raise EvalsuiteError(f"the weights {path} were trained from another base than {base / BASE}; train them anew.")
    own = model.state_dict()
    strange = sorted(name for name, tensor in tensors.items() if name not in own or own[name].shape != tensor.shape)
    if strange:
        raise EvalsuiteError(f"the weights {path} are of another sequence layer ({strange[0]}); train them anew.")
    model.load_state_dict(tensors, strict=False)
    model.trained_segments = int(told["segments"])
    return model, vocabulary


def revision(*paths: Path) -> str:
    """The first 12 digits of the sha256 of the listed sums of these files."""
    sums = [_sums(path.parent).get(path.name, "missing") for path in paths]
    return hashlib.sha256(" ".join(sums).encode()).hexdigest()[:12]


def quick_kind() -> torch.dtype:
    """What weights are rounded to when they run: bfloat16 where the processor multiplies it, much faster."""
    return torch.bfloat16 if torch.ops.mkldnn._is_mkldnn_bf16_supported() else torch.float32


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


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _same(base: Tensor | None, own: Tensor) -> bool:
    return base is not None and torch.equal(base.half(), own)


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


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}

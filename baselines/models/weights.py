"""The generators' files of weights.

A transformer with a sequence layer is kept as what differs from the base that it was trained from, and names that base
by its hash.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from evalsuite.disk import sha256
from evalsuite.errors import EvalsuiteError
from evalsuite.learning.weights import load, save

from .autoencoder import Autoencoder, AutoencoderShape
from .files import AUTOENCODER, BASE, SHIPPED
from .layout import TransformerShape
from .text import Vocabulary
from .transformer import MakeSequenceLayer, VideoTransformer


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
    lacking = sorted(own.keys() - tensors.keys() - load(base / BASE)[0].keys())
    if strange or lacking:
        raise EvalsuiteError(
            f"the weights {path} are of another sequence layer ({[*strange, *lacking][0]}); train them anew."
        )
    model.load_state_dict(tensors, strict=False)
    model.trained_segments = int(told["segments"])
    return model, vocabulary


def _same(base: Tensor | None, own: Tensor) -> bool:
    return base is not None and torch.equal(base.half(), own)


def _tuples(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in values.items()}

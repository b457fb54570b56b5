"""The three weight files of the cascade; each tells the shape of its model and the words that it knows."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from evalsuite.learning.weights import load, save

from .files import CASCADE, SHIPPED, weight_file
from .text import Vocabulary
from .walt_transformer import WaltShape, WaltTransformer

Part = tuple[WaltTransformer, Vocabulary]


def save_part(folder: Path, name: str, model: WaltTransformer, vocabulary: Vocabulary) -> None:
    told = {"shape": json.dumps(asdict(model.shape)), "vocabulary": " ".join(vocabulary.words)}
    save(weight_file(name, folder), model.state_dict(), told)


def load_part(name: str, folder: Path = SHIPPED) -> Part:
    """EvalsuiteError where the file is missing, or another than the listed one."""
    tensors, told = load(weight_file(name, folder))
    vocabulary = Vocabulary(told["vocabulary"].split())
    model = WaltTransformer(WaltShape(**json.loads(told["shape"])), len(vocabulary))
    model.load_state_dict(tensors)
    return model.eval().requires_grad_(False), vocabulary


def load_cascade(folder: Path = SHIPPED) -> list[Part]:
    return [load_part(name, folder) for name in CASCADE]

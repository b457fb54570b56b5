"""The sequence layers by name, as recipes and weight files call them."""

from __future__ import annotations

from .transformer import MakeSequenceLayer
from .ttt_layer import ttt_linear, ttt_mlp

SEQUENCE_LAYERS: dict[str, MakeSequenceLayer | None] = {
    "local": None,
    "ttt_linear": ttt_linear,
    "ttt_mlp": ttt_mlp,
}

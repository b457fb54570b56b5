"""Any network of open_clip, from a copy of public weights, from a file, or from a folder as open_clip saves it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import open_clip
import torch
from open_clip.pretrained import get_pretrained_cfg
from torch import Tensor
from torch.nn.functional import normalize

from evalsuite.errors import WeightsError
from evalsuite.learning.device import device
from evalsuite.learning.weights import quick_kind

from .clip_source import Source, source


@dataclass(frozen=True)
class Clip:
    """Pictures and texts in one space."""

    model: Any
    preprocess: Any
    """From a PIL image to what the model takes: its own size, mean and spread."""
    named: Source

    @cached_property
    def tokenizer(self) -> Any:
        """Made when a text comes: that of some networks must be fetched from a hub, which pictures do not need."""
        return open_clip.get_tokenizer(self.named.architecture, **self.named.words)

    def __call__(self, prepared: Tensor) -> Tensor:
        """Pictures as rows, (n, channels) in float32."""
        rows: Tensor = self.model.encode_image(prepared.to(device(), quick_kind()))
        return rows.float()

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Texts as rows, (n, channels) in float32, of length 1."""
        with torch.inference_mode():
            return normalize(self.model.encode_text(self.tokenizer(list(texts)).to(device())).float(), dim=1)

    def lost(self, text: str) -> int:
        """How many tokens of a text the model does not see, because its context is shorter."""
        own = getattr(self.tokenizer, "encode", None)
        tokens = own(text) if own else self.tokenizer.tokenizer(text, add_special_tokens=False)["input_ids"]
        context: int = self.tokenizer.context_length
        return max(0, len(tokens) + 2 - context)  # 2 mark the beginning and the end


@cache
def load_clip(argument: str, revision: str) -> Clip:
    """The network that `argument` names (see `source`), loaded once for pictures and texts while it is the same."""
    named = source(argument)
    file = None if named.file is None else str(named.file)
    try:
        model, _, preprocess = open_clip.create_model_and_transforms(
            named.architecture, pretrained=file, **_preparation(named)
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise WeightsError(f"{argument} cannot be loaded by open_clip: {' '.join(str(error).split())[:300]}") from error
    return Clip(model.eval().to(device(), quick_kind()), preprocess, named)


def _preparation(named: Source) -> dict[str, Any]:
    """How pictures are prepared for public weights, where that differs from what the architecture says."""
    told = get_pretrained_cfg(named.architecture, named.tag) if named.tag else {}
    kept = {f"image_{name}": told[name] for name in ("mean", "std", "interpolation", "resize_mode") if name in told}
    return {**kept, "force_quick_gelu": bool(told.get("quick_gelu"))}

"""OWLv2 (arXiv 2306.09683) from one file of its weights: boxes of whatever there is, to be told apart by phrases later.

What a box is like is kept beside it, so that a picture is looked at once, whatever is asked for afterwards. The network
is transformers'; the file says how wide and deep it is, every head having 64 channels.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from math import isqrt
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import elu, normalize

from evalsuite.errors import WeightsError
from evalsuite.learning.device import device
from evalsuite.learning.weights import quick_kind

from .checkpoints import fill, read_state

HEAD = 64
_START, _END = 49406, 49407
"""CLIP's marks for where a text begins and ends; 0 fills up."""
_UNTRAINED = re.compile(r"(position_ids|box_bias)$")


class Seen(NamedTuple):
    """What is in pictures, a box a patch; all (pictures, boxes, ...)."""

    box: Tensor
    """Left, top, right, bottom, as shares of the square picture."""
    objectness: Tensor
    """Logit of whether it is anything."""
    shift: Tensor
    scale: Tensor
    """A phrase fits with the logit (cosine + shift) times scale."""
    looks: Tensor
    """What it is like, of length 1, to be multiplied with `phrases`."""


class Owlv2:
    """Boxes in pictures, and what phrases mean."""

    def __init__(self, path: Path) -> None:
        state = {name: each for name, each in read_state(path).items() if not _UNTRAINED.search(name)}
        if not {"owlv2.vision_model.embeddings.patch_embedding.weight", "objectness_head.dense0.weight"} <= set(state):
            raise WeightsError(f"{path.name} holds no OWLv2.")
        self._network = _network(state)
        fill(self._network, state, path)
        self._network.to(device(), quick_kind())
        self.side: int = self._network.config.vision_config.image_size
        self._words: int = self._network.config.text_config.max_position_embeddings

    @torch.inference_mode()
    def look(self, pictures: Tensor) -> Seen:
        """Square pictures (n, 3, side, side), normalised as for CLIP."""
        network = self._network
        grid, _ = network.image_embedder(pictures.to(device(), quick_kind()))
        patches = grid.flatten(1, 2)
        middle, size = network.box_predictor(patches, grid).float().split(2, dim=-1)
        head = network.class_head
        return Seen(
            torch.cat([middle - size / 2, middle + size / 2], dim=-1).cpu(),
            network.objectness_predictor(patches).float().cpu(),
            head.logit_shift(patches)[..., 0].float().cpu(),
            (elu(head.logit_scale(patches)[..., 0].float()) + 1).cpu(),
            normalize(head.dense0(patches).float(), dim=-1).cpu(),
        )

    @torch.inference_mode()
    def phrases(self, texts: Sequence[str]) -> Tensor:
        """(texts, channels), of length 1; what is beyond the network's context is cut off."""
        from open_clip.tokenizer import SimpleTokenizer

        encode = SimpleTokenizer().encode
        rows = [[_START, *encode(text)[: self._words - 2], _END] for text in texts]
        numbers = torch.tensor([row + [0] * (self._words - len(row)) for row in rows], device=device())
        told = self._network.owlv2.get_text_features(numbers, attention_mask=(numbers > 0).long())
        return normalize(told.pooler_output.float(), dim=-1).cpu()


def _network(state: Mapping[str, Tensor]) -> Any:
    """An empty network as wide and deep as what is in the file."""
    try:
        from transformers import Owlv2Config, Owlv2ForObjectDetection
    except ImportError as error:
        raise WeightsError("OWLv2 runs through transformers: `pip install 'evalsuite[natural]'`.") from error
    vision, text = "owlv2.vision_model", "owlv2.text_model"
    patch = state[f"{vision}.embeddings.patch_embedding.weight"].shape[-1]
    patches = len(state[f"{vision}.embeddings.position_embedding.weight"]) - 1
    words, projection = state[f"{text}.embeddings.token_embedding.weight"], state["owlv2.text_projection.weight"]
    told = {
        "vocab_size": len(words),
        "max_position_embeddings": len(state[f"{text}.embeddings.position_embedding.weight"]),
        **_tower(state, text, words.shape[1]),
    }
    shown = {
        "image_size": isqrt(patches) * patch,
        "patch_size": patch,
        **_tower(state, vision, state[f"{vision}.embeddings.class_embedding"].shape[0]),
    }
    return Owlv2ForObjectDetection(Owlv2Config(text_config=told, vision_config=shown, projection_dim=len(projection)))


def _tower(state: Mapping[str, Tensor], name: str, width: int) -> dict[str, int]:
    layers = {each.split(".")[4] for each in state if each.startswith(f"{name}.encoder.layers.")}
    return {
        "hidden_size": width,
        "intermediate_size": len(state[f"{name}.encoder.layers.0.mlp.fc1.weight"]),
        "num_hidden_layers": len(layers),
        "num_attention_heads": max(1, width // HEAD),
    }

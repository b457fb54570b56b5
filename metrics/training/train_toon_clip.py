"""Trains toon-clip on clips of the world and their resolved texts, as CLIP is (arXiv 2103.00020)."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from open_clip.tokenizer import default_bpe
from torch import Tensor, nn
from torch.nn import functional

from evalsuite.interfaces import Training
from evalsuite.learning.curves import draw_curves
from evalsuite.learning.device import mixed_precision, moved
from evalsuite.learning.loop import fit
from evalsuite.learning.schedule import Schedule
from evalsuite.learning.weights import save

from ..models.clip_source import FOLDER, MERGES
from ..models.parts import CALIBRATION
from .copyists import copyists
from .films import FIRST, SEGMENT_FRAMES, SEGMENTS, Films, Frames, films
from .toon_clip_quality import quality
from .worsening import worsened

WEIGHTS, CONFIG = "open_clip_model.safetensors", "open_clip_config.json"
"""As open_clip calls them."""
SIDE = 96
"""Pixels of a frame's sides, after squashing it to a square, as the convolutional towers of open_clip need it."""
_CONTEXT = 128
_MIDDLE, _SPREAD = 0.5, 0.25


@dataclass(frozen=True, slots=True)
class ToonClipRecipe:
    """All numbers of the training."""

    episodes: int = 2000
    held_out: int = 100
    frames: int = 2
    """Of the 8 frames of a clip, as many are looked at in each step."""
    schedule: Schedule = field(default_factory=lambda: Schedule(steps=2000, batch=12, rate=1e-3, warm_up=200))
    """A batch is of so many episodes, with all their segments."""


SMOKE = ToonClipRecipe(
    episodes=4,
    held_out=2,
    schedule=Schedule(steps=4, batch=2, rate=1e-3, warm_up=2),
)


def train_toon_clip(training: Training) -> list[Path]:
    """A folder as open_clip reads it: weights, configuration, merges; with its curve and what was measured."""
    training.refuse_further_and_rate("toon-clip")
    recipe = SMOKE if training.smoke else ToonClipRecipe()
    folder = training.place("toon_clips")
    seen = films(folder, "train", FIRST, recipe.episodes, copyists(training))
    place = folder / "weights" / "toon_clip"
    _write_words(place, [text for texts in seen.texts for text in texts])
    torch.manual_seed(training.seed)
    model = _made(place)
    words = open_clip.get_tokenizer(f"{FOLDER}{place}", bpe_path=place / MERGES)
    tokens = torch.stack([words(texts) for texts in seen.texts])

    def loss(luck: torch.Generator) -> Tensor:
        frames, said = draw_batch(seen, tokens, recipe, luck)
        return contrastive_loss(model, moved(frames), moved(said))

    trained = fit(model, recipe.schedule, loss, folder / "toon_clip.pt", training.seed, (recipe,)).cpu()
    _settle(trained, seen, tokens, recipe)
    draw_curves(folder / "loss.png", [folder / "toon_clip.csv"])
    save(place / WEIGHTS, trained.state_dict(), {})
    measured = quality(place, films(folder, "dev", 0, recipe.held_out))
    save(place / WEIGHTS, trained.state_dict(), {name: str(measured[name].value) for name in CALIBRATION})
    (folder / "toon_clip.json").write_text(json.dumps({name: asdict(one) for name, one in measured.items()}, indent=1))
    return [place / name for name in (WEIGHTS, CONFIG, MERGES)]


def draw_batch(seen: Films, tokens: Tensor, recipe: ToonClipRecipe, luck: torch.Generator) -> tuple[Tensor, Tensor]:
    """Frames (clips, frames, 3, side, side) of all segments of some episodes, and the tokens of their texts."""
    episodes = torch.randperm(len(seen), generator=luck)[: recipe.schedule.batch]
    clips = [
        _clip(seen.frames(int(episode), slice(start, start + SEGMENT_FRAMES, 3)), recipe.frames, luck)
        for episode in episodes
        for start in range(0, SEGMENTS * SEGMENT_FRAMES, SEGMENT_FRAMES)
    ]
    return torch.stack(clips), tokens[episodes].flatten(0, 1)


def contrastive_loss(model: nn.Module, frames: Tensor, tokens: Tensor) -> Tensor:
    """Cross-entropy of which text is of which clip, both ways; a clip's row is the mean of its frames' rows."""
    model.train()
    clips, each = frames.shape[:2]
    with mixed_precision(frames.device):
        rows = model.encode_image(frames.flatten(0, 1).contiguous(memory_format=torch.channels_last))  # type: ignore[operator]
        said = model.encode_text(tokens)  # type: ignore[operator]
    shown = functional.normalize(functional.normalize(rows.float(), dim=-1).unflatten(0, (clips, each)).mean(1), dim=-1)
    scores = model.logit_scale.exp().clamp(max=100) * shown @ functional.normalize(said.float(), dim=-1).T  # type: ignore[operator]
    right = torch.arange(clips, device=scores.device)
    return (functional.cross_entropy(scores, right) + functional.cross_entropy(scores.T, right)) / 2


def _clip(frames: Frames, count: int, luck: torch.Generator) -> Tensor:
    """Some of a clip's frames, in order, all worsened in the same way."""
    chosen = torch.randperm(len(frames), generator=luck)[:count].sort().values.numpy()
    height = frames.shape[1]
    tall = worsened(np.concatenate(list(frames[chosen])), luck)
    stacked = torch.from_numpy(tall).unflatten(0, (-1, height)).movedim(-1, 1).float() / 255
    squashed = functional.interpolate(stacked, (SIDE, SIDE), mode="bilinear", antialias=True)
    return (squashed - _MIDDLE) / _SPREAD


def _made(place: Path) -> nn.Module:
    made: nn.Module = open_clip.create_model(f"{FOLDER}{place}")
    return made.to(memory_format=torch.channels_last)


def _write_words(place: Path, texts: Sequence[str]) -> None:
    """The configuration, and those of CLIP's merges that these texts need."""
    place.mkdir(parents=True, exist_ok=True)
    merges = needed_merges(texts)
    with gzip.GzipFile(place / MERGES, "wb", mtime=0) as file:
        file.write("\n".join(["#version: 0.2", *merges]).encode())
    (place / CONFIG).write_text(json.dumps(_configuration(512 + len(merges) + 2), indent=1) + "\n")


def needed_merges(texts: Sequence[str]) -> list[str]:
    """Merges, in CLIP's order, that make a part of what stands between spaces, full stops and commas of these texts.

    So what another mark follows may be cut into more tokens than CLIP cuts it into.
    """
    words = {word for text in texts for word in text.lower().replace(".", " ").replace(",", " ").split()}
    pieces = {f"{word}</w>"[a:b] for word in words for a in range(len(word)) for b in _ends(word, a)}
    lines = gzip.decompress(Path(default_bpe()).read_bytes()).decode().split("\n")[1 : 49152 - 256 - 2 + 1]
    return [line for line in lines if line.replace(" ", "") in pieces]


def _ends(word: str, start: int) -> list[int]:
    return [*range(start + 1, len(word) + 1), len(word) + len("</w>")]


def _configuration(vocabulary: int) -> dict[str, Any]:
    vision = {"image_size": SIDE, "layers": [2, 2, 3, 1], "width": 16, "head_width": 32}
    text = {"context_length": _CONTEXT, "vocab_size": vocabulary, "width": 128, "heads": 4, "layers": 2}
    spread = {"mean": [_MIDDLE] * 3, "std": [_SPREAD] * 3, "interpolation": "bilinear", "resize_mode": "squash"}
    return {"model_cfg": {"embed_dim": 128, "vision_cfg": vision, "text_cfg": text}, "preprocess_cfg": spread}


@torch.no_grad()
def _settle(model: nn.Module, seen: Films, tokens: Tensor, recipe: ToonClipRecipe) -> None:
    """Measures what batch normalisation subtracts and divides by, for the averaged weights."""
    norms = [module for module in model.modules() if isinstance(module, nn.BatchNorm2d)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    luck = torch.Generator().manual_seed(0)
    for _ in range(2 if len(seen) < 100 else 30):
        frames, said = draw_batch(seen, tokens, recipe, luck)
        contrastive_loss(model, frames, said)
    model.eval()

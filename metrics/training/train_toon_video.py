"""Trains toon-video to name, from an excerpt of a film, the words that the story has for its two halves."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from evalsuite.interfaces import Training
from evalsuite.learning.curves import draw_curves
from evalsuite.learning.device import mixed_precision, moved
from evalsuite.learning.loop import fit, fused
from evalsuite.learning.schedule import Schedule
from evalsuite.learning.weights import save
from evalsuite.stats import Estimate, auc, clustered_mean

from .._reference import file_of
from .._toon_video import LONG, SHORT, WEIGHTS, ToonVideo, ToonVideoLong
from ..models.toon_video import CHANNELS, FRAMES, HALVES, ClipEncoder
from .copyists import copyists
from .films import FIRST, SEGMENT_FRAMES, SEGMENTS, Films, films
from .reference import EPISODES, toon_reference
from .worsening import worsened

STRIDES = (1, 1, 2, 4, 8)
"""Frames from one to the next of an excerpt, drawn by chance: excerpts of 2 to 16 seconds."""
_RAREST, _COMMONEST = 0.004, 0.5
_EPISODE_FRAMES = SEGMENTS * SEGMENT_FRAMES


@dataclass(frozen=True, slots=True)
class ToonVideoRecipe:
    """All numbers of the training."""

    episodes: int = 2000
    held_out: int = 100
    schedule: Schedule = field(default_factory=lambda: Schedule(steps=1500, batch=24, rate=2e-3, warm_up=100))
    fused: bool = True
    reference: Mapping[int, int] = field(default_factory=lambda: EPISODES)
    """Episodes of the reference, by their segments."""


SMOKE = ToonVideoRecipe(
    episodes=4,
    held_out=2,
    schedule=Schedule(steps=4, batch=2, rate=1e-3, warm_up=2),
    fused=False,
    reference={1: 2, 6: 2},
)


class Namer(nn.Module):
    """The encoder, and for training alone a score of each word in each half of the excerpt."""

    def __init__(self, words: int) -> None:
        super().__init__()
        self.encoder = ClipEncoder()
        self.head = nn.Linear(CHANNELS, HALVES * words)

    def forward(self, excerpts: Tensor) -> Tensor:
        scores: Tensor = self.head(self.encoder(excerpts)).unflatten(1, (HALVES, -1))
        return scores


@dataclass(frozen=True, slots=True)
class Excerpts:
    """Films, and which words their segments' texts have."""

    films: Films
    said: Tensor
    """(episodes, segments, words), bool."""

    def draw(self, count: int, luck: torch.Generator) -> tuple[Tensor, Tensor]:
        """Worsened excerpts (count, 16, 3, height, width) in -1 - 1, and their words (count, 2, words) as 0 and 1."""
        drawn = [self._excerpt(luck) for _ in range(count)]
        frames = torch.stack([one for one, _ in drawn]).movedim(-1, 2).float() / 127.5 - 1
        return frames, torch.stack([words for _, words in drawn]).float()

    def at(self, episode: int, start: int, stride: int) -> tuple[npt.NDArray[np.uint8], Tensor]:
        """The excerpt that begins at a frame, and its words."""
        frames = self.films.frames(episode, slice(start, start + FRAMES * stride, stride))
        segments = torch.arange(start, start + FRAMES * stride, stride).chunk(HALVES)
        return frames, torch.stack([self.said[episode, half // SEGMENT_FRAMES].any(0) for half in segments])

    def _excerpt(self, luck: torch.Generator) -> tuple[Tensor, Tensor]:
        stride = STRIDES[int(torch.randint(len(STRIDES), (), generator=luck))]
        episode = int(torch.randint(len(self.films), (), generator=luck))
        start = int(torch.randint(_EPISODE_FRAMES - FRAMES * stride + 1, (), generator=luck))
        frames, words = self.at(episode, start, stride)
        tall = worsened(np.concatenate(list(frames)), luck)
        return torch.from_numpy(tall).unflatten(0, (FRAMES, -1)), words


def train_toon_video(training: Training) -> list[Path]:
    """Weights and reference in the training's folder, with a curve and what was measured on held-out episodes."""
    training.refuse_further_and_rate("toon-video")
    recipe = SMOKE if training.smoke else ToonVideoRecipe()
    folder = training.place("toon_clips")
    seen = films(folder, "train", FIRST, recipe.episodes, copyists(training))
    words = telling_words(seen.texts)
    excerpts = Excerpts(seen, said(seen.texts, words))
    torch.manual_seed(training.seed)
    model = Namer(len(words))
    step_loss = fused(naming_loss, recipe.fused)

    def loss(luck: torch.Generator) -> Tensor:
        return step_loss(model, *map(moved, excerpts.draw(recipe.schedule.batch, luck)))

    trained = fit(model, recipe.schedule, loss, folder / "toon_video.pt", training.seed, (recipe,)).cpu().eval()
    assert isinstance(trained, Namer)
    draw_curves(folder / "loss_video.png", [folder / "toon_video.csv"])
    held_out = films(folder, "dev", 0, recipe.held_out)
    measured = _quality(trained, Excerpts(held_out, said(held_out.texts, words)))
    (folder / "toon_video.json").write_text(json.dumps({name: asdict(one) for name, one in measured.items()}, indent=1))
    path = folder / "weights" / WEIGHTS.name
    save(path, trained.encoder.state_dict(), {})
    makers = {name: partial(kind, weights=path) for name, kind in ((SHORT, ToonVideo), (LONG, ToonVideoLong))}
    reference = path.with_name(file_of(SHORT).name)
    return [path, toon_reference(reference, makers, folder / "reference", recipe.reference)]


def naming_loss(model: nn.Module, excerpts: Tensor, words: Tensor) -> Tensor:
    """Mean cross-entropy of each word being said, summed over words."""
    with mixed_precision(excerpts.device):
        scores = model(excerpts)
    return functional.binary_cross_entropy_with_logits(scores.float(), words, reduction="none").sum(-1).mean()


def telling_words(texts: list[list[str]]) -> list[str]:
    """Words that some texts have and most have not, in order."""
    told = [set(_words(text)) for one in texts for text in one]
    counts = Counter(word for words in told for word in words)
    return sorted(word for word, count in counts.items() if _RAREST <= count / len(told) <= _COMMONEST)


def said(texts: list[list[str]], words: list[str]) -> Tensor:
    """Which words each segment's text has, (episodes, segments, words), bool."""
    return torch.tensor([[[word in _words(text) for word in words] for text in one] for one in texts])


def _words(text: str) -> set[str]:
    return set(re.findall(r"[a-z]+", text.lower()))


@torch.no_grad()
def _quality(model: Namer, seen: Excerpts) -> dict[str, Estimate]:
    """For short and long excerpts: the chance that an excerpt with a word scores higher for it than one without."""
    found = {}
    for name, stride, starts in (("short", 1, range(0, _EPISODE_FRAMES, SEGMENT_FRAMES)), ("long", 8, [0])):
        drawn = [seen.at(episode, start, stride) for episode in range(len(seen.films)) for start in starts]
        scores = torch.cat(
            [model(torch.from_numpy(frames)[None].movedim(-1, 2).float() / 127.5 - 1) for frames, _ in drawn]
        )
        truth = torch.stack([words for _, words in drawn])
        found[name] = _mean_auc(scores.flatten(1).double().numpy(), truth.flatten(1).numpy())
    return found


def _mean_auc(scores: npt.NDArray[np.float64], truth: npt.NDArray[np.bool_]) -> Estimate:
    """Over words that are sometimes said and sometimes not; the interval is over words."""
    both = [word for word in range(truth.shape[1]) if truth[:, word].any() and not truth[:, word].all()]
    values = [auc(scores[truth[:, word], word], scores[~truth[:, word], word]) for word in both]
    return clustered_mean(values, [str(word) for word in both])

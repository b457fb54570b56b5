"""Reads setting, species, colours and accessories off frames of the cartoon world: `python benchmarks/recogniser.py`.

A small convolutional network, trained on drawn frames alone and of no part in any generator or metric. The other
benchmarks use it to see how much of what frames should show can be told by looking at them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from evalsuite import progress
from evalsuite.toon import script, world
from evalsuite.toon.episode import ACCESSORIES, COLOURS, SETTINGS, SPECIES, Episode
from evalsuite.types import VideoSpec

WEIGHTS = Path("runs/benchmarks/recogniser.safetensors")
_SPEC = VideoSpec(96, 64, 1.0)
_FIRST = 100_000  # episodes that no generator is trained on
_EPISODES = 2500
_STEPS = 3000
_BATCH = 64
_FEWEST_PIXELS = 60
_SETS = (("species", len(SPECIES)), ("colours", len(COLOURS)), ("accessories", len(ACCESSORIES)))

Frames = npt.NDArray[np.uint8]
"""(frames, height, width, 3)."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a frame shows; each is an index into the world's list, or a set of such for all characters in view."""

    setting: int
    species: frozenset[int]
    colours: frozenset[int]
    accessories: frozenset[int]


class Recogniser(nn.Module):
    """Frames as values -1 - 1, (frames, 3, 64, 96), to a score for each word of the world's lists."""

    def __init__(self) -> None:
        super().__init__()
        widths = (48, 64, 96, 128, 192)
        strides = (1, 1, 2, 2)
        self.layers = nn.Sequential()
        for inputs, outputs, stride in zip(widths, widths[1:], strides, strict=False):
            self.layers.append(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False))
            self.layers.append(nn.BatchNorm2d(outputs))
            self.layers.append(nn.SiLU())
        self.leave = nn.Linear(2 * widths[-1], len(SETTINGS) + len(SPECIES) + len(COLOURS) + len(ACCESSORIES))

    def forward(self, frames: Tensor) -> tuple[Tensor, ...]:
        """Scores of settings, species, colours, accessories."""
        x = self.layers(functional.pixel_unshuffle(frames, 4))
        seen = self.leave(torch.cat([x.mean((2, 3)), x.amax((2, 3))], dim=1))
        return tuple(seen.split([len(SETTINGS), len(SPECIES), len(COLOURS), len(ACCESSORIES)], dim=1))


def recogniser() -> Recogniser:
    """The trained one; trained here, in some minutes, where that has not been done yet."""
    model = Recogniser()
    if not WEIGHTS.is_file():
        _train(model)
        WEIGHTS.parent.mkdir(parents=True, exist_ok=True)
        save_file(model.state_dict(), WEIGHTS)
    model.load_state_dict(load_file(WEIGHTS))
    return model.eval()


@torch.no_grad()
def read(model: Recogniser, frames: Frames) -> list[Reading]:
    """What each frame seems to show; at least one species, colour and accessory, for there is always someone."""
    setting, *seen = model(values(frames))
    sets = [[_likely(row) for row in scores] for scores in seen]
    return [Reading(int(place), *found) for place, *found in zip(setting.argmax(1), *sets, strict=True)]


def values(frames: Frames) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(frames)).movedim(-1, 1).float() / 127.5 - 1


def shown(episode: Episode, spec: VideoSpec = _SPEC) -> Iterator[Reading | None]:
    """What each frame truly shows; None where nobody is in full view."""
    looks = {character.id: character.look for character in episode.characters}
    for truth, masks in zip(world.truth(episode, spec), world.masks(episode, spec), strict=True):
        seen = [looks[name] for name, mask in masks.items() if name in looks and mask.sum() >= _FEWEST_PIXELS]
        in_view = {entity.id for entity in truth.entities if entity.kind == "character"}
        if len(seen) != len(in_view) or not seen:
            yield None
            continue
        yield Reading(
            SETTINGS.index(truth.setting),
            frozenset(SPECIES.index(look.species) for look in seen),
            frozenset(COLOURS.index(look.colour) for look in seen),
            frozenset(ACCESSORIES.index(look.accessory) for look in seen),
        )


def _likely(scores: Tensor) -> frozenset[int]:
    return frozenset((scores > min(0.0, float(scores.max()) - 1e-6)).nonzero().flatten().tolist())


def examples(split: str, first: int, episodes: int) -> tuple[Frames, list[Reading]]:
    """Frames of 9-second episodes, one a second, and what they show."""
    pictures, readings = [], []
    with progress.shown(f"frames of {split}") as advance:
        for number in range(episodes):
            advance(number, episodes, "")
            episode = script.episode(split, 3, first + number)
            for frame, reading in zip(world.frames(episode, _SPEC), shown(episode), strict=True):
                if reading is not None:
                    pictures.append(frame)
                    readings.append(reading)
    return np.stack(pictures), readings


def _train(model: Recogniser) -> None:
    torch.manual_seed(0)
    frames, readings = examples("train", _FIRST, _EPISODES)
    settings = torch.tensor([reading.setting for reading in readings])
    wanted = [_marks(readings, name, size) for name, size in _SETS]
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-3, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, _STEPS)
    with progress.shown("recogniser") as advance:
        for step in range(_STEPS):
            advance(step, _STEPS, "")
            drawn = torch.randint(len(frames), (_BATCH,))
            setting, *seen = model(_worsened(values(frames[drawn.numpy()])))
            loss = functional.cross_entropy(setting, settings[drawn])
            for scores, marks in zip(seen, wanted, strict=True):
                loss = loss + functional.binary_cross_entropy_with_logits(scores, marks[drawn]) * 3
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()


def _marks(readings: Iterable[Reading], name: str, size: int) -> Tensor:
    return torch.stack(
        [functional.one_hot(torch.tensor(sorted(getattr(r, name))), size).sum(0) for r in readings]
    ).float()


def _worsened(video: Tensor) -> Tensor:
    """Turned to the other side, blurred or noisy by chance, as no picture of a generator is perfect."""
    if torch.rand(()) < 0.5:
        video = video.flip(-1)
    blurred = functional.avg_pool2d(video, 3, 1, 1, count_include_pad=False)
    video = torch.lerp(video, blurred, torch.rand(len(video), 1, 1, 1))
    return video + torch.randn_like(video) * 0.2 * torch.rand(len(video), 1, 1, 1)


def agreement(found: Iterable[Reading], true: Iterable[Reading]) -> dict[str, float]:
    """The share of frames in which each kind of thing is read without fault."""
    pairs = list(zip(found, true, strict=True))
    names = ("setting", *(name for name, _ in _SETS))
    return {name: sum(getattr(a, name) == getattr(b, name) for a, b in pairs) / len(pairs) for name in names}


def main() -> None:
    """Print how often it is right on frames that it was not trained on."""
    frames, readings = examples("dev", 0, 100)
    found = agreement(read(recogniser(), frames), readings)
    sys.stdout.write(
        f"{len(frames)} frames: " + ", ".join(f"{name} {share:.3f}" for name, share in found.items()) + "\n"
    )


if __name__ == "__main__":
    main()

"""Samples to look at after each stage: what the world shows of a few held-out stories, and what a model makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from evalsuite.toon.script import episode, storyboard
from evalsuite.toon.world import frames
from evalsuite.types import Footage, Frame, Storyboard, VideoSpec

from ..models.autoencoder import Autoencoder
from ..models.frames import copied
from .data import SPEC

_FIRST = 100
_STORIES = 6
_FRAMES_PER_STORY = 8


class Filming(Protocol):
    """What makes videos of storyboards."""

    def film(self, storyboard: Storyboard, seed: int, spec: VideoSpec) -> Footage: ...


def draw_samples(path: Path, generator: Filming, segments: int, spec: VideoSpec = SPEC) -> None:
    """Rows in pairs, the world's above the model's, of stories from the split `dev`."""
    _draw(path, segments, spec, lambda told, _: generator.film(told, 0, spec).frames)


def draw_copies(path: Path, autoencoder: Autoencoder, segments: int, spec: VideoSpec = SPEC) -> None:
    """The same, of which the lower rows are the upper ones encoded and decoded."""
    _draw(path, segments, spec, lambda _, film: copied(autoencoder, film))


def _draw(
    path: Path, segments: int, spec: VideoSpec, make: Callable[[Storyboard, list[Frame]], Iterable[Frame]]
) -> None:
    rows = []
    for index in range(_FIRST, _FIRST + _STORIES):
        script = episode("dev", segments, index)
        film = list(frames(script, spec))
        rows += [_row(film), _row(list(make(storyboard(script).told(), film)))]
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(np.concatenate(rows), cv2.COLOR_RGB2BGR))


def _row(film: list[Frame]) -> Frame:
    chosen = np.linspace(0, len(film) - 1, _FRAMES_PER_STORY).round().astype(int)
    return np.concatenate([np.pad(film[number], ((1, 1), (1, 1), (0, 0))) for number in chosen], axis=1)

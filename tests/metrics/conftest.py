"""A tiny film whose truth is known: a disc that swings over patched grounds, one ground for each setting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

import cv2
import numpy as np
import pytest

from evalsuite import plugins
from evalsuite.features import extract
from evalsuite.interfaces import Metric
from evalsuite.types import Clip, Entity, Features, Measured, Segment, Storyboard

Frames = np.ndarray
Measure = Callable[..., Measured]


def make_story(settings: str = "aabbaacc", cuts: Mapping[int, bool] | None = None) -> Storyboard:
    """One segment of 3 s for each letter, with a cut wherever the letter changes, unless `cuts` says otherwise."""
    planned = {number: settings[number] != settings[number - 1] for number in range(1, len(settings))} | dict(
        cuts or {}
    )
    entities = tuple(Entity(id=letter, kind="setting", name=letter) for letter in sorted(set(settings)))
    segments = tuple(
        Segment(text="A disc swings.", setting=letter, cut_before=planned.get(number, False))
        for number, letter in enumerate(settings)
    )
    return Storyboard(id="film", title="A film", entities=entities, segments=segments)


def make_film(story: Storyboard, fps: float = 8.0, width: int = 96, height: int = 64) -> Frames:
    """The film that tells the story as it is planned, shape (time, height, width, 3)."""
    frames = []
    for index in range(round(story.seconds * fps)):
        second = index / fps
        segment = story.segments[int(second / 3 + 1e-9)]
        frames.append(_picture(segment.setting or "a", second, width, height))
    return np.stack(frames)


@cache
def _ground(setting: str, width: int, height: int) -> Frames:
    patches = np.random.default_rng(ord(setting)).integers(70, 190, (4, 6, 3), dtype=np.uint8)
    return cv2.resize(patches, (width, height), interpolation=cv2.INTER_CUBIC)


def _picture(setting: str, second: float, width: int, height: int) -> Frames:
    ground = _ground(setting, width, height).copy()
    x = int(width * 16 * (0.5 + 0.3 * np.sin(0.9 * second + 0.2 * second**1.3)))
    y = int(height * 16 * (0.5 + 0.25 * np.sin(1.3 * second)))
    return cv2.circle(ground, (x, y), width * 2, (230, 40, 40), -1, cv2.LINE_AA, 4)


@pytest.fixture
def story() -> Callable[..., Storyboard]:
    return make_story


@pytest.fixture
def film() -> Callable[..., Frames]:
    return make_film


def make_stir(seconds: Frames) -> Features:
    """Everything stirs."""
    return Features("stir", "1", np.full((len(seconds), 384), 50, np.float32), np.asarray(seconds))


@pytest.fixture
def stirring() -> Callable[..., Features]:
    return make_stir


@pytest.fixture
def measure() -> Measure:
    """What the metric called `name` finds in a film."""

    def measured(name: str, frames: Frames, story: Storyboard, fps: float = 8.0) -> Measured:
        metric = plugins.metric(name)
        assert isinstance(metric, Metric)
        starts = range(0, len(frames), 50)
        clips = [Clip(frames[i : i + 50], np.arange(i, min(i + 50, len(frames))) / fps) for i in starts]
        return metric.measure(extract(clips, metric.extractors), story)

    return measured

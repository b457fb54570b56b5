"""Noise: what a ranking must put last."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np

from evalsuite.footage import Timeline
from evalsuite.interfaces import Baseline
from evalsuite.types import Footage, Frame, Storyboard, VideoSpec


class Noise(Baseline):
    """Every pixel of every frame is drawn at random, evenly from 0 - 255; knows nothing but the story's length."""

    summary = "uniform noise, frame by frame: the lower bound"
    revision = "1"
    control = True

    def generate(self, storyboard: Storyboard, seed: int, spec: VideoSpec) -> Footage:
        digest = hashlib.sha256(f"{storyboard.id} {seed}".encode()).digest()
        random = np.random.default_rng(int.from_bytes(digest))
        return Footage(_frames(random, Timeline.of(storyboard.segments, spec.fps).frames, spec), spec.fps)


def _frames(random: np.random.Generator, count: int, spec: VideoSpec) -> Iterator[Frame]:
    for _ in range(count):
        yield random.integers(0, 256, (spec.height, spec.width, 3), dtype=np.uint8)

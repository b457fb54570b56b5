"""A frozen picture: what consistency scores love and no viewer does."""

from __future__ import annotations

from evalsuite.footage import Timeline, reordered
from evalsuite.interfaces import Baseline
from evalsuite.toon.controls import draw, episode_of
from evalsuite.types import Footage, Storyboard, VideoSpec


class Still(Baseline):
    """The oracle's first frame, shown for the length of the story."""

    summary = "the oracle's first frame, frozen"
    revision = "1"
    privileged = True
    control = True

    def generate(self, storyboard: Storyboard, seed: int, spec: VideoSpec) -> Footage:
        frames = Timeline.of(storyboard.segments, spec.fps).frames
        return reordered(draw(episode_of(storyboard), spec, seed), [0] * frames)

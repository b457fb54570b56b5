"""A loop: as lively as the real thing for a few seconds, and nothing after."""

from __future__ import annotations

from evalsuite.errors import PluginError
from evalsuite.footage import Timeline, first_frame, reordered
from evalsuite.interfaces import Baseline
from evalsuite.toon.controls import draw, episode_of
from evalsuite.types import Footage, Storyboard, VideoSpec


class Looped(Baseline):
    """The oracle's first seconds, over and over; `looped` repeats the first segment, `looped:2.5` 2.5 seconds."""

    summary = "the oracle's first segment, or its first seconds as in looped:2.5, over and over"
    revision = "1"
    privileged = True
    control = True

    def __init__(self, period: str = "") -> None:
        self.period = _seconds(period) if period else None

    def generate(self, storyboard: Storyboard, seed: int, spec: VideoSpec) -> Footage:
        frames = Timeline.of(storyboard.segments, spec.fps).frames
        seconds = storyboard.segments[0].seconds if self.period is None else self.period
        period = max(1, first_frame(min(seconds, storyboard.seconds), spec.fps))
        return reordered(draw(episode_of(storyboard), spec, seed), [frame % period for frame in range(frames)])


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise PluginError(f"looped:{text} is no loop: write its seconds after the colon, such as looped:2.5")
    return seconds

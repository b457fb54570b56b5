"""The oracle: what a perfect generator would make, and so the upper bound of every table."""

from __future__ import annotations

from evalsuite.interfaces import Baseline
from evalsuite.toon.controls import draw, episode_of
from evalsuite.types import Footage, Storyboard, VideoSpec


class Oracle(Baseline):
    """Draws the storyboard's own episode; the seed chooses the take, which differs in what no text tells."""

    summary = "the cartoon world itself draws the storyboard: the upper bound"
    revision = "1"
    privileged = True
    control = True

    def generate(self, storyboard: Storyboard, seed: int, spec: VideoSpec) -> Footage:
        return draw(episode_of(storyboard), spec, seed)

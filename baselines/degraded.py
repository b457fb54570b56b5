"""A family of broken generators: the oracle, damaged in one known way by a known amount (`docs/controls.md`).

A metric that does not rank `degraded:vanish@0.4` below the oracle does not see characters who vanish.
"""

from __future__ import annotations

from evalsuite.errors import PluginError
from evalsuite.footage import kind_and_strength
from evalsuite.interfaces import Baseline
from evalsuite.toon.controls import KINDS, REVISIONS, degraded, episode_of
from evalsuite.types import Footage, Storyboard, VideoSpec


class Degraded(Baseline):
    """`degraded:<kind>@<strength>`, such as `degraded:blur@0.5`; strength 0 is the oracle, pixel for pixel."""

    summary = "the oracle with one kind of damage, as in degraded:vanish@0.4"
    privileged = True
    control = True

    def __init__(self, damage: str = "") -> None:
        if not damage:
            raise PluginError("degraded needs a kind of damage and a strength: write, for example, degraded:vanish@0.4")
        self.kind, self.strength = kind_and_strength(damage, KINDS)
        self.revision = REVISIONS[self.kind]

    def generate(self, storyboard: Storyboard, seed: int, spec: VideoSpec) -> Footage:
        return degraded(episode_of(storyboard), self.kind, self.strength, spec, seed)

"""Alterations: lawful damage to the world itself, which its truth reports like anything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from evalsuite.toon.episode import Look
from evalsuite.toon.physics import LAWS, Physics


@dataclass(frozen=True, slots=True)
class Alteration:
    """What differs from the world as it should be."""

    physics: Physics = LAWS
    disguise: Callable[[str, float], Look] | None = None
    """Character id, second -> what it looks like instead."""
    hue_turn: Callable[[float], float] | None = None
    """Second -> degrees by which the colours of every character are turned."""
    deform: Callable[[str, float], float] | None = None
    """Character id, second -> bend of the outline, as a share of the body's height; 0 is none."""
    teleport: Callable[[str, float], float] | None = None
    """Entity id, second -> how far it is set off its place, in stage units."""
    hover: float = 0.0
    """How near to the ground comes what nobody holds, in stage units; bubbles go their own ways."""
    sink: float = 0.0
    """How deep in the ground is what nobody holds, as a share of its height."""


UNALTERED = Alteration()

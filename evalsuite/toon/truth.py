"""The truth: for each frame, exactly what it shows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

from evalsuite.toon.sketch import Box


@dataclass(frozen=True, slots=True)
class EntityTruth:
    """A character or thing that is in view; it may still be hidden behind another."""

    id: str
    kind: Literal["character", "object"]
    box: Box
    """Left, top, right, bottom in pixels, within the picture."""
    centre: tuple[float, float]
    """x and y of its middle in stage units, whether or not all of it is in view."""
    contacts: tuple[str, ...]
    """What it touches: `ground`, or ids of others."""
    held_by: str | None
    parts: tuple[tuple[float, float, float], ...] = ()
    """x, y and radius (or half height) of each body of a thing, in stage units."""
    action: str = ""
    """What a character does."""


@dataclass(frozen=True, slots=True)
class FrameTruth:
    """What one frame shows."""

    seconds: float
    shot: int
    place: str
    setting: str
    time: Literal["day", "night"]
    cut: bool
    """Whether this is the first frame after a hard cut."""
    camera: tuple[float, float, float]
    """x and y of the middle of the picture in stage units, and the zoom."""
    entities: tuple[EntityTruth, ...]
    events: tuple[tuple[str, str], ...]
    """(kind of happening, thing) that is going on."""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)

"""Happenings: how each kind of physical event sets off a thing."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping

from evalsuite.toon.draw_character import Figure, hand_of, mouth_of
from evalsuite.toon.episode import GROUND, Happening
from evalsuite.toon.physics import (
    BUBBLE_RADII,
    ROLLING,
    STAGE,
    Launch,
    Part,
    Physics,
    Track,
    resting_parts,
    simulate,
)

BUBBLE_INTERVAL = 0.3
"""Seconds between two bubbles of one breath."""
REACH = {"throw": (46.0, 1.0), "roll": (50.0, 0.5), "bounce": (18.0, 1.0)}
"""How far such a happening carries a thing, and the power of that in the speed that it takes."""
TOSS = 72.0
"""Speed at which what lies on the ground is tossed up, in units per second."""
OUTSIDE = 14.0
"""How far beside the stage something starts that rolls in."""
STACK_LENGTH = 26.0
"""The room that a stack needs to topple; where there is less it topples the other way."""
SLIDING = 45.0
"""Deceleration of what slides rather than rolls, in units per second squared."""


def set_off(
    event: Happening,
    kind: str,
    parts: tuple[Part, ...],
    figures: Mapping[str, Figure],
    physics: Physics,
    seconds: float,
    nudge: random.Random | None,
) -> Track:
    """The track of a thing from the start of its happening; `parts` is where it was until then, if it was there.

    What was not there comes from the hand or mouth of the actor, from above the picture, or rolls in from its side.
    """
    factor = 1.0 if nudge is None else nudge.uniform(0.97, 1.03)
    if kind == "bubbles":
        bodies = _breath(event, parts, figures, nudge)
    elif not parts and event.kind == "roll" and event.actor not in figures:
        bodies = [_roll_in(event, kind, factor)]
    else:
        starts = parts or _entrance(event, kind, figures)
        bodies = [_launch(event, part, starts, factor) for part in starts]
    return simulate(kind, bodies, physics, seconds)


def _entrance(event: Happening, kind: str, figures: Mapping[str, Figure]) -> tuple[Part, ...]:
    """Where a thing starts that was not there before."""
    actor = figures.get(event.actor or "")
    if event.kind == "throw" and actor is not None:
        x, y = hand_of(actor)
    elif event.kind in ("fall", "bounce"):
        x, y = event.x, -resting_parts(kind, 0.0)[0].size - 0.5
    elif event.kind == "throw":
        x, y = event.x, GROUND - 16.0
    else:
        return resting_parts(kind, event.x)
    lowest = resting_parts(kind, x)[0]
    return tuple(
        Part(part.x, part.y - lowest.y + y, part.size, 0.0, False, part.number) for part in resting_parts(kind, x)
    )


def _launch(event: Happening, part: Part, parts: tuple[Part, ...], factor: float) -> Launch:
    aloft = max(other.y + other.size for other in parts) < GROUND - 2
    across, up, spin = _impulse("tumble" if event.kind == "topple" and len(parts) == 1 else event.kind, aloft)
    direction = event.direction
    if event.kind == "topple" and _room(part.x, direction) < STACK_LENGTH:
        direction = -direction
    share = factor * _share_of_topple(event, part, parts) * _share_within_stage(event, part)
    return Launch(part, (across * direction * share, -up * factor), spin * direction * share)


def _share_of_topple(event: Happening, part: Part, parts: tuple[Part, ...]) -> float:
    """A stack tips over: the higher, the faster."""
    if event.kind != "topple" or len(parts) == 1:
        return 1.0
    lowest, highest = max(other.y for other in parts), min(other.y for other in parts)
    return 0.1 + 0.9 * (lowest - part.y) / max(lowest - highest, 1.0)


def _share_within_stage(event: Happening, part: Part) -> float:
    """What would leave the stage is set off more slowly."""
    if event.kind not in REACH:
        return 1.0
    reach, power = REACH[event.kind]
    return math.pow(min(1.0, max(_room(part.x, event.direction), 4.0) / reach), power)


def _room(x: float, direction: int) -> float:
    return STAGE[1] - x if direction > 0 else x - STAGE[0]


def _impulse(happening: str, aloft: bool) -> tuple[float, float, float]:
    """Speed across and up in units per second, and spin in degrees per second."""
    toss = 0.0 if aloft else TOSS
    return {
        "throw": (24.0, 44.0, 150.0),
        "bounce": (5.0, toss, 60.0),
        "fall": (1.5, toss, 25.0),
        "rise": (0.0, TOSS, 0.0),
        "roll": (30.0, 0.0, 340.0),
        "topple": (30.0, 0.0, 40.0),
        "tumble": (16.0, 22.0, 200.0),
    }[happening]


def _roll_in(event: Happening, kind: str, factor: float) -> Launch:
    """From beside the picture, as fast as it takes to get a little past the wanted place."""
    start = STAGE[0] - OUTSIDE - 10 if event.direction > 0 else STAGE[1] + OUTSIDE + 10
    body = resting_parts(kind, start)[0]
    speed = math.sqrt(2 * ROLLING.get(kind, SLIDING) * (abs(event.x - start) + 6.0)) * factor
    return Launch(body, (speed * event.direction, 0.0), math.degrees(speed / body.size) * event.direction)


def _breath(
    event: Happening, parts: tuple[Part, ...], figures: Mapping[str, Figure], nudge: random.Random | None
) -> list[Launch]:
    """Bubbles leave a mouth one after the other."""
    rng = nudge or random.Random("breath")
    actor = figures.get(event.actor or "")
    origin = (parts[0].x, parts[0].y) if parts else (event.x, GROUND - 16.0) if actor is None else mouth_of(actor)
    bodies = []
    for number, radius in enumerate(BUBBLE_RADII):
        part = Part(origin[0] + event.direction * 3.0, origin[1], radius, 0.0, False, number)
        velocity = (
            event.direction * (34.0, 16.0, 46.0, 8.0, 26.0)[number] * rng.uniform(0.9, 1.1),
            rng.uniform(-6.0, 2.0),
        )
        bodies.append(Launch(part, velocity, 0.0, number * BUBBLE_INTERVAL))
    return bodies

"""Courses: the ways in which a thing can spend its time: resting, held, pushed along, or left to gravity."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from evalsuite.toon.acting import REACH
from evalsuite.toon.draw_character import Figure, hand_of
from evalsuite.toon.draw_thing import HALF_SIZES
from evalsuite.toon.episode import GROUND, Thing
from evalsuite.toon.physics import ROUND, STAGE, Part, Track, resting_parts

Figures = Mapping[str, Figure]
"""Character id -> how it is seen at the moment."""


@dataclass(frozen=True, slots=True)
class Resting:
    """Stays where it is."""

    resting: tuple[Part, ...]

    def parts(self, second: float, figures: Figures) -> tuple[Part, ...]:
        """The bodies at a second of the episode."""
        return self.resting


@dataclass(frozen=True, slots=True)
class Held:
    """In the hand of a character."""

    kind: str
    holder: str

    def parts(self, second: float, figures: Figures) -> tuple[Part, ...]:
        """The bodies at a second of the episode; a stack is held by its lowest block."""
        figure, half = figures[self.holder], HALF_SIZES[self.kind]
        x, y = hand_of(figure)
        x, y = x + 2.4 * figure.facing, min(y - 0.6, GROUND - half)
        lowest = resting_parts(self.kind, x)[0]
        return tuple(
            replace(part, x=part.x, y=part.y - lowest.y + y, grounded=False) for part in resting_parts(self.kind, x)
        )


@dataclass(frozen=True, slots=True)
class Pushed:
    """Slides or rolls along in front of a character."""

    kind: str
    resting: tuple[Part, ...]
    holder: str
    contact_x: float
    """Where the character is when it begins to push."""
    side: int

    def parts(self, second: float, figures: Figures) -> tuple[Part, ...]:
        """The bodies at a second of the episode."""
        way = self.side * max((figures[self.holder].x - self.contact_x) * self.side, 0.0)
        turn = math.degrees(way / self.resting[0].size) if self.kind in ROUND else 0.0
        return tuple(replace(part, x=part.x + way, turn=part.turn + turn) for part in self.resting)


@dataclass(frozen=True, slots=True)
class Flying:
    """Left to gravity since `start`."""

    track: Track
    start: float

    def parts(self, second: float, figures: Figures) -> tuple[Part, ...]:
        """The bodies at a second of the episode."""
        return self.track.at(second - self.start)

    def moves(self, second: float) -> bool:
        """Whether it is not yet at rest."""
        return second < self.start + self.track.seconds


Course = Resting | Held | Pushed | Flying


@dataclass
class ThingPlan:
    """What a thing does over one shot: courses and the second from which each holds, in order."""

    thing: Thing
    phases: list[tuple[float, Course]]

    def course(self, second: float) -> Course | None:
        """What it does at a second; None while it is not there."""
        current = None
        for start, course in self.phases:
            if start <= second + 1e-9:
                current = course
        return current

    def change(self, second: float, course: Course) -> None:
        """Do something else from `second` on."""
        self.phases = [(start, earlier) for start, earlier in self.phases if start < second]
        self.phases.append((second, course))


def left_by(kind: str, figure: Figure) -> tuple[Part, ...]:
    """A thing on the ground in front of a character."""
    x = min(max(figure.x + REACH * figure.facing, STAGE[0] - 4), STAGE[1] + 4)
    return resting_parts(kind, x)


def last_seen(kind: str, course: Course, second: float, figures: Figures) -> tuple[Part, ...]:
    """Where a place remembers a thing: where it is, on the ground."""
    if isinstance(course, Held):
        return left_by(kind, figures[course.holder])
    if isinstance(course, Flying) and course.track.settled:
        return course.track.samples[-1]
    parts = course.parts(second, figures)
    if not parts or isinstance(course, Flying):
        x = parts[0].x if parts else sum(STAGE) / 2
        return resting_parts(kind, min(max(x, STAGE[0]), STAGE[1]))
    return parts

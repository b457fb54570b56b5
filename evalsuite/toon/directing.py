"""Directing: an episode becomes a plan of what is where at every second; nothing is drawn here.

The plan is made shot by shot, because a place remembers what was left in it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from evalsuite.toon.acting import Acting, manner, perform
from evalsuite.toon.alteration import Alteration
from evalsuite.toon.camera import CameraMove, View, camera_move
from evalsuite.toon.courses import Course, Figures, Flying, Held, Pushed, Resting, ThingPlan, last_seen, left_by
from evalsuite.toon.episode import Episode, Happening, Performance, Place, Placement, Shot
from evalsuite.toon.happenings import set_off
from evalsuite.toon.physics import resting_parts

SOMEWHERE = 60.0
"""Where a thing rests of which nobody knows where it was."""

Span = tuple[float, float]
"""From, to: seconds of the episode."""


@dataclass(frozen=True, slots=True)
class EventPlan:
    """A happening from its start until everything is at rest, in seconds of the episode."""

    kind: str
    thing: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class ShotPlan:
    """One shot with everything decided."""

    number: int
    shot: Shot
    place: Place
    span: Span
    cut: bool
    camera: CameraMove
    actings: Mapping[str, Acting]
    things: Mapping[str, ThingPlan]
    events: tuple[EventPlan, ...]


@lru_cache(maxsize=8)
def direct(episode: Episode, take: int, alteration: Alteration) -> tuple[ShotPlan, ...]:
    """The plan of every shot."""
    director = _Director(episode, take, alteration)
    return tuple(director.shot(number) for number in range(len(episode.shots)))


def is_cut(before: Shot, after: Shot) -> bool:
    """Whether the picture changes at once between two shots."""
    return after.cut_before or before.place != after.place or before.time != after.time


@dataclass
class _Memory:
    """What the director knows from the shots before."""

    lying: dict[tuple[str, str], Resting] = field(default_factory=dict)
    """(place, thing) -> where it was last seen; all else is forgotten at a cut."""
    spots: dict[str, float] = field(default_factory=dict)
    """Character -> where the last shot left it."""
    courses: dict[str, Course] = field(default_factory=dict)
    """Thing -> what it was doing when the last shot ended."""
    events: tuple[EventPlan, ...] = ()
    view: View | None = None


class _Director:
    def __init__(self, episode: Episode, take: int, alteration: Alteration) -> None:
        self.episode = episode
        self.take = take
        self.alteration = alteration
        self.characters = {character.id: character for character in episode.characters}
        self.things = {thing.id: thing for thing in episode.things}
        self.places = {place.id: place for place in episode.places}
        self.manners = {name: manner(episode.seed, name, take) for name in self.characters}
        self.memory = _Memory()
        self.clock = 0.0

    def shot(self, number: int) -> ShotPlan:
        """Plan the next shot; they are asked for in order."""
        shot = self.episode.shots[number]
        span = (self.clock, self.clock + shot.seconds)
        cut = number == 0 or is_cut(self.episode.shots[number - 1], shot)
        if cut:
            self.memory = _Memory(lying=self.memory.lying)
        things = self._opening(shot, span[0])
        actings = self._actings(shot, span, things)
        for performance in shot.performances:
            self._handle(shot, span, performance, actings, things)
        events = tuple(event for event in self.memory.events if event.end > span[0] and event.thing in things)
        events += self._set_off(number, span[0], actings, things)
        camera = camera_move(shot.camera, self.memory.view, _spots(actings), bool(events))
        plan = ShotPlan(
            number, shot, self.places[shot.place], span, cut and number > 0, camera, actings, things, events
        )
        self._remember(plan)
        return plan

    def _opening(self, shot: Shot, start: float) -> dict[str, ThingPlan]:
        """What each thing does when the shot begins: what is placed, and what still moves."""
        players = {performance.character for performance in shot.performances} & set(self.characters)
        courses: dict[str, Course] = {
            name: course
            for name, course in self.memory.courses.items()
            if isinstance(course, Flying) and course.moves(start)
        }
        for placed in shot.placements:
            if placed.thing in self.things and not self._comes_later(shot, placed):
                courses[placed.thing] = self._placed(shot, placed, players)
        return {name: ThingPlan(self.things[name], [(start, course)]) for name, course in courses.items()}

    def _comes_later(self, shot: Shot, placed: Placement) -> bool:
        """Whether a thing is named only because it will fall into the picture."""
        event = shot.happening
        if event is None or event.thing != placed.thing or event.kind not in ("fall", "bounce"):
            return False
        return placed.held_by is None and (placed.x is not None or (shot.place, placed.thing) not in self.memory.lying)

    def _placed(self, shot: Shot, placed: Placement, players: set[str]) -> Course:
        kind = self.things[placed.thing].kind
        if placed.held_by in players:
            return Held(kind, str(placed.held_by))
        if placed.x is not None:
            return Resting(resting_parts(kind, placed.x))
        before = self.memory.courses.get(placed.thing)
        if isinstance(before, Flying):
            return before
        return self.memory.lying.get((shot.place, placed.thing)) or Resting(resting_parts(kind, SOMEWHERE))

    def _actings(self, shot: Shot, span: Span, things: Mapping[str, ThingPlan]) -> dict[str, Acting]:
        actings = {}
        for performance in shot.performances:
            name, event = performance.character, shot.happening
            if name not in self.characters:
                continue
            key = span[0] + event.start if event is not None and event.actor == name else None
            start_x = self.memory.spots.get(name, performance.start_x)
            target_x = _target_x(performance, event, things)
            actings[name] = perform(
                self.characters[name], performance, start_x, span, target_x, key, self.manners[name]
            )
        return actings

    def _handle(
        self,
        shot: Shot,
        span: Span,
        performance: Performance,
        actings: Mapping[str, Acting],
        things: Mapping[str, ThingPlan],
    ) -> None:
        """Let a character take, leave, carry or push its thing."""
        acting = actings.get(performance.character)
        plan = _thing_in_question(performance, things)
        if acting is None or plan is None or (shot.happening is not None and shot.happening.thing == plan.thing.id):
            return
        kind, name, half = plan.thing.kind, performance.character, (span[0] + span[1]) / 2
        course = plan.phases[-1][1]
        if performance.action in ("carry", "pick_up"):
            plan.change(span[0] if performance.action == "carry" else half, Held(kind, name))
        elif performance.action == "put_down" and isinstance(course, Held) and course.holder == name:
            plan.change(half, Resting(left_by(kind, acting.figure(half))))
        elif performance.action == "push" and isinstance(course, Resting):
            contact = acting.figure(acting.key).x
            plan.change(acting.key, Pushed(kind, course.resting, name, contact, acting.facing))

    def _set_off(
        self, number: int, start: float, actings: Mapping[str, Acting], things: dict[str, ThingPlan]
    ) -> tuple[EventPlan, ...]:
        event = self.episode.shots[number].happening
        if event is None or event.thing not in self.things:
            return ()
        second = start + event.start
        thing = self.things[event.thing]
        plan = things.setdefault(event.thing, ThingPlan(thing, []))
        course, figures = plan.course(second), {name: acting.figure(second) for name, acting in actings.items()}
        parts = () if course is None else course.parts(second, figures)
        nudge = random.Random(f"nudge {self.episode.seed} {number} {self.take}") if self.take else None
        left = self._scene_end(number) - second
        track = set_off(event, thing.kind, parts, figures, self.alteration.physics, left, nudge)
        plan.change(second, Flying(track, second))
        return (EventPlan(event.kind, event.thing, second, second + track.seconds),)

    def _scene_end(self, number: int) -> float:
        """When the next cut comes."""
        end = self.clock
        for later, shot in enumerate(self.episode.shots[number:], number):
            if later > number and is_cut(self.episode.shots[later - 1], shot):
                break
            end += shot.seconds
        return end

    def _remember(self, plan: ShotPlan) -> None:
        end = plan.span[1]
        figures: Figures = {name: acting.figure(end) for name, acting in plan.actings.items()}
        self.memory.spots = {name: acting.end_x for name, acting in plan.actings.items()}
        self.memory.events = plan.events
        self.memory.view = plan.camera.end
        self.memory.courses = {}
        for name, thing in plan.things.items():
            course = thing.course(end)
            if course is None:
                continue
            self.memory.courses[name] = course
            self.memory.lying[plan.shot.place, name] = Resting(last_seen(thing.thing.kind, course, end, figures))
        self.clock = end


def _spots(actings: Mapping[str, Acting]) -> list[float]:
    return [x for acting in actings.values() for x in (acting.way[0][1], acting.end_x)]


def _target_x(performance: Performance, event: Happening | None, things: Mapping[str, ThingPlan]) -> float | None:
    """Where the thing rests that a character goes to, if it goes to one."""
    plan = things.get(performance.target or "")
    if plan is None or performance.action not in ("pick_up", "push", "walk", "run"):
        return None
    if event is not None and event.thing == performance.target:
        return None
    course = plan.phases[0][1]
    return course.resting[0].x if isinstance(course, Resting) else None


def _thing_in_question(performance: Performance, things: Mapping[str, ThingPlan]) -> ThingPlan | None:
    """The target; whoever puts down without a target puts down what it holds."""
    target = things.get(performance.target or "")
    if target is not None or performance.action != "put_down":
        return target
    for plan in things.values():
        course = plan.phases[-1][1]
        if isinstance(course, Held) and course.holder == performance.character:
            return plan
    return None

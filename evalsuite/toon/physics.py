"""Physics: what a thing does once it is set off, simulated by pymunk at a fixed small step; y grows downwards."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pymunk

from evalsuite.toon.draw_thing import HALF_SIZES
from evalsuite.toon.episode import GROUND

GRAVITY = 90.0
"""Units per second squared: what falls from above the picture falls for a second."""
STEP = 1 / 240
"""Seconds of one step of the simulation."""
STEPS_PER_SAMPLE = 4
SAMPLE = STEP * STEPS_PER_SAMPLE
ROUND = ("ball", "barrel", "bubbles")
BUBBLE_RADII = (4.4, 5.2, 4.2, 4.8, 4.1)
BUBBLE_DRAG = 2.2
"""Per second; with `BUBBLE_LIFT` it sets the speed at which bubbles rise, 13 units per second."""
BUBBLE_LIFT = 13 * BUBBLE_DRAG / GRAVITY
"""Buoyancy as a multiple of gravity."""
SPRINGINESS = {"ball": 1.0, "barrel": 0.6, "box": 0.5, "blocks": 0.2}
"""Restitution of other materials, as a share of that of a ball."""
ROLLING = {"ball": 9.0, "barrel": 11.0}
"""Deceleration of what rolls, in units per second squared."""
LANDING = 0.55
"""What is left of the speed across when something round lands."""
STAGE = (10.0, 86.0)
"""Between these x everything should come to rest."""
REST_SPEED = 1.2
CONTACT = 0.35
"""How near counts as touching, in units."""


@dataclass(frozen=True, slots=True)
class Physics:
    """The laws of the world; `gravity` is a multiple of `GRAVITY`, `restitution` that of a ball on the ground.

    `friction` is a multiple of what the ground takes of a speed across; what it takes from a negative one, it gives.
    """

    gravity: float = 1.0
    restitution: float = 0.7
    friction: float = 1.0


LAWS = Physics()
"""The laws as they should be."""


@dataclass(frozen=True, slots=True)
class Part:
    """One body of a thing: its middle in stage units, its radius or half height, its turn in degrees."""

    x: float
    y: float
    size: float
    turn: float = 0.0
    grounded: bool = False
    number: int = 0


@dataclass(frozen=True, slots=True)
class Launch:
    """The state of one body when the happening begins; speeds in units and degrees per second."""

    part: Part
    velocity: tuple[float, float]
    spin: float = 0.0
    delay: float = 0.0
    """Seconds until the body is there at all."""


@dataclass(frozen=True, slots=True)
class Track:
    """Where every body of a thing is, sampled every `SAMPLE` seconds; at rest it stays where it is."""

    samples: tuple[tuple[Part, ...], ...]
    settled: bool
    """Whether it came to an end: at rest on the ground, or out of the picture."""

    @property
    def seconds(self) -> float:
        """How long it moves."""
        return (len(self.samples) - 1) * SAMPLE

    def at(self, second: float) -> tuple[Part, ...]:
        """The bodies that are there, `second` after the start."""
        place = min(max(second / SAMPLE, 0.0), len(self.samples) - 1.0)
        earlier = self.samples[int(place)]
        later = {part.number: part for part in self.samples[math.ceil(place)]}
        share = place - int(place)
        return tuple(_between(part, later.get(part.number, part), share) for part in earlier)


def _between(first: Part, second: Part, share: float) -> Part:
    if share == 0 or first is second:
        return first
    x = first.x + (second.x - first.x) * share
    y = first.y + (second.y - first.y) * share
    return Part(x, y, first.size, first.turn + (second.turn - first.turn) * share, first.grounded, first.number)


def resting_parts(kind: str, x: float) -> tuple[Part, ...]:
    """A thing at rest on the ground at x: one body, a stack of three blocks, or bubbles that hover."""
    half = HALF_SIZES[kind]
    if kind == "blocks":
        return tuple(Part(x, GROUND - half * (2 * number + 1), half, 0.0, number == 0, number) for number in range(3))
    if kind == "bubbles":
        places = ((-6.0, 30.0), (1.0, 24.0), (7.0, 31.0))
        return tuple(
            Part(x + across, y, BUBBLE_RADII[number], 0.0, False, number) for number, (across, y) in enumerate(places)
        )
    return (Part(x, GROUND - half, half, 0.0, True),)


def simulate(kind: str, launches: Sequence[Launch], physics: Physics, seconds: float) -> Track:
    """Let go of the bodies; ends when all are at rest or out of sight, at the latest after `seconds`."""
    space = pymunk.Space()
    space.gravity = (0.0, GRAVITY * physics.gravity)
    space.iterations = 20
    _add_ground(space)
    bodies = [_body(space, kind, launch, physics) for launch in launches]
    samples = [_sample(launches, bodies, 0.0)]
    aloft = {body: not _touches_ground(body) for body in bodies}
    still = 0
    for step in range(1, math.ceil(seconds / STEP) + 1):
        space.step(STEP)
        _hold_back(launches, bodies, step * STEP)
        if kind in ROLLING:
            _rub(kind, aloft, physics.friction)
        if step % STEPS_PER_SAMPLE:
            continue
        samples.append(_sample(launches, bodies, step * STEP))
        still = still + 1 if _at_end(kind, samples[-1], bodies, launches, step * STEP) else 0
        if still > 12:
            return Track(tuple(samples), True)
    return Track(tuple(samples), False)


def _add_ground(space: pymunk.Space) -> None:
    ground = pymunk.Poly(
        space.static_body, [(-4000, GROUND), (4000, GROUND), (4000, GROUND + 200), (-4000, GROUND + 200)]
    )
    ground.elasticity = 1.0
    ground.friction = 1.0
    space.add(ground)


def _body(space: pymunk.Space, kind: str, launch: Launch, physics: Physics) -> pymunk.Body:
    part = launch.part
    moment = (
        pymunk.moment_for_circle(1, 0, part.size) if kind in ROUND else pymunk.moment_for_box(1, (part.size * 2,) * 2)
    )
    body = pymunk.Body(1, moment)
    body.position = part.x, part.y
    body.velocity = launch.velocity
    body.angle = math.radians(part.turn)
    body.angular_velocity = math.radians(launch.spin)
    if kind == "bubbles":
        body.velocity_func = _Buoyancy(launch)
    space.add(body, _shape(body, kind, part.size, physics))
    return body


def _shape(body: pymunk.Body, kind: str, size: float, physics: Physics) -> pymunk.Shape:
    shape = pymunk.Circle(body, size) if kind in ROUND else pymunk.Poly.create_box(body, (size * 2, size * 2))
    shape.elasticity = physics.restitution * SPRINGINESS.get(kind, 0.3)
    shape.friction = 0.7 if kind in ROLLING else 0.7 * max(physics.friction, 0.0)
    if kind == "bubbles":
        shape.filter = pymunk.ShapeFilter(group=1)
    return shape


class _Buoyancy:
    """Moves a bubble: lift, drag of the air, and a gentle sway."""

    def __init__(self, launch: Launch) -> None:
        self.delay = launch.delay
        self.seconds = 0.0
        self.phase = launch.part.number * 1.7

    def __call__(self, body: pymunk.Body, gravity: Any, damping: float, step: float) -> None:
        self.seconds += step
        if self.seconds < self.delay:
            return
        across, down = body.velocity
        sway = 9.0 * math.sin(2 * math.pi * 0.55 * self.seconds + self.phase)
        body.velocity = (
            across + (sway - BUBBLE_DRAG * across) * step,
            down + (-BUBBLE_LIFT * gravity[1] - BUBBLE_DRAG * down) * step,
        )


def _hold_back(launches: Sequence[Launch], bodies: Sequence[pymunk.Body], seconds: float) -> None:
    for launch, body in zip(launches, bodies, strict=True):
        if seconds <= launch.delay:
            body.position = launch.part.x, launch.part.y


def _rub(kind: str, aloft: dict[pymunk.Body, bool], friction: float) -> None:
    """What is round slows down where it lands, and slowly while it rolls."""
    for body, was_aloft in aloft.items():
        aloft[body] = not _touches_ground(body)
        if aloft[body]:
            continue
        loss = (1 - LANDING) * abs(body.velocity.x) if was_aloft else ROLLING[kind] * STEP
        _slow_down(body, friction * loss)


def _slow_down(body: pymunk.Body, loss: float) -> None:
    """Rolling friction: `loss` units per second less, in speed and in spin alike."""
    across, down = body.velocity
    speed = abs(across)
    if speed == 0:
        return
    kept = max(speed - loss, 0.0) / speed
    body.velocity = across * kept, down
    body.angular_velocity *= kept


def _touches_ground(body: pymunk.Body) -> bool:
    return any(shape.bb.top >= GROUND - CONTACT for shape in body.shapes)


def _sample(launches: Sequence[Launch], bodies: Sequence[pymunk.Body], seconds: float) -> tuple[Part, ...]:
    return tuple(
        Part(
            body.position.x,
            body.position.y,
            launch.part.size,
            math.degrees(body.angle),
            _touches_ground(body),
            launch.part.number,
        )
        for launch, body in zip(launches, bodies, strict=True)
        if seconds >= launch.delay and body.position.y > -launch.part.size - 2000
    )


def _at_end(
    kind: str, parts: Sequence[Part], bodies: Sequence[pymunk.Body], launches: Sequence[Launch], seconds: float
) -> bool:
    if kind == "bubbles":
        return seconds > launches[-1].delay and all(part.y < -24 for part in parts)
    speeds = [
        body.velocity.length + abs(body.angular_velocity) * launch.part.size
        for body, launch in zip(bodies, launches, strict=True)
    ]
    return max(speeds) < REST_SPEED and any(part.grounded for part in parts)

"""Moments: everything that is on the stage at one second, and the sketch of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import skia

from evalsuite.toon.alteration import Alteration
from evalsuite.toon.camera import View
from evalsuite.toon.courses import Held, Pushed
from evalsuite.toon.directing import ShotPlan, direct
from evalsuite.toon.draw_character import Figure, draw_bubble_wand, draw_character, draw_sleep_letters
from evalsuite.toon.draw_thing import draw_thing
from evalsuite.toon.episode import GROUND, STAGE_HEIGHT, STAGE_WIDTH, Episode, Thing
from evalsuite.toon.looks import turned
from evalsuite.toon.physics import Part
from evalsuite.toon.sketch import Pen, Shape, bent, recoloured
from evalsuite.types import VideoSpec


@dataclass(frozen=True, slots=True)
class ThingState:
    """A thing at one moment."""

    thing: Thing
    parts: tuple[Part, ...]
    held_by: str | None
    pushed_by: str | None


@dataclass(frozen=True, slots=True)
class Moment:
    """Who and what is where at one second of an episode."""

    seconds: float
    plan: ShotPlan
    cut: bool
    view: View
    figures: dict[str, Figure]
    things: dict[str, ThingState]
    events: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Sketch:
    """The shapes of one entity; `entity` is None for marks that belong to nobody, such as Zzz."""

    entity: str | None
    shapes: Sequence[Shape]


def moments(episode: Episode, spec: VideoSpec, take: int, alteration: Alteration) -> Iterator[Moment]:
    """One moment for each of the round(seconds x fps) frames."""
    plans = iter(direct(episode, take, alteration))
    plan, first = next(plans), True
    for number in range(round(episode.seconds * spec.fps)):
        second = number / spec.fps
        cut = False
        while second > plan.span[1] - 1e-9 and (following := next(plans, None)) is not None:
            plan, first = following, True
            cut = cut or plan.cut
        yield _moment(plan, second, cut and first, alteration)
        first = False


def _moment(plan: ShotPlan, second: float, cut: bool, alteration: Alteration) -> Moment:
    figures = {name: _figure(name, acting.figure(second), second, alteration) for name, acting in plan.actings.items()}
    share = (second - plan.span[0]) / (plan.span[1] - plan.span[0])
    events = tuple((event.kind, event.thing) for event in plan.events if event.start <= second < event.end)
    things = _things(plan, second, figures, alteration)
    return Moment(second, plan, cut, plan.camera.at(min(share, 1.0)), figures, things, events)


def _figure(name: str, figure: Figure, second: float, alteration: Alteration) -> Figure:
    if alteration.teleport is not None:
        figure = replace(figure, x=figure.x + alteration.teleport(name, second))
    if alteration.disguise is not None:
        figure = replace(figure, look=alteration.disguise(name, second))
    return figure


def _things(plan: ShotPlan, second: float, figures: dict[str, Figure], alteration: Alteration) -> dict[str, ThingState]:
    states = {}
    for name, thing in plan.things.items():
        course = thing.course(second)
        parts = () if course is None else course.parts(second, figures)
        if alteration.teleport is not None:
            offset = alteration.teleport(name, second)
            parts = tuple(replace(part, x=part.x + offset) for part in parts)
        if parts:
            held_by = course.holder if isinstance(course, Held) else None
            if held_by is None and thing.thing.kind != "bubbles":
                parts = _set_down(parts, alteration)
            pushed_by = course.holder if isinstance(course, Pushed) else None
            states[name] = ThingState(thing.thing, parts, held_by, pushed_by)
    return states


def _set_down(parts: tuple[Part, ...], alteration: Alteration) -> tuple[Part, ...]:
    """As high above the ground, or as deep in it, as an altered world has it."""
    above = GROUND - max(part.y + part.size for part in parts)
    rise = max(alteration.hover - above, 0.0) if alteration.hover else 0.0
    rise -= 2 * alteration.sink * parts[0].size
    if rise == 0:
        return parts
    return tuple(replace(part, y=part.y - rise, grounded=part.grounded and rise <= 0) for part in parts)


def sketches(moment: Moment, alteration: Alteration) -> Iterator[Sketch]:
    """Everything on the stage in stage units, from back to front; the first performer is in front of the others."""
    for name, figure in reversed(moment.figures.items()):
        yield Sketch(name, _character(name, figure, moment.seconds, alteration))
        yield from _marks(moment, name, figure)
    for name, state in moment.things.items():
        pen = Pen()
        for part in state.parts:
            with pen.at(part.x, part.y, part.turn):
                draw_thing(pen, state.thing.kind, state.thing.colour, part.size, part.number)
        yield Sketch(name, pen.shapes)


def _character(name: str, figure: Figure, second: float, alteration: Alteration) -> Sequence[Shape]:
    pen = Pen()
    draw_character(pen, figure)
    shapes: Sequence[Shape] = pen.shapes
    degrees = alteration.hue_turn(second) if alteration.hue_turn is not None else 0.0
    if degrees:
        shapes = recoloured(shapes, lambda colour: turned(colour, degrees))
    bend = alteration.deform(name, second) if alteration.deform is not None else 0.0
    return bent(shapes, bend) if bend else shapes


def _marks(moment: Moment, name: str, figure: Figure) -> Iterator[Sketch]:
    acting = moment.plan.actings[name]
    pen = Pen()
    if figure.pose.lying:
        draw_sleep_letters(pen, figure, moment.seconds)
    elif acting.action == "blow_bubbles" and not acting.moving(moment.seconds):
        draw_bubble_wand(pen, figure)
    if pen.shapes:
        yield Sketch(None, pen.shapes)


def picture_matrix(view: View, spec: VideoSpec) -> skia.Matrix:
    """From stage units to pixels: the whole view fits into the picture, whatever its shape."""
    scale = min(spec.width / STAGE_WIDTH, spec.height / STAGE_HEIGHT) * view.zoom
    return (
        skia.Matrix()
        .preTranslate(spec.width / 2, spec.height / 2)
        .preScale(scale, scale)
        .preTranslate(-view.x, -view.y)
    )

"""What happens once, twice, late or never: courses in closed form, and the boxes of the world's own truth."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pytest
from evalsuite.metrics._happenings import PHYSICAL, Course, happened
from evalsuite.metrics._repeats import begun_again

from evalsuite.toon import controls_variants as variants
from evalsuite.toon import script, world
from evalsuite.toon.truth import FrameTruth
from evalsuite.types import Event, VideoSpec

FPS = 8
SIZE = 10.0
FLOOR = 54.0
SECOND_START = 1.5
"""When `event-repeat` begins an event again."""
Way = Callable[[float], tuple[float, float, float, float]]


def falls(t: float) -> tuple[float, float, float, float]:
    y = min(-SIZE + 45 * max(t, 0.0) ** 2, FLOOR - SIZE)
    return 50.0, y, 50 + SIZE, y + SIZE


def is_thrown(t: float) -> tuple[float, float, float, float]:
    t = max(t, 0.0)
    y = min(30 - 44 * t + 45 * t**2, FLOOR - SIZE)
    return 20 + 24 * t, y, 30 + 24 * t, y + SIZE


def rolls(t: float) -> tuple[float, float, float, float]:
    t = min(max(t, 0.0), 2.5)
    x = 5 + 28 * t - 5.5 * t**2
    return x, FLOOR - SIZE, x + SIZE, FLOOR


def topples(t: float) -> tuple[float, float, float, float]:
    lean = min(0.9 * max(t, 0.0) ** 2, np.pi / 2)
    across, up = 30 * np.sin(lean) + SIZE * np.cos(lean), 30 * np.cos(lean) + SIZE * np.sin(lean)
    return 40.0, FLOOR - up, 40 + across, FLOOR


WAYS: dict[str, Way] = {"fall": falls, "throw": is_thrown, "roll": rolls, "topple": topples}


def course(kind: str, boxes: Iterable[tuple[float, float, float, float] | None], start: float) -> Course:
    """What is seen of an event, from boxes of the frames of a segment; what is above the picture is not seen."""
    seen = [
        (number / FPS, box)
        for number, box in enumerate(boxes)
        if box is not None and number / FPS >= start - 0.3 and box[3] > 3
    ]
    box = np.array([box for _, box in seen]).reshape(-1, 4)
    box = box + np.random.default_rng(0).normal(0, 0.2, box.shape)
    thing = {"topple": "blocks", "rise": "bubbles"}.get(kind, "ball")
    event = Event(kind=kind, entity=thing, start=start, end=min(3.0, start + 2.2))
    size = float(np.median((box[:, 2:] - box[:, :2]).min(axis=1))) if len(box) else 1.0
    none = np.zeros(len(box), dtype=np.bool_)
    return Course(event, 0, thing, size, np.array([second for second, _ in seen]), box, none, ~none)


def once(way: Way, start: float) -> list[tuple[float, float, float, float]]:
    return [way(number / FPS - start) for number in range(3 * FPS)]


@pytest.mark.parametrize("start", [0.4, 0.5, 0.6, 0.7])
@pytest.mark.parametrize("kind", WAYS)
def test_what_begins_twice_is_told_from_what_happens_once(kind: str, start: float):
    first, second = once(WAYS[kind], start), once(WAYS[kind], SECOND_START)
    half = round(SECOND_START * FPS)
    single, double = course(kind, first, start), course(kind, first[:half] + second[half:], start)
    assert happened(single) == 1
    assert begun_again(single) == 0
    assert begun_again(double) > 0.5


@pytest.mark.parametrize("kind", sorted(PHYSICAL))
def test_what_rests_or_is_not_there_has_nothing(kind: str):
    assert happened(course(kind, [(40.0, 44.0, 50.0, 54.0)] * 24, 0.5)) == 0
    assert happened(course(kind, [None] * 24, 0.5)) == 0
    assert begun_again(course(kind, [(40.0, 44.0, 50.0, 54.0)] * 24, 0.5)) == 0


def test_the_farther_it_rolls_the_more_has_happened():
    shares = [
        happened(course("roll", [(x, 44.0, x + SIZE, 54.0) for x in np.linspace(40, 40 + far, 24)], 0.5))
        for far in (2, 3, 4, 5)
    ]
    assert np.all(np.diff(shares) > 0.1)


def test_a_ball_that_bounces_lower_and_lower_begins_once():
    fine, y, speed, shown = 2000, 0.0, 0.0, []
    for step in range(3 * fine):
        if step % (fine // FPS) == 0:
            shown.append((50.0, y, 50 + SIZE, y + SIZE))
        speed += 90 / fine
        y += speed / fine
        if y > FLOOR - SIZE:
            y, speed = 2 * (FLOOR - SIZE) - y, -0.7 * speed
    bouncing = course("bounce", shown, 0.0)
    assert happened(bouncing) == 1
    assert begun_again(bouncing) == 0


def boxes(frames: list[FrameTruth], segment: int, thing: str) -> list[tuple[float, float, float, float] | None]:
    shown = frames[3 * FPS * segment : 3 * FPS * (segment + 1)]
    return [next((entity.box for entity in frame.entities if entity.id == thing), None) for frame in shown]


@pytest.mark.parametrize("index", [20, 27, 36, 54])
def test_on_the_worlds_own_boxes(index: int):
    episode, spec = script.episode("dev", 6, index), VideoSpec(96, 64, float(FPS))
    true, late, never = (
        list(world.truth(version.episode, spec, 0, version.alteration))
        for version in (variants.Version(episode), variants.with_late_events(episode), variants.without_events(episode))
    )
    half = round(SECOND_START * FPS)
    for number, shot in enumerate(episode.shots):
        if shot.happening is None or shot.camera.kind != "still":
            continue
        kind, thing, start = shot.happening.kind, shot.happening.thing, shot.happening.start
        first, second = boxes(true, number, thing), boxes(late, number, thing)
        single, double = course(kind, first, start), course(kind, first[:half] + second[half:], start)
        assert happened(single) == 1, kind
        assert begun_again(single) == 0, kind
        assert happened(double) / (1 + begun_again(double)) < 0.75, kind
        assert happened(course(kind, boxes(never, number, thing), start)) == 0, kind

"""Physics against closed forms: free fall, bounces, rising bubbles, and coming to rest."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from evalsuite.toon.draw_thing import HALF_SIZES
from evalsuite.toon.episode import GROUND, HAPPENINGS, PHYSICAL_THINGS, Happening
from evalsuite.toon.happenings import set_off
from evalsuite.toon.physics import (
    BUBBLE_RADII,
    GRAVITY,
    LAWS,
    SAMPLE,
    STEP,
    Launch,
    Part,
    Physics,
    Track,
    resting_parts,
    simulate,
)

DROP_FROM = 8.0


def dropped_ball(physics: Physics, seconds: float = 12.0) -> Track:
    return simulate("ball", [Launch(Part(48.0, DROP_FROM, 5.0), (0.0, 0.0))], physics, seconds)


def heights(track: Track) -> np.ndarray:
    """How high the lowest point of the first body is above the ground, at each sample."""
    return np.array([GROUND - parts[0].size - parts[0].y for parts in track.samples])


def fallen(kind: str, x: float = 48.0, **changes: float) -> Track:
    return set_off(Happening("fall", "t", 0.0, x, 1), kind, (), {}, Physics(**changes), 12.0, None)


@pytest.mark.parametrize("gravity", [1.0, 0.5])
def test_free_fall_follows_the_parabola(gravity: float) -> None:
    track = dropped_ball(Physics(gravity=gravity))
    impact = math.sqrt(2 * (GROUND - 5.0 - DROP_FROM) / (GRAVITY * gravity))
    for second in np.arange(0.0, impact - 0.02, 0.031):
        expected = DROP_FROM + GRAVITY * gravity * second**2 / 2
        assert abs(track.at(second)[0].y - expected) <= GRAVITY * gravity * second * STEP + 0.01


@pytest.mark.parametrize("restitution", [0.7, 0.85, 0.5])
def test_a_ball_bounces_to_the_square_of_its_restitution(restitution: float) -> None:
    height = heights(dropped_ball(Physics(restitution=restitution)))
    peaks = [
        height[number]
        for number in range(1, len(height) - 1)
        if height[number - 1] < height[number] >= height[number + 1] and height[number] > 4
    ]
    ratios = np.array(peaks) / np.array([GROUND - 5.0 - DROP_FROM, *peaks[:-1]])
    assert len(ratios) >= 1
    np.testing.assert_allclose(ratios, restitution**2, atol=0.03)


def test_restitution_above_one_gains_height_at_every_bounce() -> None:
    height = heights(dropped_ball(Physics(restitution=1.3), 4.0))
    assert height.max() > 1.5 * (GROUND - 5.0 - DROP_FROM)


def test_without_gravity_nothing_falls() -> None:
    track = dropped_ball(Physics(gravity=0.0), 2.0)
    assert track.samples[-1][0].y == pytest.approx(DROP_FROM)


@pytest.mark.parametrize("kind", ["ball", "box", "barrel"])
def test_a_fall_takes_at_least_three_quarters_of_a_second(kind: str) -> None:
    track = fallen(kind)
    landing = next(number for number, parts in enumerate(track.samples) if parts[0].grounded) * SAMPLE
    assert landing >= 0.75
    assert landing == pytest.approx(math.sqrt(2 * (GROUND + 0.5) / GRAVITY), abs=0.06)


@pytest.mark.parametrize("kind", ["ball", "box", "barrel", "blocks"])
@pytest.mark.parametrize("happening", HAPPENINGS)
@pytest.mark.parametrize(("x", "direction"), [(16.0, -1), (48.0, 1), (80.0, 1)])
def test_everything_ends_at_rest_on_the_ground_within_the_stage(
    kind: str, happening: str, x: float, direction: int
) -> None:
    event = Happening(happening, "t", 0.0, x, direction)  # type: ignore[arg-type]
    track = set_off(event, kind, resting_parts(kind, x), {}, LAWS, 20.0, None)
    assert track.settled
    last = track.samples[-1]
    assert max(part.y for part in last) == pytest.approx(GROUND - HALF_SIZES[kind], abs=0.5)
    assert len(last) == 3 or 8.0 <= last[0].x <= 90.0


@pytest.mark.parametrize(("x", "direction"), [(16.0, -1), (48.0, 1), (80.0, 1)])
def test_a_stack_topples_within_the_stage(x: float, direction: int) -> None:
    event = Happening("topple", "t", 0.0, x, direction)  # type: ignore[arg-type]
    last = set_off(event, "blocks", resting_parts("blocks", x), {}, LAWS, 20.0, None).samples[-1]
    assert all(4.0 <= part.x <= 92.0 for part in last)


def test_bubbles_rise_one_after_the_other_at_their_terminal_speed() -> None:
    event = Happening("rise", "t", 0.0, 40.0, 1)
    track = set_off(event, "bubbles", (), {}, LAWS, 12.0, None)
    assert [len(track.at(second)) for second in (0.0, 0.4, 5 * 0.3)] == [1, 2, 5]
    early, late = track.at(2.0)[0], track.at(2.5)[0]
    assert (early.y - late.y) / 0.5 == pytest.approx(13.0, abs=0.5)
    assert all(part.y < 0 for part in track.samples[-1])


def test_bubbles_hover_without_gravity() -> None:
    event = Happening("rise", "t", 0.0, 40.0, 1)
    track = set_off(event, "bubbles", (), {}, Physics(gravity=0.0), 6.0, None)
    assert abs(track.at(5.0)[0].y - track.at(3.0)[0].y) < 0.5


def test_a_stack_topples() -> None:
    stack = resting_parts("blocks", 40.0)
    track = set_off(Happening("topple", "t", 0.0, 40.0, 1), "blocks", stack, {}, LAWS, 12.0, None)
    assert sum(part.grounded for part in track.samples[0]) == 1
    assert sum(part.grounded for part in track.samples[-1]) == 3
    assert track.seconds >= 0.75


def test_what_is_tossed_starts_where_it_was() -> None:
    parts = (Part(33.0, 20.0, 5.0),)
    track = set_off(Happening("throw", "t", 0.0, 70.0, 1), "ball", parts, {}, LAWS, 5.0, None)
    assert (track.at(0.0)[0].x, track.at(0.0)[0].y) == (33.0, 20.0)


def test_a_nudge_changes_a_throw_a_little() -> None:
    event, parts = Happening("throw", "t", 0.0, 20.0, 1), (Part(20.0, 36.0, 5.0),)
    plain = set_off(event, "ball", parts, {}, LAWS, 5.0, None).at(1.0)[0]
    nudged = set_off(event, "ball", parts, {}, LAWS, 5.0, random.Random("other take")).at(1.0)[0]
    assert 0 < math.dist((plain.x, plain.y), (nudged.x, nudged.y)) < 4


def test_physical_things_are_at_least_eight_units_across() -> None:
    sizes = [HALF_SIZES[kind] for kind in PHYSICAL_THINGS] + list(BUBBLE_RADII)
    assert min(sizes) * 2 >= 8

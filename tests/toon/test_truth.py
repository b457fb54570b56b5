"""The truth against the pictures, and the memory of the world: what is left somewhere is still there."""

from __future__ import annotations

import itertools
import json

import pytest

from evalsuite.toon import world
from evalsuite.toon.episode import (
    GROUND,
    Camera,
    Character,
    Episode,
    Happening,
    Look,
    Performance,
    Place,
    Placement,
    Shot,
    Thing,
)
from evalsuite.toon.truth import EntityTruth, FrameTruth
from evalsuite.types import VideoSpec

SPEC = VideoSpec(96, 64, 8.0)
STILL = Camera("still")
HERE = Placement("lantern", None)


def act(action: str, start: float = 30.0, end: float = 30.0, target: str | None = None) -> Performance:
    return Performance("mimi", action, start, end, 1, target)


def shot(place: str, acted: Performance, *placed: Placement, cut: bool = False, event: Happening | None = None) -> Shot:
    return Shot(3.0, place, "day", cut, STILL, (acted,), placed, event)


def truths(*shots: Shot) -> list[FrameTruth]:
    episode = Episode(
        "e",
        "seed",
        "t",
        (Character("mimi", "Mimi", Look("rabbit", "pink", "bow")),),
        (Thing("lantern", "lantern", "red"), Thing("ball", "ball", "blue"), Thing("blocks", "blocks", "green")),
        (Place("home", "bedroom", 0, 0), Place("sea", "beach", 1, 1)),
        shots,
    )
    return list(world.truth(episode, SPEC))


def of(truth: FrameTruth, name: str) -> EntityTruth | None:
    return next((entity for entity in truth.entities if entity.id == name), None)


def known(truth: FrameTruth, name: str) -> EntityTruth:
    found = of(truth, name)
    assert found is not None, f"{name} is not in view at {truth.seconds} s"
    return found


def test_shots_places_and_cuts_are_those_of_the_episode() -> None:
    frames = truths(shot("home", act("stand")), shot("home", act("wave")), shot("sea", act("run", 20, 70), cut=True))
    assert [frame.shot for frame in frames] == [0] * 24 + [1] * 24 + [2] * 24
    assert [frame.seconds for frame in frames if frame.cut] == [6.0]
    assert {(frame.place, frame.setting) for frame in frames} == {("home", "bedroom"), ("sea", "beach")}
    assert frames[30].seconds == 30 / 8


def test_a_walk_goes_from_start_to_end() -> None:
    frames = truths(shot("home", act("walk", 20, 70)))
    places = [known(frame, "mimi").centre[0] for frame in frames]
    assert places[0] == pytest.approx(20, abs=3)
    assert places[-1] == pytest.approx(68, abs=3)
    assert all(later > earlier - 1 for earlier, later in itertools.pairwise(places))


def test_a_continuing_shot_goes_on_where_the_last_one_ended() -> None:
    frames = truths(shot("home", act("walk", 20, 70)), shot("home", act("walk", 25, 40)))
    assert known(frames[24], "mimi").centre[0] == pytest.approx(known(frames[23], "mimi").centre[0], abs=5)


def test_picking_up_goes_to_the_thing_and_takes_it_at_half_time() -> None:
    frames = truths(shot("home", act("pick_up", 20, 90, "lantern"), Placement("lantern", 60.0)))
    before, after = known(frames[11], "lantern"), known(frames[13], "lantern")
    assert (before.held_by, after.held_by) == (None, "mimi")
    assert before.contacts == ("ground",)
    assert after.contacts == ("mimi",)
    assert "lantern" in known(frames[13], "mimi").contacts
    assert before.centre[0] == pytest.approx(60.0, abs=0.5)
    assert after.centre[0] == pytest.approx(60.0, abs=5.0)


def test_what_is_put_down_is_found_again_where_it_was_left() -> None:
    frames = truths(
        shot("home", act("put_down", 30, 44, "lantern"), Placement("lantern", None, "mimi")),
        shot("sea", act("stand"), cut=True),
        shot("home", act("pick_up", 10, 10, "lantern"), HERE, cut=True),
    )
    left, found = known(frames[20], "lantern"), known(frames[50], "lantern")
    assert left.centre[0] == pytest.approx(44 + 10.5, abs=0.5)
    assert found.centre == left.centre
    assert of(frames[30], "lantern") is None
    assert known(frames[-1], "lantern").held_by == "mimi"


def test_a_thrown_ball_flies_lands_and_is_still_there_on_return() -> None:
    throw = Happening("throw", "ball", 0.5, 30.0, 1, "mimi")
    frames = truths(
        shot("home", act("throw", target="ball"), Placement("ball", None, "mimi"), event=throw),
        shot("home", act("look"), Placement("ball", None)),
        shot("home", act("look"), Placement("ball", None)),
        shot("sea", act("stand"), cut=True),
        shot("home", act("stand"), Placement("ball", None), cut=True),
    )
    assert known(frames[3], "ball").held_by == "mimi"
    assert frames[3].events == ()
    assert frames[6].events == (("throw", "ball"),)
    flight = [known(frame, "ball") for frame in frames[5:12]]
    assert not any("ground" in ball.contacts for ball in flight)
    assert "ground" in known(frames[71], "ball").contacts
    assert known(frames[71], "ball").centre[1] == pytest.approx(GROUND - 5.0, abs=0.5)
    assert known(frames[-1], "ball").centre == pytest.approx(known(frames[71], "ball").centre, abs=0.2)


def test_a_fall_is_seen_only_from_its_start() -> None:
    fall = Happening("fall", "ball", 1.0, 60.0, 1)
    frames = truths(shot("home", act("look"), event=fall), shot("home", act("look"), Placement("ball", None)))
    assert all(of(frame, "ball") is None for frame in frames[:8])
    falling = [known(frame, "ball").parts[0][1] for frame in frames[10:16]]
    assert falling == sorted(falling)
    assert frames[40].events == (("fall", "ball"),)


def test_a_pushed_thing_moves_with_its_pusher() -> None:
    frames = truths(
        shot("home", act("push", 20, 20, "lantern"), Placement("lantern", 45.0)), shot("home", act("look"), HERE)
    )
    places = [known(frame, "lantern").centre[0] for frame in frames]
    assert places[0] == pytest.approx(45.0, abs=0.5)
    assert places[-1] == pytest.approx(45.0 + 16.0, abs=0.6)
    assert "mimi" in known(frames[16], "lantern").contacts


def test_a_stack_has_three_parts() -> None:
    frames = truths(shot("home", act("look"), Placement("blocks", 60.0)))
    assert [part[0] for part in known(frames[0], "blocks").parts] == [60.0] * 3


def test_a_jump_leaves_the_ground() -> None:
    frames = truths(shot("home", act("jump")))
    touching = ["ground" in known(frame, "mimi").contacts for frame in frames]
    assert any(touching)
    assert not all(touching)


def test_things_that_no_shot_names_are_not_there() -> None:
    frames = truths(shot("home", act("look"), Placement("lantern", 60.0)), shot("home", act("look")))
    assert of(frames[23], "lantern") is not None
    assert of(frames[24], "lantern") is None


def test_a_frame_can_be_written_as_json() -> None:
    frame = truths(shot("home", act("look"), Placement("lantern", 60.0)))[0]
    read = json.loads(json.dumps(frame.as_dict()))
    assert read["entities"][1]["id"] == "lantern"
    assert read["camera"] == list(frame.camera)

"""The pictures: equal in every process, at every size and rate, and on every return to a place."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys

import cv2
import numpy as np
import pytest

from evalsuite.toon import world
from evalsuite.toon.episode import (
    SETTINGS,
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
from evalsuite.types import VideoSpec

SPEC = VideoSpec(96, 64, 8.0)
STILL = Camera("still")
CAT = Character("mimi", "Mimi", Look("cat", "orange", "scarf"))
DOG = Character("otto", "Otto", Look("dog", "blue", "hat"))
THINGS = (Thing("ball", "ball", "red"), Thing("lantern", "lantern", "green"), Thing("bubbles", "bubbles", "blue"))


def shot(place: str, *acted: Performance, cut: bool = False, camera: Camera = STILL, **details: object) -> Shot:
    return Shot(3.0, place, details.pop("time", "day"), cut, camera, acted, **details)  # type: ignore[arg-type]


def story(*shots: Shot, seed: str = "story") -> Episode:
    places = (Place("home", "kitchen", 0, 1), Place("field", "meadow", 2, 2))
    return Episode("story", seed, "A story", (CAT, DOG), THINGS, places, shots)


STANDS = Performance("mimi", "stand", 30.0, 30.0, 1)
THROWS = Performance("mimi", "throw", 30.0, 30.0, 1, "ball")
JOURNEY = story(
    shot("home", STANDS, placements=(Placement("lantern", 60.0),)),
    shot("field", THROWS, cut=True, camera=Camera("pan", 1.0), placements=(Placement("ball", None, "mimi"),),
         happening=Happening("throw", "ball", 0.5, 30.0, 1, "mimi")),
    shot("field", STANDS, Performance("otto", "dance", 70.0, 70.0, -1), camera=Camera("zoom", 1.0),
         placements=(Placement("ball", None),)),
    shot("home", STANDS, cut=True, placements=(Placement("lantern", None),)),
)  # fmt: skip


def digest(episode: Episode, take: int = 0) -> str:
    sha = hashlib.sha256()
    for frame in world.frames(episode, SPEC, take):
        sha.update(frame.tobytes())
    return sha.hexdigest()


def test_two_fresh_processes_draw_equal_frames() -> None:
    code = (
        "import importlib.util as u, sys\n"
        f"s = u.spec_from_file_location('case', {__file__!r}); m = u.module_from_spec(s)\n"
        "sys.modules['case'] = m; s.loader.exec_module(m); print(m.digest(m.JOURNEY))"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True
        )
        for seed in ("1", "2")
    ]
    assert [run.stdout.strip() for run in found] == [digest(JOURNEY)] * 2, found[0].stderr


@pytest.mark.parametrize(("fps", "count"), [(8.0, 96), (16.0, 192), (7.5, 90)])
def test_there_are_seconds_times_fps_frames(fps: float, count: int) -> None:
    frames = list(world.frames(JOURNEY, VideoSpec(48, 32, fps)))
    assert len(frames) == count
    assert frames[0].shape == (32, 48, 3)
    assert frames[0].dtype == np.uint8


def test_twice_the_rate_shows_the_same_world() -> None:
    slow = list(world.frames(JOURNEY, SPEC))
    fast = list(world.frames(JOURNEY, VideoSpec(96, 64, 16.0)))
    assert all(np.array_equal(one, other) for one, other in zip(slow, fast[::2], strict=True))


def test_a_larger_picture_looks_the_same_when_made_small() -> None:
    small = list(world.frames(JOURNEY, SPEC))[::12]
    large = list(world.frames(JOURNEY, VideoSpec(384, 256, 8.0)))[::12]
    for one, other in zip(small, large, strict=True):
        shrunk = cv2.resize(other, (96, 64), interpolation=cv2.INTER_AREA)
        assert np.abs(one.astype(float) - shrunk).mean() < 4


def test_frames_do_not_share_memory() -> None:
    drawn = world.frames(JOURNEY, SPEC)
    first = next(drawn)
    kept = first.copy()
    for _ in range(40):
        next(drawn)
    assert np.array_equal(first, kept)


def test_a_place_looks_the_same_when_the_story_returns() -> None:
    frames, shown = list(world.frames(JOURNEY, SPEC)), list(world.masks(JOURNEY, SPEC))
    first, last = frames[3], frames[-3]
    free = ~np.any([cv2.dilate(mask.astype(np.uint8), np.ones((5, 5))) for mask in
                    (*shown[3].values(), *shown[-3].values())], axis=0)  # fmt: skip
    assert free.mean() > 0.6
    assert np.array_equal(first[free], last[free])
    assert np.array_equal(shown[3]["lantern"], shown[-3]["lantern"])


def test_takes_differ_and_repeat() -> None:
    assert digest(JOURNEY, 1) == digest(JOURNEY, 1) != digest(JOURNEY, 0)


@pytest.mark.parametrize("kind", SETTINGS)
def test_every_setting_has_nine_looks_by_day_and_nine_by_night(kind: str) -> None:
    seen = set()
    for palette in range(3):
        for layout in range(3):
            for time in ("day", "night"):
                empty = Episode("e", "e", "e", (), (), (Place("p", kind, palette, layout),), (shot("p", time=time),))
                seen.add(next(world.frames(empty, SPEC)).tobytes())
    assert len(seen) == 18


def test_settings_differ_more_than_visits_to_them() -> None:
    pictures = [
        next(world.frames(Episode("e", "e", "e", (), (), (Place("p", kind, 0, 0),), (shot("p"),)), SPEC)).astype(float)
        for kind in SETTINGS
    ]
    gaps = [np.abs(one - other).mean() for n, one in enumerate(pictures) for other in pictures[:n]]
    assert min(gaps) > 12


def test_the_camera_does_not_jump_without_a_cut() -> None:
    moves = story(*(shot("field", STANDS, camera=Camera(kind, amount)) for kind, amount in
                    (("pan", 1.0), ("zoom", 1.0), ("still", 0.0), ("zoom", -1.0), ("pan", -1.0))))  # fmt: skip
    cameras = np.array([moment.camera for moment in world.truth(moves, SPEC)])
    assert np.abs(np.diff(cameras, axis=0)).max() < 2
    assert np.ptp(cameras[:, 0]) > 5
    assert np.ptp(cameras[:, 2]) > 0.25


def test_a_hue_turn_changes_characters_alone() -> None:
    altered = world.Alteration(hue_turn=lambda second: 120.0)
    plain, turned = next(world.frames(JOURNEY, SPEC)), next(world.frames(JOURNEY, SPEC, 0, altered))
    changed = np.any(plain != turned, axis=2)
    mask = next(world.masks(JOURNEY, SPEC))["mimi"]
    assert changed[mask].mean() > 0.4
    assert not changed[cv2.dilate(mask.astype(np.uint8), np.ones((3, 3))) == 0].any()


def test_a_bend_widens_the_outline_by_its_share_of_the_height() -> None:
    bend = world.Alteration(deform=lambda name, second: 0.2)
    plain = next(world.truth(JOURNEY, SPEC)).entities[0].box
    bent = next(world.truth(JOURNEY, SPEC, 0, bend)).entities[0].box
    height = plain[3] - plain[1]
    assert (bent[1], bent[3]) == pytest.approx((plain[1], plain[3]), abs=0.2)
    assert 0.1 * height < (bent[2] - bent[0]) - (plain[2] - plain[0]) <= 0.4 * height


def test_a_teleport_moves_an_entity_by_its_offset() -> None:
    moved = world.Alteration(teleport=lambda name, second: 20.0 if name == "mimi" else 0.0)
    plain, other = (next(world.truth(JOURNEY, SPEC, 0, altered)).entities for altered in (world.UNALTERED, moved))
    assert [b.centre[0] - a.centre[0] for a, b in zip(plain, other, strict=True)] == pytest.approx([20.0, 0.0])

"""What stirs beyond the camera's move: on pictures that move in known ways."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from evalsuite.metrics._evidence import Evidence, evidence
from evalsuite.metrics._loops import runs
from evalsuite.metrics._stir import CALM, LAGS, STIRRED, UNKNOWN, Stir, lifeless
from evalsuite.metrics._timeline import timeline

from evalsuite.features import extract
from evalsuite.types import Clip, Features, Segment, Storyboard

STORY = Storyboard(id="story", title="A story", segments=(Segment(text="One."), Segment(text="Two.")))


def clip(frames: np.ndarray) -> Clip:
    return Clip(frames, np.arange(len(frames)) / 8)


def stirred(frames: np.ndarray) -> np.ndarray:
    """Shape (time, 16, 24)."""
    extractor = Stir()
    extractor.start()
    return extractor.extract(clip(frames)).reshape(-1, 16, 24)


def ground(width: int, height: int) -> np.ndarray:
    patches = np.random.default_rng(0).integers(40, 220, (height // 8, width // 8, 3), dtype=np.uint8)
    return cv2.resize(patches, (width, height), interpolation=cv2.INTER_CUBIC)


def with_disc(frames: np.ndarray, *places: tuple[int, int]) -> np.ndarray:
    drawn = [
        cv2.circle(frame.copy(), place, 6, (230, 40, 40), -1, cv2.LINE_AA)
        for frame, place in zip(frames, places, strict=True)
    ]
    return np.stack(drawn)


def test_a_still_picture_stirs_nowhere_and_a_disc_where_it_is_and_was():
    still = np.repeat(ground(96, 64)[None], 20, axis=0)
    assert stirred(still)[max(LAGS) :].max() == 0
    moved = stirred(with_disc(still, *[(20 + 2 * number, 30) for number in range(20)]))[-1]
    assert moved[7, 14] > 20  # where it is: x = 58
    assert moved[7, 10] > 20  # where it was a second ago: x = 42
    assert max(moved[7, 20], moved[2, 14]) < 1


def test_in_the_first_second_nothing_is_known_to_stand_still():
    rows = stirred(np.repeat(ground(96, 64)[None], 20, axis=0))
    assert (rows[: max(LAGS)] == UNKNOWN).all()
    assert (rows[max(LAGS) :] < UNKNOWN).all()


@pytest.mark.parametrize("step", [0.5, 1.0])
def test_what_the_camera_alone_moves_stands_still_and_what_lives_does_not(step: float):
    large = ground(160, 64)
    frames = []
    for number in range(24):
        shift = np.array([[1, 0, -step * number], [0, 1, 0]])
        frames.append(cv2.warpAffine(large, shift, (96, 64)))
    rows = stirred(np.stack(frames))
    assert rows[max(LAGS) :, 2:-2, 2:-6].max() < STIRRED
    walking = stirred(with_disc(np.stack(frames), *[(48, 32 + number % 8) for number in range(24)]))
    assert walking[max(LAGS) :, 8, 12].min() > STIRRED


def test_a_video_does_not_go_on_from_the_last():
    extractor, frames = Stir(), np.repeat(ground(96, 64)[None], 20, axis=0)
    extractor.extract(clip(255 - frames))
    extractor.start()
    assert extractor.extract(clip(frames)).reshape(-1, 16, 24) == pytest.approx(stirred(frames))


def test_clips_are_one_video():
    frames = with_disc(np.repeat(ground(96, 64)[None], 30, axis=0), *[(20 + number, 30) for number in range(30)])
    extractor = Stir()
    extractor.start()
    parts = [extractor.extract(Clip(frames[i : i + 7], np.arange(i, min(30, i + 7)) / 8)) for i in range(0, 30, 7)]
    assert np.concatenate(parts).reshape(-1, 16, 24) == pytest.approx(stirred(frames))


@pytest.mark.parametrize("length", range(1, 10))
def test_runs_are_those_of_a_loop(length: int):
    flags = np.random.default_rng(length).random(200) < 0.8
    expected, begin = np.zeros(200, bool), None
    for index, flag in enumerate([*flags, False]):
        if flag and begin is None:
            begin = index
        if not flag and begin is not None:
            if index - begin >= length:
                expected[begin:index] = True
            begin = None
    assert (runs(flags, length) == expected).all()
    assert not runs(flags[:0], length).any()


def judged(frames: np.ndarray) -> Evidence:
    features = extract([clip(frames)], ["stir", "thumbnails"])
    return evidence(timeline(features["thumbnails"], STORY), features["stir"])


@pytest.mark.parametrize(("size", "is_frozen"), [(2, True), (3, True), (16, False)])
def test_a_still_is_frozen_whatever_is_small_that_moves_on_it(
    size: int, is_frozen: bool, film: Callable, story: Callable
):
    frames = film(story("aa"))
    frames[16:] = ground(96, 64)
    for index in range(16, len(frames)):
        x, y = 8 + (2 * index) % (80 - size), 6 + index % (50 - size)
        frames[index, y : y + size, x : x + size] = (20, 220, 230)
    found = judged(frames)
    assert found.frozen[18:].all() == is_frozen
    assert not found.frozen[:15].any()


@pytest.mark.parametrize("step", [0.5, 1.5])
def test_a_still_is_frozen_wherever_the_camera_goes_and_not_where_somebody_walks_through(step: float):
    shifts = [np.array([[1, 0, -step * number], [0, 1, 0]]) for number in range(44)]
    frames = np.stack([cv2.warpAffine(ground(160, 64), shift, (96, 64)) for shift in shifts])
    assert judged(frames).frozen.mean() > 0.9
    assert not judged(with_disc(frames, *[(10 + 2 * number, 30) for number in range(44)])).frozen.any()


def cells(count: int, samples: int, fps: float = 8.0) -> Features:
    """So many cells stir at each moment."""
    rows = np.zeros((samples, 384), np.float32)
    rows[:, :count] = STIRRED
    return Features("stir", "1", rows, np.arange(samples) / fps)


@pytest.mark.parametrize(("lasting", "fewest"), CALM)
def test_fewer_cells_than_somebody_takes_are_nobodys_move(lasting: float, fewest: int):
    count = round(8 * lasting)
    assert lifeless(cells(fewest - 1, count), np.arange(count) / 8).all()
    assert not lifeless(cells(fewest, count), np.arange(count) / 8).any()


@pytest.mark.parametrize("fps", [4.0, 8.0])
@pytest.mark.parametrize(("lasting", "fewest"), CALM)
def test_a_moment_of_calm_is_no_still_and_a_still_begins_a_second_before_it_is_calm(
    lasting: float, fewest: int, fps: float
):
    stir, count = cells(384, 60, fps), round(lasting * fps)
    for length, expected in ((count - 1, range(0)), (count, range(20 - max(LAGS), 20 + count))):
        rows = stir.array.copy()
        rows[20 : 20 + length, fewest - 1 :] = 0
        found = lifeless(Features("stir", "1", rows, stir.seconds), stir.seconds)
        assert np.flatnonzero(found).tolist() == list(expected)


@pytest.mark.parametrize("fps", [4.0, 6.0, 10.0, 12.0, 24.0, 25.0, 30.0])
def test_stills_are_told_at_any_rate(fps: float):
    """A disc that goes for two seconds and then stands for three."""
    seconds = np.arange(round(5 * fps)) / fps
    still = np.repeat(ground(96, 64)[None], len(seconds), axis=0)
    frames = with_disc(still, *[(24, round(14 + 14 * min(2.0, second))) for second in seconds])
    found = lifeless(extract([Clip(frames, seconds)], ["stir"])["stir"], seconds)
    assert found[seconds > 2.3].all()
    assert not found[seconds < 1.7].any()

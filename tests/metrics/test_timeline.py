"""What is found once for a video is what would be found anew, and no other video's."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable

import numpy as np
from evalsuite.metrics._cuts import cuts
from evalsuite.metrics._evidence import evidence
from evalsuite.metrics._timeline import once_per_video, overlooked, timeline

from evalsuite.features import extract
from evalsuite.types import Clip, Features, Segment, Storyboard


def seen(frames: np.ndarray) -> Features:
    return extract([Clip(frames, np.arange(len(frames)) / 8)], ["thumbnails"])["thumbnails"]


def test_a_segment_is_overlooked_that_is_shown_between_two_looks() -> None:
    lengths, looks = (1.0, 0.3, 0.1, 1.15, 0.2), np.arange(0, 2.6, 0.5)
    board = Storyboard(id="a", title="a", segments=tuple(Segment(text="a", seconds=each) for each in lengths))
    assert overlooked(looks, board, 1.0).tolist() == [False, False, True, False, True]
    until = 1.35 / board.seconds  # the video ends in the middle of the third segment, which is then no matter of looks
    assert overlooked(looks[looks < 1.35], board, until).tolist() == [False] * 5


def test_each_video_and_length_of_story_has_its_own(film: Callable, story: Callable, stirring: Callable) -> None:
    long, short = story("aabb"), story("aa")
    features, others = seen(film(long)), seen(film(story("abab")))
    for board in (long, short):
        for each in (features, others):
            kept, anew = timeline(each, board), timeline(Features("x", "1", each.array, each.seconds), board)
            assert cuts(kept).tolist() == cuts(anew).tolist() == cuts(kept).tolist()
            stir = stirring(each.seconds)
            assert evidence(kept, stir).live.tolist() == evidence(anew, stir).live.tolist()
    assert cuts(timeline(features, long)).tolist() != cuts(timeline(others, long)).tolist()


def test_it_is_found_once_and_kept_no_longer_than_the_features(film: Callable, story: Callable) -> None:
    board, asked = story("a"), []

    @once_per_video
    def count(line) -> int:
        asked.append(len(line.rows))
        return len(line.rows)

    features = seen(film(board))
    assert [count(timeline(features, board)) for _ in range(3)] == [24, 24, 24]
    assert asked == [24]
    alive = weakref.ref(features)
    del features
    gc.collect()
    assert alive() is None

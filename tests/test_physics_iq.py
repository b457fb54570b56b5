"""Physics-IQ against the published formula's numbers, and against loops over pixels."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from evalsuite.physics_iq import (
    Agreement,
    compare,
    motion_masks,
    score,
    spatial,
    spatiotemporal,
    weighted,
)


def test_the_score_is_the_published_formula():
    lawful = Agreement(spatial=0.6, spatiotemporal=0.5, weighted=0.5, error=0.005)
    found = Agreement(spatial=0.3, spatiotemporal=0.25, weighted=0.2, error=0.02)
    assert score([found], [lawful]) == pytest.approx(45.1667, abs=1e-4)
    assert score([lawful], [lawful]) == 100
    assert score([Agreement(1, 1, 1, 0)], [lawful]) == 100
    assert score([Agreement(0, 0, 0, 0.9)], [lawful]) == 0


def test_ratios_are_of_means_over_the_data_set():
    found = [Agreement(0.2, 0.2, 0.2, 0.0), Agreement(0.6, 0.6, 0.6, 0.0)]
    lawful = [Agreement(0.4, 0.4, 0.4, 0.0), Agreement(0.8, 0.8, 0.8, 0.0)]
    assert score(found, lawful) == pytest.approx(100 * 0.4 / 0.6)
    with pytest.raises(ValueError, match="two takes"):
        score(found, [Agreement(0, 0, 0, 0)])


def test_overlaps_are_those_of_loops_over_pixels():
    luck = np.random.default_rng(0)
    mine, its = luck.random((2, 5, 6, 7)) < 0.3
    ever_both = ever_any = 0
    least = most = 0.0
    for row in range(6):
        for column in range(7):
            one, other = mine[:, row, column], its[:, row, column]
            ever_both += one.any() and other.any()
            ever_any += one.any() or other.any()
            least += min(one.sum() / 5, other.sum() / 5)
            most += max(one.sum() / 5, other.sum() / 5)
    each = [sum(mine[t].ravel() & its[t].ravel()) / sum(mine[t].ravel() | its[t].ravel()) for t in range(5)]
    assert spatial(mine, its) == pytest.approx(ever_both / ever_any)
    assert weighted(mine, its) == pytest.approx(least / most)
    assert spatiotemporal(mine, its) == pytest.approx(np.mean(each))


def test_where_nothing_moves_all_overlaps_are_one():
    nothing = np.zeros((3, 4, 4), dtype=np.bool_)
    assert (spatial(nothing, nothing), spatiotemporal(nothing, nothing), weighted(nothing, nothing)) == (1, 1, 1)


def test_masks_follow_the_recursion_of_the_background():
    frames = np.full((6, 40, 40, 3), 50, np.uint8)
    frames[2:, 10:30, 10:30] = 200
    masks = motion_masks(frames)
    assert not masks[:2].any()
    background = 50.0
    for number in range(2, 6):
        background = 0.7 * background + 0.3 * 200
        assert masks[number, 20, 20] == (200 - background > 10)
        assert not masks[number, 3, 3]
    assert masks[2, 13:27, 13:27].all()


def test_a_video_agrees_with_itself_and_less_with_a_later_one():
    def film(late: int) -> np.ndarray:
        frames = np.full((12, 64, 96, 3), 90, np.uint8)
        for number in range(12):
            cv2.circle(frames[number], (10 + 5 * max(0, number - late), 30), 8, (240, 220, 200), -1)
        return frames

    same = compare(film(0), film(0))
    assert same == (1, 1, 1, 0)
    late = compare(film(0), film(3))
    assert 0 < late.spatiotemporal < late.spatial < 1
    small = [cv2.resize(frame, (24, 16), interpolation=cv2.INTER_AREA) / 255 for frame in (*film(0), *film(3))]
    assert late.error == pytest.approx(np.mean((np.array(small[:12]) - np.array(small[12:])) ** 2))
    with pytest.raises(ValueError, match="one shape"):
        compare(film(0), film(0)[:5])

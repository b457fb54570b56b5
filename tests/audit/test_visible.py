"""A damage that no picture shows is none: on pixels that are known, and on a world whose truth says what moves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evalsuite.audit import visible
from evalsuite.audit.plan import Plan, sources_for
from evalsuite.run import Report
from evalsuite.store import VideoRecord
from evalsuite.toon import script
from evalsuite.toon.controls import degraded
from evalsuite.types import Footage, VideoSpec
from evalsuite.video import sha256, write

SPEC = VideoSpec(96, 64, 8)


def film(path, patch=0, frame=5, crf=None, frames=12):
    """A smooth picture, in which one patch of one frame is brighter."""
    ramp = np.linspace(40, 160, 96).astype(np.uint8)
    pictures = np.broadcast_to(ramp[:, None], (frames, 64, 96, 3)).copy()
    pictures[frame, 16:24, 32:40] += np.uint8(patch)
    write(path, Footage(iter(pictures), 8, crf=crf))
    return path


@pytest.mark.parametrize(("patch", "seen"), [(0, False), (2, False), (40, True)])
def test_one_patch_of_one_frame_is_enough_if_it_can_be_seen(tmp_path, patch, seen):
    assert visible.differ(film(tmp_path / "a.mp4"), film(tmp_path / "b.mp4", patch)) is seen


def test_coarser_encoding_is_no_damage_and_another_length_is(tmp_path):
    intact = film(tmp_path / "a.mp4")
    assert not visible.differ(intact, film(tmp_path / "b.mp4", crf=30))
    assert visible.differ(intact, film(tmp_path / "c.mp4", frames=11))


def test_the_largest_difference_is_that_of_a_naive_loop():
    left, right = np.random.default_rng(0).integers(0, 256, (2, 64, 96, 3)).astype(np.uint8)
    naive = max(
        np.abs(left[y : y + 8, x : x + 8].astype(float) - right[y : y + 8, x : x + 8]).mean() / 255
        for y in range(0, 64, 8)
        for x in range(0, 96, 8)
    )
    assert visible._difference(left, right) == pytest.approx(naive, rel=1e-5)


def test_less_gravity_is_seen_where_the_truth_says_that_something_falls(tmp_path):
    for index in range(4):
        episode = script.episode("dev", 2, index)
        true, light = (degraded(episode, "float", strength, SPEC, 0) for strength in (0.0, 0.5))
        apart = max(map(_apart, true.truth(), light.truth()))
        write(tmp_path / "true.mp4", true)
        write(tmp_path / "light.mp4", light)
        assert apart < 1 or apart > 4, "the test wants clear cases"
        assert visible.differ(tmp_path / "true.mp4", tmp_path / "light.mp4") == (apart > 4)


def _apart(before, after):
    """By how many pixels the edge of a box moved."""
    boxes = {entity["id"]: entity["box"] for entity in after["entities"]}
    return max(
        (np.abs(np.subtract(entity["box"], boxes[entity["id"]])).max() for entity in before["entities"]), default=0
    )


def _report(asked, films):
    videos = []
    for (label, board), path in films.items():
        record = VideoRecord(label, board, 0, "1", "ok", "", str(path.relative_to(asked.folder)), sha256(path))
        videos.append(record)
    return Report((), tuple(videos))


@pytest.fixture
def asked(suite, tmp_path):
    (source,) = sources_for(["oracle"], ["freeze"])
    return Plan(suite.model_copy(update={"storyboards": suite.storyboards[:1]}), (), (source,), tmp_path)


def _report_of_three_films(asked):
    """At strengths up to 0.4 nothing is seen of the damage, then a patch."""
    (source,), (board,) = asked.sources, asked.suite.storyboards
    clear = film(asked.folder / "clear.mp4", 60)
    faint = film(asked.folder / "faint.mp4", 2)
    films = {source.damaged(*dose): clear if dose[1] > 0.4 else faint for dose in source.doses()}
    films["oracle"] = film(asked.folder / "oracle.mp4")
    return _report(asked, {(label, board.id): path for label, path in films.items()})


def test_what_nobody_can_see_counts_as_the_intact_video(asked):
    report = _report_of_three_films(asked)
    seen = {video.model: video.sha256 for video in visible.as_seen(asked, report, lambda *_: None).videos}
    assert [seen[f"degraded:freeze@{strength}"] == seen["oracle"] for strength in (0.1, 0.4, 0.7)] == [
        True,
        True,
        False,
    ]


def test_nothing_is_compared_twice(asked, monkeypatch):
    report = _report_of_three_films(asked)
    first = visible.as_seen(asked, report, lambda *_: None)
    assert len((asked.folder / visible.FOUND).read_text().splitlines()) == 2
    monkeypatch.setattr(visible, "differ", None)
    assert visible.as_seen(asked, report, lambda *_: None) == first


def test_a_video_that_failed_is_left_to_the_scores(asked):
    report = _report_of_three_films(asked)
    broken = tuple(replace(video, status="failed", path="", sha256="") for video in report.videos)
    assert visible.as_seen(asked, replace(report, videos=broken), lambda *_: None).videos == broken


def test_half_a_line_of_a_killed_audit_is_no_finding_and_spoils_none(tmp_path):
    file = tmp_path / visible.FOUND
    file.write_text('["a", "b", true]\n["c", "d"')
    with visible._appended(file) as more:
        more.write('["e", "f", false]\n')
    assert visible._known(tmp_path) == {("a", "b"): True, ("e", "f"): False}

"""The published tables are those of the published videos, by the metrics and the statistics as they now are."""

from __future__ import annotations

import csv
from importlib.resources import files
from pathlib import Path

import pytest

from evalsuite import published, suites
from evalsuite.ranking import ranked, scored

LEADERBOARDS = Path(str(files("evalsuite.leaderboards")))
TABLES = sorted(path.name.removesuffix("_videos.csv") for path in LEADERBOARDS.glob("*_videos.csv"))


def test_there_are_some():
    assert {"one_minute", "eighteen_second"} <= set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_that_of_its_videos(name):
    suite = suites.load(name, 1)
    table = ranked(suite, published.read(published.SHIPPED, suite))
    with (LEADERBOARDS / f"{name}.csv").open(newline="") as file:
        shown = list(csv.reader(file))
    assert list(table.columns) == shown[0]
    assert not any("are left out:" in note for note in table.notes)
    for row, told in zip(table.rows, shown[1:], strict=True):
        assert [cell for cell in row if isinstance(cell, str)] == told[:2]
        for cell, text in zip(row, told, strict=True):
            if isinstance(cell, float):
                assert float(text) == pytest.approx(cell, abs=0.5)


@pytest.mark.parametrize("name", TABLES)
def test_what_is_said_of_a_table_holds(name):
    suite = suites.load(name, 1)
    lines = (LEADERBOARDS / f"{name}.md").read_text(encoding="utf-8").splitlines()
    said = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    notes = list(ranked(suite, published.read(published.SHIPPED, suite)).notes)
    assert said[: len(notes)] == notes
    assert all(line.startswith("videos at hand: ") for line in said[len(notes) :])


@pytest.mark.parametrize("name", TABLES)
def test_every_video_was_made_and_scored(name):
    suite = suites.load(name, 1)
    found = published.read(published.SHIPPED, suite)
    assert {video.status for video in found.videos} == {"ok"}
    assert {score.metric for score in found.scores} == set(suite.metrics)
    assert all(row[scored(suite, found).columns.index("failed")] == 0 for row in scored(suite, found).rows)

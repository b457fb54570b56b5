"""The published tables are those of the published videos, by the metrics and the statistics as they now are."""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

from evalsuite import published, suites
from evalsuite.ranking import chosen, ranked, scored
from evalsuite.results import Results
from evalsuite.types import Suite, Table

LEADERBOARDS = Path(str(files("evalsuite.leaderboards")))
SEEDS = "eighteen_second_seeds"
"""Beside the published systems, on its first storyboards, other trainings of three of them."""
FIRST = 30
TABLES = sorted(path.name.removesuffix("_videos.csv") for path in LEADERBOARDS.glob("*_videos.csv"))


@cache
def results(name: str) -> tuple[Suite, Results]:
    """What a table is made from."""
    if name != SEEDS:
        suite = suites.load(name, 1)
        return suite, published.read(published.SHIPPED, suite)
    suite = suites.load(name.removesuffix("_seeds"), FIRST)
    other = published.read(str(LEADERBOARDS / f"{name}_videos.csv"), suite)
    both = published.read(published.SHIPPED, suite).beside(other)
    return suite, chosen(both, [], [board.id for board in suite.storyboards])


@cache
def ratings(name: str) -> Table:
    return ranked(*results(name))


def test_there_are_some():
    assert {"one_minute", "eighteen_second", SEEDS} <= set(TABLES)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_that_of_its_videos(name):
    table = ratings(name)
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
    lines = (LEADERBOARDS / f"{name}.md").read_text(encoding="utf-8").splitlines()
    said = [line.removeprefix("- ") for line in lines if line.startswith("- ")]
    notes = list(ratings(name).notes)
    assert said[: len(notes)] == notes
    assert all(line.startswith("videos at hand: ") for line in said[len(notes) :])


@pytest.mark.parametrize("name", TABLES)
def test_every_video_was_made_and_scored(name):
    suite, found = results(name)
    assert {video.status for video in found.videos} == {"ok"}
    assert {score.metric for score in found.scores} == set(suite.metrics)
    table = scored(suite, found)
    assert {row[table.columns.index("failed")] for row in table.rows} == {0}

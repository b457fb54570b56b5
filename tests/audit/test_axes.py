"""Tricks against a system's own videos on an axis, on scores whose wins are counted by hand."""

from __future__ import annotations

import pytest

from evalsuite import plugins, suites
from evalsuite.audit import axes, report
from evalsuite.audit.plan import Plan, sources_for
from evalsuite.compare import shipped_tie_bands
from evalsuite.run import Report
from evalsuite.types import Score

METRICS = ("motion", "permanence")
VERSIONS = {name: plugins.metric(name).version for name in METRICS}


def score(model: str, board: str, metric: str, value: float | None) -> Score:
    status = "ok" if value is not None else "not_applicable"
    return Score(model, "1", "dev", "1", board, 0, metric, VERSIONS[metric], status, value)


@pytest.fixture
def asked(tmp_path) -> Plan:
    suite = suites.load("dev", 3)
    return Plan(suite, METRICS, sources_for(["oracle"], ["freeze"]), tmp_path)


def played(asked: Plan, values: dict[tuple[str, str], list[float | None]]) -> list[axes.Played]:
    """`values` are of each version and metric, by storyboard; what is not told has 0.5 throughout."""
    versions = ["oracle", *(version for _, version in asked.sources[0].tricks())]
    boards = [board.id for board in asked.suite.storyboards]
    scores = [
        score(version, board, metric, value)
        for version in versions
        for metric in METRICS
        for board, value in zip(boards, values.get((version, metric), [0.5] * 3), strict=True)
    ]
    return axes.played(asked, Report(tuple(scores), ()))


def test_only_axes_whose_metrics_were_all_asked_for_are_played(asked):
    found = played(asked, {})
    assert {each.axis for each in found} == {"motion naturalness"}
    assert [each.version for each in found] == [f"degraded:freeze@{s:g}" for s in (0.1, 0.2, 0.4, 0.7, 1)]
    assert {each.wins.value for each in found} == {0.5}  # all tie
    assert not any(each.is_won for each in found)


def test_the_share_is_that_of_weighted_wins_with_ties_as_halves(asked):
    band = shipped_tie_bands(VERSIONS)["motion"]
    values = {
        ("degraded:freeze@0.4", "motion"): [0.5 + 2 * band, 0.5 + band / 2, 0.1],
        ("degraded:freeze@0.4", "permanence"): [1.0, 0.1, None],
    }
    found = next(each for each in played(asked, values) if each.version == "degraded:freeze@0.4")
    assert found.wins.value == pytest.approx((1 + (0.5 + 0) / 2 + 0) / 3)
    assert found.wins.n == 3


def test_a_trick_that_surely_wins_is_marked(asked):
    won = {("degraded:freeze@0.7", metric): [1.0, 1.0, 1.0] for metric in METRICS}
    found = played(asked, won)
    assert [each.version for each in found if each.is_won] == ["degraded:freeze@0.7"]
    assert report._axes(found).rows == (("motion naturalness", "1.000 [1.000, 1.000] at 0.7 !"),)

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from evalsuite.compare import compare, left_out, measure_tie_bands, read_tie_bands, unscored, widest, withheld
from evalsuite.types import Score, Status


def score(
    model: str,
    value: float | None,
    storyboard: str = "one",
    metric: str = "drift",
    status: Status = "ok",
    seed: int = 0,
) -> Score:
    return Score(model, "1", "dev", "1", storyboard, seed, metric, "1", status, value)


def outcomes(*scores: Score, band: float = 0.0, higher: bool = True) -> list[tuple[str, str, float]]:
    found = compare(scores, "look", {"drift": 1.0}, {"drift": band}, {"drift": higher})
    return [(one.left, one.right, one.outcome) for one in found]


def test_more_is_better_unless_the_metric_says_otherwise() -> None:
    pair = (score("a", 0.9), score("b", 0.1))
    assert outcomes(*pair) == [("a", "b", 1.0)]
    assert outcomes(*pair, higher=False) == [("a", "b", 0.0)]


def test_a_difference_within_the_band_is_a_tie() -> None:
    assert outcomes(score("a", 0.50), score("b", 0.75), band=0.25) == [("a", "b", 0.5)]
    assert outcomes(score("a", 0.50), score("b", 0.76), band=0.25) == [("a", "b", 0.0)]


def test_a_failure_loses_whichever_way_is_better_and_two_tie() -> None:
    failed = score("a", None, status="failed")
    for higher in (True, False):
        assert outcomes(failed, score("b", 0.0), higher=higher) == [("a", "b", 0.0)]
    assert outcomes(failed, score("b", None, status="failed")) == [("a", "b", 0.5)]


def test_what_is_not_applicable_is_left_out_and_counted() -> None:
    scores = [score("a", None, status="not_applicable"), score("b", 0.3), score("c", 0.2)]
    assert outcomes(*scores) == [("b", "c", 1.0)]
    assert left_out(scores, {"drift": 1.0}) == 2


def test_only_the_same_storyboard_and_seed_are_compared() -> None:
    scores = [score("a", 1.0), score("b", 0.0, storyboard="two"), score("b", 0.0, seed=1)]
    assert outcomes(*scores) == []


def test_seeds_of_a_storyboard_share_its_weight() -> None:
    seeds = [score(model, value, seed=seed) for seed in range(3) for model, value in (("a", 1.0), ("b", 0.0))]
    once = [score("a", 1.0, storyboard="other"), score("b", 0.0, storyboard="other")]
    found = compare([*seeds, *once], "look", {"drift": 2.0}, {}, {"drift": True})
    weights = {board: [one.weight for one in found if one.storyboard == board] for board in ("one", "other")}
    assert weights == {"one": pytest.approx([1 / 3] * 3), "other": [1.0]}


def test_order_of_scores_does_not_matter() -> None:
    scores = [score(model, value, board) for model, value in (("a", 0.1), ("b", 0.2)) for board in ("one", "two")]
    assert outcomes(*scores) == outcomes(*reversed(scores))


def test_each_metric_has_its_share_of_the_axis() -> None:
    scores = [
        score(model, value, metric=metric) for metric in ("drift", "motion") for model, value in (("a", 1), ("b", 0))
    ]
    found = compare(scores, "look", {"drift": 3.0, "motion": 1.0}, {}, {"drift": True, "motion": True})
    assert {one.judge: one.weight for one in found} == {"drift": 0.75, "motion": 0.25}
    assert {one.axis for one in found} == {"look"}


def test_tie_bands_are_a_quantile_of_how_far_scores_move(tmp_path: Path) -> None:
    boards = [str(number) for number in range(101)]
    scores = [score("oracle", 0.5, board) for board in boards]
    again = [score("degraded", 0.5 + (-1) ** number * number / 1000, board) for number, board in enumerate(boards)]
    again[0] = score("degraded", None, boards[0], status="failed")
    bands = measure_tie_bands(scores, again)
    assert bands["drift"]["n"] == 100
    assert bands["drift"]["metric_version"] == "1"
    assert bands["drift"]["band"] == pytest.approx(0.095, abs=1e-3)
    file = tmp_path / "tie_bands.json"
    file.write_text(json.dumps({"metrics": bands}))
    assert read_tie_bands(file, {"drift": "1", "motion": "1"}) == {"drift": bands["drift"]["band"]}
    assert read_tie_bands(file, {"drift": "2"}) == {}


def test_of_several_systems_the_widest_band_counts() -> None:
    boards = [str(number) for number in range(40)]
    calm = [score("calm", 0.5, board, metric=metric) for board in boards for metric in ("drift", "motion")]
    moved = [dataclasses.replace(one, value=0.5 + (0.01 if one.metric == "drift" else 0.0)) for one in calm]
    other = [dataclasses.replace(one, value=0.52) for one in calm if one.metric == "motion"]
    bands = widest({"first": measure_tie_bands(calm, moved), "second": measure_tie_bands(calm, other)})
    assert {metric: entry["system"] for metric, entry in bands.items()} == {"drift": "first", "motion": "second"}
    assert [bands[metric]["band"] for metric in ("drift", "motion")] == pytest.approx([0.01, 0.02])


def test_who_was_not_scored_by_all_metrics_is_not_compared() -> None:
    scores = [score(model, 0.5, metric=metric) for model in ("a", "b") for metric in ("drift", "motion")]
    scores.append(score("c", 0.9, metric="drift"))
    found = compare(scores, "look", {"drift": 1, "motion": 1}, {}, {"drift": True, "motion": True})
    assert {name for one in found for name in (one.left, one.right)} == {"a", "b"}
    assert unscored(scores, ("drift", "motion")) == {"c": {"motion": None}}
    scores.append(score("c", None, "two", metric="motion", status="failed"))
    assert unscored(scores, ("drift", "motion")) == {"c": {"drift": 1, "motion": 1}}


def test_what_is_applicable_to_others_is_withheld() -> None:
    scores = [
        score("a", 0.5),
        score("b", None, status="not_applicable"),
        score("b", None, "2", status="not_applicable"),
    ]
    assert withheld(scores, ("drift",)) == {("drift", "b"): 1}

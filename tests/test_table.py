from __future__ import annotations

import csv
import io
import json

import pytest

from evalsuite.errors import EvalsuiteError
from evalsuite.table import Format, rating_table, render, scores_table
from evalsuite.types import Rating, Score, Status, Table

AXES = {"look": {"drift": 3.0, "motion": 1.0}}
TABLE = Table(
    "Scores of a_b",
    ("rank", "model", "drift", "drift low", "drift high", "failed"),
    (("1-2", "a_b", 0.5, 0.25, 0.75, 0), ("3", "c|d & 5%", None, None, None, 2)),
    ("a note",),
)


def score(model: str, value: float | None, board: str = "one", metric: str = "drift", status: Status = "ok") -> Score:
    coverage = 0.5 if model == "short" else 1.0
    return Score(model, "1", "dev", "1", board, 0, metric, "1", status, value, coverage=coverage)


def notes(scores: list[Score], ratings: list[Rating], centre: list[str]) -> str:
    return "\n".join(rating_table(ratings, scores, AXES, {"drift": 0.01}, centre).notes)


def test_a_score_row_has_the_mean_of_finished_videos_and_counts_the_rest() -> None:
    scores = [
        score("a", 0.2, "one"),
        score("a", 0.4, "two"),
        score("a", None, "three", status="failed"),
        score("a", None, "four", status="not_applicable"),
    ]
    table = scores_table(scores)
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert row["drift"] == pytest.approx(0.3)
    half = 0.1 * 12.7062 / 1.95996 * 2**0.5  # of two values: a bootstrap's, Student's t for the normal, n for n - 1
    assert row["drift low"] == pytest.approx(0.3 - half, rel=1e-4)
    assert row["drift high"] == pytest.approx(0.3 + half, rel=1e-4)
    assert "drift: over 2 of 4 videos of a" in table.notes
    assert (row["storyboards"], row["failed"], row["not applicable"], row["coverage"]) == (4, 1, 1, 1.0)


def test_an_interval_ends_where_a_metrics_values_do() -> None:
    scores = [score("a", value, board, metric) for value, board in ((0.2, "one"), (0.4, "two")) for metric in "mn"]
    table = scores_table(scores, bounds={"m": (0.0, 1.0)})
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert (row["m low"], row["m high"]) == (0.0, 1.0)
    assert row["n low"] < 0 < 1 < row["n high"]


def test_a_system_without_a_metric_has_a_gap_and_not_a_nought() -> None:
    table = scores_table([score("a", 0.2), score("b", 0.3, metric="motion")])
    assert table.rows[0][table.columns.index("motion")] is None


def test_rating_rows_stand_in_order_and_unrated_systems_last() -> None:
    ratings = [Rating("a", "look", 980, 970, 990, 5, 2, 2), Rating("b", "look", 1020, 1010, 1030, 5, 1, 1)]
    table = rating_table(ratings, [score("a", 0.1), score("b", 0.2), score("c", 0.3)], AXES, {}, ["a", "b"])
    assert [row[1] for row in table.rows] == ["b", "a", "c"]
    assert table.rows[0] == ("1", "b", 1020, 1010, 1030, 5)
    assert table.rows[2][2] is None


def test_axes_stand_in_the_suites_order_and_overall_is_last_and_orders_the_rows() -> None:
    ratings = [
        Rating(model, axis, value, value - 9, value + 9, 5, 1, 2)
        for axis, values in {"motion": (800, 1200), "overall": (950, 1050), "look": (1100, 900)}.items()
        for model, value in zip("ab", values, strict=True)
    ]
    table = rating_table(ratings, [score("a", 0.1), score("b", 0.2)], {"motion": {}, "look": {}}, {}, ["a"])
    assert [name for name in table.columns if " " not in name] == [
        "rank", "model", "motion", "look", "overall", "storyboards",
    ]  # fmt: skip
    assert [row[1] for row in table.rows] == ["b", "a"]
    assert table.rows[0][0] == "1-2"


def test_notes_tell_all_that_a_reader_needs() -> None:
    ratings = [Rating("a", "look", 1000, 990, 1010, 5, 1, 1)]
    scores = [
        score("a", 0.1),
        score("short", 0.2),
        score("b", None, status="failed"),
        score("c", None, status="not_applicable"),
        *(score(model, 0.5, metric="motion") for model in ("a", "b", "c")),
        score("short", 0.5, metric="motion"),
        score("a", None, metric="faces", status="failed"),
    ]
    told = notes(scores, ratings, ["a"])
    assert "1 storyboards, seeds 0; intervals are 95 %" in told
    assert "one virtual tie per pair" in told
    assert "centred on 1000 over a" in told
    assert "bands: drift 0.01, motion none, as it was not measured of this version" in told
    assert "failed: b on 1 videos\n" in told  # of what no axis has nothing is said
    assert "look: drift 75%, motion 25%" in told
    assert "look: 3 pairs left out, as a score is not applicable" in told
    assert "look: drift is not applicable to c on 1 videos, and is to others of the story" in told
    assert "not rated, as nothing could be compared: b, c, short" in told
    assert "not the whole story was covered by: short" in told


def test_notes_tell_who_was_not_scored_by_all_metrics_of_an_axis() -> None:
    scores = [
        *(score("whole", 0.1, board, metric=metric) for board in "xy" for metric in ("drift", "motion")),
        *(score("half", 0.1, board) for board in "xy"),
        *(score("nearly", 0.1, board) for board in "xy"),
        score("nearly", 0.1, "x", metric="motion"),
    ]
    told = notes(scores, [Rating("whole", "look", 1000, 990, 1010, 2, 1, 1)], ["whole"])
    assert "look: half is not rated, as it has no scores of motion" in told
    assert "look: nearly has no score of motion on 1 videos" in told


def test_brackets_in_notes_are_words() -> None:
    told = render(Table("[t]", ("model",), (("a",),), ("ttt: [oops] a [/INST] word",)), "text", 60)
    assert "[oops] a [/INST] word" in " ".join(told.split())
    assert "[t]" in told


def test_notes_say_when_there_is_no_generator_to_centre_on() -> None:
    assert "centred on 1000 over all systems" in notes([score("a", 0.1)], [], [])


def test_one_model_alone_is_a_table_of_one_row() -> None:
    table = rating_table([], [score("a", 0.1)], AXES, {}, ["a"])
    assert [row[1] for row in table.rows] == ["a"]
    assert "| 0 |" in render(table, "md") or "| - |" in render(table, "md")


def test_people_see_an_interval_with_its_number_and_a_dash_for_a_gap() -> None:
    for format in ("text", "md", "latex"):
        shown = render(TABLE, format, width=120)
        assert "0.500 [0.250, 0.750]" in shown
        assert "drift low" not in shown
        assert "a note" in shown


def test_markdown_and_latex_escape_what_is_special() -> None:
    assert "| 3 | c\\|d & 5% | - | 2 |" in render(TABLE, "md")
    assert r"3 & c|d \& 5\% & - & 2 \\" in render(TABLE, "latex")
    assert r"a\_b" in render(TABLE, "latex")


def test_csv_and_json_keep_every_digit() -> None:
    rows = list(csv.DictReader(io.StringIO(render(TABLE, "csv"))))
    assert rows[0]["drift low"] == "0.25"
    assert rows[1]["drift"] == ""
    told = json.loads(render(TABLE, "json"))
    assert told["rows"][0]["drift"] == 0.5
    assert told["rows"][1]["drift"] is None
    assert told["notes"] == ["a note"]


def test_an_unknown_format_is_refused() -> None:
    odd: Format = "html"  # type: ignore[assignment]
    with pytest.raises(EvalsuiteError, match="latex"):
        render(TABLE, odd)


def test_one_storyboard_gives_no_interval() -> None:
    table = scores_table([score("ttt", 0.5)])
    row = dict(zip(table.columns, table.rows[0], strict=True))
    assert (row["drift low"], row["drift high"]) == (None, None)
    assert "0.500 [?]" in render(table)


def test_a_narrow_terminal_breaks_no_word():
    columns = ("model", *(f"metric-{number}" for number in range(12)))
    wide = Table("Scores", columns, (("a-model-of-some-name", *[0.123] * 12),), ())
    text = render(wide, "text", 40)
    assert all(column in text for column in (*columns, "a-model-of-some-name"))
    ends = [
        f"{name}{end}"
        for name in ("alignment", "identity", "permanence", "transitions")
        for end in ("", " low", " high")
    ]
    intervals = Table("Scores", ("model", *ends, "storyboards", "coverage"), (("ttt", *[0.5] * 12, 2, 1.0),), ())
    text = render(intervals, "text", 40)
    assert all(word in text for word in ("alignment", "permanence", "transitions", "storyboards", "coverage"))
    assert len({len(line) for line in text.splitlines()[1:] if line.strip()}) == 1

"""What videos cost, from the records of a run."""

from __future__ import annotations

import pytest

from evalsuite.costs import COLUMNS, HOW, costs, notes, with_costs
from evalsuite.ranking import chosen
from evalsuite.results import Results, in_folder
from evalsuite.store import Store, Timing, VideoRecord
from evalsuite.types import Table


def record(model: str, storyboard: str, status: str = "ok", reason: str = "", tokens: int | None = None) -> VideoRecord:
    steps = None if tokens is None else 10
    return VideoRecord(model, storyboard, 0, "1", status, reason, "x.mp4", f"{model}{storyboard}", steps, tokens)


def run_folder(tmp_path) -> Store:
    store = Store(tmp_path, "tiny", "1")
    for storyboard, seconds, megabytes, tokens in (("a", 2.0, 300.0, 3720), ("b", 4.0, 500.0, 200)):
        made = Timing("ttt", storyboard, 0, "generate", seconds, megabytes)
        scored = Timing("ttt", storyboard, 0, "score", 100.0, 9000.0)
        store.add(record("ttt", storyboard, reason="66 s long", tokens=tokens), [], [made, scored])
    store.add(record("theirs", "a"), [], [Timing("theirs", "a", 0, "score", 1.0, 1.0)])
    store.add(record("broken", "a", "failed", "no idea"), [], [])
    return store


@pytest.fixture
def results(suite, tmp_path) -> Results:
    run_folder(tmp_path).close()
    return in_folder(tmp_path, suite)


def test_seconds_are_a_mean_and_memory_tokens_and_steps_the_most(results):
    (cost,) = costs(results)
    assert (cost.model, cost.seconds.value, cost.seconds.n) == ("ttt", 3.0, 2)
    assert (cost.peak_megabytes, cost.steps, cost.tokens) == (500.0, 10, 3720)


def test_no_interval_of_seconds_is_below_none(results):
    (cost,) = costs(results)
    assert cost.seconds.low == 0  # of 2 s and 4 s alone it would begin far below


def test_a_table_gets_a_column_for_each_cost_and_keeps_its_rows(results):
    table = Table("t", ("rank", "model"), (("1", "theirs"), ("2", "ttt")), ("a note",))
    found = with_costs(table, results)
    assert found.columns == ("rank", "model", *COLUMNS)
    assert found.rows[0] == ("1", "theirs", None, None, None, None, None, None)
    assert found.rows[1][:3] == ("2", "ttt", 3.0)
    assert found.rows[1][3] < 2.0 < 4.0 < found.rows[1][4]
    assert found.rows[1][5:] == (500.0, 10, 3720)
    assert found.notes == ("a note", HOW, "ttt: 66 s long (2 videos)")


def test_costs_are_of_the_stories_and_systems_that_are_shown(results):
    (cost,) = costs(chosen(results, (), ("b",)))
    assert (cost.seconds.value, cost.seconds.n, cost.tokens) == (4.0, 1, 200)
    table = Table("t", ("model",), (("theirs",),))
    assert with_costs(table, results) == table  # what ttt's videos cost, and are, is of no row


def test_where_nothing_was_made_there_are_no_costs():
    table = Table("t", ("model",), (("theirs",),))
    assert with_costs(table, Results()) == table


def test_a_note_is_of_finished_videos_and_said_once(results):
    assert notes(results.videos) == ["ttt: 66 s long (2 videos)"]


def test_notes_that_differ_in_numbers_alone_are_one_with_their_range():
    videos = [record("ttt", str(count), reason=f"66 s long, and {count} words") for count in (3, 1, 2)]
    others = [record("walt", "a", reason="{} of 5.5"), record("ttt", "9", reason="66 s long")]
    assert notes([*videos, *others]) == [
        "ttt: 66 s long (1 video)",
        "ttt: 66 s long, and 1 to 3 words (3 videos)",
        "walt: {} of 5.5 (1 video)",
    ]


def test_measuring_anew_keeps_what_is_known_of_the_making(tmp_path):
    store = run_folder(tmp_path)
    store.add(record("ttt", "a"), [], [])
    kept = store.video("ttt", "a", 0)
    assert kept is not None
    assert (kept.steps, kept.tokens, kept.reason) == (10, 3720, "66 s long")

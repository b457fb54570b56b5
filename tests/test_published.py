"""The table of videos: written, read again and ranked beside others, as if all had been made in one folder."""

from __future__ import annotations

import dataclasses
import random

import pytest

from evalsuite import plugins
from evalsuite.errors import StoreError
from evalsuite.published import read, videos_table
from evalsuite.ranking import chosen, gathered, listed, ranked, scored
from evalsuite.results import MADE, Results, key, together
from evalsuite.run import FINISHED
from evalsuite.store import NEVER_MADE, Store, Timing, VideoRecord
from evalsuite.table import render
from evalsuite.types import SET_SIZE, Score

MODELS = ("bad", "good", "mine")


def results(suite, models=MODELS, boards=None) -> Results:
    """Made-up results; what is of one video does not depend on the others."""
    return together(one_video(suite, model, board.id) for model in models for board in boards or suite.storyboards)


def one_video(suite, model: str, board: str) -> Results:
    chance = random.Random(f"{model} {board}")
    revision, failed = f"{model}-1", model == "bad" and board.endswith("1")
    video = VideoRecord(model, board, 0, revision, "failed" if failed else "ok", 'a, "b"\nc', "", "0f", 10, None)
    scores = [
        Score(
            model, revision, suite.name, suite.version, board, 0, metric, plugins.metric(metric).version,
            status="failed" if failed else "ok",
            value=None if failed else chance.random(),
            coverage=0.0 if failed else chance.random(),
        )
        for metric in ("motion", "transitions")
    ]  # fmt: skip
    return Results(tuple(scores), (video,), (Timing(model, board, 0, MADE, chance.random(), 512.25),))


def written(path, suite, known: Results) -> str:
    path.write_text(render(videos_table(suite, known), "csv"), encoding="utf-8")
    return str(path)


def test_what_is_written_is_read_again(suite, tmp_path):
    known = results(suite)
    assert read(written(tmp_path / "a.csv", suite, known), suite) == known


def test_rows_are_in_the_order_of_names_however_videos_were_made(suite):
    assert videos_table(suite, results(suite, MODELS[::-1])) == videos_table(suite, results(suite))


def test_tables_from_several_machines_are_those_of_one(suite, tmp_path):
    first, *rest = suite.storyboards
    parts = [results(suite, MODELS, [first]), results(suite, MODELS[:2], rest), results(suite, MODELS[2:], rest)]
    a, b, c = (written(tmp_path / f"{place}.csv", suite, part) for place, part in enumerate(parts))
    joined = read(a, suite).beside(read(b, suite)).beside(read(c, suite))
    whole = results(suite)
    assert render(ranked(suite, joined), "md") == render(ranked(suite, whole), "md")
    assert render(scored(suite, joined), "md") == render(scored(suite, whole), "md")


def test_ones_own_videos_are_before_those_of_others(suite, tmp_path):
    own = results(suite, ["mine"])
    better = tuple(dataclasses.replace(score, value=1.0) for score in own.scores)
    others = results(suite, ["good"]).beside(dataclasses.replace(own, scores=better))
    together_ = own.beside(read(written(tmp_path / "a.csv", suite, others), suite))
    assert {score.value for score in together_.scores if score.model == "mine"} == {s.value for s in own.scores}
    assert {video.model for video in together_.videos} == {"mine", "good"}
    assert len(together_.videos) == len({key(video) for video in together_.videos})


def folder_with(path, suite, known: Results):
    store = Store(path, suite.name, suite.version)
    for video in known.videos:
        store.add(video, [each for each in known.scores if key(each) == key(video)], [])
    store.close()
    return path


def test_what_cannot_be_ranked_hides_nothing_that_can(suite, tmp_path):
    table = written(tmp_path / "a.csv", suite, results(suite))
    old = results(suite, ["good", "old"])
    stale = dataclasses.replace(old, scores=tuple(dataclasses.replace(each, metric_version="0") for each in old.scores))
    gone = results(suite, ["mine"])
    never = tuple(dataclasses.replace(video, revision=NEVER_MADE, status="failed") for video in gone.videos)
    failed = tuple(
        dataclasses.replace(each, revision=NEVER_MADE, status="failed", value=None, coverage=0.0)
        for each in gone.scores
    )
    folder = folder_with(tmp_path / "out", suite, stale.beside(Results(failed, never)))
    found, notes = gathered(suite, folder, [table])
    current = scored(suite, found)
    assert {row[0] for row in current.rows} == set(MODELS)
    assert any("left out" in note for note in current.notes)  # those of `old`, who is in no table
    assert current.rows == scored(suite, results(suite)).rows
    assert notes == [f"videos at hand: 0 of {folder}, 12 of {table}"]


def test_a_run_folder_that_nobody_named_may_be_missing_beside_tables(suite, tmp_path):
    table = written(tmp_path / "a.csv", suite, results(suite))
    (tmp_path / "runs").mkdir()
    assert gathered(suite, tmp_path / "runs", [table], is_needed=False)[0] == results(suite)
    for tables, is_needed in (([table], True), ([], False)):
        with pytest.raises(StoreError, match="no results"):
            gathered(suite, tmp_path / "runs", tables, is_needed)


def test_what_is_of_a_set_is_left_out(suite):
    known = results(suite)
    of_a_set = dataclasses.replace(known.scores[0], metric="drift", details={SET_SIZE: 4.0})
    beside_it = dataclasses.replace(known.scores[2], metric="drift", status="failed", value=None)
    alone = dataclasses.replace(beside_it, metric="temporal-fvd")
    table = videos_table(suite, dataclasses.replace(known, scores=(*known.scores, of_a_set, beside_it, alone)))
    assert {column for column in table.columns if column.endswith(" status")} == {"motion status", "transitions status"}


def test_a_metric_of_ones_own_file_is_left_out_and_named(suite):
    known = results(suite)
    own = dataclasses.replace(known.scores[0], metric="mine/look.py")
    table = videos_table(suite, dataclasses.replace(known, scores=(*known.scores, own)))
    assert not any("look" in column for column in table.columns)
    assert "mine/look.py" in table.notes[0]


def test_a_metric_cannot_be_called_as_a_column_is(suite):
    known = results(suite)
    clash = dataclasses.replace(known.scores[0], metric="seconds")
    with pytest.raises(StoreError, match="a metric is called seconds"):
        videos_table(suite, dataclasses.replace(known, scores=(clash,)))


def test_a_video_without_a_score_and_one_that_came_finished_are_rows_too(suite, tmp_path):
    known = results(suite, ["mine"])
    lacking = Results(known.scores[2:], known.videos, known.timings[1:])
    assert read(written(tmp_path / "a.csv", suite, lacking), suite) == lacking


def test_chosen_systems_and_stories_take_their_costs_along(suite):
    board = suite.storyboards[0].id
    (video,) = chosen(results(suite), ["good"], [board]).videos
    assert (video.model, video.storyboard) == ("good", board)
    (row,) = listed(suite, chosen(results(suite), ["good"], [board])).rows
    assert 512.25 in row


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("tiny 1,good,good-1,tiny-0", "tiny 2,good,good-1,tiny-0", "of the suite tiny 2, and not of tiny 1"),
        (",ok,", ",fine,", "row 1: status: "),
        ("512.25,0.", "512.25,x0.", "row 1: value: "),
        ("512.25,0.", "512.25,93.", "row 1: motion is 93."),
        (",ok,", ",failed,", "row 1: the video has failed, and has a score of motion"),
        ("good,good-1,tiny-0", "good,good-1, tiny-0", "row 1: storyboard: "),
        ("512.25,0.", "512.25,inf,0.", "more cells than there are columns"),
        (",512.25,", ",much,", "row 1: megabytes: "),
        (",512.25,", ",inf,", "row 1: megabytes: "),
        (",512.25,", ",-1,", "row 1: megabytes: "),
        ("tiny-1", "tiny-0", "row 2: this video is there twice"),
        ("good,good-1,tiny-0", "./evil.py,good-1,tiny-0", "row 1: model: the path of a file"),
        ("motion,motion status", "motion,./evil.py status", "row 1: metric: the path of a file"),
        ("motion,motion status", "motion,_ status", "row 1: '_' cannot be a plugin"),
        ("transitions,transitions status", "motion,transitions status", "2 columns called 'motion'"),
        ("good,good-1,tiny-0", ",good-1,tiny-0", "must have the columns suite and model and"),
        ("suite,model", "sweet,model", "must have the columns suite and model and"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_used_is_a_sentence(suite, tmp_path, old, new, said):
    path = written(tmp_path / "a.csv", suite, results(suite, ["good"]))
    text = (tmp_path / "a.csv").read_text()
    assert old in text
    (tmp_path / "a.csv").write_text(text.replace(old, new, 1))
    with pytest.raises(StoreError, match=r"a\.csv") as raised:
        read(path, suite)
    assert said in str(raised.value)


def test_no_file_and_no_published_table_are_told(suite, tmp_path):
    with pytest.raises(StoreError, match=r"none\.csv cannot be read"):
        read(str(tmp_path / "none.csv"), suite)
    with pytest.raises(StoreError, match="no videos of the suite tiny are published"):
        read("published", suite)


def test_two_systems_of_one_name_are_refused(suite, tmp_path):
    """Finished videos have nothing but their name; parts of one system's, on other storyboards, may be joined."""
    first, second, *_ = suite.storyboards

    def finished(board: str, sha256: str) -> Results:
        known = one_video(suite, "mine", board)
        videos = tuple(dataclasses.replace(video, revision=FINISHED, sha256=sha256) for video in known.videos)
        scores = tuple(dataclasses.replace(score, revision=FINISHED) for score in known.scores)
        return Results(scores, videos, known.timings)

    made, parts = one_video(suite, "mine", first.id), (finished(first.id, "aa"), finished(second.id, "bb"))
    tables = [written(tmp_path / f"{place}.csv", suite, each) for place, each in enumerate((*parts, made))]
    other = written(tmp_path / "other.csv", suite, finished(first.id, "cc"))
    assert len(gathered(suite, tmp_path / "runs", tables[:2], is_needed=False)[0].videos) == 2
    for both in ([tables[0], tables[2]], [tables[0], other]):
        with pytest.raises(StoreError, match=r"both hold videos of mine, which are not of one system"):
            gathered(suite, tmp_path / "runs", both, is_needed=False)


def test_what_cannot_be_rated_is_said(suite):
    plain = results(suite)
    version = plugins.metric("events").version
    others = tuple(dataclasses.replace(score, metric="events", metric_version=version) for score in plain.scores)
    with pytest.raises(StoreError, match=r"no score is by a metric of the suite's axes \(motion, transitions\)"):
        ranked(suite, dataclasses.replace(plain, scores=others))
    with pytest.raises(StoreError, match="no scores of the storyboards that are asked for"):
        chosen(plain, [], ["another"])

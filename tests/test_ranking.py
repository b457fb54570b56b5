"""From a run folder to a ranking: controls never move the centre, and noise bands belong to the metrics as they are."""

from __future__ import annotations

import dataclasses
import json
from importlib.resources import files

from evalsuite import plugins, suites
from evalsuite.ranking import generators, ranked, scored
from evalsuite.results import in_folder
from evalsuite.run import FINISHED
from evalsuite.store import Store, VideoRecord
from evalsuite.types import Score, Suite

SCORE = Score(
    model="mine",
    revision="r",
    suite="tiny",
    suite_version="1",
    storyboard="tiny-0",
    seed=0,
    metric="motion",
    metric_version=plugins.metric("motion").version,
    status="ok",
    value=0.5,
)
TRANSITIONS = plugins.metric("transitions").version


def filled(folder, suite: Suite, values: dict[str, float | None]) -> None:
    store = Store(folder, suite.name, suite.version)
    for model, value in values.items():
        for board in suite.storyboards:
            video = VideoRecord(model, board.id, 0, "r", "ok", "", "x.mp4", model)
            status = "failed" if value is None else "ok"
            scores = [
                dataclasses.replace(one, model=model, storyboard=board.id, value=value, status=status)
                for one in (SCORE, dataclasses.replace(SCORE, metric="transitions", metric_version=TRANSITIONS))
            ]
            store.add(video, scores, [])
    store.close()


def test_controls_are_known_and_everything_else_is_a_generator():
    scores = [dataclasses.replace(SCORE, model=name) for name in ("oracle", "degraded:blur@0.4", "mine")]
    assert generators(scores) == ["mine"]
    assert generators([dataclasses.replace(SCORE, model="oracle", revision=FINISHED)]) == ["oracle"]


def test_the_better_system_leads_and_controls_do_not_move_the_centre(suite, tmp_path):
    filled(tmp_path, suite, {"good": 0.9, "bad": 0.2, "oracle": 1.0, "noise": 0.0})
    table = ranked(suite, in_folder(tmp_path, suite))
    rows = {row[table.columns.index("model")]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    order = sorted(rows, key=lambda model: -rows[model]["overall"])
    assert order == ["oracle", "good", "bad", "noise"]
    assert round(rows["good"]["overall"] + rows["bad"]["overall"], 6) == 2000


def test_a_system_that_failed_ranks_last(suite, tmp_path):
    filled(tmp_path, suite, {"good": 0.9, "failing": None, "noise": 0.01})
    table = ranked(suite, in_folder(tmp_path, suite))
    assert table.rows[-1][table.columns.index("model")] == "failing"
    assert any("failed: failing on" in note for note in table.notes)


def test_one_system_alone_is_a_table_of_one_row(suite, tmp_path):
    filled(tmp_path, suite, {"mine": 0.5})
    table = ranked(suite, in_folder(tmp_path, suite))
    assert [row[table.columns.index("model")] for row in table.rows] == ["mine"]


def test_the_tie_bands_are_of_the_metrics_as_they_are():
    found = json.loads((files("evalsuite.leaderboards") / "tie_bands.json").read_text())["metrics"]
    in_axes = {metric for name in suites.names() for axis in suites.load(name, 1).axes.values() for metric in axis}
    assert in_axes <= set(found) <= set(plugins.names("metrics"))
    for name, entry in found.items():
        assert entry["metric_version"] == plugins.metric(name).version
        assert entry["n"] >= 30
        assert 0 <= entry["band"] < 0.2


def test_scores_by_another_version_of_a_metric_are_left_out_and_counted(suite, tmp_path):
    filled(tmp_path, suite, {"good": 0.9, "bad": 0.2})
    store = Store(tmp_path, suite.name, suite.version)
    for score in store.scores():
        if score.model == "bad":
            old = dataclasses.replace(score, metric_version="0", value=1.0)
            store.add(store.video(score.model, score.storyboard, score.seed), [old], [])
    store.close()
    table = scored(suite, in_folder(tmp_path, suite))
    assert [row[0] for row in table.rows] == ["good"]
    assert any("left out: they are by another version of it than works here" in note for note in table.notes)

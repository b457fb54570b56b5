"""Sets of videos are judged together, resume as single videos do, and keep no score of what they no longer are."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest

from evalsuite import contract, video, work
from evalsuite.errors import PluginError
from evalsuite.features import extract
from evalsuite.ranking import scored
from evalsuite.results import in_folder
from evalsuite.run import Request, finished_videos, plan, run
from evalsuite.store import Store
from evalsuite.table import scores_table
from evalsuite.types import SET_SIZE
from tests.conftest import footage

SPREAD = '''
"""How far each video's mean lightness lies from that of all others."""
import numpy as np
from evalsuite.interfaces import SetMetric
from evalsuite.types import Measured

class Spread(SetMetric):
    summary = "how far apart the videos of a set are"
    version = "1"
    higher_is_better = False
    extractors = ("colour",)
    fewest = 2

    def unfit(self, features, storyboard):
        return "it is too short." if features["colour"].seconds[-1] < 1 else ""

    def measure_set(self, videos, storyboards):
        light = np.array([each["colour"].array[:, 0].mean() for each in videos], float)
        apart = [abs(one - np.delete(light, i).mean()) for i, one in enumerate(light)]
        return [Measured(float(each), details={"mean": float(np.mean(apart))}) for each in apart]
'''


def quiet(done: int, total: int, said: str) -> None:
    """Progress that nobody watches."""


@pytest.fixture
def spread(tmp_path: Path) -> str:
    path = tmp_path / "spread.py"
    path.write_text(SPREAD)
    return str(path)


@pytest.fixture
def asked(suite, square, spread, tmp_path) -> Request:
    """Four videos of different lightness, as their first frames are fewer or more, judged singly and together."""
    for number in range(4):
        grey = [np.full((32, 48, 3), 40 * number + 20, np.uint8)] * 8
        lit = dataclasses.replace(footage(8), frames=[*grey, *[each[:32, :48] for each in footage(8).frames]])
        video.write(tmp_path / "theirs" / f"tiny-{number}.mp4", lit)
    sources = finished_videos(tmp_path / "theirs", suite, (0,))
    return Request(suite, ("mine",), tmp_path / "out", (0,), ("motion", spread), sources=sources)


def results(request: Request) -> bytes:
    return (request.folder / "results.jsonl").read_bytes()


def of_set(report, spread):
    return {score.storyboard: score for score in report.scores if score.metric == spread}


def test_every_video_has_a_term_of_the_whole_set(asked, spread):
    report = run(asked, quiet)
    light = [
        extract(video.decode(path), ["colour"])["colour"].array[:, 0].astype(float).mean()
        for _, path in sorted(asked.sources.items())
    ]
    expected = [abs(one - (sum(light) - one) / 3) for one in light]
    found = of_set(report, spread)
    assert [found[f"tiny-{number}"].value for number in range(4)] == pytest.approx(expected, abs=1e-4)
    assert {score.details[SET_SIZE] for score in found.values()} == {4}
    assert not report.amiss


def test_tables_show_the_set_and_what_is_told_of_it(asked, spread, suite):
    table = scores_table(run(asked, quiet).scores)
    row = dict(zip(table.columns, table.rows[0], strict=True))
    told = f"{spread} of mine, seed 0: mean {row[spread]:.4g}, set_size 4"
    assert told in table.notes
    assert told in scored(suite, in_folder(asked.folder, suite)).notes


def test_seeds_and_systems_are_sets_of_their_own(suite, square, flaky, spread, tmp_path):
    report = run(Request(suite, (square, flaky), tmp_path / "out", (0, 1), (spread,)), quiet)
    sizes = {(each.model, each.seed, each.details.get(SET_SIZE)) for each in report.scores if each.status == "ok"}
    assert sizes == {("square", 0, 4), ("square", 1, 4), ("flaky", 0, 2), ("flaky", 1, 2)}


def test_one_decoding_serves_single_metrics_and_sets(asked, monkeypatch):
    decoded = []
    real = video.decode
    monkeypatch.setattr(video, "decode", lambda path, *rest: decoded.append(path) or real(path, *rest))
    (task, *_) = plan(asked)
    assert [score.metric for score in work.perform(task).scores] == ["motion"]
    assert len(decoded) == 1


def test_what_a_disk_has_spoilt_is_seen_again(asked):
    run(asked, quiet)
    before = results(asked)
    for path in (asked.folder / "features").rglob("colour-*.safetensors"):
        path.write_bytes(path.read_bytes()[:40])
    run(asked, quiet)
    assert results(asked) == before


def test_an_interrupted_run_goes_on_and_ends_with_the_same_bytes(asked, monkeypatch, tmp_path):
    run(asked, quiet)
    cut = dataclasses.replace(asked, folder=tmp_path / "cut")
    real, count = Store.add, itertools.count()

    def interrupted(*arguments):
        if next(count) == 2:
            raise KeyboardInterrupt
        real(*arguments)

    monkeypatch.setattr(Store, "add", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(cut, quiet)
    monkeypatch.setattr(Store, "add", real)
    run(cut, quiet)
    assert results(cut) == results(asked)


def test_a_run_that_is_cut_before_its_sets_are_judged_judges_them_the_next_time(asked, monkeypatch, tmp_path):
    run(asked, quiet)
    cut = dataclasses.replace(asked, folder=tmp_path / "cut")
    real = Store.add_set

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Store, "add_set", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(cut, quiet)
    monkeypatch.setattr(Store, "add_set", real)
    run(cut, quiet)
    assert results(cut) == results(asked)


def test_one_changed_video_changes_all_terms(asked, spread, suite, tmp_path):
    before = of_set(run(asked, quiet), spread)
    video.write(asked.sources["tiny-3", 0], footage(16))
    after = of_set(run(asked, quiet), spread)
    assert all(before[name].value != after[name].value for name in before)
    fresh = dataclasses.replace(asked, folder=tmp_path / "fresh")
    run(fresh, quiet)
    assert results(fresh) == results(asked)


def test_a_set_that_changed_keeps_no_score_even_if_nobody_asks_for_it(asked, spread, suite):
    run(asked, quiet)
    video.write(asked.sources["tiny-3", 0], footage(16))
    run(dataclasses.replace(asked, metrics=("motion",)), quiet)
    kept = Store.existing(asked.folder, suite.name, suite.version).scores()
    assert {score.metric for score in kept} == {"motion"}


def test_a_smaller_set_leaves_no_score_of_the_larger(asked, spread, suite):
    run(asked, quiet)
    fewer = suite.model_copy(update={"storyboards": suite.storyboards[:3]})
    report = run(dataclasses.replace(asked, suite=fewer), quiet)
    kept = Store.existing(asked.folder, suite.name, suite.version).scores()
    assert sorted(score.storyboard for score in kept if score.metric == spread) == ["tiny-0", "tiny-1", "tiny-2"]
    assert {score.details[SET_SIZE] for score in of_set(report, spread).values()} == {3}
    whole = of_set(run(asked, quiet), spread)
    assert {score.details[SET_SIZE] for score in whole.values()} == {4}


def test_failures_are_failed_scores_and_the_others_are_judged_without_them(asked, spread):
    asked.sources["tiny-1", 0].write_text("a text")
    video.write(asked.sources["tiny-2", 0], footage(4))
    found = of_set(run(asked, quiet), spread)
    assert found["tiny-1"].reason == "tiny-1.mp4 cannot be decoded: Invalid data found when processing input."
    assert found["tiny-2"].reason == "it is too short."
    assert [found[name].status for name in sorted(found)] == ["ok", "failed", "failed", "ok"]
    assert found["tiny-0"].details[SET_SIZE] == 2


def test_too_few_videos_are_refused_with_the_reason(asked, spread):
    for number in range(3):
        asked.sources[f"tiny-{number}", 0].unlink()
    report = run(asked, quiet)
    last = of_set(report, spread)["tiny-3"]
    assert (last.status, last.value) == ("not_applicable", None)
    assert last.reason == "1 videos are too few to be judged as a set: 2 are needed."
    assert f"{spread} of mine, seed 0: {last.reason}" in scores_table(report.scores).notes


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("raise ZeroDivisionError('one / nothing')", "ZeroDivisionError: one / nothing"),
        (
            "return [Measured(float('nan')) for _ in videos]",
            "spread.py gave nan; a value must be a finite number, or None.",
        ),
    ],
)
def test_a_metric_that_fails_costs_nothing_else(asked, spread, body, said):
    Path(spread).write_text(SPREAD.replace("light = np", f"{body}\n        light = np"))
    report = run(asked, quiet)
    assert {score.status for score in of_set(report, spread).values()} == {"failed"}
    assert all(score.reason.endswith(said) for score in of_set(report, spread).values())
    assert {score.status for score in report.scores if score.metric == "motion"} == {"ok"}


def test_an_extractor_that_cannot_see_fails_the_set_and_says_why(asked, spread, monkeypatch):
    blind = SPREAD.replace(
        "class Spread",
        """from evalsuite.features import EXTRACTORS, Colour

class _Blind(Colour):
    def extract(self, clip):
        raise ZeroDivisionError("nothing to see")

EXTRACTORS["blind"] = _Blind

class Spread""",
    ).replace('("colour",)', '("colour", "blind")')
    Path(spread).write_text(blind)
    report = run(asked, quiet)
    assert {score.reason for score in of_set(report, spread).values()} == {"ZeroDivisionError: nothing to see"}
    assert {score.status for score in report.scores if score.metric == "motion"} == {"ok"}
    before = results(asked)
    monkeypatch.setattr("evalsuite.run.Execution", None)  # nothing is left for workers
    run(asked, quiet)
    assert results(asked) == before


def test_what_was_seen_of_a_video_is_seen_again_where_it_is_lost(asked, spread):
    run(asked, quiet)
    before = results(asked)
    lost = next(asked.folder.glob("features/*/*/colour-*.safetensors"))
    lost.unlink()
    run(asked, quiet)
    assert lost.is_file()
    assert results(asked) == before


def test_a_new_version_is_measured_from_what_was_seen(asked, spread, monkeypatch):
    run(asked, quiet)
    Path(spread).write_text(SPREAD.replace('version = "1"', 'version = "2"').replace("abs(one", "2 * abs(one"))
    monkeypatch.setattr("evalsuite.run.Execution", None)  # nothing is left for workers
    found = of_set(run(asked, quiet), spread)
    assert {score.metric_version for score in found.values()} == {"2"}


def test_a_metric_of_sets_that_keeps_the_contract_is_told_so(spread):
    assert contract.check_plugin(spread) == "spread.py: Spread keeps the contract of metrics."


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("for each in apart]", "for each in apart[1:]]", "gives 1 values for 2 videos"),
        ("Measured(float(each)", "Measured(float('inf')", "must be finite"),
        ("Measured(float(each)", "Measured(None", "no value and no reason"),
        ("< 1", "< 100", "finds a plain moving picture unfit: it is too short"),
        ('version = "1"', 'version = ""', "does not say its version"),
    ],
)
def test_what_breaks_the_contract_is_said(spread, old, new, said):
    Path(spread).write_text(SPREAD.replace(old, new))
    with pytest.raises(PluginError, match=said):
        contract.check_plugin(spread)

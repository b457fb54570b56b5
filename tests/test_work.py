"""One unit of work, done here and not in a worker: what it records when things go well, badly, and halfway."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from evalsuite import disk, features, video, work
from evalsuite.errors import PluginError, StoreError
from evalsuite.types import Clip, Effort, Measured, Suite, VideoSpec
from evalsuite.work import Task, perform
from tests.conftest import footage


@pytest.fixture
def task(suite: Suite, square: str, tmp_path: Path) -> Task:
    board = suite.storyboards[0]
    spec = VideoSpec(48, 32, 8.0)
    work._baseline.cache_clear()
    return Task(square, "square", "1", "tiny", "1", board, 0, spec, tmp_path / "out", ("motion",), True)


def changed(task: Task, **fields: object) -> Task:
    return Task(**{name: fields.get(name, getattr(task, name)) for name in Task.__slots__})


def test_a_video_its_score_and_what_they_cost(task):
    outcome = perform(task)
    assert outcome.video.status == "ok"
    assert outcome.video.path == "videos/square/tiny-0-s0.mp4"
    assert outcome.video.sha256 == disk.sha256(task.video_path)
    assert [(score.metric, score.status) for score in outcome.scores] == [("motion", "ok")]
    assert [timing.step for timing in outcome.timings] == ["generate", "score"]
    assert all(timing.seconds > 0 and timing.peak_megabytes > 1 for timing in outcome.timings)


def test_a_system_that_tells_no_peak_fails_no_video(monkeypatch, task):
    read = Path.read_text
    silent = {"/proc/self/status": "Name: python\nVmRSS: 9 kB\n"}
    monkeypatch.setattr(Path, "read_text", lambda path, *how: silent.get(str(path)) or read(path, *how))
    outcome = perform(task)
    assert outcome.video.status == "ok"
    assert all(timing.peak_megabytes > 1 for timing in outcome.timings)


def test_one_decoding_serves_all_metrics_and_the_next_time_none(task, monkeypatch):
    decoded: list[Path] = []
    real = video.decode
    monkeypatch.setattr(video, "decode", lambda path, *rest: decoded.append(path) or real(path, *rest))
    every = changed(task, metrics=("motion", "transitions", "drift"))
    first = perform(every)
    assert len(decoded) == 1
    again = perform(changed(every, generate=False))
    assert len(decoded) == 1
    assert again.scores == first.scores


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        (Measured(0.5, details={"x": float("nan")}), "nan in its details"),
        (Measured(0.5, series=((0.0, float("inf")),)), "inf in its series"),
        (Measured(0.5, coverage=float("nan")), "nan in its coverage"),
        (Measured(None, None), "None as its reason"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_kept_is_a_failed_score(task, measured, said):
    found = work.score_of(task, "motion", measured)
    assert found.status == "failed"
    assert said in found.reason


def test_counts_of_another_librarys_kind_are_numbers(task):
    record = work._with_effort(perform(task).video, Effort(np.int64(4), np.int64(9)))
    assert [type(count) for count in (record.steps, record.tokens)] == [int, int]


def test_a_metric_that_fails_does_not_cost_the_others(task, monkeypatch):
    class Broken:
        version, extractors = "1", ("colour",)

        def measure(self, *_: object) -> Measured:
            raise ZeroDivisionError("one / nothing")

    class Endless(Broken):
        def measure(self, *_: object) -> Measured:
            return Measured(float("inf"))

    found = {"motion": work.plugins.metric("motion"), "broken": Broken(), "endless": Endless()}
    monkeypatch.setattr(work.plugins, "metric", found.__getitem__)
    scores = {score.metric: score for score in perform(changed(task, metrics=tuple(found))).scores}
    assert scores["motion"].status == "ok"
    assert (scores["broken"].status, scores["broken"].value) == ("failed", None)
    assert scores["broken"].reason == "ZeroDivisionError: one / nothing"
    assert scores["endless"].reason == "endless gave inf; a value must be a finite number, or None."


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (0.5, "odd gave float; a metric must give Measured."),
        (None, "odd gave NoneType; a metric must give Measured."),
        (Measured("high"), "odd gave 'high'; a value must be a finite number, or None."),
        (Measured(0.5, details={"worst": "high"}), "odd gave 'high' in its details, whose numbers must be finite."),
    ],
)
def test_a_metric_that_gives_anything_else_fails_alone_and_says_why(task, monkeypatch, given, sentence):
    class Odd:
        version, extractors = "1", ("colour",)

        def measure(self, *_: object) -> object:
            return given

    found = {"motion": work.plugins.metric("motion"), "odd": Odd()}
    monkeypatch.setattr(work.plugins, "metric", found.__getitem__)
    scores = {score.metric: score for score in perform(changed(task, metrics=tuple(found))).scores}
    assert scores["motion"].status == "ok"
    assert (scores["odd"].status, scores["odd"].reason) == ("failed", sentence)


def test_numbers_of_numpy_are_kept_as_plain_ones(task, monkeypatch):
    class Exact:
        version, extractors = "1", ("colour",)

        def measure(self, *_: object) -> Measured:
            return Measured(np.float32(0.5), details={"n": np.int64(3)}, series=((np.float64(1), np.float32(2)),))

    monkeypatch.setattr(work.plugins, "metric", lambda _: Exact())
    (score,) = perform(changed(task, metrics=("exact",))).scores
    assert json.loads(json.dumps(dataclasses.asdict(score)))["details"] == {"n": 3}
    assert (score.value, score.series) == (0.5, ((1, 2),))


def test_an_extractor_that_cannot_see_fails_its_own_metrics_alone(task, monkeypatch):
    class Blind(features.Colour):
        def extract(self, clip: Clip) -> np.ndarray:
            raise PluginError("its weights are not there.")

    class Looking:
        version, extractors = "1", ("colour", "blind")

        def measure(self, *_: object) -> Measured:
            raise AssertionError("it must not be asked")

    class Unknown(Looking):
        extractors = ("nobody",)

    monkeypatch.setitem(features.EXTRACTORS, "blind", Blind)
    found = {"motion": work.plugins.metric("motion"), "looking": Looking(), "unknown": Unknown()}
    monkeypatch.setattr(work.plugins, "metric", found.__getitem__)
    outcome = perform(changed(task, metrics=tuple(found)))
    scores = {score.metric: score for score in outcome.scores}
    assert outcome.video.status == scores["motion"].status == "ok"
    assert [scores[name].status for name in ("looking", "unknown")] == ["failed", "failed"]
    assert scores["looking"].reason == "its weights are not there."
    assert "no extractor 'nobody'" in scores["unknown"].reason
    assert not list(task.folder.rglob("blind*"))


def test_what_is_not_asked_for_is_not_applicable_with_its_reason(task, monkeypatch):
    class Silent:
        version, extractors = "1", ("colour",)

        def measure(self, *_: object) -> Measured:
            return Measured(None, "the story has no cut.")

    monkeypatch.setattr(work.plugins, "metric", lambda _: Silent())
    (score,) = perform(task).scores
    assert (score.status, score.value, score.reason) == ("not_applicable", None, "the story has no cut.")


def test_a_system_may_hand_over_a_finished_file(task, tmp_path, monkeypatch):
    video.write(tmp_path / "theirs.mp4", footage(16))

    class Files:
        privileged = False

        def generate(self, *_: object) -> Path:
            return tmp_path / "theirs.mp4"

    monkeypatch.setattr(work, "_baseline", lambda _: Files())
    outcome = perform(task)
    assert outcome.video.sha256 == disk.sha256(tmp_path / "theirs.mp4")


def test_a_finished_file_that_is_not_there_fails_alone(task, tmp_path, monkeypatch):
    class Forgetful:
        privileged = False

        def generate(self, *_: object) -> Path:
            return tmp_path / "nowhere.mp4"

    monkeypatch.setattr(work, "_baseline", lambda _: Forgetful())
    outcome = perform(task)
    assert outcome.video.status == "failed"
    assert "nowhere.mp4" in outcome.video.reason
    assert "no such file" in outcome.video.reason


def test_generators_are_told_no_more_than_they_may_know(task, monkeypatch):
    given = []

    class Curious:
        def __init__(self, privileged: bool) -> None:
            self.privileged = privileged

        def generate(self, storyboard, seed, spec):
            given.append(storyboard)
            return footage(16)

    board = task.storyboard.model_copy(update={"world": "toon/1/dev/1/0"})
    for privileged in (False, True):
        monkeypatch.setattr(work, "_baseline", lambda _, who=privileged: Curious(who))
        perform(changed(task, storyboard=board))
    assert given == [board.told(), board]


def test_a_full_disk_stops_everything(task, monkeypatch):
    def full(*_: object) -> None:
        raise StoreError("the disk is full.")

    monkeypatch.setattr(video, "write", full)
    with pytest.raises(StoreError):
        perform(task)


def test_the_truth_lies_beside_the_video_and_in_no_feature(task):
    from evalsuite import suites

    board = suites.load("smoke", 1).storyboards[0]
    outcome = perform(changed(task, model="oracle", label="oracle", storyboard=board, spec=VideoSpec(96, 64, 8.0)))
    assert outcome.video.status == "ok"
    assert (task.folder / "truth" / "oracle" / "smoke-0000-s0.jsonl.gz").is_file()
    assert set(features.EXTRACTORS) >= {each.stem.rsplit("-", 1)[0] for each in task.folder.rglob("*.safetensors")}

"""Runs resume, record their failures, and give the same bytes however they were interrupted."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evalsuite import disk, suites, video
from evalsuite.errors import EvalsuiteError, PluginError, StoreError, UnknownPluginError
from evalsuite.run import FINISHED, Request, finished_videos, plan, run
from evalsuite.store import Store
from evalsuite.types import Suite
from tests.conftest import SQUARE, footage


def quiet(done: int, total: int, said: str) -> None:
    """Progress that nobody watches."""


def request(suite: Suite, folder: Path, *models: str, **changes: object) -> Request:
    plain = Request(suite, models, folder, suite.seeds, suite.metrics)
    return dataclasses.replace(plain, **changes)  # type: ignore[arg-type]


def results(folder: Path) -> bytes:
    return (folder / "results.jsonl").read_bytes()


def test_one_model_alone_is_a_run(suite, square, tmp_path):
    report = run(request(suite, tmp_path / "out", square), quiet)
    assert len(report.scores) == 8
    assert {score.status for score in report.scores} == {"ok"}
    assert not report.amiss
    assert (tmp_path / "out" / "videos" / "square" / "tiny-0-s0.mp4").is_file()
    provenance = json.loads((tmp_path / "out" / "provenance.jsonl").read_text())
    assert provenance["revisions"] == {"square": "1"}


def test_results_do_not_depend_on_the_number_of_workers(suite, square, tmp_path):
    for workers in (1, 3):
        run(request(suite, tmp_path / str(workers), square, workers=workers), quiet)
    assert results(tmp_path / "1") == results(tmp_path / "3")


def test_a_second_run_does_nothing_again(suite, square, tmp_path):
    asked = request(suite, tmp_path / "out", square)
    run(asked, quiet)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out" / "videos").rglob("*.mp4")}
    run(asked, quiet)
    assert before == {path: path.stat().st_mtime_ns for path in before}


def test_only_what_is_missing_is_made(suite, square, tmp_path):
    asked = request(suite, tmp_path / "out", square)
    run(asked, quiet)
    whole = results(tmp_path / "out")
    gone = tmp_path / "out" / "videos" / "square" / "tiny-2-s0.mp4"
    kept = (tmp_path / "out" / "videos" / "square" / "tiny-1-s0.mp4").stat().st_mtime_ns
    gone.unlink()
    run(asked, quiet)
    assert gone.is_file()
    assert (tmp_path / "out" / "videos" / "square" / "tiny-1-s0.mp4").stat().st_mtime_ns == kept
    assert results(tmp_path / "out") == whole


def test_seeds_are_videos_of_their_own(suite, square, tmp_path):
    report = run(request(suite, tmp_path / "out", square, seeds=(0, 1)), quiet)
    hashes = {disk.sha256(path) for path in (tmp_path / "out" / "videos" / "square").glob("tiny-0-*.mp4")}
    assert len(hashes) == 2
    assert len(report.scores) == 16


def test_a_failure_is_recorded_and_the_run_goes_on(suite, flaky, tmp_path):
    report = run(request(suite, tmp_path / "out", flaky), quiet)
    failed = [score for score in report.scores if score.status == "failed"]
    assert {score.storyboard for score in failed} == {"tiny-1", "tiny-3"}
    assert all(score.value is None and score.reason == "RuntimeError: out of ideas" for score in failed)
    assert len(report.scores) == 8
    assert report.amiss


def test_failures_are_tried_again_when_asked(suite, flaky, tmp_path):
    asked = request(suite, tmp_path / "out", flaky)
    run(asked, quiet)
    Path(flaky).write_text(Path(flaky).read_text().replace("% 2", "% 9 == 8"))
    assert run(asked, quiet).amiss
    assert not run(dataclasses.replace(asked, overwrite="failed"), quiet).amiss


def test_a_new_revision_retires_the_old_videos(suite, square, tmp_path):
    asked = request(suite, tmp_path / "out", square)
    run(asked, quiet)
    before = _sums(tmp_path / "out")
    Path(square).write_text(_changed(square))
    report = run(asked, quiet)
    assert {score.revision for score in report.scores} == {"2"}
    assert not before & _sums(tmp_path / "out")


def test_what_is_only_measured_stays_of_the_revision_that_made_it(suite, square, tmp_path):
    asked = request(suite, tmp_path / "out", square, metrics=("motion",))
    run(asked, quiet)
    before = _sums(tmp_path / "out")
    Path(square).write_text(_changed(square))
    measured = run(dataclasses.replace(asked, generate=False, metrics=("motion", "drift")), quiet)
    assert {(score.revision, score.status) for score in measured.scores} == {("1", "ok")}
    assert _sums(tmp_path / "out") == before
    assert {score.revision for score in run(asked, quiet).scores} == {"2"}
    assert not before & _sums(tmp_path / "out")


def test_a_video_that_cannot_be_made_again_keeps_nothing_of_the_one_before(suite, square, tmp_path):
    asked = request(suite, tmp_path / "out", square, metrics=("motion", "transitions"))
    run(asked, quiet)
    Path(square).write_text(_changed(square).replace("def frames():", "def frames():\n            raise ValueError", 1))
    run(dataclasses.replace(asked, metrics=("motion",)), quiet)
    measured = run(dataclasses.replace(asked, generate=False, metrics=("motion", "transitions", "drift")), quiet)
    assert {(score.revision, score.status) for score in measured.scores} == {("2", "failed")}
    assert {video.status for video in measured.videos} == {"failed"}
    assert _sums(tmp_path / "out") == set()


def _changed(square: str) -> str:
    """The system of another revision, which draws in another colour."""
    text = Path(square).read_text().replace('revision = "1"', 'revision = "2"')
    return text.replace("(220, 60, 40)", "(40, 60, 220)")


def _sums(folder: Path) -> set[str]:
    return {disk.sha256(path) for path in (folder / "videos" / "square").glob("*.mp4")}


def test_the_halves_give_what_the_whole_gives(suite, square, tmp_path):
    run(request(suite, tmp_path / "whole", square), quiet)
    asked = request(suite, tmp_path / "halves", square)
    run(dataclasses.replace(asked, metrics=()), quiet)
    run(dataclasses.replace(asked, generate=False), quiet)
    assert results(tmp_path / "halves") == results(tmp_path / "whole")


def test_scoring_what_was_never_generated_is_a_recorded_failure_that_a_run_makes_good(suite, square, tmp_path):
    asked = request(suite, tmp_path / "out", square, generate=False)
    report = run(asked, quiet)
    assert {score.reason for score in report.scores} == {"there is no video yet; `evalsuite run` makes it."}
    assert {score.status for score in report.scores} == {"failed"}
    made = run(dataclasses.replace(asked, generate=True), quiet)
    assert {score.status for score in made.scores} == {"ok"}


def test_finished_videos_do_not_take_the_name_of_a_system_that_was_run(suite, square, tmp_path):
    run(request(suite, tmp_path / "out", square), quiet)
    before = results(tmp_path / "out")
    theirs = {(f"tiny-{n}", 0): tmp_path / "theirs" / f"tiny-{n}.mp4" for n in range(4)}
    with pytest.raises(StoreError, match="holds videos that square made here"):
        run(request(suite, tmp_path / "out", "square", sources=theirs), quiet)
    assert results(tmp_path / "out") == before


def test_a_system_does_not_take_the_name_of_finished_videos(suite, square, tmp_path):
    theirs = finished(tmp_path / "theirs", {f"tiny-{number}.mp4": 96 for number in range(4)})
    sources = {(f"tiny-{number}", 0): theirs / f"tiny-{number}.mp4" for number in range(4)}
    run(request(suite, tmp_path / "out", "square", sources=sources), quiet)
    before = results(tmp_path / "out")
    with pytest.raises(StoreError, match="finished videos under the name square"):
        run(request(suite, tmp_path / "out", square), quiet)
    assert results(tmp_path / "out") == before


PLUGIN = """
from evalsuite.interfaces import Baseline


class Bad(Baseline):
    summary = "bad"
    {body}

    def generate(self, storyboard, seed, spec):
        raise NotImplementedError
"""


FAILS = """:
        raise RuntimeError("no card")"""


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('revision = "1"\n\n    def __init__(self)' + FAILS, "cannot be made: RuntimeError: no card"),
        ("", "bad has no revision"),
        ('revision = "1"\n\n    def check(self)' + FAILS, "cannot be used: RuntimeError: no card"),
        ("@property\n    def revision(self)" + FAILS, "cannot be used: RuntimeError: no card"),
    ],
)
def test_a_plugin_that_fails_before_any_video_is_a_sentence(suite, tmp_path, body, said):
    (tmp_path / "bad.py").write_text(PLUGIN.format(body=body))
    with pytest.raises(PluginError, match=said):
        run(request(suite, tmp_path / "out", str(tmp_path / "bad.py")), quiet)


def test_metrics_see_neither_the_truth_nor_its_absence(tmp_path):
    toon = suites.load("smoke", 1)
    asked = Request(toon, ("oracle",), tmp_path / "out", toon.seeds, toon.metrics)
    run(asked, quiet)
    before = results(tmp_path / "out")
    assert list((tmp_path / "out" / "truth").rglob("*.jsonl.gz"))
    for folder in ("truth", "features"):
        shutil.rmtree(tmp_path / "out" / folder)
    (tmp_path / "out" / "run.db").unlink()
    run(dataclasses.replace(asked, generate=False), quiet)
    assert results(tmp_path / "out") == before
    assert not (tmp_path / "out" / "truth").exists()


def finished(folder: Path, names: dict[str, int]) -> Path:
    for name, frames in names.items():
        video.write(folder / name, footage(frames))
    return folder


def test_finished_videos_are_measured_where_they_lie(suite, tmp_path):
    folder = finished(tmp_path / "theirs", {f"tiny-{n}.mp4": 16 for n in range(4)})
    asked = request(suite, tmp_path / "out", "mine", sources=finished_videos(folder, suite, (0,)))
    report = run(asked, quiet)
    assert {score.revision for score in report.scores} == {FINISHED}
    assert {score.status for score in report.scores} == {"ok"}
    assert not (tmp_path / "out" / "videos").exists()


def test_a_finished_video_that_changed_is_measured_again(suite, tmp_path):
    folder = finished(tmp_path / "theirs", {f"tiny-{n}.mp4": 16 for n in range(4)})
    asked = request(suite, tmp_path / "out", "mine", sources=finished_videos(folder, suite, (0,)))
    run(asked, quiet)
    video.write(folder / "tiny-1.mp4", footage(4))
    (short,) = {score.reason for score in run(asked, quiet).scores if score.storyboard == "tiny-1"}
    assert short == "the video lasts 0.50 s of the storyboard's 2.00 s."


def test_a_finished_video_that_was_away_is_measured_again(suite, tmp_path):
    folder = finished(tmp_path / "theirs", {f"tiny-{n}.mp4": 16 for n in range(4)})
    asked = request(suite, tmp_path / "out", "mine", sources=finished_videos(folder, suite, (0,)))
    before = run(asked, quiet).scores
    (folder / "tiny-1.mp4").rename(tmp_path / "away.mp4")
    assert {score.reason for score in run(asked, quiet).scores} == {"", "there is no file tiny-1.mp4."}
    (tmp_path / "away.mp4").rename(folder / "tiny-1.mp4")
    assert run(asked, quiet).scores == before


def test_missing_and_damaged_videos_are_failures_with_reasons(suite, tmp_path):
    folder = finished(tmp_path / "theirs", {"tiny-0.mp4": 16})
    (folder / "tiny-1.mp4").touch()
    (folder / "tiny-2.mp4").write_text("a text")
    asked = request(suite, tmp_path / "out", "mine", sources=finished_videos(folder, suite, (0,)))
    reasons = {score.storyboard: score.reason for score in run(asked, quiet).scores}
    assert reasons == {
        "tiny-0": "",
        "tiny-1": "tiny-1.mp4 is empty.",
        "tiny-2": "tiny-2.mp4 cannot be decoded: Invalid data found when processing input.",
        "tiny-3": "there is no file tiny-3.mp4.",
    }


def test_a_manifest_allows_any_names(suite, tmp_path):
    folder = finished(tmp_path / "theirs", {"some/clip 7.mp4": 16})
    (folder / "manifest.csv").write_text("storyboard,file,seed\ntiny-2,some/clip 7.mp4,3\n")
    found = finished_videos(folder, suite, (3,))
    assert found.pop(("tiny-2", 3)) == folder / "some/clip 7.mp4"
    assert found == {(f"tiny-{n}", 3): folder / f"tiny-{n}.mp4" for n in (0, 1, 3)}


def test_a_manifest_may_begin_as_spreadsheets_write_it_and_names_each_video_once(suite, tmp_path):
    folder = finished(tmp_path / "theirs", {"a.mp4": 16})
    (folder / "manifest.csv").write_bytes(b"\xef\xbb\xbfstoryboard,file\ntiny-0,a.mp4\n")
    assert finished_videos(folder, suite, (0,))["tiny-0", 0] == folder / "a.mp4"
    (folder / "manifest.csv").write_text("storyboard,file\ntiny-0,a.mp4\ntiny-0,b.mp4\n")
    with pytest.raises(StoreError, match="names 2 files for the storyboard 'tiny-0' and seed 0"):
        finished_videos(folder, suite, (0,))


@pytest.mark.parametrize(
    "text",
    [
        b"a,b\n1,2\n",
        b"",
        b"storyboard,file,seed\ntiny-0,x.mp4,one\n",
        b"storyboard,file\ntiny-0\n",
        b"storyboard,file\n\xe9,a\n",
    ],
)
def test_a_wrong_manifest_is_a_sentence(suite, tmp_path, text):
    (tmp_path / "manifest.csv").write_bytes(text)
    with pytest.raises(StoreError, match=r"manifest\.csv"):
        finished_videos(tmp_path, suite, (0,))


def test_wrong_names_are_said_before_anything_is_made(suite, square, tmp_path):
    for asked in (
        request(suite, tmp_path / "out", "oracel"),
        request(suite, tmp_path / "out", square, metrics=("moton",)),
    ):
        with pytest.raises(UnknownPluginError, match="did you mean"):
            plan(asked)
    assert not (tmp_path / "out" / "videos").exists()


def test_without_their_weights_systems_and_metrics_are_refused_before_anything_is_made(suite, tmp_path, monkeypatch):
    out = tmp_path / "out"
    with pytest.raises(EvalsuiteError, match=r"not there yet: `evalsuite train ttt --seed 99` makes it"):
        plan(request(suite, out, "oracle", "ttt:seed-99"))
    assert plan(
        request(suite, out, "ttt:seed-99", generate=False)
    )  # to measure videos takes no weights of what made them
    monkeypatch.setattr("evalsuite.metrics._toon_id.WEIGHTS", tmp_path / "toon_id.safetensors")
    with pytest.raises(EvalsuiteError, match=r"the weights toon_id\.safetensors are not in"):
        plan(request(suite, out, "oracle", metrics=("identity",)))
    assert not out.exists()


def test_two_files_of_one_name_are_refused(suite, square, tmp_path):
    (tmp_path / "b").mkdir()
    twin = shutil.copy(square, tmp_path / "b" / "square.py")
    with pytest.raises(PluginError, match="would both be called 'square'"):
        plan(request(suite, tmp_path / "out", square, str(twin)))


HELD = """
import signal, sys, time
from pathlib import Path
from evalsuite import suites
from evalsuite.baselines.noise import Noise
from evalsuite.run import Request, run
from evalsuite.types import Footage

class Held(Noise):
    '''Makes three videos, and half of a fourth one while there is a file called hold.'''

    def generate(self, storyboard, seed, spec):
        footage = super().generate(storyboard, seed, spec)
        def frames():
            for number, frame in enumerate(footage.frames):
                while number == 12 and storyboard.id[-1] > "2" and (Path(__file__).parent / "hold").exists():
                    time.sleep(0.02)
                yield frame
        return Footage(frames(), footage.fps)

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background has its children ignore it
    suite = suites.load("three_second", 8)
    run(Request(suite, (__file__,), Path(sys.argv[1]), (0,), ("motion",), workers=2), lambda *said: None)
"""


def start(tmp_path: Path, out: Path, hold: bool = False) -> subprocess.Popen[bytes]:
    script = tmp_path / "held.py"
    script.write_text(HELD)
    (tmp_path / "hold").unlink(missing_ok=True)
    if hold:
        (tmp_path / "hold").touch()
    return subprocess.Popen([sys.executable, str(script), str(out)], start_new_session=True)


def held(tmp_path: Path, out: Path) -> subprocess.Popen[bytes]:
    """A run that has made three videos and is in the middle of others."""
    victim = start(tmp_path, out, hold=True)

    def in_the_middle() -> bool:
        return len(list(out.glob("videos/held/[!.]*.mp4"))) == 3 and any(out.rglob("*partial*"))

    wait_for(in_the_middle, victim)
    assert in_the_middle()
    assert victim.poll() is None
    return victim


def wait_for(condition: object, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while not condition() and process.poll() is None and time.monotonic() < until:  # type: ignore[operator]
        time.sleep(0.02)


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(tmp_path):
    assert start(tmp_path, tmp_path / "whole").wait(120) == 0
    victim = held(tmp_path, tmp_path / "cut")
    os.killpg(victim.pid, signal.SIGKILL)
    victim.wait()
    assert not (tmp_path / "cut" / "results.jsonl").exists()
    assert start(tmp_path, tmp_path / "cut").wait(120) == 0
    assert results(tmp_path / "cut") == results(tmp_path / "whole")
    names = [sorted(p.name for p in (tmp_path / each / "videos" / "held").iterdir()) for each in ("cut", "whole")]
    assert names[0] == names[1]


def test_an_interrupted_run_leaves_nothing_half_written(tmp_path):
    victim = held(tmp_path, tmp_path / "cut")
    os.killpg(victim.pid, signal.SIGINT)
    assert victim.wait(60) != 0
    assert not list((tmp_path / "cut").rglob("*partial*"))


def test_two_shells_share_one_folder(tmp_path):
    shells = [start(tmp_path, tmp_path / "out") for _ in range(2)]
    assert [shell.wait(120) for shell in shells] == [0, 0]
    store = Store.existing(tmp_path / "out", "three_second", _version())
    assert len(store.scores()) == 8
    made = [timing for timing in store.timings() if timing.step == "generate"]
    assert len(made) == 8


def _version() -> str:
    return suites.load("three_second", 1).version


ENDING = """
import os, signal, sys
from evalsuite.interfaces import Baseline

class Ending(Baseline):
    summary = "ends the process that it runs in"
    revision = "1"

    def generate(self, storyboard, seed, spec):
        {}
"""


@pytest.mark.parametrize(
    ("how", "said"),
    [("os.kill(os.getpid(), signal.SIGKILL)", "the worker process died"), ("sys.exit(0)", "it called sys.exit")],
)
def test_a_system_that_ends_its_process_is_a_recorded_failure(suite, square, tmp_path, how, said):
    (tmp_path / "ending.py").write_text(ENDING.format(how))
    report = run(request(suite, tmp_path / "out", str(tmp_path / "ending.py"), square, workers=2), quiet)
    ended = [score for score in report.scores if score.model == "ending"]
    assert len(ended) == 8
    assert all(said in score.reason for score in ended)
    assert all(score.status == "ok" for score in report.scores if score.model == "square")


def test_another_storyboard_of_the_same_name_is_refused_and_nothing_lost(suite, square, tmp_path):
    run(request(suite, tmp_path / "out", square), quiet)
    before = results(tmp_path / "out")
    told = tuple(board.model_copy(update={"segments": board.segments[:1]}) for board in suite.storyboards)
    with pytest.raises(StoreError, match=r"another storyboard that was called 'tiny-0'; raise the version"):
        run(request(suite.model_copy(update={"storyboards": told}), tmp_path / "out", square), quiet)
    assert results(tmp_path / "out") == before


def test_videos_of_another_size_or_rate_are_not_mixed_in(suite, square, tmp_path):
    run(request(suite, tmp_path / "out", square), quiet)
    before = results(tmp_path / "out")
    slower = suite.model_copy(update={"fps": suite.fps / 2})
    with pytest.raises(StoreError, match=r"frames a second are asked for; raise the version of the suite"):
        run(request(slower, tmp_path / "out", square), quiet)
    assert results(tmp_path / "out") == before


def test_what_was_measured_of_videos_that_are_gone_stands(suite, square, tmp_path):
    asked = request(suite, tmp_path / "out", square, metrics=("motion",))
    run(asked, quiet)
    shutil.rmtree(tmp_path / "out" / "videos")
    report = run(dataclasses.replace(asked, generate=False, metrics=("motion", "drift")), quiet)
    assert {(score.metric, score.status) for score in report.scores} == {("motion", "ok"), ("drift", "failed")}
    assert {video.status for video in report.videos} == {"ok"}


def test_a_failed_video_that_is_made_again_is_measured_by_all(suite, tmp_path):
    path = tmp_path / "recovering.py"
    path.write_text(SQUARE.replace("def frames():", "def frames():\n            if not GOOD: raise ValueError", 1))
    path.write_text("GOOD = False\n" + path.read_text())
    asked = request(suite, tmp_path / "out", str(path), metrics=("motion",))
    assert {score.status for score in run(asked, quiet).scores} == {"failed"}
    path.write_text(path.read_text().replace("GOOD = False", "GOOD = True"))
    report = run(dataclasses.replace(asked, metrics=("motion", "drift")), quiet)
    assert [score.status for score in report.scores] == ["ok"] * 8


def test_each_seed_has_its_own_finished_video(suite, tmp_path):
    folder = finished(tmp_path / "theirs", {"tiny-0.mp4": 16, "tiny-1-s1.mp4": 16})
    alone = finished_videos(folder, suite, (1,))
    assert [alone[f"tiny-{n}", 1].name for n in (0, 1)] == ["tiny-0.mp4", "tiny-1-s1.mp4"]
    several = finished_videos(folder, suite, (0, 1))
    assert several["tiny-0", 0].name == "tiny-0-s0.mp4"
    video.write(folder / "tiny-1.mp4", footage(4))
    with pytest.raises(StoreError, match=r"holds both tiny-1\.mp4 and tiny-1-s1\.mp4"):
        finished_videos(folder, suite, (1,))
    with pytest.raises(StoreError, match=r"holds none of the 4 videos that are asked for, such as tiny-0\.mp4"):
        finished_videos(tmp_path, suite, (0,))

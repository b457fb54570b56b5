"""The command line, as a person uses it: what is printed where, which exit code, and never a traceback."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from evalsuite import suites, video
from evalsuite.cli import _exit_code
from evalsuite.interfaces import Training
from evalsuite.learning.sums import enlist
from tests.conftest import footage


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def said(capsys, *arguments: str) -> tuple[int, str, str]:
    code = _exit_code(arguments)
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return code, out, err


def test_a_run_prints_a_table_and_rank_ranks_it(capsys):
    run = ("run", "--model", "oracle", "--model", "noise", "--suite", "smoke", "--workers", "1")
    code, out, _ = said(capsys, *run)
    assert code == 0
    assert "oracle" in out
    assert "noise" in out
    code, out, _ = said(capsys, "rank", "--suite", "smoke", "--format", "json")
    assert code == 0
    table = json.loads(out)
    models = [row["model"] for row in table["rows"]] if isinstance(table["rows"][0], dict) else table["rows"]
    assert "oracle" in str(models[0])
    lines = (
        "from evalsuite.leaderboards import bradley_terry",
        "print('I am here')",
        "class Loud(bradley_terry.BradleyTerry): ...",
    )
    Path("loud.py").write_text("\n".join(lines))
    code, out, err = said(capsys, "rank", "--suite", "smoke", "--by", "./loud.py", "--format", "json")
    assert (code, json.loads(out)["rows"], "I am here" in err) == (0, table["rows"], True)
    code, out, _ = said(capsys, "rank", "--suite", "smoke", "--scores", "--format", "csv")
    assert code == 0
    assert out.startswith("model,alignment,alignment low,alignment high,drift")
    for form in ("text", "md", "csv", "latex"):
        code, out, _ = said(capsys, "rank", "--suite", "smoke", "--format", form)
        assert code == 0
        assert "noise" in out
    chosen = ("--model", "noise", "--limit", "1", "--scores", "--format", "json")
    code, out, _ = said(capsys, "rank", "--suite", "smoke", *chosen)
    (row,) = json.loads(out)["rows"]
    assert (row["model"], row["storyboards"]) == ("noise", 1)
    code, out, _ = said(
        capsys, "rank", "--suite", "smoke", "--skip", "1", "--limit", "1", "--videos", "--format", "csv"
    )
    assert code == 0
    assert {row["storyboard"] for row in csv.DictReader(out.splitlines())} == {"smoke-0001"}
    code, out, _ = said(capsys, "rank", "--suite", "smoke", "--videos", "--format", "csv")
    assert set(suites.load("smoke").metrics) <= set(out.splitlines()[0].split(","))
    Path("videos.csv").write_text(out)
    code, again, _ = said(capsys, "rank", "--suite", "smoke", "--videos", "--format", "csv", "--with", "videos.csv")
    assert (code, again) == (0, out)
    Path("runs").rename("elsewhere")
    code, again, _ = said(capsys, "rank", "--suite", "smoke", "--videos", "--format", "csv", "--with", "videos.csv")
    assert (code, again) == (0, out)
    for options, said_so in (
        (["--scores", "--videos"], "give one of them"),
        (["--with", "videos.csv", "--out", "runs"], "there are no results in runs"),
        (["--with", "none.csv"], "none.csv cannot be read"),
    ):
        code, out, err = said(capsys, "rank", "--suite", "smoke", *options)
        assert (code != 0, out) == (True, "")
        assert said_so in err
    Path("elsewhere").rename("runs")
    code, out, err = said(capsys, "rank", "--suite", "smoke", "--model", "ttt")
    assert (code, out) == (1, "")
    assert "there are no scores of ttt; there are some of noise, oracle." in err


def test_json_is_all_that_stdout_holds(capsys):
    asked = ("--model", "noise", "--suite", "smoke", "--limit", "1", "--metric", "motion", "--metric", "drift")
    code, out, _ = said(capsys, "run", *asked, "--json")
    scores = json.loads(out)
    assert code == 0
    assert {"model", "storyboard", "seed", "metric", "value", "status", "reason"} <= scores[0].keys()
    assert {score["metric"] for score in scores} == {"motion", "drift"}


def test_finished_videos_are_scored_and_failures_end_in_one(capsys, tmp_path):
    folder = tmp_path / "theirs"
    video.write(folder / "smoke-0000.mp4", footage(72))
    asked = ("--model", "mine", "--suite", "smoke", "--metric", "motion", "--json")
    code, out, err = said(capsys, "score", str(folder), *asked)
    scores = json.loads(out)
    assert code == 1
    assert {score["status"] for score in scores if score["storyboard"] == "smoke-0001"} == {"failed"}
    assert "smoke-0001" in err


def test_many_missing_videos_are_not_all_named(capsys, tmp_path):
    folder = tmp_path / "theirs"
    video.write(folder / "dev-0000.mp4", footage(8))
    asked = ("--model", "mine", "--suite", "dev", "--limit", "13", "--metric", "motion")
    code, _, err = said(capsys, "score", str(folder), *asked)
    assert code == 1
    missing = [line for line in err.splitlines() if "there is no file" in line]
    assert len(missing) == 2 * 10  # while it goes on, and at its end
    assert "mine: 3 more such lines; see runs/dev/results.jsonl." in err  # two more missing, and one that is short


def test_the_halves(capsys):
    asked = ("--model", "noise", "--suite", "smoke", "--limit", "1")
    assert said(capsys, "generate", *asked)[0] == 0
    assert said(capsys, "score", *asked, "--metric", "motion")[0] == 0


def test_show_prints_and_draws(capsys, tmp_path):
    code, out, err = said(capsys, "show", "smoke/smoke-0000")
    assert code == 0
    assert "0 - 3 s" in out
    assert (tmp_path / "smoke-0000.png").stat().st_size > 10_000
    assert "strip drawn" in err


def test_show_adds_a_row_for_each_system_or_says_that_it_has_no_video(capsys):
    boards = ("--suite", "smoke", "--limit", "1")
    assert said(capsys, "generate", "--model", "oracle", "--model", "noise", *boards)[0] == 0
    rows = ("show", "smoke/smoke-0000", "--model", "oracle", "--model", "noise", "--picture", "rows.png")
    assert said(capsys, *rows)[0] == 0
    picture = cv2.imread("rows.png").astype(float)
    world, oracle, noise = (picture[start + 18 : start + 114] for start in (0, 118, 236))
    assert np.abs(world - oracle).mean() < 10  # what encoding takes
    assert np.abs(world - noise).mean() > 50
    code, _, err = said(capsys, "show", "smoke/smoke-0001", "--model", "oracle", "--picture", "none.png")
    assert (code, Path("none.png").exists()) == (2, False)
    assert "oracle" in err


def test_export_check_and_import_go_round(capsys, tmp_path):
    for form, name in (("own", "a.json"), ("ttt", "b.jsonl")):
        assert said(capsys, "export", "smoke", name, "--format", form)[0] == 0
        code, out, _ = said(capsys, "check", name)
        assert code == 0
        assert "2 storyboards, 6 segments, 18 s" in out
    assert said(capsys, "export", "smoke/smoke-0001", "c.txt")[0] == 0
    assert len((tmp_path / "c.txt").read_text().split("\n\n")) == 3


def test_a_picture_that_was_asked_for_and_cannot_be_drawn_is_said(capsys, tmp_path):
    (tmp_path / "a.txt").write_text("A fox walks.")
    assert said(capsys, "show", "a.txt")[0] == 0
    code, _, err = said(capsys, "show", "a.txt", "--picture", "a.png")
    assert code == 2
    assert "a is of no world that can draw it" in err


def test_check_takes_suites(capsys, tmp_path):
    suite = (Path(str(suites.FOLDER)) / "smoke.toml").read_text()
    (tmp_path / "mine.toml").write_text(suite)
    for name in ("mine.toml", "smoke"):
        code, out, _ = said(capsys, "check", name)
        assert code == 0
        assert f"{name}: 2 storyboards" in out
    (tmp_path / "mine.toml").write_text(suite.replace('"motion", ', "", 1))
    code, _, err = said(capsys, "check", "mine.toml")
    assert code == 2
    assert "has motion, which is not among its metrics" in err
    (tmp_path / "mine.toml").write_text(suite.replace("motion", "emotion"))
    code, _, err = said(capsys, "check", "mine.toml")
    assert code == 2
    assert "there is no 'emotion' among the metrics: did you mean motion?" in err


def test_a_folder_without_a_name_is_refused(capsys):
    code, _, err = said(capsys, "run", "--model", "still", "--suite", "smoke", "--out", "")
    assert code == 2
    assert "it is empty; name a folder." in err


def test_what_a_system_prints_is_no_result(capfd, square):
    text = Path(square).read_text().replace("def generate(", 'print("imported")\n\n    def generate(')
    Path(square).write_text(text.replace("def frames():", 'print("made")\n\n        def frames():', 1))
    asked = ("--model", square, "--suite", "smoke", "--limit", "1", "--metric", "motion", "--json")
    code, out, err = said(capfd, "run", *asked)
    assert code == 0
    assert json.loads(out)[0]["metric"] == "motion"
    assert "made" in err


def test_list_and_doctor(capsys):
    code, out, _ = said(capsys, "list")
    assert code == 0
    for name in ("one_minute", "oracle", "motion", "bradley-terry"):
        assert name in out
    code, out, _ = said(capsys, "list", "suites", "--long")
    assert "100 storyboards of 63 s" in out
    code, out, _ = said(capsys, "doctor")
    assert code == 0
    assert "torch" in out
    assert "libx264" in out
    assert "toon_clip/open_clip_model.safetensors (5.1 MB)" in out


def test_doctor_knows_weights_that_are_not_what_they_were(capsys, monkeypatch, tmp_path):
    folder = tmp_path / "weights"
    folder.mkdir()
    for name in ("right", "altered", "lost"):
        (folder / name).write_text(name)
        enlist(folder / name)
    (folder / "altered").write_text("another")
    (folder / "lost").unlink()
    monkeypatch.setattr("evalsuite.catalogue.files", lambda _: tmp_path)
    out = said(capsys, "doctor")[1]
    assert "right (0.0 MB)" in out
    assert "altered (not as listed: install evalsuite anew)" in out
    assert "lost (missing: install evalsuite anew)" in out


def test_check_takes_plugins_too(capsys, square):
    code, out, _ = said(capsys, "check", square)
    assert (code, out) == (0, "square.py: Square keeps the contract of baselines.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "--model", "oracel", "--suite", "smoke"], "did you mean oracle?"),
        (["run", "--model", "oracle", "--suite", "smok"], "did you mean 'smoke'"),
        (["run", "--model", "oracle", "--suite", "smoke", "--metric", "moton"], "did you mean motion?"),
        (["run", "--model", "../x", "--suite", "smoke"], "cannot be a plugin"),
        (["run", "--suite", "smoke"], "--model"),
        (["rank", "--suite", "smoke", "--out", "none"], "there are no results in none"),
        (["score", "none", "--model", "mine", "--suite", "smoke"], "there is no folder none"),
        (["show", "smoke/none"], "no storyboard 'none'"),
        (["check", "none.json"], "No such file"),
        (["rnu"], "Did you mean 'run'?"),
    ],
)
def test_a_mistake_is_a_sentence_and_a_code(capsys, tmp_path, arguments, sentence):
    code, out, err = said(capsys, *arguments)
    assert code in (1, 2)
    assert out == ""
    assert sentence in err
    assert not list(tmp_path.rglob("*.mp4"))


def test_a_read_only_folder_is_a_sentence(capsys, tmp_path):
    (tmp_path / "out").write_text("a file, not a folder")
    code, _, err = said(capsys, "run", "--model", "noise", "--suite", "smoke", "--out", "out")
    assert code == 1
    assert "cannot be used" in err


def test_an_id_never_leaves_the_run_folder(capsys, tmp_path):
    (tmp_path / "x.json").write_text('{"id": "../../x", "title": "x", "segments": [{"text": "a"}]}')
    code, _, err = said(capsys, "check", "x.json")
    assert code == 2
    assert "x.json: id: String should match pattern" in err


def test_ctrl_c_ends_with_130_and_a_sentence(capsys, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("evalsuite.run.execute", interrupted)
    code, _, err = said(capsys, "run", "--model", "noise", "--suite", "smoke")
    assert code == 130
    assert "the same command again" in err or "the same command goes on" in err


def test_help_shows_every_verb_and_imports_nothing_heavy():
    code = (
        "import sys; from evalsuite.cli import _exit_code; _exit_code(['--help']);"
        "print(sorted({'torch', 'numpy', 'scipy', 'cv2', 'pydantic.main', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    for verb in ("run", "generate", "score", "rank", "show", "check", "export", "list", "doctor"):
        assert f"\n  {verb} " in done.stdout
    assert done.stdout.strip().splitlines()[-1] == "[]"


def test_what_has_nothing_to_train_says_so(capsys, tmp_path):
    code, out, err = said(capsys, "train", "noise", "--folder", str(tmp_path / "training"))
    assert (code, out) == (2, "")
    assert err == "evalsuite: Noise has nothing to train.\n"
    assert not (tmp_path / "training").exists()


def test_a_training_starts_from_one_place(capsys):
    code, out, err = said(capsys, "train", "ttt", "--from-nothing", "--further")
    assert (code, out) == (2, "")
    assert "give one of them" in err


def test_a_rate_is_between_nothing_and_one(capsys):
    code, out, err = said(capsys, "train", "ttt", "--rate", "2")
    assert (code, out) == (2, "")
    assert "--rate 2 is none" in err


def test_a_system_is_trained_and_says_what_it_wrote(capsys, tmp_path, monkeypatch):
    def train(self, training):
        assert training == Training(tmp_path, from_nothing=True, smoke=True, seed=3, rate=0.002)
        return [tmp_path / "weights" / "noise.safetensors"]

    monkeypatch.setattr("evalsuite.baselines.noise.Noise.train", train)
    options = ("--folder", str(tmp_path), "--from-nothing", "--smoke", "--seed", "3", "--rate", "0.002")
    code, out, err = said(capsys, "train", "noise", *options)
    assert (code, out, err) == (0, "", f"written: {tmp_path}/weights/noise.safetensors\n")


def test_the_long_list_tells_the_memory_of_generators(capsys):
    _, out, _ = said(capsys, "list", "baselines", "--long")
    lines = out.splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("ttt-linear "))
    assert lines[place + 1].split() == [
        "memory:",
        "12,480",
        "numbers",
        "in",
        "each",
        "of",
        "3",
        "layers,",
        "after",
        "63",
        "s",
    ]


def test_the_module_runs_too():
    done = subprocess.run(
        [sys.executable, "-m", "evalsuite", "list", "metrics"], capture_output=True, text=True, check=True
    )
    assert {"drift", "identity", "motion", "transitions"} <= set(done.stdout.split())


def test_the_readme_shows_the_help_as_it_is(capsys):
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    _, out, _ = said(capsys, "--help")
    assert out.strip() in readme


def test_a_terminal_without_a_letter_shows_its_number(tmp_path):
    file = tmp_path / "snow.txt"
    file.write_text("Hattie builds a \N{SNOWMAN}.", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "evalsuite", "show", str(file)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert r"Hattie builds a \u2603." in done.stdout

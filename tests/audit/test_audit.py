"""A whole audit in tiny, as a person runs it: it goes on after a kill, and catches a metric that a freeze wins."""

from __future__ import annotations

import json
from contextlib import contextmanager

import pytest
from evalsuite.baselines import harmless

from evalsuite import progress
from evalsuite.audit import plan
from evalsuite.cli import INTERRUPTED, _exit_code

SUITE = """
name = "dev"
version = "1"
profile = "toon"
fps = 8
width = 48
height = 32
seeds = [0]
metrics = ["motion"]
[axes."motion naturalness"]
motion = 1
[storyboards]
world = "toon"
segments = 2
count = 2
"""
CALM = '''
"""The less it moves, the better: a frozen video wins."""
import numpy as np
from evalsuite.interfaces import Metric
from evalsuite.types import Measured

class Calm(Metric):
    summary = "does not move"
    version = "1"
    higher_is_better = True
    extractors = ("thumbnails",)
    failures = ("jitter",)

    def measure(self, features, storyboard):
        return Measured(float(np.exp(-np.abs(np.diff(features["thumbnails"].array, axis=0)).mean())))
'''


@pytest.fixture
def asked(tmp_path, square, monkeypatch):
    """What is typed; the harmless changes are few here, to be quick."""
    monkeypatch.setattr(plan, "HARMLESS", ("reencode",))
    (tmp_path / "tiny.toml").write_text(SUITE)
    (tmp_path / "calm.py").write_text(CALM)
    metrics = ["--metric", "motion", "--metric", str(tmp_path / "calm.py"), "--damage", "freeze"]
    sources = ["--source", "oracle", "--source", square]
    places = ["--suite", str(tmp_path / "tiny.toml"), "--out", str(tmp_path / "out"), "--workers", "1"]
    return ["audit", *metrics, *sources, *places]


@contextmanager
def _impatient(what):
    def advance(done, total, said):
        if "measured" in what and done == 5:
            raise KeyboardInterrupt

    yield advance


def test_a_killed_audit_goes_on_and_a_gamed_metric_is_caught(asked, tmp_path, capsys, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(progress, "shown", _impatient)
        assert _exit_code(asked) == INTERRUPTED
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.mp4")}
    assert not (tmp_path / "out" / "audit.json").exists()
    capsys.readouterr()
    assert _exit_code([*asked, "--json"]) == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    found = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert found == json.loads(capsys.readouterr().out)
    assert (tmp_path / "out" / "audit.png").stat().st_size > 10_000
    motion, calm = found["metrics"]
    of_calm = [said for said in calm["missed"] if "raises it" in said]
    assert any(said.startswith("square:freeze@1 raises it by") for said in of_calm)
    assert any(said.startswith("degraded:freeze@1 raises it by") for said in of_calm)
    assert not [said for said in motion["missed"] if "degraded" in said and "raises it" in said]
    oracle, square = motion["accounts"]
    (freeze,) = oracle["damages"]
    assert [step["auc"]["value"] for step in freeze["steps"]][-1] == 1
    assert freeze["order"]["value"] > 0.5
    assert {len(square["tricks"]), square["tricks"][0]["kind"]} == {6, "reencode"}
    frozen = [each for each in found["axes"] if each["version"].endswith("freeze@1")]
    assert {(each["source"], each["axis"], each["wins"]["value"]) for each in frozen} == {
        ("oracle", "motion naturalness", 0.0),
        ("square", "motion naturalness", 0.0),
    }
    told = (tmp_path / "out" / "audit.md").read_text()
    assert "| motion | freeze |" in told
    assert "### square: tricks on each axis" in told
    assert json.loads((tmp_path / "out" / "status.json").read_text())["metrics"]["motion"]["status"] == "experimental"


def test_every_harmless_change_is_tried():
    assert {change.partition("@")[0] for change in plan.HARMLESS} == set(harmless.KINDS)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--metric", "moton"], "did you mean motion?"),
        (["--damage", "frieze"], "did you mean freeze?"),
        (["--source", "noise"], "noise is a control"),
        (["--source", "oracel"], "did you mean oracle?"),
        (["--source", "no/such/folder"], "cannot be a plugin"),
    ],
)
def test_a_mistake_is_a_sentence(capsys, tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    assert _exit_code(["audit", "--suite", "smoke", *arguments]) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())

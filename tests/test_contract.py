"""Every plugin that ships keeps its contract, and the contract tells the broken ones apart."""

from __future__ import annotations

import pytest

from evalsuite import contract, plugins
from evalsuite.errors import EvalsuiteError, PluginError, StoryboardError, WeightsError
from evalsuite.interfaces import Metric, SetMetric

ARGUMENTS = {"degraded": "degraded:vanish@0.5", "harmless": "harmless:fps"}

WITHOUT_PUBLIC_WEIGHTS = {
    "arcface",
    "clipsim",
    "subject-identity",
    "vbench-background-consistency",
    "vbench-dynamic-degree",
    "vbench-subject-consistency",
}
"""Metrics that look through public networks; tests/metrics gives them some."""


@pytest.mark.parametrize("name", plugins.names("baselines"))
def test_every_system_keeps_the_contract(name):
    contract.check_baseline(plugins.baseline(ARGUMENTS.get(name, name)))


@pytest.mark.parametrize("name", sorted(set(plugins.names("metrics")) - WITHOUT_PUBLIC_WEIGHTS - {"cd-fvd", "judge"}))
def test_every_metric_keeps_the_contract(name):
    contract.check_metric(plugins.metric(name))


@pytest.mark.parametrize("name", sorted(WITHOUT_PUBLIC_WEIGHTS))
def test_metrics_without_public_weights_say_so(name, weights_folder):
    with pytest.raises(WeightsError, match="evalsuite weights pull"):
        contract.check_metric(plugins.metric(name))


@pytest.mark.parametrize("name", plugins.names("leaderboards"))
def test_every_leaderboard_keeps_the_contract(name):
    contract.check_leaderboard(plugins.leaderboard(name))


def test_a_file_that_keeps_it_is_told_so(square):
    assert contract.check_plugin(square) == "square.py: Square keeps the contract of baselines."


def test_a_control_needs_a_world():
    board = contract.STORYBOARD.told()
    with pytest.raises(StoryboardError, match="cartoon world"):
        plugins.baseline("oracle").generate(board, 0, contract.SPEC)


BASELINE = """
import numpy as np
from evalsuite.interfaces import Baseline
from evalsuite.types import Footage

class Mine(Baseline):
    summary = "mine"
    revision = "1"
    made = 0

    def generate(self, storyboard, seed, spec):
        {body}
"""
METRIC = """
from evalsuite.interfaces import Metric, SetMetric
from evalsuite.types import Measured

class Mine(Metric):
    summary = "mine"
    version = "1"
    higher_is_better = True
    extractors = ("colour",)
    bounds = (0.0, 1.0)
    calls = 0

    def measure(self, features, storyboard):
        {body}
"""


@pytest.mark.parametrize(
    ("text", "body", "reason"),
    [
        (BASELINE, "return Footage([np.full((4, 4, 3), np.random.randint(255), np.uint8)] * 48, 8)", "differ"),
        (
            BASELINE,
            "return Footage([np.zeros((4, 4, 3), np.uint8)] * 8, 8)",
            r"lasts 1\.00 s, and the storyboard 6\.00 s",
        ),
        (BASELINE, "return [1, 2]", "must give Footage or a Path"),
        (BASELINE, "return Footage([np.zeros((4, 4, 3), np.uint8)] * 48, 0)", "0 frames a second"),
        (BASELINE, "return Footage([[1, 2]] * 48, 8)", "frame 0 is list; frames must be arrays"),
        (BASELINE, "return Footage(7, 8)", "fails on a tiny story: TypeError: 'int' object is not iterable"),
        (BASELINE, "raise SystemExit('no card')", "fails on a tiny story: SystemExit: no card"),
        (METRIC, "return 0.5", "gives float; a metric must give Measured"),
        (METRIC, "features['colour'].array[:] = 0; return Measured(0.5)", "ValueError: .* read-only"),
        (METRIC, "return features['depth']", "KeyError: 'depth'"),
        (METRIC, "return Measured(float('nan'))", "depends on how|finite"),
        (METRIC, "return Measured(None)", "no value and no reason"),
        (METRIC, "return Measured(7.5)", r"gives 7\.5 .* bounds are 0\.0 and 1\.0"),
        (METRIC, "Mine.calls += 0.1; return Measured(Mine.calls)", "depends on how frames are handed over"),
    ],
)
def test_what_breaks_it_is_said(tmp_path, text, body, reason):
    (tmp_path / "mine.py").write_text(text.format(body=body))
    with pytest.raises(EvalsuiteError, match=reason):
        contract.check_plugin(str(tmp_path / "mine.py"))


def test_what_says_nothing_of_itself_breaks_it(tmp_path):
    (tmp_path / "mine.py").write_text(METRIC.replace('summary = "mine"', "").format(body="return Measured(1.0)"))
    with pytest.raises(PluginError, match="does not say its summary"):
        contract.check_plugin(str(tmp_path / "mine.py"))


def test_a_file_without_a_plugin_is_said_to_be_none(tmp_path):
    (tmp_path / "none.py").write_text("x = 1\n")
    with pytest.raises(PluginError, match="holds no plugin"):
        contract.check_plugin(str(tmp_path / "none.py"))


def test_a_file_that_ends_the_program_is_a_sentence(tmp_path):
    (tmp_path / "none.py").write_text("import sys\nsys.exit('bye')\n")
    with pytest.raises(PluginError, match="cannot be imported: SystemExit: bye"):
        contract.check_plugin(str(tmp_path / "none.py"))


def test_metrics_are_metrics():
    assert all(issubclass(found, Metric | SetMetric) for _, found in plugins.loaded("metrics"))

"""Plugins are found by name or path, lazily, and a broken one stops nobody else."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from evalsuite import plugins
from evalsuite.errors import PluginError, UnknownPluginError
from evalsuite.interfaces import Baseline, Metric


def test_names_are_file_names_and_private_files_are_none():
    assert {"noise", "oracle", "still"} <= set(plugins.names("baselines"))
    assert plugins.names("leaderboards") == ["bradley-terry"]
    assert not any(name.startswith("_") for role in plugins.ROLES for name in plugins.names(role))


def test_listing_names_imports_no_plugin_and_nothing_heavy():
    code = (
        "import sys; from evalsuite import plugins; [plugins.names(role) for role in plugins.ROLES];"
        "heavy = {'torch', 'scipy', 'cv2', 'skia', 'pandas', 'matplotlib', 'evalsuite.baselines.noise'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_plugins_are_loaded_without_torch():
    code = (
        "import sys; from evalsuite import plugins; [list(plugins.loaded(role)) for role in plugins.ROLES];"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_every_built_in_plugin_loads_and_says_what_it_is():
    for role in plugins.ROLES:
        for name, found in plugins.loaded(role):
            assert not isinstance(found, PluginError), (name, found)
            assert found.summary


def test_an_argument_follows_a_colon():
    spelled = plugins.spelling("degraded:blur@0.4")
    assert (spelled.name, spelled.argument, spelled.label) == ("degraded", "blur@0.4", "degraded:blur@0.4")


def test_results_are_kept_under_one_spelling():
    assert plugins.canonical("temporal_fvd:i3d") == plugins.canonical("temporal-fvd:i3d") == "temporal-fvd:i3d"
    assert plugins.canonical("my/own_metric.py") == "my/own_metric.py"


def test_a_metrics_argument_may_name_a_file_of_weights():
    assert plugins.canonical("alignment:/My CLIPs/ViT-B-32@a.pt") == "alignment:/My CLIPs/ViT-B-32@a.pt"
    assert plugins.canonical("vbench_dino") == "vbench-dino"
    for bad in ("alignment:", "alignment:a|b", "a/b:c", "alignment:" + "y" * 401):
        with pytest.raises(PluginError):
            plugins.canonical(bad)


@pytest.mark.parametrize("bad", ["", "../x", "a/b", ".x", "x:", "a b", "a..b", "x:a|b", "x" + ":" + "y" * 401])
def test_a_spelling_cannot_become_a_path(bad):
    with pytest.raises(PluginError):
        plugins.spelling(bad)


@pytest.mark.parametrize("name", ["CogVideoX-5B", "Wan2.1", "LTX-Video:13b@0.9.7"])
def test_a_system_has_its_own_name(name):
    assert plugins.spelling(name).label == name


@pytest.mark.parametrize("argument", ["../weights", "/ckpts/my model", "a/b", "..", "/", "~/x.safetensors", "y" * 300])
def test_an_argument_may_be_a_path_and_a_label_is_none(argument):
    label = plugins.spelling(f"x:{argument}").label
    assert re.fullmatch(r"x:[A-Za-z0-9._-]{8,80}", label)
    assert label not in {plugins.spelling(f"x:{other}{argument}").label for other in "ab"}


def test_a_wrong_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownPluginError, match="did you mean oracle"):
        plugins.baseline("oracel")


def test_a_file_is_a_plugin(square):
    system = plugins.baseline(square)
    assert isinstance(system, Baseline)
    assert plugins.spelling(square).label == "square"


def test_an_argument_that_is_not_taken_is_a_sentence(square):
    with pytest.raises(PluginError, match="cannot be made"):
        plugins.baseline(f"{square}:fast")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("import nothing_of_that_name", "cannot be imported: ModuleNotFoundError"),
        ("def broken(:", "cannot be imported: SyntaxError"),
        ("x = 1", "exactly one public class for baselines; found none"),
    ],
)
def test_a_broken_file_is_a_sentence(tmp_path, text, reason):
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(PluginError, match=reason):
        plugins.baseline(str(tmp_path / "bad.py"))


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(UnknownPluginError, match="there is no file"):
        plugins.baseline(str(tmp_path / "none.py"))


def test_an_installed_package_brings_plugins_by_entry_point(monkeypatch):
    points = (
        EntryPoint("theirs", "evalsuite.baselines.noise:Noise", "evalsuite.baselines"),
        EntryPoint("wrong", "evalsuite.types:Clip", "evalsuite.baselines"),
        EntryPoint("gone", "no_such_package:Model", "evalsuite.baselines"),
    )
    monkeypatch.setattr(plugins, "_points", lambda role: points if role == "baselines" else ())
    assert isinstance(plugins.baseline("theirs"), Baseline)
    found = dict(plugins.loaded("baselines"))
    assert isinstance(found["gone"], PluginError)
    assert isinstance(found["wrong"], PluginError)
    assert not isinstance(found["oracle"], PluginError)


def test_metrics_load_by_name():
    assert isinstance(plugins.metric("motion"), Metric)


def test_plugin_folders_land_inside_the_package():
    import evalsuite.metrics

    assert (Path(evalsuite.metrics.__path__[0]) / "motion.py").is_file()

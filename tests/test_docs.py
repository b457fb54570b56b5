"""What the documents show works as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from evalsuite.baselines.models.files import SHIPPED
from evalsuite.baselines.models.weights import load_base, save_layers
from evalsuite.metrics._backbone import Backbone

from evalsuite import backbones, contract, plugins, suites
from evalsuite.features import EXTRACTORS
from evalsuite.run import finished_videos

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.parametrize("name", ["adding-a-baseline", "adding-a-metric"])
def test_the_complete_file_keeps_its_contract(tmp_path, name):
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / f"{name}.md").read_text(), flags=re.S)
    (tmp_path / "mine.py").write_text(code)
    assert "keeps the contract" in contract.check_plugin(str(tmp_path / "mine.py"))


def test_the_complete_sequence_layer_keeps_its_contract_once_it_has_weights(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "adding-a-sequence-layer.md").read_text(), flags=re.S)
    path = tmp_path / "pooling.py"
    path.write_text(code)
    _, plugin = plugins.load_file(path)
    model, _ = load_base(SHIPPED, plugin.make_layer)
    save_layers(tmp_path / "pooling.safetensors", model, SHIPPED)
    assert "keeps the contract" in contract.check_plugin(str(path))


def test_the_sequence_layer_of_the_docs_is_a_weighted_mean_of_what_came_before(tmp_path):
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "adding-a-sequence-layer.md").read_text(), flags=re.S)
    (tmp_path / "pooling.py").write_text(code)
    _, plugin = plugins.load_file(tmp_path / "pooling.py")
    layer = plugin.make_layer(16, 2)
    tokens = torch.randn(1, 7, 16)
    weights, values = layer.score(tokens)[0].exp(), layer.value(tokens)[0].unflatten(-1, (2, 8))
    means = [(weights[: t + 1, :, None] * values[: t + 1]).sum(0) / weights[: t + 1].sum(0)[:, None] for t in range(7)]
    expected = layer.leave(torch.stack(means).flatten(1) * layer.gate(tokens)[0].sigmoid())
    assert torch.allclose(layer(tokens, (torch.ones(7, 4), torch.zeros(7, 4)))[0], expected, atol=1e-5)


def test_the_example_of_a_training_loop_judges_every_video_anew_at_each_step(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "training-loop.md").read_text(), flags=re.S)
    torch.manual_seed(0)
    exec(compile(code, "training-loop.md", "exec"), {})
    said = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [(step, name) for step, name, *_ in said] == [(s, m) for s in "01" for m in ("motion", "transitions")]
    assert all(0 <= float(value) < 0.5 and counts == ["2", "0"] for _, _, value, *counts in said)


def test_the_examples_of_files_are_read(tmp_path):
    page = (DOCS / "files.md").read_text()
    for name, language in (("stories.json", "json"), ("mine.toml", "toml"), ("manifest.csv", "text")):
        (example,) = re.findall(rf"```{language}\n(.*?)```", page, flags=re.S)
        (tmp_path / name).write_text(example)
    suite = suites.load(str(tmp_path / "mine.toml"))
    assert [board.id for board in suite.storyboards] == ["market"]
    assert suite.axes["temporal consistency"] == {"transitions": 1, "drift": 1}
    (tmp_path / "b.webm").touch()
    found = finished_videos(tmp_path, suites.load("one_minute", 3), (0,))
    assert [path.name for path in found.values()] == ["a.mp4", "b.webm", "one_minute-0002.mp4"]


def test_links_lead_somewhere():
    for page in (DOCS.parent / "README.md", DOCS.parent / "CONTRIBUTING.md", *DOCS.glob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), (page.name, target)


def test_natural_video_names_all_public_weights_and_what_looks_through_them():
    rows = re.findall(r"^\| (`.*?) \|", (DOCS / "natural.md").read_text(), flags=re.M)
    named = {name for row in rows for name in re.findall(r"`(.*?)`", row)}
    list(plugins.loaded("metrics"))
    looking = {name for name, each in EXTRACTORS.items() if issubclass(each, Backbone)} - {"toon-clip"}  # is shipped
    assert looking <= {name.partition(":")[0] for name in named}
    assert {name for name in backbones.known() if "@" not in name} <= named

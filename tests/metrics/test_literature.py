"""Columns as the literature computes them, against the published formulas written out, and through tiny networks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from evalsuite.metrics._dino import VBENCH as DINO
from evalsuite.metrics._open_clip import NAME as CLIP
from evalsuite.metrics._open_clip import OPENAI
from evalsuite.metrics._open_clip import VBENCH as VBENCH_CLIP
from torchvision.models.optical_flow import raft_small

from evalsuite import backbones, contract, plugins, suites, video
from evalsuite.errors import VideoError
from evalsuite.features import extract
from evalsuite.interfaces import Metric
from evalsuite.run import Request, finished_videos, plan
from evalsuite.types import Clip, Features, Footage, Segment, Storyboard, VideoSpec
from evalsuite.work import Task, perform
from tests.metrics.backbone_files import dino_state, hand_over, pickled, put_clip

BOARD = Storyboard(
    id="walk", title="A walk", segments=(Segment(text="A fox.", seconds=1), Segment(text="A frog.", seconds=1))
)
METRICS = (
    "vbench-subject-consistency",
    "vbench-background-consistency",
    "vbench-temporal-flickering",
    "vbench-dynamic-degree",
    "clipsim",
)


def measured(name: str, extractor: str, array: np.ndarray, rate: float = 8.0) -> float:
    metric = plugins.metric(name)
    assert isinstance(metric, Metric)
    seen = Features(extractor, "1", array.astype(np.float32), np.arange(len(array)) / rate)
    value = metric.measure({extractor: seen}, BOARD).value
    assert value is not None
    return value


def cosine(left: np.ndarray, right: np.ndarray) -> float:
    return float(left @ right / np.sqrt(left @ left) / np.sqrt(right @ right))


@pytest.mark.parametrize(("name", "extractor"), [
    ("vbench-subject-consistency", DINO),
    ("vbench-background-consistency", VBENCH_CLIP),
])  # fmt: skip
def test_consistency_is_the_published_sum(name, extractor):
    rows = np.random.default_rng(1).normal(0.3, 1, (9, 4))
    total = 0.0
    for i in range(1, 9):
        total += 0.5 * (max(0.0, cosine(rows[i - 1], rows[i])) + max(0.0, cosine(rows[0], rows[i])))
    assert any(cosine(rows[0], row) < 0 for row in rows)
    assert measured(name, extractor, rows) == pytest.approx(total / 8, abs=1e-6)
    assert measured(name, extractor, np.tile(rows[:1], (5, 1))) == pytest.approx(1, abs=1e-6)
    with pytest.raises(VideoError, match="one frame"):
        measured(name, extractor, rows[:1])


def test_flickering_is_the_published_difference():
    frames = np.random.default_rng(2).integers(0, 256, (7, 20, 30, 3), dtype=np.uint8)
    clips = [Clip(frames[:3], np.arange(3) / 8), Clip(frames[3:], np.arange(3, 7) / 8)]
    found = plugins.metric("vbench-temporal-flickering").measure(extract(clips, ["pixel-change"]), BOARD).value
    differences = [np.mean(np.abs(frames[i].astype(float) - frames[i + 1].astype(float))) for i in range(6)]
    assert found == pytest.approx((255 - np.mean(differences)) / 255, abs=1e-7)
    assert measured("vbench-temporal-flickering", "pixel-change", np.zeros((4, 1))) == 1


@pytest.mark.parametrize("size", [(128, 192), (300, 200)])
@pytest.mark.parametrize("frames", [9, 16, 33])
def test_what_moves_is_decided_as_published(size, frames):
    threshold = 6 * min(size) / 256
    needed = round(4 * (frames / 16.0))
    for fast in (needed - 1, needed):
        speed = np.full(frames - 1, 0.98 * threshold)
        speed[:fast] = 1.02 * threshold
        rows = np.column_stack([speed, np.full(frames - 1, size[0]), np.full(frames - 1, size[1])])
        assert measured("vbench-dynamic-degree", "raft", rows) == float(fast >= needed)


def test_clipsim_is_the_mean_cosine_with_the_text_of_its_time(weights_folder, tmp_path, monkeypatch):
    from evalsuite.metrics.models.open_clip import load_clip

    put_clip(monkeypatch, tmp_path)
    clip = load_clip(OPENAI, backbones.revision(OPENAI))
    texts = clip.texts([segment.text for segment in BOARD.segments]).double().numpy()
    rows = np.random.default_rng(3).normal(size=(6, texts.shape[1]))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    expected = [cosine(rows[i], texts[i // 2]) for i in range(4)]  # the last second is beyond the story
    assert measured("clipsim", CLIP, rows, rate=2.0) == pytest.approx(np.mean(expected), abs=1e-5)


def put_raft(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """A small, random and hasty RAFT where its authors' is looked for."""
    torch.manual_seed(0)
    monkeypatch.setattr("evalsuite.metrics.models.raft.UPDATES", 2)
    hand_over(monkeypatch, pickled(folder / "raft.pth", raft_small().state_dict()), "raft-things")


@pytest.fixture
def task(weights_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], Task]:
    """All columns of a video of 1 s, whose weights are there but for DINO's."""
    put_clip(monkeypatch, tmp_path)
    put_raft(monkeypatch, tmp_path)

    def made(moving: bool) -> Task:
        ground = np.random.default_rng(0).integers(0, 256, (8, 8, 3), dtype=np.uint8).repeat(16, 0).repeat(16, 1)
        frames = [np.roll(ground, 4 * index * moving, axis=1) for index in range(8)]
        path = tmp_path / f"{moving}.mp4"
        video.write(path, Footage(frames, 8.0))
        spec = VideoSpec(128, 128, 8.0)
        return Task("m", "m", "1", "s", "1", BOARD, 0, spec, tmp_path / "out", METRICS, False, path)

    return made


def test_a_frozen_video_has_the_golden_values(task, tmp_path, monkeypatch):
    hand_over(monkeypatch, pickled(tmp_path / "dino.pth", dino_state()), "dino-vitb16")
    frozen, moving = ({score.metric: score for score in perform(task(moves)).scores} for moves in (False, True))
    assert {score.status for score in (*frozen.values(), *moving.values())} == {"ok"}
    for name in METRICS[:3]:
        assert frozen[name].value == pytest.approx(1, abs=2e-3)
        assert moving[name].value < frozen[name].value - 1e-3
    assert len(frozen["vbench-dynamic-degree"].series) == 7
    assert frozen["clipsim"].coverage == 0.5


def test_missing_weights_fail_their_own_column_and_say_what_to_do(task):
    scores = {score.metric: score for score in perform(task(True)).scores}
    missing = scores.pop("vbench-subject-consistency")
    assert (missing.status, missing.value) == ("failed", None)
    assert "evalsuite weights pull dino-vitb16" in missing.reason
    assert {score.status for score in scores.values()} == {"ok"}


def test_columns_keep_the_contract(weights_folder, tmp_path, monkeypatch):
    put_clip(monkeypatch, tmp_path)
    hand_over(monkeypatch, pickled(tmp_path / "dino.pth", dino_state()), "dino-vitb16")
    put_raft(monkeypatch, tmp_path)
    monkeypatch.setattr(contract, "SPEC", VideoSpec(128, 128, 8.0))
    for name in METRICS:
        contract.check_metric(plugins.metric(name))


def test_the_example_of_the_docs_is_measured(weights_folder, tmp_path, monkeypatch):
    put_clip(monkeypatch, tmp_path)
    hand_over(monkeypatch, pickled(tmp_path / "dino.pth", dino_state()), "dino-vitb16")
    put_raft(monkeypatch, tmp_path)
    suite = suites.load(str(Path(__file__).parents[2] / "docs" / "natural" / "suite.toml"), limit=1)
    ground = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3), dtype=np.uint8).repeat(16, 1).repeat(16, 2)
    frames = [np.roll(ground[index // 16], 2 * index, axis=1) for index in range(32)]
    (tmp_path / "mine").mkdir()
    video.write(tmp_path / "mine" / "market.mp4", Footage(frames, 8.0))
    sources = finished_videos(tmp_path / "mine", suite, suite.seeds)
    request = Request(suite, ("mine",), tmp_path / "out", suite.seeds, suite.metrics, sources=sources)
    (task,) = plan(request)
    scores = {score.metric: score for score in perform(task).scores}
    assert set(scores) == set(suite.metrics)
    assert {score.status for score in scores.values()} == {"ok"}
    assert scores["transitions"].value == 1
    assert scores["clipsim"].coverage == 1

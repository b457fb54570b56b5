"""Training on a tiny world of its own: it learns, it can be interrupted, and it ends in files that run."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from evalsuite.baselines._models.generator import Generator
from evalsuite.baselines._train.data import Filmed, as_video, clip, render, shelved
from evalsuite.baselines._train.latents import Told
from evalsuite.baselines._train.loop import fit
from evalsuite.baselines._train.recipe import RECIPES, Schedule, Shelf, Stage
from evalsuite.baselines._train.train import train
from evalsuite.baselines._train.train_transformer import draw_stretches

from evalsuite.types import Storyboard, VideoSpec

SMOKE = RECIPES["ttt"].smoke()


class Line(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.zeros(3, 3))


def line_loss(model, killed_at=None):
    calls = []

    def loss(luck):
        calls.append(1)
        if len(calls) == killed_at:
            raise KeyboardInterrupt
        x = torch.randn(16, 3, generator=luck)
        return (x @ model.weight - 2 * x).square().mean()

    return loss


SCHEDULE = Schedule(steps=200, batch=1, rate=0.05, warm_up=10, weight_decay=0.0, averaging=0.9)


def test_the_loop_finds_a_known_answer_and_writes_its_curve(tmp_path):
    model = Line()
    average = fit(model, SCHEDULE, line_loss(model), tmp_path / "line.pt", seed=0)
    assert torch.allclose(average.weight, 2 * torch.eye(3), atol=0.02)
    rows = (tmp_path / "line.csv").read_text().splitlines()
    assert rows[0] == "step,loss,seconds"
    assert float(rows[-1].split(",")[1]) < 0.01 * float(rows[1].split(",")[1])


def test_an_interrupted_run_ends_as_an_undisturbed_one(tmp_path, monkeypatch):
    monkeypatch.setattr("evalsuite.baselines._train.loop._SECONDS_BETWEEN_CHECKPOINTS", 0.0)
    undisturbed, killed, resumed = Line(), Line(), Line()
    expected = fit(undisturbed, SCHEDULE, line_loss(undisturbed), tmp_path / "a.pt", seed=0)
    with pytest.raises(KeyboardInterrupt):
        fit(killed, SCHEDULE, line_loss(killed, killed_at=90), tmp_path / "b.pt", seed=0)
    found = fit(resumed, SCHEDULE, line_loss(resumed), tmp_path / "b.pt", seed=0)
    assert torch.equal(found.weight, expected.weight)
    assert torch.equal(resumed.weight, undisturbed.weight)


def test_a_shelf_is_rendered_once_and_tells_no_look(tmp_path):
    shelf = Shelf(segments=1, episodes=1, held_out=1)
    render(tmp_path, shelf)
    (film,) = shelved(tmp_path, "train", 1)
    before = film.path.stat().st_mtime_ns
    render(tmp_path, shelf)
    assert film.path.stat().st_mtime_ns == before
    assert film.frames.shape == (24, 64, 96, 4)
    assert set(np.unique(film.frames[..., 3])) == {0, 255}
    told = json.loads(film.path.with_suffix(".json").read_text())
    assert told["world"] is None
    assert all(entity["description"] == "" for entity in told["entities"])


def test_clips_show_their_first_frame_twice(tmp_path):
    film = np.random.default_rng(0).integers(0, 256, (12, 4, 6, 4), dtype=np.uint8)
    np.save(tmp_path / "0.npy", film)
    part = clip(Filmed(tmp_path / "0.npy"), 4, 8)
    assert np.array_equal(part, film[[4, *range(4, 12)]])
    video, marks = as_video(part)
    assert video.shape == (9, 3, 4, 6)
    assert np.allclose((video[3, 1].numpy() + 1) * 127.5, part[3, ..., 1])
    assert np.allclose(marks[3, 0].numpy() * 255, part[3, ..., 3])


def test_stretches_keep_latents_and_words_together():
    latents = torch.arange(4 * 19).view(4, 19, 1, 1, 1).half()
    words = torch.arange(4 * 3).view(4, 3, 1)
    told = Told(latents, [["a", "b", "c"]] * 4)
    drawn, numbers = draw_stretches([(told, words)], Stage(2, replace(SCHEDULE, batch=50)), torch.Generator())
    assert drawn.shape == (50, 13, 1, 1, 1)
    first, word = drawn[:, 0, 0, 0, 0].long(), numbers[:, 0, 0]
    assert torch.equal(first // 19, word // 3)
    assert torch.equal((first % 19) // 6, word % 3)
    assert set((first % 19).tolist()) == {0, 6}


def test_a_smoke_run_learns_and_ends_in_weights_that_make_frames(tmp_path):
    weights = train("ttt", tmp_path, smoke=True)
    losses = [float(line.split(",")[1]) for line in (tmp_path / "base.csv").read_text().splitlines()[1:]]
    assert losses[-1] < losses[0]
    assert (tmp_path / "loss.png").exists()
    board = Storyboard(id="s", title="s", segments=({"text": "The red fox."}, {"text": "It waves."}))
    frames = list(Generator("ttt", weights).film(board, 0, VideoSpec(96, 64, 8.0)).frames)
    assert len(frames) == 48

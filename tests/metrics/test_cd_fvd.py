"""The distance that cd-fvd tells, on rows whose truth is known, against the formula as it is written."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import torch

from evalsuite import features, plugins
from evalsuite.errors import PluginError
from evalsuite.interfaces import Extractor, Sampling
from evalsuite.learning.weights import save
from evalsuite.types import Clip, Features, Segment, Storyboard

DIMENSIONS = 5


class Excerpt(Extractor):
    """Stands for VideoMAE; nobody looks through it here."""

    version = "7"
    dimensions = DIMENSIONS
    sampling = Sampling(every=3.0, frames=16, seconds=2.0)

    def extract(self, clip: Clip) -> np.ndarray:
        raise NotImplementedError


@pytest.fixture
def real(tmp_path, monkeypatch) -> np.ndarray:
    """One excerpt each of 50 real videos; five-dimensional, with some covariance."""
    list(plugins.loaded("metrics"))
    monkeypatch.setitem(features.EXTRACTORS, "videomae", Excerpt)
    monkeypatch.setenv("EVALSUITE_REFERENCES", str(tmp_path))
    luck = np.random.default_rng(0)
    rows = luck.normal(size=(50, 1, DIMENSIONS)) @ luck.normal(size=(DIMENSIONS, DIMENSIONS))
    tensors = {"videomae/1": torch.from_numpy(rows[:30]), "videomae-long/1": torch.from_numpy(rows)}
    tensors["videomae/3"] = torch.from_numpy(np.repeat(rows[30:], 3, axis=1))
    save(tmp_path / "videomae_reference.safetensors", tensors, {"videomae": "7", "videomae-long": "7"})
    return rows[:, 0].astype(np.float16).astype(np.float64)


def judged(rows: np.ndarray):
    videos = [{"videomae": Features("videomae", "7", each[None].astype(np.float32), np.zeros(1))} for each in rows]
    board = Storyboard(id="s", title="s", segments=(Segment(text="It goes on."),))
    boards = [board.model_copy(update={"id": f"s{number}"}) for number in range(len(rows))]
    return plugins.metric("cd-fvd").measure_set(videos, boards)


def by_square_root(one: np.ndarray, other: np.ndarray) -> float:
    a, b = np.cov(one.T, ddof=0), np.cov(other.T, ddof=0)
    return np.square(one.mean(0) - other.mean(0)).sum() + np.trace(a + b - 2 * scipy.linalg.sqrtm(a @ b).real)


def test_the_number_is_the_formula_with_covariances_over_n(real):
    rows = np.random.default_rng(1).normal(size=(20, DIMENSIONS)).astype(np.float32).astype(float) + 0.5
    found = judged(rows)
    expected = by_square_root(rows, real)
    assert np.mean([each.value for each in found]) == pytest.approx(expected, rel=1e-6)
    assert [each.details["frechet"] for each in found] == pytest.approx([expected] * 20, rel=1e-6)


def test_the_spread_of_terms_is_the_jackknifes_error(real):
    rows = np.random.default_rng(1).normal(size=(20, DIMENSIONS)).astype(np.float32).astype(float)
    terms = np.array([each.value for each in judged(rows)])
    without = np.array([by_square_root(np.delete(rows, one, axis=0), real) for one in range(20)])
    error = np.sqrt(19 / 20 * np.square(without - without.mean()).sum())
    assert terms.std(ddof=1) / np.sqrt(20) == pytest.approx(error, rel=1e-5)


def test_one_excerpt_of_each_video_is_drawn_and_always_the_same(real):
    rows = np.random.default_rng(2).normal(size=(12, 4, DIMENSIONS)).astype(np.float32)
    videos = [{"videomae": Features("videomae", "7", each, np.arange(4.0))} for each in rows]
    board = Storyboard(id="s", title="s", segments=(Segment(text="It goes on."),))
    boards = [board.model_copy(update={"id": f"s{number}"}) for number in range(12)]
    metric = plugins.metric("cd-fvd")
    first, again = (metric.measure_set(videos, boards)[0].details["frechet"] for _ in range(2))
    assert first == again
    of_one_place = {round(by_square_root(rows[:, place].astype(float), real), 6) for place in range(4)}
    assert round(first, 6) not in of_one_place


def test_a_video_without_an_excerpt_has_failed_and_no_reference_is_told(real, monkeypatch, tmp_path):
    board = Storyboard(id="s", title="s", segments=(Segment(text="It goes on."),))
    nothing = {"videomae": Features("videomae", "7", np.zeros((0, DIMENSIONS), np.float32), np.zeros(0))}
    assert "too short for an excerpt" in plugins.metric("cd-fvd").unfit(nothing, board)
    monkeypatch.setenv("EVALSUITE_REFERENCES", str(tmp_path / "none"))
    with pytest.raises(PluginError, match=r"there is no reference videomae_reference\.safetensors"):
        plugins.metric("cd-fvd")

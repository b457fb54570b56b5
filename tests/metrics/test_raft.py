"""RAFT from a file of torchvision's format: the same flow as torchvision's own, and what is made of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from evalsuite.metrics._raft import fastest
from evalsuite.metrics.models.raft import Flow
from torchvision.models.optical_flow import raft_large, raft_small

from evalsuite.errors import WeightsError
from evalsuite.features import extract
from evalsuite.types import Clip
from tests.metrics.backbone_files import hand_over, pickled


@pytest.fixture
def file(weights_folder, tmp_path, monkeypatch):
    torch.manual_seed(0)
    return hand_over(monkeypatch, pickled(tmp_path / "r.pth", raft_small().state_dict()), "raft-things")


def film(count: int, height: int = 128, width: int = 134) -> Clip:
    ground = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    return Clip(np.stack([np.roll(ground, index, axis=1) for index in range(count)]), np.arange(count) / 16)


def test_flow_is_that_of_torchvision_on_padded_frames(file):
    first, second = torch.from_numpy(film(2).frames).movedim(-1, 1).float().unsqueeze(1)
    network = raft_small().eval()
    network.load_state_dict(torch.load(file, weights_only=True))
    padded = [
        np.pad(each.numpy(), ((0, 0), (0, 0), (0, 0), (1, 1)), mode="edge") / 127.5 - 1 for each in (first, second)
    ]
    with torch.inference_mode():
        expected = network(*map(torch.from_numpy, padded), num_flow_updates=20)[-1]
        found = Flow(file)(first, second)
    assert found.shape == (1, 2, 128, 136)
    assert torch.allclose(found, expected, atol=1e-4)


def test_the_large_one_is_told_by_its_file(tmp_path):
    state = raft_large().state_dict()
    assert set(Flow(pickled(tmp_path / "l.pth", state))._network.state_dict()) == set(state)


def test_pairs_are_an_eighth_of_a_second_apart(file):
    found = extract([film(9)], ["raft"])["raft"]
    assert found.seconds.tolist() == [0, 0.125, 0.25, 0.375]
    assert found.array[:, 1:].tolist() == [[128, 134]] * 4
    again = extract([Clip(film(9).frames[[0, 2]], np.array([0, 0.125]))], ["raft"])["raft"]
    assert again.array[0, 0] == pytest.approx(found.array[0, 0], rel=1e-5)


def test_the_fastest_twentieth_counts():
    speed = np.random.default_rng(0).exponential(size=(17, 23))
    count = int(17 * 23 * 0.05)
    assert fastest(speed) == pytest.approx(sum(sorted(speed.ravel(), reverse=True)[:count]) / count)


def test_small_frames_are_refused_in_a_sentence(file):
    with pytest.raises(WeightsError, match="96 x 64"):
        extract([film(4, 64, 96)], ["raft"])

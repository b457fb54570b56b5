"""Boxes of a tiny OWLv2 against transformers' own, and sameness on boxes whose truth is known."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import pytest
import torch
from evalsuite.metrics import subject_identity
from evalsuite.metrics._backbone import once
from evalsuite.metrics._objects import MOST, NAME, detector
from safetensors.torch import save_file
from transformers import Owlv2Config, Owlv2ForObjectDetection

from evalsuite import plugins
from evalsuite.errors import WeightsError
from evalsuite.features import extract
from evalsuite.types import Clip, Entity, Features, Segment, Storyboard
from tests.metrics.backbone_files import dino_state, hand_over, pickled

TEXT = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2, "num_attention_heads": 1}
VISION = {**TEXT, "hidden_size": 128, "num_attention_heads": 2, "image_size": 64, "patch_size": 16}


@pytest.fixture
def owl(weights_folder, tmp_path, monkeypatch):
    """A random network, saved as the public one is; and a random DINOv2 beside it."""
    torch.manual_seed(0)
    network = Owlv2ForObjectDetection(Owlv2Config(text_config=TEXT, vision_config=VISION, projection_dim=64)).eval()
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    save_file({name: each.contiguous() for name, each in network.state_dict().items()}, tmp_path / "o.safetensors")
    hand_over(monkeypatch, tmp_path / "o.safetensors", "owlv2-base")
    hand_over(monkeypatch, pickled(tmp_path / "d.pth", dino_state(14, 37, True)), "dinov2-vitb14")
    monkeypatch.setattr("evalsuite.metrics.models.owlv2.quick_kind", lambda: torch.float32)
    once.cache_clear()
    return network


def test_boxes_and_phrases_are_those_of_transformers(owl):
    pictures = torch.randn(2, 3, 64, 64)
    numbers = torch.tensor([[49406, 320, 2368, 49407] + [0] * 12, [49406, 1929, 49407] + [0] * 13])  # "a cat", "dog"
    with torch.inference_mode():
        told = owl(numbers.repeat(2, 1), pictures, attention_mask=(numbers > 0).long().repeat(2, 1))
    seen, phrases = detector().look(pictures), detector().phrases(["a cat", "dog"])
    logits = (seen.looks @ phrases.T + seen.shift[..., None]) * seen.scale[..., None]
    assert torch.allclose(logits, told.logits, atol=1e-4)
    middle, size = told.pred_boxes.split(2, dim=-1)
    assert torch.allclose(seen.box, torch.cat([middle - size / 2, middle + size / 2], dim=-1), atol=1e-5)
    assert torch.allclose(seen.objectness, told.objectness_logits, atol=1e-4)


def test_the_surest_boxes_that_do_not_overlap_are_kept_and_lie_in_the_frame(owl):
    frame = np.random.default_rng(0).integers(0, 256, (48, 80, 3), dtype=np.uint8)
    row = extract([Clip(frame[None], np.zeros(1))], [NAME])[NAME].array.reshape(MOST, -1)
    there = row[:, 0] > 0
    assert there.any()
    assert (np.diff(row[there, 0]) <= 0).all()
    left, top, right, bottom = row[there, 1:5].T
    assert (left >= 0).all()
    assert (top >= 0).all()
    assert (right <= 1).all()
    assert (bottom <= 1).all()
    assert np.linalg.norm(row[there, 7 : 7 + 64], axis=1) == pytest.approx(1, abs=1e-3)
    assert np.linalg.norm(row[there, 7 + 64 :], axis=1) == pytest.approx(1, abs=1e-3)


def test_from_frames_to_a_score(owl, monkeypatch, film, story):
    monkeypatch.setattr(subject_identity, "LEAST", 0.0)
    frames = film(story("abab"))
    metric = plugins.metric("subject-identity")
    found = metric.measure(extract([Clip(frames, np.arange(96) / 8)], metric.extractors), told("a b a b"))
    assert found.details["pairs"] == 2
    assert found.coverage == 1
    assert found.details["look"] > 0.5
    assert 0 < found.value <= found.details["likeness"] <= found.details["look"]


def told(cast: str) -> Storyboard:
    """Three seconds for each word, whose letters say who is present; `-` says nobody."""
    names = sorted(set(cast) - {" ", "-"})
    segments = tuple(
        Segment(text="On.", seconds=3, present=tuple(letter for letter in word if letter in names))
        for word in cast.split()
    )
    entities = tuple(Entity(id=name, kind="character", name=name, description=f"the {name}") for name in names)
    return Storyboard(id="s", title="s", entities=entities, segments=segments)


@pytest.fixture
def seen(monkeypatch, stirring: Callable) -> Callable:
    """Measures made-up boxes: each segment's list of (what it fits, how it looks)."""
    axis = {"a": np.eye(4)[0], "b": np.eye(4)[1], "-": np.eye(4)[2]}
    subject_identity._phrases.cache_clear()
    monkeypatch.setattr(subject_identity, "phrase_rows", lambda texts: np.stack([axis[text[-1]] for text in texts]))
    luck = np.random.default_rng(0)
    tall = np.cumsum(luck.normal(0, 2.5, (8 * 30, 1152)), axis=0).astype(np.float32)

    def measured(board: Storyboard, shown: list[list[tuple[str, np.ndarray]]]):
        rows = np.zeros((3 * len(shown), MOST, 7 + 4 + 3))
        for segment, sights in enumerate(shown):
            for place, (fits, look) in enumerate(sights):
                for moment in range(3 * segment, 3 * segment + 3):
                    rows[moment, place, 0] = 0.9
                    rows[moment, place, 5:7] = -0.5, 20.0
                    rows[moment, place, 7:11] = axis[fits]
                    rows[moment, place, 11:] = look
        seconds = np.arange(len(rows), dtype=np.float64)
        objects = Features(NAME, "1", rows.reshape(len(rows), -1).astype(np.float32), seconds)
        count = 8 * len(rows)
        pictures = Features("thumbnails", "1", tall[:count], np.arange(count) / 8)
        return plugins.metric("subject-identity").measure(
            {NAME: objects, "stir": stirring(pictures.seconds), "thumbnails": pictures}, board
        )

    return measured


RED, BLUE, GREEN = np.eye(3)


def test_the_same_looks_throughout_are_one_and_nobody_is_nothing(seen):
    a, b = ("a", RED), ("b", BLUE)
    assert seen(told("a b a b"), [[a], [b], [a], [b]]).value == pytest.approx(1)
    gone = seen(told("a a a"), [[a], [], [a]])
    assert gone.value == pytest.approx(1 / 3)
    assert gone.details["recall"] == pytest.approx(2 / 3)


def test_likeness_is_the_cosine_and_boxes_go_to_whom_they_fit(seen):
    between = (RED + BLUE) / np.sqrt(2)
    halfway = seen(told("a a"), [[("a", RED)], [("a", between)]])
    assert halfway.value == pytest.approx(np.sqrt(0.5), abs=1e-6)
    assert halfway.details["look"] == pytest.approx(np.sqrt(0.5), abs=1e-6)
    both = [[("b", BLUE), ("a", RED)], [("a", RED), ("b", BLUE)]]
    assert seen(told("ab ab"), both).value == pytest.approx(1)


def test_what_fits_no_description_is_nobody_and_more_than_expected_are_strangers(seen):
    assert seen(told("a a"), [[("a", RED)], [("-", RED)]]).value == 0
    crowd = seen(told("a a"), [[("a", RED), ("a", GREEN)], [("a", RED)]])
    assert crowd.details["precision"] < 1


def test_without_characters_it_does_not_apply(seen):
    assert seen(told("- -"), [[], []]).value is None


def test_a_wrong_file_and_a_missing_library_are_told(owl, tmp_path, monkeypatch, weights_folder):
    clip = Clip(np.zeros((1, 32, 48, 3), np.uint8), np.zeros(1))
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "transformers", None)
        with pytest.raises(WeightsError, match=r"pip install 'evalsuite\[natural\]'"):
            extract([clip], [NAME])
    (weights_folder / "sha256sums.txt").unlink()
    save_file({"weight": torch.zeros(2)}, tmp_path / "w.safetensors")
    hand_over(monkeypatch, tmp_path / "w.safetensors", "owlv2-base")
    hand_over(monkeypatch, tmp_path / "d.pth", "dinov2-vitb14")
    with pytest.raises(WeightsError, match="holds no OWLv2"):
        extract([clip], [NAME])

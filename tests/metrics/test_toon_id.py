"""The network that knows who is who: its peaks, its losses and its training, against plain forms."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from evalsuite.metrics.models.looks import EMBEDDING, KINDS, LOOKS
from evalsuite.metrics.models.outlines import COMPONENTS, load_outlines
from evalsuite.metrics.models.toon_id import STRIDE, Detector, Maps, load_detector, peaks
from evalsuite.metrics.training.scenes import FEWEST_PIXELS, Scenes, box_of, entity_words, scenes
from evalsuite.metrics.training.toon_id_quality import overlap
from evalsuite.metrics.training.train_toon_id import draw_batch, focal_loss, heat_of
from evalsuite.metrics.training.worsening import worsened
from torch.nn import functional

from benchmarks import labels_by_eye
from evalsuite import plugins
from evalsuite.errors import PluginError, UnknownPluginError
from evalsuite.interfaces import Training
from evalsuite.toon import script


def test_peaks_are_the_greatest_of_their_neighbourhood():
    torch.manual_seed(0)
    heat = torch.randn(2, len(KINDS), 6, 8)
    identity = functional.normalize(torch.randn(2, EMBEDDING, 6, 8), dim=1)
    box = torch.rand(2, 4, 6, 8)
    seen = peaks(Maps(heat, box, identity), 5)
    for frame in range(2):
        found = []
        for kind in range(len(KINDS)):
            for row in range(6):
                for column in range(8):
                    near = heat[frame, kind, max(0, row - 1) : row + 2, max(0, column - 1) : column + 2]
                    if heat[frame, kind, row, column] == near.max():
                        found.append((heat[frame, kind, row, column].sigmoid().item(), kind, row, column))
        for place, (score, kind, row, column) in enumerate(sorted(found, reverse=True)[:5]):
            assert seen.score[frame, place].item() == pytest.approx(score)
            assert seen.kind[frame, place] == kind
            left, top, right, bottom = box[frame, :, row, column].tolist()
            middle_x, middle_y = column + 0.5, row + 0.5
            wanted = [middle_x - left, middle_y - top, middle_x + right, middle_y + bottom]
            assert (seen.box[frame, place] / STRIDE).tolist() == pytest.approx(wanted, abs=1e-4)
            assert torch.equal(seen.identity[frame, place], identity[frame, :, row, column])


def test_the_focal_loss_is_that_of_its_paper():
    scores = torch.tensor([[2.0, -1.0, 0.5]])
    heat = torch.tensor([[1.0, 0.6, 0.2]])
    doubtful = torch.tensor([[0.0, 0.0, 1.0]])
    likely = scores.sigmoid()
    at = -((1 - likely[0, 0]) ** 2) * likely[0, 0].log()
    elsewhere = -((1 - 0.6) ** 4) * likely[0, 1] ** 2 * (1 - likely[0, 1]).log()
    assert focal_loss(scores, heat, doubtful).item() == pytest.approx((at + elsewhere).item())


def test_heat_is_one_at_the_centre_and_doubtful_where_too_little_is_seen():
    boxes = torch.tensor([[[8.0, 8.0, 24.0, 24.0], [60.0, 40.0, 64.0, 44.0]]])
    words = torch.tensor([[[0, 1, 2, 3], [4, 8, -1, 6]]])
    heat, doubtful = heat_of(boxes, words, torch.tensor([[100, FEWEST_PIXELS - 1]]), 16, 24)
    assert heat[0, 0, 4, 4] == 1
    assert (heat == 1).sum() == 1
    assert heat[0, 1:].max() == 0
    assert doubtful[0, 4, 10, 15] == 1
    assert doubtful[0, :4].sum() == 0


def test_scenes_tell_what_the_world_shows(tmp_path):
    seen = scenes(tmp_path, "dev", 0, 2)
    assert seen.frames.shape == (36, 64, 96, 3)
    episode = script.episode("dev", 6, 0)
    known = set(entity_words(episode).values())
    for words, pixels in zip(seen.words[:18].tolist(), seen.pixels[:18].tolist(), strict=True):
        for word, count in zip(words, pixels, strict=True):
            assert (tuple(word) in known) == (count > 0)
    character = episode.characters[0]
    numbers = entity_words(episode)[character.id]
    assert LOOKS[1][numbers[2]] == character.look.colour
    mask = np.zeros((10, 12), bool)
    mask[2:5, 3:9] = True
    assert box_of(mask) == (3, 2, 9, 5)


def test_a_mirrored_frame_has_mirrored_boxes(tmp_path):
    seen = scenes(tmp_path, "dev", 0, 1)
    still = Scenes(seen.frames[:1], seen.boxes[:1], seen.words[:1], seen.pixels[:1])
    left, top, right, bottom = still.boxes[0, 0].tolist()
    batch = draw_batch(still, 50, torch.Generator().manual_seed(0))
    found = {tuple(boxes[0].tolist()) for boxes in batch[3]}
    assert found == {(left, top, right, bottom), (96 - right, top, 96 - left, bottom)}


def test_most_frames_are_worsened_and_some_are_not(tmp_path):
    frame = scenes(tmp_path, "dev", 0, 1).frames[0].numpy()
    changed = [not np.array_equal(worsened(frame, torch.Generator().manual_seed(n)), frame) for n in range(200)]
    assert 0.6 < np.mean(changed) < 0.95


def test_overlap_is_what_counting_says():
    assert overlap(np.array([0.0, 0, 4, 4]), np.array([2.0, 2, 6, 6])) == pytest.approx(4 / 28)
    assert overlap(np.array([0.0, 0, 1, 1]), np.array([2.0, 2, 3, 3])) == 0


def test_the_shipped_network_is_small_and_loads():
    network = load_detector()
    assert sum(each.numel() for each in network.parameters()) * 2 < 6e6
    assert torch.isfinite(network(torch.zeros(1, 3, 64, 96)).heat).all()


@pytest.mark.slow
def test_a_smoke_training_ends_in_a_file_and_a_reading_of_it(tmp_path):
    file, outlines = plugins.trainable("toon-id").train(Training(tmp_path, smoke=True))
    assert load_detector(file).state_dict().keys() == Detector().state_dict().keys()
    assert [space.basis.shape[1] for space in load_outlines(outlines)] == list(COMPONENTS)
    measured = json.loads((tmp_path / "toon_id_smoke" / "toon_id.json").read_text())
    assert 0 <= measured["f1"]["value"] <= 1
    assert measured["f1"]["low"] <= measured["f1"]["value"] <= measured["f1"]["high"]
    assert (tmp_path / "toon_id_smoke" / "loss.png").is_file()


def test_what_has_no_weights_cannot_be_trained():
    with pytest.raises(PluginError, match="nothing to train"):
        plugins.trainable("colour").train(Training(None, smoke=True))
    with pytest.raises(PluginError, match="leave out --further"):
        plugins.trainable("toon-id").train(Training(None, further=True))
    with pytest.raises(PluginError, match="leave out --rate"):
        plugins.trainable("toon-id").train(Training(None, rate=0.1))
    with pytest.raises(UnknownPluginError, match="no 'toon-idd'"):
        plugins.trainable("toon-idd")


def test_characters_of_generated_frames_are_those_that_the_eye_sees():
    """The bar of 0.95 is missed on these frames, as the card says; what is reached must not be lost unseen."""
    told, found = labels_by_eye.labels(), labels_by_eye.detections(labels_by_eye.frames())
    assert sum(label.sure for here in told for label in labels_by_eye.of_kind(here, character=True)) == 168
    verdicts = [
        labels_by_eye.compare(labels_by_eye.of_kind(here, True), labels_by_eye.of_kind(there, True), least=0.5)
        for here, there in zip(told, found, strict=True)
    ]
    hits, wrong = sum(len(each.pairs) for each in verdicts), sum(each.extra + each.missed for each in verdicts)
    assert 2 * hits / (2 * hits + wrong) > 0.87

"""The network that knows places: its loss, its data and its training, against plain forms."""

from __future__ import annotations

import json
from itertools import combinations

import numpy as np
import pytest
import torch
from evalsuite.metrics.models.places import PLACES
from evalsuite.metrics.models.toon_place import HEIGHT, WIDTH, PlaceTeller, load_place_teller
from evalsuite.metrics.training.part_loss import part_loss
from evalsuite.metrics.training.place_views import Views, views
from evalsuite.metrics.training.train_toon_place import draw_views, place_quality
from torch.nn import functional

from evalsuite import plugins
from evalsuite.errors import PluginError
from evalsuite.features import extract
from evalsuite.interfaces import Training
from evalsuite.toon import script
from evalsuite.types import Clip


def test_the_loss_is_the_cross_entropy_of_each_part_where_it_is_asked():
    torch.manual_seed(0)
    embedding = torch.randn(5, 8)
    known = [functional.normalize(torch.randn(count, 4), dim=1) for count in (3, 2)]
    words = torch.tensor([[0, 1], [2, -1], [1, 0], [-1, -1], [2, 1]])
    asked = torch.tensor([True, True, True, True, False])
    expected = 0.0
    for part in range(2):
        losses = []
        for row in range(4):
            if words[row, part] >= 0:
                piece = embedding[row, 4 * part : 4 * part + 4]
                scores = torch.stack([16 * piece @ one / piece.norm() for one in known[part]])
                losses.append(-(scores[words[row, part]] - scores.logsumexp(0)))
        expected += torch.stack(losses).mean().item()
    assert part_loss(embedding, known, words, asked).item() == pytest.approx(expected, rel=1e-5)


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> Views:
    return views(tmp_path_factory.mktemp("views"), "dev", 0, 3)


def test_views_know_their_place(seen: Views):
    assert seen.frames.shape == (27, HEIGHT, WIDTH, 3)
    for number in range(3):
        episode = script.episode("dev", 3, number)
        places = {place.id: place for place in episode.places}
        rows = seen.words[seen.episode == number].tolist()
        for row, shot in zip(rows, [shot for shot in episode.shots for _ in range(3)], strict=True):
            kind, palette, layout, time = (words[word] for words, word in zip(PLACES, row, strict=True))
            place = places[shot.place]
            assert (kind, palette[-1], layout[-1], time) == (
                place.kind,
                str(place.palette),
                str(place.layout),
                shot.time,
            )
            assert palette.startswith(kind)
            assert layout.startswith(kind)
    frames, words = draw_views(seen, 4, torch.Generator().manual_seed(0))
    assert frames.shape == (4, 3, HEIGHT, WIDTH)
    assert all(row in seen.words.tolist() for row in words.tolist())


def test_quality_is_what_counting_says(seen: Views):
    torch.manual_seed(0)
    model = PlaceTeller().eval().requires_grad_(False)
    found = place_quality(model, seen)
    told = model(seen.frames.movedim(-1, 1).float() / 127.5 - 1)
    genuine, impostor = [], []
    for one, other in combinations(range(len(told)), 2):
        cosine = float(told[one] @ told[other])
        if torch.equal(seen.words[one], seen.words[other]):
            genuine += [cosine] if seen.episode[one] == seen.episode[other] else []
        elif seen.words[one, 3] == seen.words[other, 3]:
            impostor.append(cosine)
    assert found["genuine"].value == pytest.approx(np.mean(genuine), abs=1e-5)
    assert found["impostor"].value == pytest.approx(np.mean(impostor), abs=1e-5)
    kinds = told[:, :16] @ model.directions()[0].T
    assert found["right_kind"].value == pytest.approx(float((kinds.argmax(1) == seen.words[:, 0]).float().mean()))


def test_the_extractor_looks_twice_a_second_at_any_size():
    network = load_place_teller()
    assert sum(each.numel() for each in network.parameters()) * 2 < 3e6
    frames = np.random.default_rng(0).integers(0, 256, (17, 59, 105, 3), dtype=np.uint8)
    plugins.metric("setting")
    found = extract([Clip(frames, np.arange(17) / 8)], ["toon-place"])["toon-place"]
    assert found.seconds.tolist() == [0, 0.5, 1, 1.5, 2]
    assert np.linalg.norm(found.array, axis=1) == pytest.approx(1, abs=1e-3)


def test_a_smoke_training_ends_in_a_file_and_a_reading_of_it(tmp_path):
    (file,) = plugins.trainable("toon-place").train(Training(tmp_path, smoke=True))
    assert load_place_teller(file).state_dict().keys() == PlaceTeller().state_dict().keys()
    measured = json.loads((tmp_path / "toon_place_smoke" / "toon_place.json").read_text())
    kind = measured["right_kind"]
    assert 0 <= kind["value"] <= 1
    assert kind["low"] <= kind["value"] <= kind["high"]
    with pytest.raises(PluginError, match="leave out --further"):
        plugins.trainable("toon-place").train(Training(tmp_path, further=True))

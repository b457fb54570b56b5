"""Shape on sights whose strangeness is known, and through the real network on bodies that are bent."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest
import torch
from evalsuite.metrics._toon_id import MOST, ToonId, sights, strangeness
from evalsuite.metrics.models.looks import EMBEDDING, look_of, ordinary_strangeness
from evalsuite.metrics.models.outlines import GRID, MARGIN, Subspace, patches, subspace
from evalsuite.metrics.models.toon_id import Layers

from evalsuite import plugins
from evalsuite.features import extract
from evalsuite.toon import script
from evalsuite.toon.controls import degraded
from evalsuite.types import Clip, Entity, Features, Measured, Segment, Storyboard, VideoSpec

ANN, BEN = "red fox with a hat", "blue frog wearing a scarf"
CAST = (
    Entity(id="ann", kind="character", name="Ann", description=ANN),
    Entity(id="ben", kind="character", name="Ben", description=BEN),
)
Sight = tuple[str, float]
"""A look, and how strange its outline is."""


@pytest.fixture
def seen(film: Callable, story: Callable, stirring: Callable) -> Callable[..., Measured]:
    """What shape finds where each segment expects and shows such sights, over pictures that are alive or frozen."""

    def measured(
        expected: list[tuple[str, ...]],
        shown: list[list[Sight]],
        frozen: bool = False,
        until: Mapping[int, float] | None = None,
        lengths: Sequence[float] = (),
    ) -> Measured:
        frames = film(story("a" * len(shown)))
        seconds = np.arange(len(frames)) / 8
        pictures = np.repeat(frames[:1], len(frames), axis=0) if frozen else frames
        each, strange = np.zeros((len(frames), MOST, 6 + EMBEDDING)), np.zeros((len(frames), MOST))
        for index in range(len(frames)):
            for place, (look, odd) in enumerate(shown[index // 24]):
                each[index, place, 0], each[index, place, 6:] = 0.9, look_of(look)
                strange[index, place] = odd
        for number, share in dict(until or {}).items():
            each[number * 24 + round(24 * share) : (number + 1) * 24, :, 0] = 0
        rows = np.concatenate([each.reshape(len(frames), -1), strange], axis=1).astype(np.float32)
        board = Storyboard(
            id="film",
            title="A film",
            entities=CAST,
            segments=tuple(
                Segment(text="It goes on.", present=present, seconds=length)
                for present, length in zip(expected, lengths or [3.0] * len(expected), strict=True)
            ),
        )
        features = {
            **extract([Clip(pictures, seconds)], ["thumbnails"]),
            "toon-id": Features("toon-id", "1", rows, seconds),
            "stir": stirring(seconds),
        }
        return plugins.metric("shape").measure(features, board)

    return measured


def test_ordinary_bodies_are_sound_and_strange_ones_are_on_a_line(seen: Callable):
    usual = ordinary_strangeness()
    assert seen([("ann",)] * 2, [[(ANN, usual)], [(ANN, 0.5 * usual)]]).value == 1
    odd = [usual + share * (1 - usual) for share in (0.3, 0.6, 1.0)]
    values = [seen([("ann",)], [[(ANN, each)]]).details["soundness"] for each in odd]
    assert values == pytest.approx([0.7, 0.4, 0.0], abs=1e-6)
    mixed = seen([("ann",)] * 2, [[(ANN, usual)], [(ANN, odd[1])]])
    assert dict(mixed.series) == pytest.approx({0.0: 1.0, 3.0: 0.4}, abs=1e-6)


def test_each_has_its_own_body(seen: Callable):
    both = [("ann", "ben")]
    assert seen(both, [[(BEN, 1.0), (ANN, 0.0)]]).value == pytest.approx(0.5)
    assert seen(both, [[(BEN, 0.0), (ANN, 0.0)]]).value == 1
    assert seen([("ann",), ("ben",)], [[(ANN, 0.0)], [(BEN, 1.0)]]).value == pytest.approx(0.5)


def test_who_is_expected_and_not_seen_has_nothing(seen: Callable):
    assert seen([("ann",)] * 2, [[(ANN, 0.0)], []]).value == pytest.approx(0.5)
    assert seen([("ann", "ben")], [[(ANN, 0.0)]]).value == pytest.approx(0.5)
    part = seen([("ann",)], [[(ANN, 0.0)]], until={0: 0.5})
    assert part.details["soundness"] == pytest.approx(0.5)
    assert part.coverage == pytest.approx(0.5)


def test_a_segment_that_no_look_falls_into_is_not_held_against_anybody(seen: Callable):
    assert seen([("ann",)] * 3, [[(ANN, 0.0)]] * 3, lengths=(3.02, 0.09, 3.02)).value == pytest.approx(1)


def test_what_stands_still_has_kept_nothing(seen: Callable):
    assert seen([("ann",)] * 2, [[(ANN, 0.0)]] * 2, frozen=True).value == 0


def test_what_it_cannot_judge_it_says(seen: Callable):
    found = seen([()], [[(ANN, 0.0)]])
    assert found.value is None
    assert "no character" in found.reason


def test_a_subspace_explains_what_it_was_fitted_to_and_no_more():
    luck = torch.Generator().manual_seed(0)
    spanned = torch.randn(3, 10, generator=luck, dtype=torch.float64)
    rows = torch.randn(50, 3, generator=luck, dtype=torch.float64) @ spanned + 2
    space = subspace(rows, 3)
    assert space.unexplained(rows) == pytest.approx(0, abs=1e-6)
    plain = np.linalg.svd(rows.numpy() - rows.numpy().mean(0))[2][:2]
    odd = torch.randn(5, 10, generator=luck, dtype=torch.float64)
    fewer = subspace(rows, 2)
    for row, share in zip(odd.numpy(), fewer.unexplained(odd).tolist(), strict=True):
        apart = row - rows.numpy().mean(0)
        left = apart - sum((apart @ axis) * axis for axis in plain)
        assert share == pytest.approx(np.linalg.norm(left) / np.linalg.norm(apart))
    across = Subspace(torch.zeros(2), torch.tensor([[1.0], [0.0]]))
    assert across.unexplained(torch.tensor([[3.0, 4.0], [0.0, 1.0]])).tolist() == pytest.approx([0.8, 1.0])


def test_windows_are_read_where_the_boxes_are():
    rows, columns = torch.meshgrid(torch.arange(16.0), torch.arange(24.0), indexing="ij")
    ramp = torch.stack([columns, rows])[None]
    fine = torch.nn.functional.interpolate(ramp, scale_factor=2.0)
    box = torch.tensor([[[20.0, 12.0, 60.0, 52.0]]])
    read = patches(Layers(fine, ramp), box)[1].reshape(2, GRID, GRID).numpy()
    half = MARGIN * 20
    wanted = [(40 - half + 2 * half * (step + 0.5) / GRID) / 4 - 0.5 for step in range(GRID)]
    for along in range(GRID):
        assert read[0, along].tolist() == pytest.approx(wanted, abs=1e-4)
        assert (read[1, :, along] + 2).tolist() == pytest.approx(wanted, abs=1e-4)


def test_the_extractor_tells_the_strangeness_of_each_sight():
    bodies = {bend: _at_the_bend(bend) for bend in (0.0, 0.2, 1.0)}
    assert bodies[0.0] < ordinary_strangeness() < bodies[0.2] < bodies[1.0]


def _at_the_bend(strength: float) -> float:
    """The mean strangeness of bodies in the middle of each segment, where `deform` bends most."""
    episodes = [script.episode("dev", 2, index) for index in range(3)]
    footage = (degraded(one, "deform", strength, VideoSpec(96, 64, 2 / 3), 0).frames for one in episodes)
    frames = np.stack([frame for frames in footage for frame in list(frames)[1::2]])
    rows = ToonId().extract(Clip(frames, np.arange(float(len(frames))))).astype(np.float64)
    found = sights(rows)
    sure = (found.score > 0.3) & (found.kind == 0)
    return float(strangeness(rows)[sure].mean())

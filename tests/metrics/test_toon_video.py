"""toon-video as it is shipped: its rows, its reference, and whether a distance by both sees what moves nowhere."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from evalsuite.metrics._reference import file_of
from evalsuite.metrics._toon_video import WEIGHTS, ToonVideo, ToonVideoLong
from evalsuite.metrics.models.toon_video import load_encoder
from evalsuite.metrics.temporal_fvd import TemporalFvd

from evalsuite import features
from evalsuite.learning.weights import load
from evalsuite.toon import script, world
from evalsuite.types import Clip, Measured, VideoSpec

SPEC = VideoSpec(96, 64, 8.0)
VIDEOS = TemporalFvd.fewest


@pytest.fixture(scope="module")
def films() -> np.ndarray:
    """Stories of 18 s as the world draws them, (videos, time, height, width, 3)."""
    return np.stack([list(world.frames(script.episode("dev", 6, number), SPEC)) for number in range(VIDEOS)])


def test_it_runs_in_whatever_this_processor_is_quick_at(films):
    excerpt = films[3, :16]
    row = ToonVideo().extract(Clip(excerpt, np.arange(16) / 8))
    exact = load_encoder(WEIGHTS)(torch.from_numpy(excerpt).movedim(-1, 1)[None].float() / 127.5 - 1)
    assert row.shape == (1, 64)
    assert np.corrcoef(row[0], exact[0].numpy())[0, 1] > 0.999


def test_the_shipped_reference_has_a_thousand_episodes_of_each_reported_length_by_the_shipped_weights():
    path = file_of("toon-video")
    tensors, told = load(path)
    assert {len(tensors[f"{name}/{segments}"]) for name in told for segments in (6, 21)} == {1000}
    assert {rows.shape[2] for rows in tensors.values()} == {64}
    assert path.stat().st_size <= 6_000_000
    assert told == {"toon-video": ToonVideo().revision, "toon-video-long": ToonVideoLong().revision}
    assert all(torch.isfinite(rows).all() for rows in tensors.values())


def test_stills_and_loops_are_further_from_real_than_the_world_is(films):
    moments = np.arange(films.shape[1])
    whole, still, looped = (_judged(films[:, order]) for order in (moments, 0 * moments, moments % 24))
    floor = whole[0].details["floor"]
    assert abs(_value(whole)) < 2 * floor
    assert min(_value(still), _value(looped)) > _value(whole) + floor


def _judged(films: np.ndarray) -> list[Measured]:
    seconds = np.arange(films.shape[1]) / SPEC.fps
    seen = [features.extract([Clip(film, seconds)], TemporalFvd().extractors) for film in films]
    return TemporalFvd().measure_set(seen, [script.storyboard(script.episode("dev", 6, n)) for n in range(len(films))])


def _value(found: list[Measured]) -> float:
    return float(np.mean([each.value for each in found]))

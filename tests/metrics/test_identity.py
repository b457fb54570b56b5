"""Identity on sights whose truth is known, and through the real network on the world and what spoils it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations

import numpy as np
import pytest
from evalsuite.metrics import _toon_id
from evalsuite.metrics._appearances import characters
from evalsuite.metrics._toon_id import MOST, sights
from evalsuite.metrics.models.looks import ASPECTS, EMBEDDING, LOOKS, calibration, look_of
from evalsuite.metrics.models.parts import PART

from evalsuite import plugins
from evalsuite.features import extract
from evalsuite.suites import load
from evalsuite.types import Change, Clip, Entity, Features, Measured, Segment, Storyboard, VideoSpec

ANN, BEN = "red fox with a hat", "blue frog wearing a scarf"
CAST = (
    Entity(id="ann", kind="character", name="Ann", description=ANN),
    Entity(id="ben", kind="character", name="Ben", description=BEN),
)


def told(present: str) -> Storyboard:
    """A segment for each word: a for Ann, b for Ben, - for nobody."""
    names = {"a": "ann", "b": "ben"}
    segments = tuple(
        Segment(text="It goes on.", present=tuple(names[letter] for letter in word if letter in names))
        for word in present.split()
    )
    return Storyboard(id="film", title="A film", entities=CAST, segments=segments)


def unit(rows: np.ndarray) -> np.ndarray:
    return rows / np.linalg.norm(rows)


@pytest.fixture
def seen(film: Callable, story: Callable, stirring: Callable) -> Callable[..., Measured]:
    """What identity finds where each segment shows the given embeddings, over pictures that are alive."""

    def measured(
        board: Storyboard,
        shown: list[list[np.ndarray]],
        until: Mapping[int, float] | None = None,
        replayed_from: float = np.inf,
    ) -> Measured:
        frames = film(story("a" * len(shown)))
        start = int(min(replayed_from * 8, len(frames)))
        frames = np.concatenate([frames[:start], frames[: len(frames) - start]])
        thumbnails = extract([Clip(frames, np.arange(len(frames)) / 8)], ["thumbnails"])
        each = np.zeros((len(frames), MOST, 6 + EMBEDDING), np.float32)
        for index in range(len(frames)):
            for place, embedding in enumerate(shown[index // 24]):
                each[index, place, 0], each[index, place, 6:] = 0.9, embedding
        for number, share in dict(until or {}).items():
            each[number * 24 + round(24 * share) : (number + 1) * 24, :, 0] = 0
        rows = Features("toon-id", "1", each.reshape(len(frames), -1), np.arange(len(frames)) / 8)
        found = {**thumbnails, "toon-id": rows, "stir": stirring(rows.seconds)}
        return plugins.metric("identity").measure(found, board)

    return measured


def test_looks_are_parts_of_one_length():
    ann, ben = look_of(ANN), look_of(BEN)
    assert np.linalg.norm(ann) == pytest.approx(1)
    assert np.linalg.norm(ann.reshape(len(LOOKS), PART), axis=1) == pytest.approx(1 / np.sqrt(3))
    near = look_of("red fox with a crown")
    assert ann @ ben < ann @ near < 0.9
    assert look_of("a tall woman in a raincoat") is None
    assert look_of("red blue fox with a hat") is None


def test_the_same_looks_throughout_are_one(seen: Callable):
    ann, ben = look_of(ANN), look_of(BEN)
    found = seen(told("a b ab a"), [[ann], [ben], [ben, ann], [ann]])
    assert found.value == pytest.approx(1)
    assert found.details["pairs"] == 4
    assert (found.details["precision"], found.details["recall"], found.details["told_apart"]) == (1, 1, 1)
    assert found.coverage == 1


def part(look: np.ndarray, aspect: str) -> np.ndarray:
    """What an embedding says of an aspect, of length 1."""
    return unit(look.reshape(len(LOOKS), PART)[ASPECTS.index(aspect)])


def test_likeness_is_the_calibrated_cosine_of_the_aspect_that_agrees_least(seen: Callable):
    genuine, impostor = calibration()
    ann = look_of(ANN)
    other = unit(ann + 0.6 * look_of("green fox with a hat"))
    found = seen(told("a a - a"), [[ann], [other], [], [ann]])
    cosine = part(ann, "colour") @ part(other, "colour")
    likeness = np.clip((cosine - impostor) / (genuine - impostor), 0, 1)
    assert 0 < likeness < 1
    assert found.details["likeness"] == pytest.approx((2 * likeness + 1) / 3, abs=1e-6)
    assert found.details["colour"] == pytest.approx((2 * cosine + 1) / 3, abs=1e-6)
    assert (found.details["species"], found.details["accessory"]) == pytest.approx((1, 1))
    assert dict(found.series) == pytest.approx({3.0: likeness, 7.5: (1 + likeness) / 2}, abs=1e-6)


def test_the_curve_is_flat_where_looks_stay_and_falls_steadily_where_they_turn_away(seen: Callable):
    ann, luck = look_of(ANN), np.random.default_rng(0)
    other = unit(luck.normal(size=EMBEDDING))
    flat = seen(told("a a a a a a a a"), [[ann]] * 8)
    assert [value for _, value in flat.series] == pytest.approx([1.0] * 4)
    assert flat.details["per_doubling"] == pytest.approx(0, abs=1e-9)
    turning = seen(told("a a a a a a a a"), [[unit(ann + 0.3 * step * other)] for step in range(8)])
    likeness = [value for _, value in turning.series]
    assert likeness == sorted(set(likeness), reverse=True)
    assert turning.details["per_doubling"] < -0.02


def test_who_is_not_seen_counts_as_unlike(seen: Callable):
    ann = look_of(ANN)
    found = seen(told("a a a a"), [[ann], [ann], [], [ann]])
    assert found.value == pytest.approx(3 / 6)
    assert found.details["likeness_where_seen"] == pytest.approx(1)
    assert found.details["recall"] == 3 / 4
    rarely = seen(told("a a a a"), [[ann]] * 4, until={2: 0.2})
    assert rarely.value == pytest.approx(3 / 6)


def lasting(board: Storyboard, *seconds: float) -> Storyboard:
    """The same with segments of other lengths."""
    pairs = zip(board.segments, seconds, strict=True)
    return board.model_copy(update={"segments": tuple(one.model_copy(update={"seconds": each}) for one, each in pairs)})


def test_a_segment_that_no_look_falls_into_is_not_held_against_anybody(seen: Callable):
    found = seen(lasting(told("a a a"), 3.02, 0.09, 3.02), [[look_of(ANN)]] * 3)
    assert found.value == pytest.approx(1, abs=0.01)
    assert found.details["recall"] == 1
    assert found.details["pairs"] == 1


def test_equal_lags_tell_of_no_forgetting_whatever_their_sums_round_to(seen: Callable):
    board = lasting(told("a a b b"), *[2.7] * 4)
    assert board.starts[1] - board.starts[0] != board.starts[3] - board.starts[2]
    found = seen(board, [[look_of(ANN)], [look_of(ANN)], [], []])
    assert found.details["likeness"] == pytest.approx(1 / 2)
    assert found.details["per_doubling"] == 0


def test_a_pair_counts_by_the_share_of_its_segments_that_is_new(seen: Callable):
    ann = look_of(ANN)
    found = seen(told("a a a a"), [[ann]] * 4, replayed_from=10.5)
    assert found.value == pytest.approx((3 + 3 / 2) / 6, abs=0.03)
    assert found.coverage == 1


def test_all_alike_proves_nothing_at_any_lag(seen: Callable):
    ann = look_of(ANN)
    found = seen(told("a b a b"), [[ann]] * 4)
    assert found.value == 0
    assert [value for _, value in found.series] == [0.0]


def test_telling_apart_is_the_share_of_ordered_pairs(seen: Callable):
    luck = np.random.default_rng(0)
    rows = [unit(look_of(ANN) + 0.25 * unit(luck.normal(size=EMBEDDING)) * 3) for _ in range(6)]
    found = seen(told("a b a b a b"), [[row] for row in rows])
    who = [0, 1] * 3
    pairs = [
        (who[i] == who[j], min(part(rows[i], aspect) @ part(rows[j], aspect) for aspect in ASPECTS))
        for i, j in combinations(range(6), 2)
    ]
    wins = [x > y for same, x in pairs if same for other, y in pairs if not other]
    assert found.details["told_apart"] == pytest.approx(np.mean(wins))


def test_two_at_once_are_shared_out_by_their_looks(seen: Callable):
    ann, ben = look_of(ANN), look_of(BEN)
    assert seen(told("ab ab ab"), [[ann, ben], [ben, ann], [ann, ben]]).value == pytest.approx(1)
    strange = seen(told("a b a b"), [[ann, ben], [ben, ann], [ann, ben], [ben, ann]])
    assert strange.details["precision"] == pytest.approx(0.5)
    assert strange.details["f1"] == pytest.approx(2 / (1 / 0.5 + 1 / strange.details["recall"]))


def test_a_declared_change_is_not_blamed(seen: Callable):
    ann, ben = look_of(ANN), look_of(BEN)
    plain = told("a a a a")
    changes = (Change(entity="ann", what="coat", value="blue"),)
    segments = (*plain.segments[:2], plain.segments[2].model_copy(update={"changes": changes}), plain.segments[3])
    declared = plain.model_copy(update={"segments": segments})
    shown = [[ann], [ann], [ben], [ben]]
    assert seen(declared, shown).value == pytest.approx(1)
    assert seen(declared, shown).details["pairs"] == 2
    assert seen(plain, shown).value < 0.5


def test_a_declared_change_is_not_blamed_beside_somebody_else(seen: Callable):
    """Two who are always there and as the story tells; telling them apart leaves the changed pairs out too."""
    ann, ben = look_of(ANN), look_of(BEN)
    plain = told("ab ab ab ab")
    changes = (Change(entity="ann", what="coat", value="blue"),)
    segments = (*plain.segments[:2], plain.segments[2].model_copy(update={"changes": changes}), plain.segments[3])
    other = ann.reshape(len(LOOKS), PART) * [[-1], [1], [1]]  # another species
    other = other.ravel()
    shown = [[ann, ben], [ann, ben], [other, ben], [other, ben]]
    found = seen(plain.model_copy(update={"segments": segments}), shown)
    assert (found.value, found.details["told_apart"]) == pytest.approx((1, 1))
    assert seen(plain, shown).details["told_apart"] < 1


def test_what_it_cannot_judge_it_says(seen: Callable):
    ann = look_of(ANN)
    assert "two segments" in seen(told("a - -"), [[ann], [], []]).reason
    people = tuple(entity.model_copy(update={"description": "a man in a coat"}) for entity in CAST)
    found = seen(told("a a").model_copy(update={"entities": people}), [[ann], [ann]])
    assert found.value is None
    assert "cartoon world" in found.reason


@pytest.fixture(scope="module")
def scored() -> Callable[[str], Measured]:
    """Identity of a system's video of one storyboard, through the real network."""
    board = load("eighteen_second").storyboards[0]
    metric = plugins.metric("identity")

    def measured(system: str) -> Measured:
        footage = plugins.baseline(system).generate(board, 0, VideoSpec(96, 64, 8.0))
        frames = np.stack(list(footage.frames))
        seconds = np.arange(len(frames)) / footage.fps
        return metric.measure(extract([Clip(frames, seconds)], metric.extractors), board)

    assert characters(board)
    return measured


def test_the_world_is_itself_and_what_spoils_it_is_seen(scored: Callable):
    world = scored("oracle").value
    assert world > 0.8
    assert scored("degraded:identity-drift@1.0").value < world - 0.15
    for frozen in ("still", "looped", "noise"):
        assert scored(frozen).value < 0.3, frozen


def test_the_extractor_takes_any_shape_and_size():
    network = _toon_id.ToonId()
    network.start()
    frames = np.random.default_rng(0).integers(0, 256, (3, 59, 105, 3), dtype=np.uint8)
    rows = network.extract(Clip(frames, np.arange(3.0)))
    assert rows.shape == (3, network.dimensions)
    found = sights(rows.astype(np.float64))
    assert np.all(np.diff(found.score) <= 0)
    assert np.linalg.norm(found.identity, axis=-1) == pytest.approx(1, abs=1e-3)

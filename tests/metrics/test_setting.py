"""Setting on views whose truth is known, and through the real network on the world and what spoils it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from evalsuite.metrics._toon_id import MOST
from evalsuite.metrics.models.looks import EMBEDDING as LOOK
from evalsuite.metrics.models.looks import KINDS
from evalsuite.metrics.models.parts import directions
from evalsuite.metrics.models.places import PLACES, WEIGHTS, calibration, kind_of, kinds_seen

from evalsuite import plugins
from evalsuite.features import extract
from evalsuite.suites import load
from evalsuite.types import Change, Clip, Entity, Features, Measured, Segment, Storyboard, VideoSpec

ENTITIES = (
    Entity(id="wood", kind="setting", name="wood", description="forest"),
    Entity(id="sea", kind="setting", name="sea", description="beach"),
    Entity(id="ball", kind="object", name="ball", description="red ball"),
    Entity(id="box", kind="object", name="box", description="blue box"),
)
SETTINGS = {"w": "wood", "s": "sea", "-": None}


def place(kind: str, palette: int = 0, layout: int = 0, time: str = "day") -> np.ndarray:
    """The embedding of a place, from the network's own words."""
    said = (kind, f"{kind} in palette {palette}", f"{kind} in layout {layout}", time)
    known = directions(WEIGHTS, "words", tuple(map(len, PLACES)))
    parts = [rows[words.index(word)] for rows, words, word in zip(known, PLACES, said, strict=True)]
    return np.concatenate(parts) / 2


WOOD, SEA = place("forest"), place("beach")


def told(settings: str, things: Sequence[str] = ()) -> Storyboard:
    """A segment for each letter, with a cut wherever it changes; things are ids of those that are present."""
    segments = tuple(
        Segment(
            text="It goes on.",
            setting=SETTINGS[letter],
            cut_before=number > 0 and settings[number - 1] != letter,
            present=tuple(things[number].split()) if things else (),
        )
        for number, letter in enumerate(settings)
    )
    return Storyboard(id="film", title="A film", entities=ENTITIES, segments=segments)


@pytest.fixture
def seen(film: Callable, story: Callable, stirring: Callable) -> Callable[..., Measured]:
    """What setting finds where each segment shows one embedding and some things, over pictures that are alive."""

    def measured(board: Storyboard, shown: Sequence[np.ndarray], things: Sequence[str] = ()) -> Measured:
        frames = film(story("a" * len(shown)))
        thumbnails = extract([Clip(frames, np.arange(len(frames)) / 8)], ["thumbnails"])
        sights = np.zeros((len(frames), MOST, 6 + LOOK), np.float32)
        for number, names in enumerate(things):
            for order, name in enumerate(names.split()):
                sights[24 * number : 24 * number + 24, order, :2] = 0.9, KINDS.index(name)
        rows = {"toon-place": np.repeat(shown, 6, axis=0), "toon-id": sights.reshape(len(frames), -1)}
        paces = {"toon-place": 2, "toon-id": 8}
        made = {name: Features(name, "1", each, np.arange(len(each)) / paces[name]) for name, each in rows.items()}
        made["stir"] = stirring(made["toon-id"].seconds)
        return plugins.metric("setting").measure({**thumbnails, **made}, board)

    return measured


def calibrated(one: np.ndarray, other: np.ndarray) -> float:
    genuine, impostor = calibration()
    return float(np.clip((one @ other - impostor) / (genuine - impostor), 0, 1))


def test_words_are_read_and_embeddings_are_named():
    assert kind_of("a dark forest") == PLACES[0].index("forest")
    assert kind_of("the sea") is None
    assert kind_of("forest beach") is None
    assert kinds_seen(np.stack([WOOD, SEA])).tolist() == [kind_of("forest"), kind_of("beach")]


def test_places_that_are_the_same_on_each_return_are_one(seen: Callable):
    found = seen(told("wswws"), [WOOD, SEA, WOOD, WOOD, SEA])
    assert found.value == pytest.approx(1)
    assert found.details["told_apart"] == 1
    assert found.details["returns"] == 3
    assert found.series == ((6.0, 1.0), (9.0, 1.0), (9.0, 1.0))


def test_likeness_is_the_calibrated_cosine_and_what_goes_on_counts_half(seen: Callable):
    other = place("forest", palette=1)
    found = seen(told("wsww"), [WOOD, SEA, other, WOOD])
    near = calibrated(WOOD, other)
    assert 0 < near < 1
    assert found.details["likeness"] == pytest.approx((near + 1 + 0.5 * near + 0.5 * 4) / 4.5, abs=1e-5)


def test_another_kind_of_place_than_is_told_counts_as_not_seen(seen: Callable):
    assert seen(told("wsw"), [SEA, WOOD, SEA]).value == 0
    unnamed = tuple(entity.model_copy(update={"description": "somewhere"}) for entity in ENTITIES)
    free = told("wsw").model_copy(update={"entities": unnamed})
    assert seen(free, [SEA, WOOD, SEA]).value == pytest.approx(1)


def test_all_alike_proves_nothing(seen: Callable):
    unnamed = tuple(entity.model_copy(update={"description": "somewhere"}) for entity in ENTITIES)
    free = told("wsws").model_copy(update={"entities": unnamed})
    assert seen(free, [WOOD] * 4).value == 0


def test_what_was_left_must_be_there_on_return(seen: Callable):
    board = told("wsww", ["ball box", "", "ball box", "ball"])
    shown = [WOOD, SEA, WOOD, WOOD]
    assert seen(board, shown, ["ball box", "", "ball box", "ball"]).value == pytest.approx(1)
    found = seen(board, shown, ["ball box", "", "box", "ball"])
    assert found.value == pytest.approx((0.5 + 1 + 0.5 * 0 + 0.5 * (1 + 1 + 0.5 + 1)) / 4.5)
    assert found.details["things_kept"] == pytest.approx(found.value)


def test_a_declared_change_is_not_blamed(seen: Callable):
    plain = told("wswsw")
    change = (Change(entity="wood", what="time_of_day", value="night"),)
    segments = tuple(
        segment.model_copy(update={"changes": change if number == 2 else ()})
        for number, segment in enumerate(plain.segments)
    )
    night = place("forest", time="night")
    shown = [WOOD, SEA, night, SEA, night]
    assert seen(plain.model_copy(update={"segments": segments}), shown).value == pytest.approx(1)
    assert seen(plain, shown).value < 1


def test_what_it_cannot_judge_it_says(seen: Callable):
    assert "two segments" in seen(told("ws-"), [WOOD, SEA, SEA]).reason


@pytest.fixture(scope="module")
def scored() -> Callable[[str], Measured]:
    """Setting of a system's video of one storyboard, through the real network."""
    board = load("dev", limit=3).storyboards[2]  # a box is left behind in it
    metric = plugins.metric("setting")

    def measured(system: str) -> Measured:
        footage = plugins.baseline(system).generate(board, 0, VideoSpec(96, 64, 8.0))
        frames = np.stack(list(footage.frames))
        seconds = np.arange(len(frames)) / footage.fps
        return metric.measure(extract([Clip(frames, seconds)], metric.extractors), board)

    return measured


def test_the_world_stays_itself_and_what_spoils_it_is_seen(scored: Callable):
    world = scored("oracle").value
    assert world > 0.8
    for damage in ("setting-swap", "prop-loss"):
        assert scored(f"degraded:{damage}@0.4").value < world - 0.1, damage
    assert scored("degraded:frame-shuffle@1.0").value < 0.1

"""Damage to the story, measured on the truth of one episode: each kind does what its name says, in so many segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy import ndimage

from evalsuite.footage import portion
from evalsuite.toon import world
from evalsuite.toon.controls import STORY_KINDS, chosen_segments, degraded, draw
from evalsuite.toon.controls_variants import elsewhere, loose_props, with_strangers
from evalsuite.toon.episode import (
    SETTINGS,
    Camera,
    Character,
    Episode,
    Happening,
    Look,
    Performance,
    Place,
    Placement,
    Shot,
    Thing,
)
from evalsuite.types import VideoSpec

STRENGTHS = (0.2, 0.4, 1.0)
SECONDS = 2.0
Event = tuple[str, str, float, float, str | None]


def shot(place: str, placements: Sequence[Placement], event: Event | None = None, cut: bool = False) -> Shot:
    """Mimi dances on the left and Otto waves on the right; an event is (kind, thing, start, x, actor)."""
    happening = Happening(event[0], event[1], event[2], event[3], 1, event[4]) if event else None
    performances = (Performance("mimi", "dance", 24.0, 24.0, 1), Performance("otto", "wave", 72.0, 72.0, -1))
    return Shot(SECONDS, place, "day", cut, Camera("still"), performances, tuple(placements), happening)


LANTERN, BOX, BLOCKS = (Placement(thing, None) for thing in ("lantern", "box", "blocks"))
DRUM = Placement("drum", None, "otto")
EPISODE = Episode(
    id="ten-shots",
    seed="ten shots",
    title="Ten shots, three cuts, five events",
    characters=(
        Character("mimi", "Mimi", Look("cat", "red", "hat")),
        Character("otto", "Otto", Look("dog", "blue", "scarf")),
    ),
    things=tuple(
        Thing(kind, kind, "yellow") for kind in ("lantern", "drum", "box", "blocks", "ball", "bubbles", "barrel")
    ),
    places=(Place("meadow", "meadow", 0, 0), Place("kitchen", "kitchen", 1, 1), Place("beach", "beach", 2, 2)),
    shots=(
        shot("meadow", [Placement("lantern", 56.0)]),
        shot("meadow", [LANTERN], ("fall", "box", 0.4, 44.0, None)),
        shot("kitchen", [DRUM, Placement("blocks", 48.0)], cut=True),
        shot("kitchen", [DRUM, BLOCKS], ("topple", "blocks", 0.5, 48.0, None)),
        shot("kitchen", [DRUM, BLOCKS]),
        shot("beach", [], ("bounce", "ball", 0.3, 48.0, None), cut=True),
        shot("beach", [Placement("ball", None)]),
        shot("beach", [Placement("ball", None)], ("rise", "bubbles", 0.4, 72.0, "otto")),
        shot("meadow", [LANTERN, BOX], ("roll", "barrel", 0.2, 40.0, None), cut=True),
        shot("meadow", [LANTERN, BOX]),
    ),
)
SHOTS = len(EPISODE.shots)
SPEC = VideoSpec(width=48, height=32, fps=10)
PER_SEGMENT = 20
Array = npt.NDArray[np.float64]
Truth = dict[str, Any]
Segments = list[list[Truth]]


@cache
def oracle() -> Segments:
    return _segments("vanish", 0.0)


@cache
def segments(kind: str, strength: float) -> Segments:
    return _segments(kind, strength)


def _segments(kind: str, strength: float) -> Segments:
    truth = degraded(EPISODE, kind, strength, SPEC, take=0).truth
    assert truth is not None
    moments = [dict(moment) for moment in truth()]
    return [moments[start : start + PER_SEGMENT] for start in range(0, len(moments), PER_SEGMENT)]


def seen(moments: Sequence[Truth]) -> set[str]:
    return {entity["id"] for moment in moments for entity in moment["entities"]}


def entity(moment: Truth, name: str) -> Truth:
    return next(entity for entity in moment["entities"] if entity["id"] == name)


def damaged_segments(kind: str, strength: float) -> list[int]:
    """The segments whose truth differs from the oracle's."""
    pairs = enumerate(zip(segments(kind, strength), oracle(), strict=True))
    return [number for number, (shown, true) in pairs if shown != true]


@pytest.mark.parametrize("strength", STRENGTHS)
@pytest.mark.parametrize("kind", ["vanish", "setting-swap", "event-drop", "event-repeat", "action-swap"])
def test_exactly_the_chosen_segments_differ(kind: str, strength: float) -> None:
    chosen = chosen_segments(EPISODE, kind, strength, take=0)
    assert damaged_segments(kind, strength) == chosen
    assert len(chosen) == portion(strength, len(STORY_KINDS[kind].eligible(EPISODE))) > 0


@pytest.mark.parametrize("kind", sorted(set(STORY_KINDS) - {"extra-cut", "morph-at-boundary"}))
def test_pixels_outside_the_chosen_segments_are_the_oracles(kind: str) -> None:
    chosen = chosen_segments(EPISODE, kind, 0.4, take=0)
    pairs = zip(degraded(EPISODE, kind, 0.4, SPEC, 0).frames, draw(EPISODE, SPEC, 0).frames, strict=True)
    changed = {number // PER_SEGMENT for number, (shown, true) in enumerate(pairs) if not np.array_equal(shown, true)}
    assert sorted(changed) == chosen


@pytest.mark.parametrize("strength", STRENGTHS)
def test_vanish(strength: float) -> None:
    leads = [shot.performances[0].character for shot in EPISODE.shots]
    absent = [lead not in seen(moments) for lead, moments in zip(leads, segments("vanish", strength), strict=True)]
    assert sum(absent) == portion(strength, SHOTS)
    others = [{acted.character for acted in shot.performances[1:]} for shot in EPISODE.shots]
    assert all(rest <= seen(moments) for rest, moments in zip(others, segments("vanish", strength), strict=True))


@pytest.mark.parametrize("strength", STRENGTHS)
def test_prop_loss(strength: float) -> None:
    chosen = chosen_segments(EPISODE, "prop-loss", strength, take=0)
    assert set(damaged_segments("prop-loss", strength)) <= set(chosen)
    for number, (shot, shown, true) in enumerate(
        zip(EPISODE.shots, segments("prop-loss", strength), oracle(), strict=True)
    ):
        lost = loose_props(shot) if number in chosen else set()
        assert seen(shown) == seen(true) - lost
    assert len(chosen) == portion(strength, sum(bool(shot.placements) for shot in EPISODE.shots if loose_props(shot)))


@pytest.mark.parametrize("strength", STRENGTHS)
def test_setting_swap(strength: float) -> None:
    known = {place.kind for place in EPISODE.places}
    foreign = [{moment["setting"] for moment in moments} - known for moments in segments("setting-swap", strength)]
    assert sum(bool(some) for some in foreign) == portion(strength, SHOTS)
    assert all(len({moment["setting"] for moment in moments}) == 1 for moments in segments("setting-swap", strength))


def test_a_story_that_has_every_setting_still_plays_elsewhere() -> None:
    everywhere = replace(EPISODE, places=tuple(Place(kind, kind, 0, 0) for kind in SETTINGS))
    swapped = elsewhere(everywhere).episode.places
    assert all(place.id != place.kind for place in swapped)


def own_event(shot: Shot, moments: Sequence[Truth]) -> bool:
    """Whether the event of the shot is going on at some moment."""
    event = shot.happening
    return event is not None and any((event.kind, event.thing) in moment["events"] for moment in moments)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_event_drop(strength: float) -> None:
    expected = sum(shot.happening is not None for shot in EPISODE.shots)
    shown = sum(own_event(*pair) for pair in zip(EPISODE.shots, segments("event-drop", strength), strict=True))
    assert sum(own_event(*pair) for pair in zip(EPISODE.shots, oracle(), strict=True)) == expected
    assert shown == expected - portion(strength, expected)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_event_repeat(strength: float) -> None:
    """What moved from the start of the event on moves in the same way from the middle of the segment on."""
    shown = segments("event-repeat", strength)
    repeated = [number for number, shot in enumerate(EPISODE.shots) if _repeats(shot, shown[number])]
    assert repeated == chosen_segments(EPISODE, "event-repeat", strength, take=0)


def _repeats(shot: Shot, moments: Sequence[Truth]) -> bool:
    if shot.happening is None:
        return False
    start = round(shot.happening.start * SPEC.fps)
    once, again = (_way(moments[first : first + 5], shot.happening.thing) for first in (start, PER_SEGMENT // 2))
    alike = once.shape == again.shape and np.median(np.linalg.norm(once - again, axis=1)) < 0.1
    return bool(alike and np.abs(again).max() > 1)


def _way(moments: Sequence[Truth], name: str) -> Array:
    """How far the bodies of the thing have come on average since the first of these moments, shape (time, 2)."""
    middles = [np.mean(entity(moment, name)["parts"], axis=0)[:2] for moment in moments if name in seen([moment])]
    return np.array(middles) - middles[0]


@pytest.mark.parametrize("strength", STRENGTHS)
def test_action_swap(strength: float) -> None:
    changed = []
    for number, (shown, true) in enumerate(zip(segments("action-swap", strength), oracle(), strict=True)):
        for moment, before in zip(shown, true, strict=True):
            assert seen([moment]) == seen([before])
            actions = {(who["id"], who["action"]) for who in moment["entities"] if who["kind"] == "character"}
            if actions != {(who["id"], who["action"]) for who in before["entities"] if who["kind"] == "character"}:
                changed.append(number)
    assert sorted(set(changed)) == chosen_segments(EPISODE, "action-swap", strength, take=0)


def jumps(values: Sequence[Any]) -> list[int]:
    return [frame for frame, (before, after) in enumerate(pairwise(values), 1) if before != after]


@pytest.mark.parametrize("strength", STRENGTHS)
def test_extra_cut(strength: float) -> None:
    settings = [moment["setting"] for moments in segments("extra-cut", strength) for moment in moments]
    planned = jumps([moment["setting"] for moments in oracle() for moment in moments])
    extra = [frame for frame in jumps(settings) if frame not in planned]
    assert set(planned) <= set(jumps(settings))
    assert len(extra) == portion(strength, SHOTS)
    assert {frame % PER_SEGMENT for frame in extra} == {PER_SEGMENT // 2}


@pytest.mark.parametrize("strength", STRENGTHS)
def test_morph_at_boundary(strength: float) -> None:
    """At chosen boundaries everyone is all at once where a mirror would show them; nowhere else does anyone jump."""
    moments = [moment for shown in segments("morph-at-boundary", strength) for moment in shown]
    boundaries = [number for number in range(1, SHOTS) if not EPISODE.shots[number].cut_before]
    cuts = [PER_SEGMENT * number for number in range(1, SHOTS) if EPISODE.shots[number].cut_before]
    morphs = [
        frame for frame in range(1, len(moments)) if frame not in cuts and _mirrors(*moments[frame - 1 : frame + 1])
    ]
    assert {frame // PER_SEGMENT for frame in morphs} == set(chosen_segments(EPISODE, "morph-at-boundary", strength, 0))
    assert len(morphs) == portion(strength, len(boundaries))
    assert all(frame % PER_SEGMENT == 0 for frame in morphs)


def _mirrors(before: Truth, after: Truth) -> bool:
    cast = [who["id"] for who in after["entities"] if who["kind"] == "character" and who["id"] in seen([before])]
    places = [(entity(before, who)["centre"][0], entity(after, who)["centre"][0]) for who in cast]
    jumped = max(abs(now - then) for then, now in places) > 4
    return jumped and all(abs(96 - then - now) < 4 for then, now in places)


@pytest.mark.parametrize("strength", STRENGTHS)
def test_identity_swap(strength: float) -> None:
    """In the chosen segments characters change their pixels, and nothing changes away from them."""
    shown = degraded(EPISODE, "identity-swap", strength, SPEC, take=0)
    true = draw(EPISODE, SPEC, take=0)
    changed = set()
    for number, (frame, before, masks) in enumerate(
        zip(shown.frames, true.frames, world.masks(EPISODE, SPEC), strict=True)
    ):
        different = np.abs(frame.astype(int) - before).max(axis=2) > 40
        cast = [masks[who.id] for who in EPISODE.characters]
        if different.any():
            changed.add(number // PER_SEGMENT)
            assert all(different[mask].mean() > 0.4 for mask in cast)
        assert not (different & ~ndimage.binary_dilation(np.any(cast, axis=0), iterations=9)).any()
    assert sorted(changed) == chosen_segments(EPISODE, "identity-swap", strength, take=0)


def test_strangers_look_like_nobody_of_the_cast_and_are_others_in_each_segment() -> None:
    disguise = with_strangers(EPISODE).alteration.disguise
    assert disguise is not None
    looks = [disguise("mimi", (number + 0.5) * SECONDS) for number in range(SHOTS)]
    assert len(set(looks)) > SHOTS / 2
    for stranger in looks:
        assert not {stranger.species, stranger.colour, stranger.accessory} & {
            "cat",
            "dog",
            "red",
            "blue",
            "hat",
            "scarf",
        }
    inside = [disguise("otto", second) for second in np.arange(0, SECONDS, 0.1)]
    assert set(inside) == {inside[0]}

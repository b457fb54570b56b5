"""Other versions of an episode, in which every shot goes wrong in one and the same way.

A control shows such a version in some segments and the true episode in the others, so that nothing else differs. All
ids stay as they are, and so does all that the damage is not about.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import accumulate
from typing import Literal, NamedTuple

from evalsuite.toon.alteration import UNALTERED, Alteration
from evalsuite.toon.episode import (
    ACCESSORIES,
    COLOURS,
    LAYOUTS,
    SETTINGS,
    SPECIES,
    STAGE_WIDTH,
    Camera,
    Episode,
    Happening,
    Look,
    Performance,
    Shot,
)

OFF_STAGE = 4000.0
"""So far beside the stage that no camera shows it, in stage units."""
NEVER = 1e6
"""Seconds after any story's end."""
IN_PLACE = ("stand", "jump", "wave", "dance", "sit", "sleep", "look", "cheer")
"""Actions that need neither a way to go nor a thing, and so can stand in for each other."""


class Version(NamedTuple):
    """An episode, and the world it is played in."""

    episode: Episode
    alteration: Alteration = UNALTERED


def with_strangers(episode: Episode) -> Version:
    """In every shot everyone looks like somebody new: a species, colour and accessory that nobody of the cast has."""
    rng = random.Random(f"{episode.seed} strangers")
    looks = [_strangers(episode, rng) for _ in episode.shots]
    return Version(episode, Alteration(disguise=lambda name, second: looks[_number_at(episode, second)][name]))


def _strangers(episode: Episode, rng: random.Random) -> dict[str, Look]:
    """Another look for each character."""
    cast = [character.look for character in episode.characters]
    species = _others(rng, SPECIES, [look.species for look in cast])
    colours = _others(rng, COLOURS, [look.colour for look in cast])
    accessories = _others(rng, ACCESSORIES, [look.accessory for look in cast])
    looks = map(Look, species, colours, accessories)
    return {character.id: look for character, look in zip(episode.characters, looks, strict=True)}


def without_leads(episode: Episode) -> Version:
    """The first character of every shot is off the stage, with what it holds."""
    return Version(episode, _off_stage(episode, lambda shot: {acted.character for acted in shot.performances[:1]}))


def without_props(episode: Episode) -> Version:
    """What lies about or is held is off the stage, except the thing of a physical event."""
    return Version(episode, _off_stage(episode, loose_props))


def elsewhere(episode: Episode) -> Version:
    """Every place is of another kind, and of one that the story does not have where that leaves any."""
    kinds = _others(random.Random(f"{episode.seed} elsewhere"), SETTINGS, [place.kind for place in episode.places])
    places = zip(episode.places, kinds, strict=False)
    return Version(replace(episode, places=tuple(replace(place, kind=kind) for place, kind in places)))


def without_events(episode: Episode) -> Version:
    """No physical event happens; what it would have moved rests later where the script takes it to be."""
    rests: dict[str, float] = {}
    shots = []
    for shot in episode.shots:
        shots.append(_without_event(shot, rests))
        if shot.happening:
            rests[shot.happening.thing] = shot.happening.x
    return Version(replace(episode, shots=tuple(shots)))


def with_late_events(episode: Episode) -> Version:
    """Every physical event begins in the middle of its shot."""
    return _each_shot(episode, _with_late_event)


def with_other_actions(episode: Episode) -> Version:
    """Everyone who acts on the spot does something else."""
    rng = random.Random(f"{episode.seed} actions")
    return _each_shot(episode, lambda shot: _with_other_actions(shot, rng))


def rearranged(episode: Episode) -> Version:
    """Everyone and everything stands as in a mirror, in the next layout of the same place."""
    places = tuple(replace(place, layout=(place.layout + 1) % LAYOUTS) for place in episode.places)
    return _each_shot(replace(episode, places=places), _mirrored)


def _each_shot(episode: Episode, change: Callable[[Shot], Shot]) -> Version:
    return Version(replace(episode, shots=tuple(change(shot) for shot in episode.shots)))


def _others(rng: random.Random, names: tuple[str, ...], taken: list[str]) -> list[str]:
    """Another name for each taken one: a new and different one for each, as long as there are enough."""
    free = [name for name in names if name not in taken]
    fresh = rng.sample(free, len(free))
    return [fresh.pop() if fresh else rng.choice([name for name in free or names if name != own]) for own in taken]


def loose_props(shot: Shot) -> set[str]:
    """The things of a shot that no physical event is about."""
    return {placed.thing for placed in shot.placements if not shot.happening or placed.thing != shot.happening.thing}


def shot_at(episode: Episode, second: float) -> tuple[Shot, float]:
    """The shot that is shown at a second of the episode, and how many seconds of it have passed."""
    number = _number_at(episode, second)
    return episode.shots[number], second - sum(shot.seconds for shot in episode.shots[:number])


def _number_at(episode: Episode, second: float) -> int:
    ends = list(accumulate(shot.seconds for shot in episode.shots))
    return min(bisect_right(ends, second + 1e-9), len(ends) - 1)


def _off_stage(episode: Episode, taken: Callable[[Shot], set[str]]) -> Alteration:
    """Takes entities out of every picture; the camera and everyone else do as before."""
    return Alteration(teleport=lambda name, second: OFF_STAGE if name in taken(shot_at(episode, second)[0]) else 0.0)


def _with_late_event(shot: Shot) -> Shot:
    return replace(shot, happening=shot.happening and replace(shot.happening, start=shot.seconds / 2))


def _without_event(shot: Shot, rests: Mapping[str, float]) -> Shot:
    """Put off for ever rather than struck out, so that the camera leaves room for it all the same."""
    event = shot.happening
    placements = tuple(
        replace(placed, x=rests.get(placed.thing)) if placed.thing in loose_props(shot) and placed.x is None else placed
        for placed in shot.placements
    )
    return replace(shot, placements=placements, happening=event and replace(event, start=NEVER))


def _with_other_actions(shot: Shot, rng: random.Random) -> Shot:
    performances = tuple(
        replace(acted, action=_others(rng, IN_PLACE, [acted.action])[0]) if acts_in_place(acted, shot) else acted
        for acted in shot.performances
    )
    return replace(shot, performances=performances)


def acts_in_place(acted: Performance, shot: Shot) -> bool:
    """Whether the action could be any other that is done on the spot, and sets off no event."""
    actor = shot.happening.actor if shot.happening else None
    return acted.action in IN_PLACE and acted.character != actor


def _mirrored(shot: Shot) -> Shot:
    return replace(
        shot,
        camera=_mirrored_camera(shot.camera),
        performances=tuple(_mirrored_performance(acted) for acted in shot.performances),
        placements=tuple(
            placed if placed.x is None else replace(placed, x=STAGE_WIDTH - placed.x) for placed in shot.placements
        ),
        happening=shot.happening and _mirrored_happening(shot.happening),
    )


def _mirrored_camera(camera: Camera) -> Camera:
    return replace(camera, amount=-camera.amount) if camera.kind == "pan" else camera


def _mirrored_performance(acted: Performance) -> Performance:
    start, end = STAGE_WIDTH - acted.start_x, STAGE_WIDTH - acted.end_x
    return replace(acted, start_x=start, end_x=end, facing=_opposite(acted.facing))


def _mirrored_happening(happening: Happening) -> Happening:
    return replace(happening, x=STAGE_WIDTH - happening.x, direction=_opposite(happening.direction))


def _opposite(direction: Literal[-1, 1]) -> Literal[-1, 1]:
    return 1 if direction == -1 else -1

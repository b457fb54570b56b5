"""Plots: what a story is about, before anything is staged or told.

A plot is a list of scenes, a scene a list of beats, and a beat fills one segment. The spine of a plot comes from a
family (`plot_families`): a goal, an obstacle, and a return to the first place and to the keepsake that was left there.
Incidents such as a falling box fill it up to the wanted length.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from evalsuite.toon.episode import (
    ACCESSORIES,
    COLOURS,
    KEEPSAKES,
    LAYOUTS,
    PALETTES,
    SETTINGS,
    SPECIES,
    Character,
    Look,
    Place,
    Thing,
    TimeOfDay,
)
from evalsuite.toon.names import NAMES
from evalsuite.toon.plot_families import (
    ADVENTURES,
    ERRANDS,
    INCIDENTS,
    VIGNETTES,
    BeatPlan,
    Family,
    Incident,
    Purpose,
    ScenePlan,
)

_ROLE = re.compile(r"\{(\w+)(:\w+)?\}")

LOOKS = tuple(Look(*traits) for traits in product(SPECIES, COLOURS, ACCESSORIES))
HELD_OUT = tuple(look for look in LOOKS if look.held_out)
SEEN_IN_TRAINING = tuple(look for look in LOOKS if not look.held_out)
CHAPTER = 40
"""A story of more segments than this is told in chapters of about 20."""
MOST_TOYS = 2
"""How many physical things may lie about in one place."""


@dataclass(frozen=True, slots=True)
class Beat:
    """What one segment is for."""

    act: str
    lead: str
    thing: str | None = None
    purpose: Purpose = ""
    line: str = ""
    """Why it happens, as a pattern for `language`; empty when the pictures say enough."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Beats in one place, without a cut between them."""

    place: str
    time: TimeOfDay
    cast: tuple[str, ...]
    beats: tuple[Beat, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A whole story: who, what, where, and why."""

    title: str
    characters: tuple[Character, ...]
    things: tuple[Thing, ...]
    places: tuple[Place, ...]
    scenes: tuple[Scene, ...]

    @property
    def beats(self) -> tuple[Beat, ...]:
        """One for each segment."""
        return tuple(beat for scene in self.scenes for beat in scene.beats)


def plot(rng: random.Random, segments: int, held_out: bool) -> Plot:
    """A story of so many segments, with looks that are all held out from training or all not."""
    chapters = max(1, round(segments / 20)) if segments > CHAPTER else 1
    writer = _Writer(rng, _characters(rng, segments, held_out))
    lengths = [segments // chapters + (number < segments % chapters) for number in range(chapters)]
    titles = [writer.chapter(length) for length in lengths]
    seen = {name for scene in writer.scenes for name in scene.cast}
    cast = tuple(character for character in writer.characters if character.id in seen)
    return Plot(titles[0], cast, tuple(writer.things), tuple(writer.places), tuple(writer.scenes))


def _characters(rng: random.Random, segments: int, held_out: bool) -> tuple[Character, ...]:
    count = rng.choices((1, 2, 3), (3, 5, 2) if segments < 6 else (2, 5, 3))[0]
    names = rng.sample(NAMES, count)
    return tuple(
        Character(name.lower(), name, look) for name, look in zip(names, _looks(rng, count, held_out), strict=True)
    )


def _looks(rng: random.Random, count: int, held_out: bool) -> list[Look]:
    """Looks that share neither species nor colour nor accessory, so that each is known by any of them."""
    pool = HELD_OUT if held_out else SEEN_IN_TRAINING
    while True:
        looks = rng.sample(pool, count)
        if all(len({getattr(look, trait) for look in looks}) == count for trait in ("species", "colour", "accessory")):
            return looks


class _Writer:
    """Writes chapters one after the other for the same cast; things stay where the last chapter left them."""

    def __init__(self, rng: random.Random, characters: tuple[Character, ...]) -> None:
        self.rng = rng
        self.characters = characters
        self.things: list[Thing] = []
        self.places: list[Place] = []
        self.scenes: list[Scene] = []
        self.toys: dict[str, set[str]] = {}
        worn = {character.look.colour for character in characters}
        self.colours = [colour for colour in COLOURS if colour not in worn]

    def chapter(self, segments: int) -> str:
        """Add a story of so many segments; returns its title."""
        family = self.rng.choice(self._families(segments))
        scenes = _with_detours(self.rng, family.scenes, segments)
        words = self._casting(family, scenes)
        evening = self.rng.random() < 0.2
        slots = iter(_shares(self.rng, scenes, segments))
        holder: str | None = None
        for scene in scenes:
            time: TimeOfDay = "night" if evening or scene.time == "night" else "day"
            cast = tuple(words[role] for role in scene.cast if role in words)
            beats, holder = self._scene(scene, words, cast, holder, slots)
            self.scenes.append(Scene(words[scene.place], time, cast, tuple(beats)))
        return self._title(self.rng.choice(family.titles), words)

    def _families(self, segments: int) -> list[Family]:
        pool = VIGNETTES if segments < 6 else ERRANDS if segments < 10 else ADVENTURES
        return [family for family in pool if family.cast <= len(self.characters) and _spine(family.scenes) <= segments]

    def _title(self, pattern: str, words: Mapping[str, str]) -> str:
        names = {character.id: character.name for character in self.characters}
        spoken = {role: names.get(word, word.split("-")[0].title()) for role, word in words.items()}
        return pattern.format_map(spoken)

    def _casting(self, family: Family, scenes: Sequence[ScenePlan]) -> dict[str, str]:
        """Role -> id, for characters (x, y, z), places (A, B ...) and the keepsake (K)."""
        words = {role: character.id for role, character in zip("xyz", self.characters, strict=False)}
        roles = sorted({scene.place for scene in scenes})
        kinds = self.rng.sample(SETTINGS, len(roles))
        words.update(zip(roles, (self._place(kind) for kind in kinds), strict=True))
        if any(beat.thing == "K" for scene in scenes for beat in scene.beats):
            words["K"] = self._thing(self.rng.choice(KEEPSAKES))
        return words

    def _place(self, kind: str) -> str:
        if kind not in [place.kind for place in self.places]:
            self.places.append(Place(kind, kind, self.rng.randrange(PALETTES), self.rng.randrange(LAYOUTS)))
        return kind

    def _thing(self, kind: str) -> str:
        if kind == "bubbles" and any(thing.kind == kind for thing in self.things):
            return kind
        alike = sum(thing.kind == kind for thing in self.things)
        name = kind if not alike else f"{kind}-{alike + 1}"
        self.things.append(Thing(name, kind, self.rng.choice(self.colours)))
        return name

    def _scene(
        self, scene: ScenePlan, words: dict[str, str], cast: tuple[str, ...], holder: str | None, slots: Iterator[int]
    ) -> tuple[list[Beat], str | None]:
        """The beats of a scene, and who holds the keepsake when it is over."""
        beats: list[Beat] = []
        busy = {holder}
        for plan in scene.beats:
            if plan.act == "fill":
                beats += self._incidents(next(slots), words[scene.place], cast, busy)
                continue
            beats.append(self._beat(plan, words, words[scene.place]))
            if plan.thing == "K":
                holder = {"put_down": None, "approach": holder}.get(plan.act, words[plan.lead])
            busy.add(holder)
        return beats, holder

    def _beat(self, plan: BeatPlan, words: dict[str, str], place: str) -> Beat:
        thing = words.get(plan.thing or "") or (plan.thing and self._toy(plan.thing, place))
        line = _fill(self.rng.choice(plan.lines), words)
        return Beat(plan.act, words[plan.lead], thing, plan.purpose, line)

    def _toy(self, kind: str, place: str) -> str:
        if kind != "bubbles":
            self.toys.setdefault(place, set()).add(kind)
        return self._thing(kind)

    def _incidents(self, count: int, place: str, cast: tuple[str, ...], busy: set[str | None]) -> list[Beat]:
        beats: list[Beat] = []
        done: set[tuple[BeatPlan, ...]] = set()
        while len(beats) < count:
            incident = self._incident(count - len(beats), place, any(name not in busy for name in cast), done)
            done.add(incident.beats)
            lead = self.rng.choice([name for name in cast if name not in busy or not incident.hands])
            others = [name for name in cast if name != lead] or [lead]
            words = {"x": lead, "y": self.rng.choice(others)}
            beats += [self._beat(plan, words, place) for plan in incident.beats]
        return beats

    def _incident(self, room: int, place: str, hands: bool, done: set[tuple[BeatPlan, ...]]) -> Incident:
        """An incident that fits in, that hands are free for, and that this scene has not seen if there is any."""
        lying = self.toys.get(place, set())
        fitting = [
            incident
            for incident in INCIDENTS
            if len(incident.beats) <= room
            and (hands or not incident.hands)
            and (not incident.toy or (incident.toy not in lying and len(lying) < MOST_TOYS))
        ]
        fresh = [incident for incident in fitting if incident.beats not in done] or fitting
        return self.rng.choices(fresh, [incident.weight for incident in fresh])[0]


def _fill(pattern: str, words: Mapping[str, str]) -> str:
    """The pattern with roles replaced: `{x}` by `<mimi>`, `{x:she}` by `<mimi:she>`."""
    return _ROLE.sub(lambda role: f"<{words[role[1]]}{role[2] or ''}>" if role[1] in words else role[0], pattern)


def _spine(scenes: Sequence[ScenePlan]) -> int:
    """How many segments the scenes need without incidents."""
    return sum(beat.act != "fill" for scene in scenes if not scene.optional for beat in scene.beats)


def _with_detours(rng: random.Random, scenes: Sequence[ScenePlan], segments: int) -> list[ScenePlan]:
    """The scenes, with as many of the optional ones as there is room for."""
    detours = [number for number, scene in enumerate(scenes) if scene.optional]
    kept = rng.sample(detours, min(len(detours), (segments - _spine(scenes)) // 4))
    return [scene for number, scene in enumerate(scenes) if not scene.optional or number in kept]


def _shares(rng: random.Random, scenes: Sequence[ScenePlan], segments: int) -> list[int]:
    """How many beats each place for incidents gets."""
    beats = [beat for scene in scenes for beat in scene.beats]
    shares = [0] * sum(beat.act == "fill" for beat in beats)
    for _ in range(segments - (len(beats) - len(shares))):
        least = min(shares)
        shares[rng.choice([slot for slot, share in enumerate(shares) if share <= least + 1])] += 1
    return shares

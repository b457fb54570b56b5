"""Telling: from an episode and the purpose of its beats to a storyboard in English.

Each segment is told in three to five sentences: the background, the characters, what happens and how it is filmed.
"""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Sequence

from evalsuite.toon.episode import INDOORS, Episode, Happening, Performance, Placement, Shot
from evalsuite.toon.language import Mentions, described, expand, listed, pronoun
from evalsuite.toon.phrases import (
    ACTION,
    BACKGROUND,
    BYSTANDING,
    CAMERA,
    EDGES,
    HAPPENING,
    LIGHT,
    RELATIONS,
    SIDES,
    SIGHTS,
    SPOTS,
    THINGS,
    WHERE,
    Patterns,
    Sight,
)
from evalsuite.toon.plot import Beat
from evalsuite.types import Change, Entity, Event, Segment, Storyboard

LASTING = {"throw": 1.8, "bounce": 2.0, "fall": 1.0, "roll": 2.0, "rise": 2.2, "topple": 1.2}
"""How long a happening is to be seen, in seconds."""
MOST_SENTENCES = 5
MEMORY = 24
"""For so many patterns none is used again where another would do."""
ENOUGH_WORDS = (38, 56)
"""A segment of fewer words than some number in this range gets one more sentence about the place."""
NEAR = 28.0
"""Those who are no farther than this from the next are told to be together, in stage units."""
SIGHT_SLOTS = ("sight", "sight2", "sight3")


def tell(episode: Episode, beats: Sequence[Beat], rng: random.Random) -> Storyboard:
    """The storyboard of an episode whose shots were staged from `beats`."""
    narrator = _Narrator(episode, rng)
    segments = tuple(narrator.segment(shot, beat) for shot, beat in zip(episode.shots, beats, strict=True))
    return Storyboard(
        id=episode.id, title=episode.title, entities=_entities(episode), segments=segments, world=episode.seed
    )


def _entities(episode: Episode) -> tuple[Entity, ...]:
    characters = [
        Entity(id=one.id, kind="character", name=one.name, description=described(one)) for one in episode.characters
    ]
    things = [
        Entity(id=one.id, kind="object", name=one.kind, description=f"{one.colour} {one.kind}")
        for one in episode.things
    ]
    places = [Entity(id=one.id, kind="setting", name=one.kind, description=one.kind) for one in episode.places]
    return (*characters, *things, *places)


class _Narrator:
    """Tells one segment after the other, and remembers what has been told."""

    def __init__(self, episode: Episode, rng: random.Random) -> None:
        self.rng = rng
        self.mentions = Mentions(episode, rng)
        self.places = {place.id: place for place in episode.places}
        self.times: dict[str, str] = {}
        """Place -> the time of day when it was last shown."""
        self.noticed: set[tuple[str, str]] = set()
        """(place or bearer, thing) that has been told of."""
        self.fallen: set[str] = set()
        """Towers that lie in pieces."""
        self.recent: list[Sight] = []
        """What the last segment said of the place."""
        self.used: deque[str] = deque(maxlen=MEMORY)
        """The patterns that were used last."""
        self.started = False

    def segment(self, shot: Shot, beat: Beat) -> Segment:
        """The next segment."""
        text, resolved = self.mentions.words(" ".join(self._sentences(shot, beat)))
        changed = self.times.get(shot.place, shot.time) != shot.time
        self.times[shot.place] = shot.time
        self.started = True
        lead = shot.performances[0]
        return Segment(
            text=text,
            seconds=shot.seconds,
            present=_present(shot),
            setting=shot.place,
            action=lead.action,
            camera=_camera(shot),
            cut_before=shot.cut_before,
            changes=(Change(entity=shot.place, what="time_of_day", value=shot.time),) if changed else (),
            events=_events(shot),
            resolved_text=resolved,
        )

    def _choose(self, patterns: Patterns) -> str:
        """One that has not been used of late, if there is any."""
        chosen = self.rng.choice([pattern for pattern in patterns if pattern not in self.used] or patterns)
        self.used.append(chosen)
        return chosen

    # The order of sentences

    def _sentences(self, shot: Shot, beat: Beat) -> list[str]:
        slots = self._sights(shot)
        background = [expand(self._choose(self._background_patterns(shot)), self.rng, slots)]
        story = self._story(shot, beat)
        things = self._things(shot)[: MOST_SENTENCES - 2 - len(story)]
        if not things and _words(background + story) < self.rng.randint(*ENOUGH_WORDS) and len(story) < 3:
            things = [expand(self._choose(BACKGROUND["detail"]), self.rng, slots)]
        camera = [self._filmed(shot)]
        if not shot.cut_before and self.started and self.rng.random() < 0.35:
            return [story[0], *background, *things, *story[1:], *camera]
        if self.rng.random() < 0.2:
            return [*background, *camera, *things, *story]
        return [*background, *things, *story, *camera]

    def _story(self, shot: Shot, beat: Beat) -> list[str]:
        """Who does what, what happens, and why, in three sentences at most."""
        who = [self._lead(shot), *self._others(shot)]
        what = [self._happening(shot, shot.happening)] if shot.happening else []
        why = [expand(beat.line, self.rng, {})] if beat.line else []
        if len(who) == 2 and ((what and why) or self.rng.random() < 0.3):
            who = [_joined(who[0], who[1], self.rng.choice((", while ", ", and ", "; ")))]
        return [*who, *what, *why]

    # Background

    def _sights(self, shot: Shot) -> dict[str, str]:
        """What may be said of the place: three sights that the last segment left out, and the light."""
        kind = self.places[shot.place].kind
        skies = LIGHT[f"{shot.time}_indoors" if kind in INDOORS else shot.time]
        fresh = [sight for sight in SIGHTS[kind] if sight not in self.recent]
        chosen = self.rng.sample(fresh, 3)
        light = self.rng.choice([sky for sky in skies if sky not in self.recent])
        self.recent = [*chosen[: self.rng.randint(1, 3)], light]
        slots = {"where": WHERE[kind], "place": f"<{shot.place}>", "light": self._seen(light, shot.place)}
        return slots | {name: self._seen(sight, shot.place) for name, sight in zip(SIGHT_SLOTS, chosen, strict=True)}

    def _seen(self, sight: Sight, place: str) -> str:
        variant = self.places[place]
        side = self.rng.choice(SIDES[_side(sight.xs[variant.layout])])
        return expand(sight.pattern, self.rng, {"at": side, "tone": sight.tones[variant.palette]})

    def _background_patterns(self, shot: Shot) -> Patterns:
        if not self.started:
            return BACKGROUND["opening"]
        if not shot.cut_before:
            return BACKGROUND["staying"]
        before = self.times.get(shot.place)
        if before is None:
            return BACKGROUND["arrival"]
        return BACKGROUND["return" if before == shot.time else "nightfall" if shot.time == "night" else "daybreak"]

    def _things(self, shot: Shot) -> list[str]:
        """A sentence about a thing that lies there or is held: new ones first, old ones after a cut or by chance."""
        busy = {shot.happening.thing if shot.happening else "", *(one.target for one in shot.performances)}
        idle = [placed for placed in shot.placements if placed.thing not in busy]
        new = [placed for placed in idle if self._noticing(shot, placed) not in self.noticed]
        if not new and not (shot.cut_before or self.rng.random() < 0.2):
            return []
        return [self._thing(shot, placed) for placed in (new or idle)[:1]]

    def _noticing(self, shot: Shot, placed: Placement) -> tuple[str, str]:
        return placed.held_by or shot.place, placed.thing

    def _thing(self, shot: Shot, placed: Placement) -> str:
        told = self._noticing(shot, placed) in self.noticed
        self.noticed.add(self._noticing(shot, placed))
        slots = {"thing": f"<{placed.thing}>", "where": self._where(placed.x), "ground": self._ground(shot)}
        if placed.held_by:
            slots |= {"x": f"<{placed.held_by}>", "her": pronoun(placed.held_by, "her")}
        lies = "fallen" if placed.thing in self.fallen else "still_resting" if told else "resting"
        return expand(self._choose(THINGS["held" if placed.held_by else lies]), self.rng, slots)

    def _ground(self, shot: Shot) -> str:
        return "floor" if self.places[shot.place].kind in INDOORS else "ground"

    # Characters

    def _lead(self, shot: Shot) -> str:
        first = shot.performances[0]
        together = [other for other in shot.performances if _alike(first, other)]
        action = "hold" if first.action == "carry" and first.start_x == first.end_x else first.action
        sentence = self._told(shot, ACTION[action], together)
        if shot.cut_before or not self.started or not sentence.startswith("^") or self.rng.random() > 0.5:
            return sentence
        return f"{self.rng.choice(RELATIONS['connectives'])} {sentence[1:]}"

    def _others(self, shot: Shot) -> list[str]:
        """What those do who do not do the same as the lead, in one sentence or none."""
        others = [other for other in shot.performances[1:] if not _alike(shot.performances[0], other)]
        if not others:
            return []
        alike = [other for other in others if other.action == others[0].action]
        rest = [other for other in others if other not in alike]
        sentence = self._told(shot, _patterns(others[0]), alike)
        return [_joined(sentence, self._told(shot, _patterns(rest[0]), rest), ", and ")] if rest else [sentence]

    def _told(self, shot: Shot, patterns: Patterns, who: list[Performance]) -> str:
        one, plural = who[0], len(who) > 1
        lead = shot.performances[0]
        slots = {
            "x": listed([f"<{performance.character}>" for performance in who]),
            "thing": f"<{one.target}>",
            "way": "right" if one.facing > 0 else "left",
            "ground": self._ground(shot),
            **(self._spots_of_several(who) if plural else self._spots_of_one(one)),
            **_pronouns(who),
        }
        if one is not lead and not plural and _side(one.end_x) == _side(lead.end_x):
            slots["spot"] = f"{self.rng.choice(RELATIONS['beside'])} <{lead.character}>"
        return expand(self._choose(patterns), self.rng, slots, plural)

    def _spots_of_one(self, one: Performance) -> dict[str, str]:
        start, end = self._edge(one.start_x), self._edge(one.end_x)
        spot = self._where(one.end_x)
        return {"spot": spot, "to_spot": spot, "from_spot": f"from {start}", "from_bare": start, "to_bare": end}

    def _spots_of_several(self, who: list[Performance]) -> dict[str, str]:
        spots = [one.end_x for one in who]
        near = max(spots) - min(spots) < NEAR * (len(who) - 1)
        spot = self.rng.choice(RELATIONS["together" if near else "apart"])
        way = "the right" if who[0].facing > 0 else "the left"
        return {"spot": spot, "to_spot": spot, "from_spot": "together", "from_bare": "their place", "to_bare": way}

    def _where(self, x: float | None) -> str:
        return self.rng.choice(SPOTS[_side(x)] if x is not None else RELATIONS["somewhere"])

    def _edge(self, x: float) -> str:
        return self.rng.choice(EDGES[_side(x)])

    # What happens, and how it is filmed

    def _happening(self, shot: Shot, happening: Happening) -> str:
        slots = {
            "thing": f"<{happening.thing}>",
            "way": "right" if happening.direction > 0 else "left",
            "where": self._where(happening.x),
            "ground": self._ground(shot),
        }
        if happening.kind == "topple":
            self.fallen.add(happening.thing)
        self.noticed.add((shot.place, happening.thing))
        return expand(self._choose(HAPPENING[happening.kind]), self.rng, slots)

    def _filmed(self, shot: Shot) -> str:
        slots = {"x": f"<{shot.performances[0].character}>", "pan": "right" if shot.camera.amount > 0 else "left"}
        kind = "pan" if shot.camera.kind == "pan" else _camera(shot)
        return expand(self._choose(CAMERA[kind]), self.rng, slots)


def _patterns(other: Performance) -> Patterns:
    return BYSTANDING.get(other.action) or ACTION[other.action]


def _side(x: float) -> str:
    return "left" if x < 36 else "right" if x > 60 else "middle"


def _pronouns(who: list[Performance]) -> dict[str, str]:
    if len(who) > 1:
        return {"she": "they", "her": "their", "obj": "them"}
    return {form: pronoun(who[0].character, form) for form in ("she", "her", "obj")}


def _joined(first: str, second: str, link: str) -> str:
    """Two sentences as one."""
    second = second.removeprefix("^") if second.startswith("^") else second[0].lower() + second[1:]
    return first.rstrip(".") + link + second


def _words(sentences: list[str]) -> int:
    return sum(len(sentence.split()) for sentence in sentences)


def _alike(first: Performance, other: Performance) -> bool:
    """Whether both do the same in one sentence."""
    if other is first:
        return True
    both_move = first.start_x != first.end_x and other.start_x != other.end_x
    return both_move and first.action == other.action and other.target is None and first.target is None


def _camera(shot: Shot) -> str:
    if shot.camera.kind == "still":
        return "still"
    ways = {"pan": ("left", "right"), "zoom": ("out", "in")}[shot.camera.kind]
    return f"{shot.camera.kind} {ways[shot.camera.amount > 0]}"


def _present(shot: Shot) -> tuple[str, ...]:
    things = [placement.thing for placement in shot.placements]
    if shot.happening:
        things.append(shot.happening.thing)
    return (*(one.character for one in shot.performances), *dict.fromkeys(things), shot.place)


def _events(shot: Shot) -> tuple[Event, ...]:
    half = shot.seconds / 2
    taken = [
        Event(kind=one.action, entity=one.target, start=half - 0.5, end=half + 0.5)
        for one in shot.performances
        if one.action in ("pick_up", "put_down") and one.target
    ]
    if shot.happening is None:
        return tuple(taken)
    start, kind = shot.happening.start, shot.happening.kind
    end = min(start + LASTING[kind], shot.seconds)
    return (*taken, Event(kind=kind, entity=shot.happening.thing, start=start, end=end))

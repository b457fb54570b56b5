"""Words from patterns: choices, agreement of verbs, and names that are told with their look once."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence

from evalsuite.toon.episode import Character, Episode, Thing
from evalsuite.toon.names import PRONOUNS
from evalsuite.toon.phrases import WHERE

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_NUMBER = re.compile(r"\(([^()/]*)/([^()/]*)\)")
_SLOT = re.compile(r"\{(\w+)(:cap)?\}")
_MENTION = re.compile(r"<([a-z0-9-]+)(?::(\w+))?>")
_FORMS = {"she": {"she": "she", "her": "her", "obj": "her"}, "he": {"she": "he", "her": "his", "obj": "him"}}
WORN = {
    "hat": ("with a hat", "wearing a hat", "in a hat", "who wears a hat"),
    "scarf": ("with a scarf", "wearing a scarf", "in a scarf", "who wears a scarf"),
    "glasses": ("with glasses", "wearing glasses", "in a pair of glasses", "who wears glasses"),
    "bow": ("with a bow", "wearing a bow", "who wears a bow"),
    "crown": ("with a crown", "wearing a crown", "under a crown", "who wears a crown"),
    "backpack": ("with a backpack", "carrying a backpack", "wearing a backpack", "who wears a backpack"),
}
STATURE = ("", "", "", "little ", "round ", "young ", "cheerful ", "friendly ", "lively ", "merry ")
NOUNS = {"blocks": "tower of {colour}blocks", "bubbles": "soap bubbles"}


def expand(pattern: str, rng: random.Random, slots: Mapping[str, str], plural: bool = False) -> str:
    """The pattern with a choice made in each `[a|b]`, a number in each `(walk/walks)`, and its slots filled."""
    while found := _CHOICE.search(pattern):
        pattern = pattern[: found.start()] + rng.choice(found[1].split("|")) + pattern[found.end() :]
    pattern = _NUMBER.sub(lambda pair: pair[1] if plural else pair[2], pattern)
    return _SLOT.sub(lambda slot: capital(slots[slot[1]]) if slot[2] else slots[slot[1]], pattern)


def capital(text: str) -> str:
    """The text with a capital first letter; a mention of someone or something is marked to begin with one."""
    if text.startswith("<"):
        return "^" + text
    return text[:1].upper() + text[1:]


def pronoun(character: str, form: str) -> str:
    """A mention of a character by a pronoun: form is `she`, `her` (possessive) or `obj`."""
    return f"<{character}:{form}>"


class Mentions:
    """Turns mentions such as `<mimi>` into words, and remembers who and what has been told of."""

    def __init__(self, episode: Episode, rng: random.Random) -> None:
        self.rng = rng
        self.characters = {character.id: character for character in episode.characters}
        self.things = {thing.id: thing for thing in episode.things}
        self.places = {place.id: place.kind for place in episode.places}
        self.told: set[str] = set()

    def words(self, text: str) -> tuple[str, str]:
        """The text as generators get it, and as evaluators do: with looks in place of names."""
        named, resolved, end = "", "", 0
        for found in _MENTION.finditer(text):
            between = text[end : found.start()]
            end = found.end()
            name, look = self._mention(found[1], found[2], text[end : end + 1])
            big = between.endswith("^")
            between = between.removesuffix("^")
            named += between + (_upper(name) if big else name)
            resolved += between + (_upper(look) if big else look)
        return _sentences(named + text[end:]), _sentences(resolved + text[end:])

    def _mention(self, name: str, form: str | None, following: str) -> tuple[str, str]:
        if name in self.places:
            words = WHERE[self.places[name]] if form == "at" else f"the {self.places[name]}"
            return words, words
        if name in self.things:
            return self._thing(self.things[name])
        character = self.characters[name]
        if form is not None:
            word = _FORMS[PRONOUNS[character.name]][form.lower()]
            word = word.capitalize() if form[0].isupper() else word
            return word, word
        return self._character(character, following)

    def _character(self, character: Character, following: str) -> tuple[str, str]:
        look = described(character)
        if character.id in self.told:
            return character.name, f"the {look}"
        self.told.add(character.id)
        colour_species = f"{self.rng.choice(STATURE)}{character.look.colour} {character.look.species}"
        intro = f"{_a(colour_species)} {self.rng.choice(WORN[character.look.accessory])}"
        comma = "" if following in ",.;:!?" else ","
        return f"{character.name}, {intro}{comma}", f"the {look}"

    def _thing(self, thing: Thing) -> tuple[str, str]:
        if thing.kind == "bubbles":
            return "soap bubbles", "soap bubbles"
        noun = NOUNS.get(thing.kind, "{colour}" + thing.kind)
        full, short = noun.format(colour=f"{thing.colour} "), noun.format(colour="")
        alike = sum(other.kind == thing.kind for other in self.things.values()) > 1
        told = thing.id in self.told
        self.told.add(thing.id)
        return f"the {full if alike else short}" if told else _a(full), f"the {full}"


def described(character: Character) -> str:
    """How a character looks, such as `green frog with a scarf`."""
    return f"{character.look.colour} {character.look.species} {WORN[character.look.accessory][0]}"


def listed(names: Sequence[str]) -> str:
    """Names joined by commas and `and`."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _a(noun: str) -> str:
    return f"an {noun}" if noun[0] in "aeiou" else f"a {noun}"


def _upper(word: str) -> str:
    return word[:1].upper() + word[1:]


def _sentences(text: str) -> str:
    """Text with one space between words, and a capital at the start of each sentence."""
    text = re.sub(r"\s+", " ", text).replace(" ,", ",").replace(",,", ",").replace(" .", ".").strip()
    return re.sub(r"(^|[.!?] )([a-z])", lambda found: found[1] + found[2].upper(), text)

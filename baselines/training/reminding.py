"""Stories whose segments say again who is who, which a generator without a memory would have to know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from evalsuite.toon.names import NAMES

_INTRODUCTION = re.compile(rf"\b({'|'.join(NAMES)}), (an? [^,.!?;]+)")
"""A name, and what a text says of it: "Mimi, a red fox with a hat" """


def introductions(text: str) -> Iterator[re.Match[str]]:
    """Where a text says of someone what he is: group 1 is the name, group 2 what is said."""
    return _INTRODUCTION.finditer(text)


def reminded(texts: Sequence[str]) -> list[str]:
    """The texts of a story in which each segment introduces anew, in the story's own words, whom it names.

    "Mimi waves." becomes "Mimi, a red fox with a hat, waves." once an earlier segment has told so.
    """
    introduced: dict[str, str] = {}
    again = []
    for text in texts:
        anew = {found[1]: found[2] for found in introductions(text)}
        again.append(_introduce(text, {name: told for name, told in introduced.items() if name not in anew}))
        introduced |= anew
    return again


def _introduce(text: str, introductions: dict[str, str]) -> str:
    """With an introduction behind the first mention of each name; not where something is said to be theirs."""
    for name, told in introductions.items():
        text = re.sub(rf"\b{name}\b(?!'s)", f"{name}, {told},", text, count=1)
    return text

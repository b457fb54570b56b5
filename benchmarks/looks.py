"""How often generated videos show the place and the characters that they should: by an independent recogniser.

`python benchmarks/looks.py RUN_FOLDER SUITE SYSTEM [OTHER_SYSTEM]`. Looked at are the middles of segments. A species or
colour counts as seen where it is among the likeliest m of 8, m being how many different ones the characters there
have, so that chance is m / 8. Four cases are told apart: the look is `told` in that segment's text; it is `kept` from
the segment before; the character `returned` after a cut and at least three segments of absence, or is `soon back`. With
two systems, also the difference on the same segments.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from recogniser import Recogniser, recogniser, values

from evalsuite import strip, suites
from evalsuite.stats import clustered_mean
from evalsuite.store import Store
from evalsuite.toon.episode import COLOURS, SETTINGS, SPECIES
from evalsuite.types import Entity, Storyboard

_ABSENCE = 3


class Look(NamedTuple):
    """One thing to be read off the middle of one segment."""

    segment: int
    what: str
    """`setting`, `species` or `colour`."""
    case: str
    truth: int
    shown: int
    """How many different ones are there."""


Read = Mapping[str, Mapping[Look, bool]]
"""By storyboard, whether each look was read."""


def expected(board: Storyboard) -> Iterator[Look]:
    """What can be read off each segment."""
    last_seen: dict[str, int] = {}
    for number, segment in enumerate(board.segments):
        yield Look(number, "setting", "", SETTINGS.index(str(segment.setting)), 1)
        there = characters(board, number)
        for what, place, names in (("colour", 0, COLOURS), ("species", 1, SPECIES)):
            truths = [names.index(one.description.split()[place]) for one in there]
            for one, truth in zip(there, truths, strict=True):
                yield Look(number, what, _case(board, number, last_seen.get(one.id)), truth, len(set(truths)))
        last_seen.update(dict.fromkeys(segment.present, number))


def characters(board: Storyboard, segment: int) -> list[Entity]:
    """Those who are in a segment."""
    present = board.segments[segment].present
    return [entity for entity in board.entities if entity.kind == "character" and entity.id in present]


def _case(board: Storyboard, number: int, last: int | None) -> str:
    if last is None:
        return "told"
    if last == number - 1:
        return "kept"
    cut = any(segment.cut_before for segment in board.segments[last + 1 : number + 1])
    return "returned" if cut and number - last > _ABSENCE else "soon back"


@torch.no_grad()
def seen(model: Recogniser, board: Storyboard, path: Path) -> dict[Look, bool]:
    """Whether each thing is among the likeliest."""
    setting, species, colours, _ = model(values(np.stack(strip.of_video(path, strip.middles_of(board)))))
    scores = {"setting": setting, "species": species, "colour": colours}
    return {
        look: look.truth in scores[look.what][look.segment].topk(look.shown).indices.tolist()
        for look in expected(board)
    }


def readings(store: Store, system: str, boards: Mapping[str, Storyboard]) -> Read:
    """By storyboard, for all finished videos of a system."""
    model = recogniser()
    made = [video for video in store.videos() if video.model == system and video.status == "ok" and video.seed == 0]
    return {one.storyboard: seen(model, boards[one.storyboard], store.folder / one.path) for one in made}


def tell(title: str, found: Mapping[str, list[tuple[str, float]]], least: float = 0.0) -> None:
    """Means with intervals over storyboards, of values from `least` to 1."""
    for what, pairs in sorted(found.items()):
        mean = clustered_mean([value for _, value in pairs], [board for board, _ in pairs], (least, 1.0))
        sys.stdout.write(
            f"{title}  {what:17} {mean.value:6.3f} [{mean.low:6.3f}, {mean.high:6.3f}]"
            f"  {len(pairs)} readings of {mean.n} storyboards\n"
        )


def main() -> None:
    """Print it for one system or two."""
    folder, name, *systems = sys.argv[1:]
    suite = suites.load(name)
    store = Store.existing(Path(folder), suite.name, suite.version)
    boards = {board.id: board for board in suite.storyboards}
    all_read = [readings(store, system, boards) for system in systems]
    for system, read in zip(systems, all_read, strict=True):
        tell(system, cases(read))
    if len(systems) == 2:
        tell(" - ".join(systems), cases(*all_read), least=-1.0)


def cases(read: Read, other: Read | None = None) -> dict[str, list[tuple[str, float]]]:
    """By what was looked for: storyboard and 1 where it was read, else 0; less the same of `other` if there is one."""
    found = defaultdict(list)
    for board in read if other is None else read.keys() & other.keys():
        for look, right in read[board].items():
            found[f"{look.what} {look.case}"].append((board, float(right) - (other[board][look] if other else 0)))
    return found


if __name__ == "__main__":
    main()

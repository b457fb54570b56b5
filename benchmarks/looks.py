"""How often generated videos show the place and the one character that they should: by an independent recogniser.

`python benchmarks/looks.py RUN_FOLDER SUITE SYSTEM [OTHER_SYSTEM]`. Looked at are the middles of segments; species and
colour where one character alone is there, apart for three cases: the look is `told` in that segment's text; it is
`kept` from the segment before; or the character `returned` after a cut and at least three segments of absence. With
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
    """Such as `setting` or `colour returned`."""
    truth: int


def expected(board: Storyboard) -> Iterator[Look]:
    """What can be read off each segment."""
    seen: dict[str, int] = {}
    for number, segment in enumerate(board.segments):
        yield Look(number, "setting", SETTINGS.index(str(segment.setting)))
        someone = alone(board, number)
        case = someone and _case(board, number, seen.get(someone.id))
        if someone and case:
            colour, species = someone.description.split()[:2]
            yield Look(number, f"species {case}", SPECIES.index(species))
            yield Look(number, f"colour {case}", COLOURS.index(colour))
        seen.update(dict.fromkeys(segment.present, number))


def alone(board: Storyboard, segment: int) -> Entity | None:
    """The character of a segment that has one character."""
    present = board.segments[segment].present
    characters = [entity for entity in board.entities if entity.kind == "character" and entity.id in present]
    return characters[0] if len(characters) == 1 else None


def _case(board: Storyboard, number: int, last: int | None) -> str:
    if last is None:
        return "told"
    if last == number - 1:
        return "kept"
    cut = any(segment.cut_before for segment in board.segments[last + 1 : number + 1])
    return "returned" if cut and number - last > _ABSENCE else ""


@torch.no_grad()
def found(model: Recogniser, board: Storyboard, path: Path) -> dict[tuple[int, str], bool]:
    """Whether each thing is read as it should be."""
    setting, species, colours, _ = model(values(np.stack(strip.of_video(path, strip.middles_of(board)))))
    scores = {"setting": setting, "species": species, "colour": colours}
    return {
        (look.segment, look.what): int(scores[look.what.split()[0]][look.segment].argmax()) == look.truth
        for look in expected(board)
    }


def readings(store: Store, system: str, boards: Mapping[str, Storyboard]) -> dict[str, dict[tuple[int, str], bool]]:
    """By storyboard, for all finished videos of a system."""
    model = recogniser()
    made = [video for video in store.videos() if video.model == system and video.status == "ok" and video.seed == 0]
    return {one.storyboard: found(model, boards[one.storyboard], store.folder / one.path) for one in made}


def tell(title: str, cases: Mapping[str, list[tuple[str, float]]]) -> None:
    """Means with intervals over storyboards."""
    for what, pairs in sorted(cases.items()):
        mean = clustered_mean([value for _, value in pairs], [board for board, _ in pairs])
        sys.stdout.write(
            f"{title}  {what:17} {mean.value:6.3f} [{mean.low:6.3f}, {mean.high:6.3f}]"
            f"  {len(pairs)} segments of {mean.n} storyboards\n"
        )


def main() -> None:
    """Print it for one system or two."""
    folder, name, *systems = sys.argv[1:]
    suite = suites.load(name)
    store = Store.existing(Path(folder), suite.name, suite.version)
    boards = {board.id: board for board in suite.storyboards}
    all_read = [readings(store, system, boards) for system in systems]
    for system, read in zip(systems, all_read, strict=True):
        tell(
            system, _by_case((board, what, float(right)) for board in read for (_, what), right in read[board].items())
        )
    if len(systems) == 2:
        one, other = all_read
        shared = ((board, key) for board in one if board in other for key in one[board])
        tell(
            " - ".join(systems),
            _by_case((board, key[1], float(one[board][key]) - other[board][key]) for board, key in shared),
        )


def _by_case(items: Iterator[tuple[str, str, float]]) -> dict[str, list[tuple[str, float]]]:
    cases = defaultdict(list)
    for board, what, value in items:
        cases[what].append((board, value))
    return cases


if __name__ == "__main__":
    main()

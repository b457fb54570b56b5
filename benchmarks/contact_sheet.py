"""Guesses by eye of what generated frames show, made before the text is read.

`python benchmarks/contact_sheet.py draw RUN_FOLDER SUITE SYSTEM PLACE` draws 40 frames, chosen by a fixed seed from
segments with one character, into PLACE.png, and writes PLACE.csv with empty columns to fill in by eye. Beside it,
PLACE_legend.png shows what each species looks like in pictures of this size and this autoencoder, of stories that are
in no suite. `... judge RUN_FOLDER SUITE SYSTEM PLACE` then counts which guesses agree with the storyboards.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from looks import characters

from evalsuite import plugins, strip, suites
from evalsuite.stats import generator
from evalsuite.store import Store
from evalsuite.toon import script
from evalsuite.toon.episode import SPECIES
from evalsuite.types import Frame, Storyboard, VideoSpec

FRAMES = 40
COLUMNS = 5
SCALE = 2
_SPEC = VideoSpec(96, 64, 8.0)
_FIRST = 5000  # of the split `dev`; the suite of that name ends before
WHAT = ("species", "colour", "setting")


class Choice(NamedTuple):
    """A segment whose middle is shown."""

    board: Storyboard
    segment: int

    @property
    def truth(self) -> dict[str, str]:
        (someone,) = characters(self.board, self.segment)
        colour, species = someone.description.split()[:2]
        return {"species": species, "colour": colour, "setting": str(self.board.segments[self.segment].setting)}


def choose(boards: Sequence[Storyboard]) -> list[Choice]:
    """Segments with one character, each of another storyboard, by a fixed seed."""
    luck = generator("contact sheet")
    chosen = []
    for place in luck.permutation(len(boards)):
        board = boards[place]
        fit = [number for number in range(len(board.segments)) if len(characters(board, number)) == 1]
        if fit and len(chosen) < FRAMES:
            chosen.append(Choice(board, int(luck.choice(fit))))
    return chosen


def shown(choice: Choice, store: Store, system: str) -> Frame:
    """The middle frame of the chosen segment of the system's video."""
    record = store.video(system, choice.board.id, 0)
    if record is None:
        raise SystemExit(f"there is no video of {system} for {choice.board.id} in {store.folder}; make it first.")
    return strip.of_video(store.folder / record.path, [strip.middles_of(choice.board)[choice.segment]])[0]


def draw(choices: Sequence[Choice], store: Store, system: str, place: Path) -> None:
    """The sheet, numbered from 1 by rows, the table to fill in, and the legend."""
    frames = [shown(choice, store, system) for choice in choices]
    _write(place.with_suffix(".png"), frames, [str(number) for number in range(1, len(frames) + 1)])
    with place.with_suffix(".csv").open("w", newline="") as file:
        csv.writer(file).writerows([("frame", *WHAT), *((number, "", "", "") for number in range(1, len(frames) + 1))])
    examples = legend()
    labels = [f"{truth['colour']} {truth['species']}" for truth, _ in examples]
    _write(place.with_name(f"{place.stem}_legend.png"), [frame for _, frame in examples], labels)


def legend() -> list[tuple[dict[str, str], Frame]]:
    """Of each species a row of pictures, and what they show."""
    found: dict[str, list[tuple[dict[str, str], Frame]]] = {species: [] for species in SPECIES}
    for truth, frame in _sights():
        if len(found[truth["species"]]) < COLUMNS:
            found[truth["species"]].append((truth, frame))
        if all(len(row) == COLUMNS for row in found.values()):
            break
    return [example for row in found.values() for example in row]


def _sights() -> Iterator[tuple[dict[str, str], Frame]]:
    """Everybody who is alone in the middle of a segment, story after story."""
    drawn = plugins.baseline("reconstructed")
    for number in count(_FIRST):
        board = script.storyboard(script.episode("dev", 3, number))
        frames = list(drawn.generate(board, 0, _SPEC).frames)
        for segment, middle in enumerate(strip.middles_of(board)):
            if len(characters(board, segment)) == 1:
                yield Choice(board, segment).truth, frames[round(middle * _SPEC.fps)]


def _write(path: Path, frames: Sequence[Frame], labels: Sequence[str]) -> None:
    cells = []
    for frame, label in zip(frames, labels, strict=True):
        large = cv2.resize(np.ascontiguousarray(frame), None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_NEAREST)
        cells.append(cv2.putText(large, label, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 0, 0), 1))
    rows = [np.hstack(cells[start : start + COLUMNS]) for start in range(0, len(cells), COLUMNS)]
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR))


def judge(choices: Sequence[Choice], place: Path) -> None:
    """Print which guesses are right."""
    with place.with_suffix(".csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    right = [[row[what] == choice.truth[what] for what in WHAT] for row, choice in zip(rows, choices, strict=True)]
    for what, share in zip(WHAT, np.mean(right, axis=0), strict=True):
        sys.stdout.write(f"{what}: {share * len(right):.0f} of {len(right)}\n")
    at_least_two = sum(sum(row) >= 2 for row in right)
    sys.stdout.write(f"at least two of three: {at_least_two} of {len(right)}\n")


def main() -> None:
    """Draw the sheet, or judge the guesses."""
    verb, folder, name, system, place = sys.argv[1:]
    suite = suites.load(name)
    choices = choose(suite.storyboards)
    if verb == "judge":
        judge(choices, Path(place))
        return
    draw(choices, Store.existing(Path(folder), suite.name, suite.version), system, Path(place))


if __name__ == "__main__":
    main()

"""toon-id against labels made by eye on 100 frames of six generators: `python benchmarks/labels_by_eye.py`.

`... draw RUN_FOLDER` chose the frames, by a fixed seed, from finished videos of `one_minute`: into `by_eye/frames.png`,
ten to a row in the order of `by_eye/frames.csv`. They were looked at six times enlarged, without their systems, their
texts or any detection. `by_eye/labels.csv` has what a viewer would say is there: kind, box in pixels of what is seen,
species and colour or `unclear`, and whether it is sure; what is not may be there, and is neither asked for nor wrong to
find. `by_eye/labels_second.csv` is by another viewer, who saw the frames alone, eight times enlarged: it tells how well
two viewers agree. `... picture PLACE.jpg` draws labels (white, or grey where not sure) and detections (black) upon the
frames.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import numpy.typing as npt
from evalsuite.metrics._toon_id import NAME, sights
from evalsuite.metrics.models import parts
from evalsuite.metrics.models.looks import KINDS, LOOKS, SCORE, WEIGHTS
from evalsuite.metrics.training.toon_id_quality import overlap

from evalsuite import features, strip, suites
from evalsuite.stats import clustered_mean, generator
from evalsuite.store import Store
from evalsuite.toon.episode import SPECIES
from evalsuite.types import Clip, Frame

PLACE = Path(__file__).parent / "by_eye"
SYSTEMS = ("full-attention", "local-attention", "mamba2", "sliding-window", "ttt", "walt")
FRAMES = 100
COLUMNS = 10
HEIGHT, WIDTH = 64, 96
SCALE = 3
FIRST, SECOND = "labels.csv", "labels_second.csv"
UNCLEAR = "unclear"
CHARACTER = "character"

Frames = npt.NDArray[np.uint8]
"""(frames, height, width, 3)."""


class Chosen(NamedTuple):
    """A frame of a finished video."""

    system: str
    storyboard: str
    second: float


class Sight(NamedTuple):
    """What is seen in a frame, by eye or by toon-id."""

    kind: str
    box: npt.NDArray[np.float64]
    """Left, top, right, bottom in pixels."""
    species: str
    colour: str
    sure: bool = True


class Verdict(NamedTuple):
    """What was made of one frame."""

    pairs: list[tuple[Sight, Sight]]
    """Sure labels, and the detection of each that was found."""
    extra: int
    missed: int


def choose() -> list[Chosen]:
    """A frame of each storyboard of `one_minute`, any of its moments, of each system in turn; in no order."""
    luck = generator("labels by eye")
    suite = suites.load("one_minute")
    boards = [suite.storyboards[place] for place in luck.permutation(len(suite.storyboards))[:FRAMES]]
    frames = [
        Chosen(SYSTEMS[number % len(SYSTEMS)], board.id, int(luck.integers(board.seconds * suite.fps)) / suite.fps)
        for number, board in enumerate(boards)
    ]
    return [frames[place] for place in luck.permutation(FRAMES)]


def draw(folder: Path) -> None:
    """Write the frames, and which they are."""
    suite = suites.load("one_minute")
    store = Store.existing(folder, suite.name, suite.version)
    chosen = choose()
    _write(PLACE / "frames.png", [_frame(store, one) for one in chosen])
    with (PLACE / "frames.csv").open("w", newline="") as file:
        rows = [("frame", *Chosen._fields), *((number, *one) for number, one in enumerate(chosen))]
        csv.writer(file, lineterminator="\n").writerows(rows)


def _frame(store: Store, chosen: Chosen) -> Frame:
    record = store.video(chosen.system, chosen.storyboard, 0)
    if record is None:
        raise SystemExit(f"there is no video of {chosen.system} for {chosen.storyboard} in {store.folder}.")
    return strip.of_video(store.folder / record.path, [chosen.second])[0]


def _write(path: Path, cells: Sequence[Frame]) -> None:
    rows = [np.hstack(cells[start : start + COLUMNS]) for start in range(0, len(cells), COLUMNS)]
    cv2.imwrite(str(path), cv2.cvtColor(np.vstack(rows), cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 75])


def frames() -> Frames:
    """All of them."""
    sheet = cv2.cvtColor(cv2.imread(str(PLACE / "frames.png")), cv2.COLOR_BGR2RGB)
    cells = sheet.reshape(-1, HEIGHT, COLUMNS, WIDTH, 3).swapaxes(1, 2)
    return np.ascontiguousarray(cells.reshape(-1, HEIGHT, WIDTH, 3), dtype=np.uint8)


def systems() -> list[str]:
    """That made each frame."""
    return [row["system"] for row in _rows("frames.csv")]


def labels(name: str = FIRST) -> list[list[Sight]]:
    """Of each frame, by one viewer."""
    told: list[list[Sight]] = [[] for _ in range(FRAMES)]
    for row in _rows(name):
        box = np.array([float(row[side]) for side in ("left", "top", "right", "bottom")])
        told[int(row["frame"])].append(Sight(row["kind"], box, row["species"], row["colour"], row["sure"] == "1"))
    return told


def _rows(name: str) -> list[dict[str, str]]:
    with (PLACE / name).open(newline="") as file:
        return list(csv.DictReader(file))


def detections(pictures: Frames) -> list[list[Sight]]:
    """What toon-id sees in each, as the metrics do, the surest first."""
    seen = sights(features.extract([Clip(pictures, np.arange(len(pictures), dtype=np.float64))], [NAME])[NAME].array)
    what, colours, _ = parts.directions(WEIGHTS, "looks", tuple(map(len, LOOKS)))
    species, colour, _ = np.split(seen.identity, len(LOOKS), axis=-1)
    boxes = seen.box * [WIDTH, HEIGHT, WIDTH, HEIGHT]
    return [
        [
            Sight(
                KINDS[seen.kind[frame, place]],
                boxes[frame, place],
                SPECIES[int(np.argmax(what[: len(SPECIES)] @ species[frame, place]))],
                LOOKS[1][int(np.argmax(colours @ colour[frame, place]))],
            )
            for place in np.flatnonzero(seen.score[frame] >= SCORE)
        ]
        for frame in range(len(pictures))
    ]


def compare(told: Iterable[Sight], found: Iterable[Sight], least: float) -> Verdict:
    """Each detection, the surest first, answers for one label of its kind at most, that it overlaps most."""
    free, pairs, extra = list(told), [], 0
    for one in found:
        fits = [overlap(one.box, label.box) if label.kind == one.kind else 0.0 for label in free]
        if max(fits, default=0.0) < least:
            extra += 1
            continue
        label = free.pop(int(np.argmax(fits)))
        pairs += [(label, one)] if label.sure else []
    return Verdict(pairs, extra, sum(label.sure for label in free))


def tell(title: str, verdicts: Sequence[Verdict]) -> None:
    """Precision, recall and F1, with intervals over frames."""
    hits, extra, missed = (
        np.array(each) for each in zip(*((len(one.pairs), one.extra, one.missed) for one in verdicts), strict=True)
    )
    counted = {"precision": (hits, extra), "recall": (hits, missed), "F1": (2 * hits, extra + missed)}
    said = [f"{name} {_share(*counts)}" for name, counts in counted.items()]
    counts = f"{hits.sum()} found, {extra.sum()} extra, {missed.sum()} missed"
    sys.stdout.write(f"{title:34} {'  '.join(said)}  ({counts})\n")


def _share(right: npt.NDArray[np.int64], wrong: npt.NDArray[np.int64]) -> str:
    ones = np.concatenate([np.repeat([1.0, 0.0], counts) for counts in zip(right, wrong, strict=True)])
    clusters = np.repeat(np.arange(len(right)), right + wrong)
    if not len(ones):
        return "-"
    found = clustered_mean(ones.tolist(), [str(number) for number in clusters], (0.0, 1.0))
    return f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"


def agreement(verdicts: Sequence[Verdict], word: str) -> None:
    """How often toon-id and the eye say the same of what both see, where the eye is clear."""
    clear = [
        [getattr(label, word) == getattr(one, word) for label, one in verdict.pairs if getattr(label, word) != UNCLEAR]
        for verdict in verdicts
    ]
    right, wrong = (np.array([sum(one is want for one in each) for each in clear]) for want in (True, False))
    sys.stdout.write(f"{f'same {word}':34} {_share(right, wrong)}  ({right.sum()} of {(right + wrong).sum()})\n")


def of_kind(seen: Iterable[Sight], character: bool, all_sure: bool = False) -> Iterator[Sight]:
    """Characters alone, or things alone; with all labels taken as sure ones if asked."""
    for one in seen:
        if (one.kind == CHARACTER) == character:
            yield one._replace(sure=True) if all_sure else one


def judged(
    told: Iterable[Iterable[Sight]],
    found: Iterable[Iterable[Sight]],
    character: bool = True,
    least: float = 0.5,
    all_sure: bool = False,
) -> list[Verdict]:
    """Frame by frame, of characters or of things, from that overlap on."""
    return [
        compare(of_kind(here, character, all_sure), of_kind(there, character), least)
        for here, there in zip(told, found, strict=True)
    ]


def measure() -> None:
    """Print it all."""
    told, found, made = labels(), detections(frames()), systems()
    verdicts = judged(told, found)
    tell("characters", verdicts)
    for system in SYSTEMS:
        tell(f"  {system}", [one for one, name in zip(verdicts, made, strict=True) if name == system])
    tell("characters, overlap of 0.3", judged(told, found, least=0.3))
    tell("characters, those not sure too", judged(told, found, all_sure=True))
    tell("things", judged(told, found, character=False))
    tell("things, those not sure too", judged(told, found, character=False, all_sure=True))
    agreement(verdicts, "species")
    agreement(verdicts, "colour")
    _of_two_viewers(told, labels(SECOND), found)


def _of_two_viewers(first: list[list[Sight]], second: list[list[Sight]], found: list[list[Sight]]) -> None:
    """What one is sure of as the other sees it, and toon-id by the second."""
    tell("second viewer, by the first", judged(first, map(_sure, second)))
    tell("first viewer, by the second", judged(second, map(_sure, first)))
    agreement(judged(first, map(_sure, second)), "colour")
    tell("characters, by the second viewer", judged(second, found))
    tell("the same, overlap of 0.3", judged(second, found, least=0.3))
    agreement(judged(second, found), "colour")


def _sure(seen: Iterable[Sight]) -> list[Sight]:
    return [one for one in seen if one.sure]


def picture(place: Path) -> None:
    """Draw labels and detections upon the frames."""
    pictures = frames()
    _write(place, [_drawn(*each) for each in zip(range(FRAMES), pictures, labels(), detections(pictures), strict=True)])


def _drawn(number: int, frame: Frame, told: Iterable[Sight], found: Iterable[Sight]) -> Frame:
    cell = cv2.resize(frame, None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_CUBIC)
    for one, grey in [(label, 255 if label.sure else 150) for label in told] + [(each, 0) for each in found]:
        left, top, right, bottom = np.rint(one.box * SCALE).astype(int).tolist()
        cv2.rectangle(cell, (left, top), (right, bottom), (grey, grey, grey), 2)
    return np.asarray(cv2.putText(cell, str(number), (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (255, 0, 0)), np.uint8)


def main() -> None:
    """Do what is asked; measure where nothing is."""
    match sys.argv[1:]:
        case []:
            measure()
        case ["draw", folder]:
            draw(Path(folder))
        case ["picture", place]:
            picture(Path(place))
        case _:
            raise SystemExit(__doc__)


if __name__ == "__main__":
    main()

"""Finds storyboards by what a person types, prints them, and draws their strips."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

from evalsuite import storyboard_files, strip, suites
from evalsuite.errors import StoryboardError
from evalsuite.plugins import spelling
from evalsuite.store import Store
from evalsuite.types import Frame, Segment, Storyboard, Suite, VideoSpec

SPEC = VideoSpec(96, 64, 8.0)


def storyboards(which: str) -> list[Storyboard]:
    """The storyboards that `SUITE`, `SUITE/ID`, `FILE` or `FILE/ID` names."""
    place, wanted = _place_and_id(which)
    boards = list(_all(place))
    if wanted is None:
        return boards
    found = [board for board in boards if board.id == wanted]
    if not found:
        raise StoryboardError(f"{place} has no storyboard {wanted!r}; its first is {boards[0].id!r}.")
    return found


def text(which: str) -> Iterator[str]:
    """The first storyboard that `which` names, as lines to read."""
    board = storyboards(which)[0]
    yield f"{board.id}: {board.title} ({board.seconds:.0f} s)"
    for entity in board.entities:
        yield f"  {entity.kind:9} {entity.name}: {entity.description}"
    for start, segment in zip(board.starts, board.segments, strict=True):
        yield ""
        yield _heading(start, segment)
        yield from textwrap.wrap(segment.text, 100, initial_indent="  ", subsequent_indent="  ")


def strip_of(which: str, picture: Path | None, models: Sequence[str], seed: int, out: Path | None) -> Path | None:
    """Draw the strip of the world and of the models' videos; None where there is nothing to draw."""
    board = storyboards(which)[0]
    rows: list[tuple[str, Sequence[Frame]]] = [(f"{board.id} (world)", strip.of_world(board, SPEC))]
    if models:
        rows += _video_rows(board, _suite(which), models, seed, out)
    if not any(frames for _, frames in rows):
        if picture is not None:
            raise StoryboardError(
                f"{board.id} is of no world that can draw it, so that there is nothing for {picture}."
            )
        return None
    path = picture or Path(f"{board.id}.png")
    strip.draw(rows, path)
    return path


def _place_and_id(which: str) -> tuple[str, str | None]:
    if which.endswith((*storyboard_files.SUFFIXES, ".toml")) or which in suites.names():
        return which, None
    place, separator, wanted = which.rpartition("/")
    return (place, wanted) if separator else (which, None)


def _all(place: str) -> Sequence[Storyboard]:
    return (
        storyboard_files.read(Path(place))
        if place.endswith(storyboard_files.SUFFIXES)
        else suites.load(place).storyboards
    )


def _suite(which: str) -> Suite:
    place, _ = _place_and_id(which)
    if place.endswith(storyboard_files.SUFFIXES):
        raise StoryboardError("videos are kept by suite: name the storyboard as SUITE/ID to show them.")
    return suites.load(place)


def _video_rows(
    board: Storyboard, suite: Suite, models: Sequence[str], seed: int, out: Path | None
) -> list[tuple[str, list[Frame]]]:
    folder = out or Path("runs") / suite.name
    rows = []
    with closing(Store.existing(folder, suite.name, suite.version)) as store:
        for label in (spelling(model).label for model in models):
            record = store.video(label, board.id, seed)
            if record is None or record.status != "ok":
                raise StoryboardError(
                    f"{folder} has no video of {label} for {board.id} with seed {seed}; run it first."
                )
            rows.append((label, strip.of_video(folder / record.path, strip.moments(board))))
    return rows


def _heading(start: float, segment: Segment) -> str:
    end = start + segment.seconds
    shown = ", ".join(segment.present)
    cut = "CUT  " if segment.cut_before and start else ""
    events = ", ".join(f"{event.kind} {event.entity}" for event in segment.events)
    return f"{cut}{start:.0f} - {end:.0f} s  [{shown}]{'  ' + events if events else ''}"

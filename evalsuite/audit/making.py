"""Makes and measures all versions of all videos that an audit asks for; what is there already is not made again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from evalsuite.alter import alter_video, file_of
from evalsuite.disk import sha256
from evalsuite.errors import VideoError
from evalsuite.progress import Advance
from evalsuite.run import Report, Request, carry_out, plan, run
from evalsuite.toon.controls import REVISIONS
from evalsuite.types import Storyboard
from evalsuite.work import Task

from .plan import Plan, Source

Shown = Callable[[str], AbstractContextManager[Advance]]
"""Opens the progress of one part of the work, by what it is."""
_NOTHING = "freeze"
"""Any kind of damage, which at strength 0 does nothing."""


@dataclass(frozen=True, slots=True)
class Alteration:
    """One finished video to be altered."""

    label: str
    kind: str
    strength: float
    storyboard: Storyboard
    source: Path
    other: Path
    """Another video of the same system, for what shows pictures of another story."""
    path: Path
    """Tells by its name what it was made of, so that it is made anew when that has changed."""


def make(asked: Plan, shown: Shown) -> Report:
    """Everything that was asked for, made and measured, as the audit's folder then says it is."""
    systems = [source for source in asked.sources if source.role == "system"]
    for source in systems:
        if source.model is not None:
            with shown(f"{source.own}: videos made") as progress:
                run(_request(asked, source.model), progress)
    alterations = [each for source in systems for each in _alterations(source, asked)]
    if systems:
        with shown("videos altered") as progress:
            _alter(alterations, progress)
    tasks = [*_of_models(asked), *_of_files(systems, alterations, asked)]
    with shown(f"{asked.suite.name}: videos made and measured") as progress:
        return carry_out(tasks, _request(asked), progress)


def _request(asked: Plan, *models: str, sources: Mapping[tuple[str, int], Path] | None = None) -> Request:
    finished = dict(sources) if sources is not None else None
    seeds = (asked.seed,)
    return Request(
        asked.suite, models, asked.folder, seeds, asked.metrics, workers=asked.workers, truth=False, sources=finished
    )


def _of_models(asked: Plan) -> list[Task]:
    """What systems make themselves: their own videos, and with those that the cartoon world draws all versions."""
    models = [source.model for source in asked.sources if source.model is not None]
    for source in asked.sources:
        if source.role != "system":
            models += [*source.harmless.values(), *(source.damaged(*dose) for dose in source.doses())]
    return plan(_request(asked, *models))


def _of_files(systems: list[Source], alterations: list[Alteration], asked: Plan) -> list[Task]:
    """Videos that are there: altered ones, and those of a folder."""
    boards = asked.suite.storyboards
    files = {(each.label, each.storyboard.id): each.path for each in alterations}
    files |= {(one.own, board.id): _own(one, board, asked) for one in systems if one.folder for board in boards}
    tasks = []
    for label in dict.fromkeys(label for label, _ in files):
        sources = {(board.id, asked.seed): files[label, board.id] for board in boards}
        tasks += plan(_request(asked, label, sources=sources))
    return tasks


def _alterations(source: Source, asked: Plan) -> Iterator[Alteration]:
    boards = asked.suite.storyboards
    files = {board.id: _own(source, board, asked) for board in boards}
    contents = {name: sha256(file)[:12] if file.is_file() else "missing" for name, file in files.items()}
    for board, following in zip(boards, [*boards[1:], boards[0]], strict=True):
        made_of = f"{board.id}-{contents[board.id]}-{contents[following.id]}"
        for label, kind, strength in _versions(source):
            name = f"{made_of}-{REVISIONS[kind]}.mp4"
            path = asked.folder / "altered" / label.replace(":", "__") / name
            yield Alteration(label, kind, strength, board, files[board.id], files[following.id], path)


def _versions(source: Source) -> Iterator[tuple[str, str, float]]:
    yield source.intact, _NOTHING, 0.0
    for kind, strength in source.doses():
        yield source.damaged(kind, strength), kind, strength


def _own(source: Source, board: Storyboard, asked: Plan) -> Path:
    folder = source.folder or asked.folder / "videos" / source.own.replace(":", "__")
    return file_of(folder, board, asked.seed)


def _alter(alterations: list[Alteration], progress: Advance) -> None:
    """A video that cannot be altered is left out here, and its scores then say that it is missing."""
    for done, each in enumerate(alterations, 1):
        said = ""
        try:
            if each.source.is_file() and not each.path.is_file():
                alter_video(each.source, each.storyboard, each.kind, each.strength, each.path, each.other)
        except VideoError as error:
            said = f"{each.label} {each.storyboard.id}: {error}"
        progress(done, len(alterations), said)

"""The table of videos: a row for each, with its scores, to be published and to be ranked beside others.

After what is known of a video come four columns for each metric. What is told of whole sets of videos is left out, as
other videos beside these would change it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, Field, FiniteFloat, ValidationError, model_validator

from evalsuite import sheets
from evalsuite.errors import StoreError
from evalsuite.results import MADE, Key, Results, in_folder, key, together
from evalsuite.store import Timing, VideoRecord
from evalsuite.table import Cell
from evalsuite.types import SET_SIZE, Score, Status, Suite, Table

SHIPPED = "published"
"""Names the table of videos that comes with evalsuite."""
_BEHIND = {"value": "", "status": " status", "version": " version", "coverage": " coverage"}
"""What stands behind the name of a metric in its four columns."""

Blank = BeforeValidator(lambda text: None if text == "" else text)
Name = Annotated[str, Field(min_length=1)]


class _Video(BaseModel):
    """The columns of a row that come before those of metrics."""

    suite: str
    model: Name
    revision: str
    storyboard: Name
    seed: int
    status: Literal["ok", "failed"]
    reason: str
    sha256: str
    steps: Annotated[int | None, Blank] = None
    tokens: Annotated[int | None, Blank] = None
    seconds: Annotated[float | None, Blank] = None
    megabytes: Annotated[float | None, Blank] = None

    def video(self) -> VideoRecord:
        named = (self.model, self.storyboard, self.seed, self.revision)
        return VideoRecord(*named, self.status, self.reason, "", self.sha256, self.steps, self.tokens)

    def timings(self) -> tuple[Timing, ...]:
        if self.seconds is None or self.megabytes is None:
            return ()
        return (Timing(self.model, self.storyboard, self.seed, MADE, self.seconds, self.megabytes),)


class _Scored(BaseModel):
    """What a row says of one metric."""

    value: Annotated[FiniteFloat | None, Blank]
    status: Status
    version: str
    coverage: Annotated[float, Field(ge=0, le=1)]

    @model_validator(mode="after")
    def _ok_is_a_number(self) -> Self:
        if (self.value is None) == (self.status == "ok"):
            raise ValueError("a score that is ok has a value, and any other has none")
        return self

    def of(self, video: _Video, metric: str, suite: Suite) -> Score:
        return Score(
            model=video.model,
            revision=video.revision,
            suite=suite.name,
            suite_version=suite.version,
            storyboard=video.storyboard,
            seed=video.seed,
            metric=metric,
            metric_version=self.version,
            status=self.status,
            value=self.value,
            coverage=self.coverage,
        )


def videos_table(suite: Suite, results: Results) -> Table:
    """A row for each video; `read` reads it again from CSV."""
    scores = {(key(score), score.metric): score for score in results.scores if SET_SIZE not in score.details}
    costs = {key(timing): timing for timing in results.timings if timing.step == MADE}
    metrics = sorted({metric for _, metric in scores})
    rows = [
        (
            *_video_cells(suite, video, costs.get(key(video))),
            *(cell for metric in metrics for cell in _score_cells(scores.get((key(video), metric)))),
        )
        for video in results.videos
    ]
    columns = (*_Video.model_fields, *(metric + behind for metric in metrics for behind in _BEHIND.values()))
    return Table(_title(suite), columns, tuple(rows))


def read(name_or_path: str, suite: Suite) -> Results:
    """The videos of such a table in CSV; `StoreError` where it cannot be used, or is of another suite."""
    path = _shipped(suite) if name_or_path == SHIPPED else Path(name_or_path)
    found: dict[Key, Results] = {}
    for line, row in enumerate(sheets.read(path, ("suite", "model", "storyboard", "seed")), start=2):
        if row["suite"] != _title(suite):
            raise StoreError(f"{path} is of the suite {row['suite']}, and not of {_title(suite)}.")
        of_row = _of_row(path, line, row, suite)
        if found.setdefault(key(of_row.videos[0]), of_row) is not of_row:
            raise StoreError(f"{path}, line {line}: this video is there twice; keep one row of it.")
    return together(found.values())


def gathered(suite: Suite, folder: Path, others: Sequence[str], is_named: bool = True) -> Results:
    """What a run folder holds and, behind it, others' tables; one that nobody named need not be there beside these."""
    is_needed = is_named or folder.exists() or not others
    found = in_folder(folder, suite) if is_needed else Results()
    for each in others:
        found = found.beside(read(each, suite))
    return found


def _shipped(suite: Suite) -> Path:
    path = Path(str(files("evalsuite.leaderboards") / f"{suite.name}_videos.csv"))
    if not path.is_file():
        raise StoreError(f"no videos of the suite {suite.name} are published with evalsuite; name a file instead.")
    return path


def _title(suite: Suite) -> str:
    return f"{suite.name} {suite.version}"


def _video_cells(suite: Suite, video: VideoRecord, cost: Timing | None) -> tuple[Cell, ...]:
    cost_cells = (cost.seconds, cost.peak_megabytes) if cost else (None, None)
    named = (_title(suite), video.model, video.revision, video.storyboard, video.seed)
    return (*named, video.status, video.reason, video.sha256, video.steps, video.tokens, *cost_cells)


def _score_cells(score: Score | None) -> tuple[Cell, ...]:
    return (score.value, score.status, score.metric_version, score.coverage) if score else (None,) * len(_BEHIND)


def _of_row(path: Path, line: int, row: Mapping[str, str], suite: Suite) -> Results:
    try:
        told = _Video.model_validate(row)
        scored = {metric: _Scored.model_validate(cells) for metric, cells in _metrics(row).items()}
    except ValidationError as error:
        first = error.errors()[0]
        column = ".".join(map(str, first["loc"])) or "scores"
        raise StoreError(f"{path}, line {line}: {column}: {first['msg']}.") from error
    scores = tuple(score.of(told, metric, suite) for metric, score in scored.items())
    return Results(scores, (told.video(),), told.timings())


def _metrics(row: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The four cells of each metric that the video was scored by."""
    of_status = _BEHIND["status"]
    scored = [column.removesuffix(of_status) for column, cell in row.items() if column.endswith(of_status) and cell]
    return {metric: {name: row.get(metric + behind, "") for name, behind in _BEHIND.items()} for metric in scored}

"""The table of videos: a row for each, with its scores, to be published and to be ranked beside others.

After what is known of a video come five columns for each metric. What is told of whole sets of videos is left out, as
other videos beside these would change it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    Field,
    FiniteFloat,
    NonNegativeInt,
    ValidationError,
    model_validator,
)

from evalsuite import plugins, sheets
from evalsuite.errors import EvalsuiteError, PluginError, StoreError
from evalsuite.interfaces import Metric, SetMetric
from evalsuite.plugins import spelling
from evalsuite.results import MADE, Key, Results, key, together
from evalsuite.store import Timing, VideoRecord
from evalsuite.table import Cell
from evalsuite.types import SET_SIZE, Id, Score, Status, Suite, Table

SHIPPED = "published"
"""Names the table of videos that comes with evalsuite."""
_BEHIND = {"value": "", "status": " status", "reason": " reason", "version": " version", "coverage": " coverage"}
"""What stands behind the name of a metric in its columns."""
_ROUNDING = 1e-6
"""By so much a value may lie outside of what its metric allows."""


def _at_hand(name: str) -> str:
    """Refuses the path of a file, which whoever ranks the table would run."""
    if spelling(name).path is not None:
        raise ValueError("the path of a file, and a table may only name what is installed")
    return name


Blank = BeforeValidator(lambda text: None if text == "" else text)
Name = Annotated[str, Field(min_length=1)]
PluginName = Annotated[str, AfterValidator(_at_hand)]
Count = Annotated[NonNegativeInt | None, Blank]
Amount = Annotated[Annotated[FiniteFloat, Field(ge=0)] | None, Blank]


class _Video(BaseModel):
    """The columns of a row that come before those of metrics."""

    suite: str
    model: PluginName
    revision: str
    storyboard: Id
    seed: NonNegativeInt
    status: Literal["ok", "failed"]
    reason: str
    sha256: str
    steps: Count = None
    tokens: Count = None
    seconds: Amount = None
    megabytes: Amount = None

    def video(self) -> VideoRecord:
        named = (self.model, self.storyboard, self.seed, self.revision)
        return VideoRecord(*named, self.status, self.reason, "", self.sha256, self.steps, self.tokens)

    def timings(self) -> tuple[Timing, ...]:
        if self.seconds is None or self.megabytes is None:
            return ()
        return (Timing(self.model, self.storyboard, self.seed, MADE, self.seconds, self.megabytes),)


class _Scored(BaseModel):
    """What a row says of one metric."""

    metric: PluginName
    value: Annotated[FiniteFloat | None, Blank]
    status: Status
    reason: str
    version: Name
    coverage: Annotated[float, Field(ge=0, le=1)]

    @model_validator(mode="after")
    def _ok_is_a_number(self) -> Self:
        if (self.value is None) == (self.status == "ok"):
            raise ValueError("a score that is ok has a value, and any other has none")
        return self

    def of(self, video: _Video, suite: Suite) -> Score:
        return Score(
            model=video.model,
            revision=video.revision,
            suite=suite.name,
            suite_version=suite.version,
            storyboard=video.storyboard,
            seed=video.seed,
            metric=self.metric,
            metric_version=self.version,
            status=self.status,
            value=self.value,
            reason=self.reason,
            coverage=self.coverage,
        )


def videos_table(suite: Suite, results: Results) -> Table:
    """A row for each video, in the order of their names; `read` reads it again from CSV."""
    scores = {(key(score), score.metric): score for score in results.scores}
    costs = {key(timing): timing for timing in results.timings if timing.step == MADE}
    every = {score.metric for score in results.scores} - _of_sets(results.scores)
    files = sorted(metric for metric in every if spelling(metric).path)
    metrics = sorted(every - set(files))
    if clash := sorted(set(metrics) & set(_Video.model_fields)):
        raise StoreError(f"a metric is called {clash[0]}, which is a column of the table of videos; rename it.")
    rows = [
        (
            *_video_cells(suite, video, costs.get(key(video))),
            *(cell for metric in metrics for cell in _score_cells(scores.get((key(video), metric)))),
        )
        for video in sorted(results.videos, key=key)
    ]
    columns = (*_Video.model_fields, *(metric + behind for metric in metrics for behind in _BEHIND.values()))
    left_out = f"left out, since a table may only name what is installed: {', '.join(files)}"
    return Table(suite.title, columns, tuple(rows), (left_out,) if files else ())


def read(name_or_path: str, suite: Suite) -> Results:
    """The videos of such a table in CSV; `StoreError` where it cannot be used, or is of another suite."""
    path = _shipped(suite) if name_or_path == SHIPPED else Path(name_or_path)
    found: dict[Key, Results] = {}
    for number, row in enumerate(sheets.read(path, ("suite", "model", "storyboard", "seed")), start=1):
        if row["suite"] != suite.title:
            raise StoreError(f"{path} is of the suite {row['suite']}, and not of {suite.title}.")
        of_row = _of_row(path, number, row, suite)
        video = key(of_row.videos[0])
        if video in found:
            raise StoreError(f"{path}, row {number}: this video is there twice; keep one row of it.")
        found[video] = of_row
    return together(found.values())


def _shipped(suite: Suite) -> Path:
    path = Path(str(files("evalsuite.leaderboards") / f"{suite.name}_videos.csv"))
    if not path.is_file():
        raise StoreError(f"no videos of the suite {suite.name} are published with evalsuite; name a file instead.")
    return path


def _video_cells(suite: Suite, video: VideoRecord, cost: Timing | None) -> tuple[Cell, ...]:
    cost_cells = (cost.seconds, cost.peak_megabytes) if cost else (None, None)
    named = (suite.title, video.model, video.revision, video.storyboard, video.seed)
    return (*named, video.status, video.reason, video.sha256, video.steps, video.tokens, *cost_cells)


def _score_cells(score: Score | None) -> tuple[Cell, ...]:
    if score is None:
        return (None,) * len(_BEHIND)
    return score.value, score.status, score.reason, score.metric_version, score.coverage


def _of_sets(scores: Sequence[Score]) -> set[str]:
    """Metrics of whole sets, by what their scores say, or where all of these have failed by what they are."""
    told = {score.metric for score in scores if SET_SIZE in score.details}
    return told | {name for name in {score.metric for score in scores} - told if _judges_sets(name)}


def _judges_sets(metric: str) -> bool:
    try:
        return isinstance(plugins.metric(metric), SetMetric)
    except EvalsuiteError:
        return False


def _of_row(path: Path, number: int, row: Mapping[str, str], suite: Suite) -> Results:
    try:
        told = _Video.model_validate(row)
        scores = tuple(_Scored.model_validate(cells).of(told, suite) for cells in _cells_of_metrics(row))
    except ValidationError as error:
        first = error.errors()[0]
        column = ".".join(map(str, first["loc"])) or "scores"
        raise StoreError(f"{path}, row {number}: {column}: {first['msg'].removeprefix('Value error, ')}.") from error
    except PluginError as error:
        raise StoreError(f"{path}, row {number}: {error}") from error
    if wrong := _contradiction(told, scores):
        raise StoreError(f"{path}, row {number}: {wrong}.")
    return Results(scores, (told.video(),), told.timings())


def _contradiction(video: _Video, scores: Sequence[Score]) -> str:
    """What no run would have written; empty where there is nothing of the kind."""
    for score in scores:
        if video.status == "failed" and score.status == "ok":
            return f"the video has failed, and has a score of {score.metric}"
        low, high = _bounds(score.metric, score.metric_version)
        if score.value is not None and not low - _ROUNDING <= score.value <= high + _ROUNDING:
            return f"{score.metric} is {score.value:g}, and lies from {low:g} to {high:g}"
    return ""


@cache
def _bounds(metric: str, version: str) -> tuple[float, float]:
    """Between which the values of that version lie; of another version, or a metric that is not here, anywhere."""
    try:
        found = plugins.metric(metric)
    except EvalsuiteError:
        return Metric.bounds
    return found.bounds if isinstance(found, Metric) and found.version == version else Metric.bounds


def _cells_of_metrics(row: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """Of each metric that the video was scored by."""
    of_status = _BEHIND["status"]
    for column, cell in row.items():
        if column.endswith(of_status) and cell:
            metric = column.removesuffix(of_status)
            yield {"metric": metric, **{name: row.get(metric + behind, "") for name, behind in _BEHIND.items()}}

"""The values that flow through the machine, in the order in which they are made.

Suite -> Storyboard -> Footage -> VideoRef -> Clip -> Features -> Measured -> Score -> Comparison -> Rating -> Table.
What crosses a file boundary (`Storyboard`, `Suite`) is a pydantic model with a published JSON Schema; the rest are
frozen dataclasses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Frame = npt.NDArray[np.uint8]
"""One picture, RGB, shape (height, width, 3)."""

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
"""A name that is safe as part of a file name: it cannot leave its folder."""

Text = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True)]
Note = Annotated[str, StringConstraints(max_length=4000)]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Entity(_Value):
    """Someone or something that the story follows."""

    id: Id
    kind: Literal["character", "object", "setting"]
    name: Text
    description: Annotated[str, StringConstraints(max_length=1000)] = ""
    """How it looks; for evaluators, and never told to a generator except in `Segment.text`."""
    reference_image: Note | None = None


class Event(_Value):
    """Something that is expected to be seen, `start` to `end` seconds after the segment begins."""

    kind: Text
    entity: Id
    start: float = Field(ge=0)
    end: float = Field(ge=0)


class Change(_Value):
    """A change of look that the story intends, so that no metric may blame it."""

    entity: Id
    what: Text
    value: Text


class Segment(_Value):
    """A stretch of the story that one text describes."""

    text: Text
    seconds: float = Field(default=3.0, gt=0, le=600)
    present: tuple[Id, ...] = ()
    setting: Id | None = None
    action: Note = ""
    camera: Note = ""
    cut_before: bool = False
    negative_text: Note = ""
    changes: tuple[Change, ...] = ()
    events: tuple[Event, ...] = ()
    resolved_text: Note | None = None
    """`text` with names replaced by looks; for evaluators only."""


class Storyboard(_Value):
    """A story told in timed segments: what every generator is asked for."""

    id: Id
    title: Text
    entities: tuple[Entity, ...] = Field(default=(), max_length=1000)
    segments: tuple[Segment, ...] = Field(min_length=1, max_length=10_000)
    world: Note | None = None
    """Where exact pictures of it can be rendered, such as `toon/1/one_minute/17`; controls alone may use it."""

    @model_validator(mode="after")
    def _only_declared_entities(self) -> Storyboard:
        declared = [entity.id for entity in self.entities]
        twice = sorted({name for name in declared if declared.count(name) > 1})
        if twice:
            raise ValueError(f"entity {twice[0]!r} is declared twice")
        for number, segment in enumerate(self.segments):
            for name in _named_in(segment):
                if name not in declared:
                    raise ValueError(f"segments.{number} names the entity {name!r}, which is not declared in entities")
        return self

    @property
    def seconds(self) -> float:
        return sum(segment.seconds for segment in self.segments)

    @property
    def starts(self) -> tuple[float, ...]:
        """When each segment begins, in seconds."""
        ends = np.cumsum([0.0, *(segment.seconds for segment in self.segments)])
        return tuple(float(second) for second in ends[:-1])

    @property
    def cuts(self) -> tuple[float, ...]:
        """When a cut is planned, in seconds; never at 0."""
        return tuple(
            start for start, segment in zip(self.starts, self.segments, strict=True) if segment.cut_before and start > 0
        )

    def told(self) -> Storyboard:
        """What a generator may know: the texts, the names and the cuts, and nothing that evaluators judge by."""
        segments = tuple(
            Segment(
                text=segment.text,
                seconds=segment.seconds,
                cut_before=segment.cut_before,
                negative_text=segment.negative_text,
            )
            for segment in self.segments
        )
        entities = tuple(entity.model_copy(update={"description": ""}) for entity in self.entities)
        return self.model_copy(update={"segments": segments, "entities": entities, "world": None})


def _named_in(segment: Segment) -> list[str]:
    names = [
        *segment.present,
        *(event.entity for event in segment.events),
        *(change.entity for change in segment.changes),
    ]
    return names if segment.setting is None else [*names, segment.setting]


class Suite(_Value):
    """A frozen set of storyboards and how their videos are made and judged."""

    name: Id
    version: str
    profile: Literal["toon", "natural"]
    fps: float = Field(gt=0)
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    seeds: tuple[int, ...]
    metrics: tuple[Id, ...]
    axes: dict[str, dict[Id, float]]
    """Axis -> metric -> weight."""
    storyboards: tuple[Storyboard, ...]

    @property
    def title(self) -> str:
        """Its name and version, which together never mean anything else."""
        return f"{self.name} {self.version}"


@dataclass(frozen=True, slots=True)
class VideoSpec:
    """The size and rate that a suite asks for; a system may answer with its own."""

    width: int
    height: int
    fps: float


@dataclass(frozen=True, slots=True)
class Effort:
    """What a model did to make a video."""

    steps: int
    """Sampling steps."""
    tokens: int
    """Tokens that each step goes over."""


@dataclass(frozen=True, slots=True)
class Footage:
    """Frames as they are made, not yet on disk."""

    frames: Iterable[Frame]
    fps: float
    crf: int | None = None
    """Constant rate factor of H.264 where it must differ from the default; smaller is closer to the pixels."""
    truth: Callable[[], Iterable[Mapping[str, Any]]] | None = None
    """A world's exact truth, one mapping a frame; it is stored beside the video and no metric ever sees it."""
    effort: Effort | None = None
    """What a model did for it, where that can be counted."""
    note: str = ""
    """What readers of the results should know, such as that the video is longer than what the model was trained on."""


@dataclass(frozen=True, slots=True)
class VideoRef:
    """A finished video; its identity is `sha256`, never its path or name."""

    path: Path
    sha256: str
    width: int
    height: int
    fps: float
    frames: int
    decoder: str

    @property
    def seconds(self) -> float:
        return self.frames / self.fps


@dataclass(frozen=True, slots=True)
class Clip:
    """Consecutive frames of a video."""

    frames: npt.NDArray[np.uint8]
    """Shape (time, height, width, 3), RGB."""
    seconds: npt.NDArray[np.float64]
    """When each frame is shown, shape (time,)."""


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class Features:
    """What one extractor saw in one video: the unit of caching. Two are equal only if they are one.

    All metrics share it, so its arrays can only be read.
    """

    extractor: str
    version: str
    array: npt.NDArray[np.float32]
    """Shape (frames, dimensions)."""
    seconds: npt.NDArray[np.float64]
    """When each row is shown, shape (frames,)."""

    def __post_init__(self) -> None:
        for name in ("array", "seconds"):
            shared = getattr(self, name).view()
            shared.flags.writeable = False
            object.__setattr__(self, name, shared)


@dataclass(frozen=True, slots=True)
class Measured:
    """What a metric found in one video."""

    value: float | None
    """None means: the storyboard asks for nothing that this metric could judge; `reason` says why."""
    reason: str = ""
    details: Mapping[str, float] = field(default_factory=dict)
    """Further numbers by name, such as `recall`."""
    series: tuple[tuple[float, float], ...] = ()
    """(seconds or lag, value) pairs, where the number has a course."""
    coverage: float = 1.0
    """The share of the video that could be judged, 0 - 1."""


Status = Literal["ok", "failed", "not_applicable"]

SET_SIZE = "set_size"
"""The detail that a score has where it depends on other videos too: of how many it is a part."""


@dataclass(frozen=True, slots=True)
class Score:
    """One metric of one video. A failure is kept as `failed`; it is never 0, never dropped, and ranks last."""

    model: str
    revision: str
    suite: str
    suite_version: str
    storyboard: str
    seed: int
    metric: str
    metric_version: str
    status: Status
    value: float | None
    reason: str = ""
    details: Mapping[str, float] = field(default_factory=dict)
    series: tuple[tuple[float, float], ...] = ()
    coverage: float = 1.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """Who did better on one storyboard: `outcome` is 1 for left, 0 for right, 0.5 for a tie."""

    left: str
    right: str
    storyboard: str
    axis: str
    outcome: float
    weight: float = 1.0
    judge: str = ""


@dataclass(frozen=True, slots=True)
class Rating:
    """How strong a system is on an axis: `value` in [`low`, `high`] at 95 %, from `n` storyboards."""

    model: str
    axis: str
    value: float
    low: float
    high: float
    n: int
    rank_low: int
    rank_high: int
    """The ranks that the data do not exclude, best first."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for people, with notes on all that was left out and why."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]
    notes: tuple[str, ...] = ()

"""Reads and writes storyboard files: our own JSON, the TTT project's JSON and JSON Lines, and plain text.

- own: one storyboard, or `{"storyboards": [...]}`; the schema is in `docs/storyboard.schema.json`.
- ttt: a list of videos, each a list of `{"text", "requires_scene_transition", "neg_text"}`; one a line in JSON Lines.
- text: one storyboard, a paragraph a segment; it says nothing of cuts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from evalsuite.errors import StoryboardError
from evalsuite.types import Segment, Storyboard

Format = Literal["own", "ttt", "text"]
SUFFIXES = (".json", ".jsonl", ".txt")
MAXIMUM_BYTES = 64_000_000
_SHOWN_ERRORS = 10
_SECONDS = 3.0
"""Of a segment, where a format cannot say."""
Model = TypeVar("Model", bound=BaseModel)


class StoryboardFile(BaseModel):
    """Our own file: what `docs/storyboard.schema.json` describes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    storyboards: tuple[Storyboard, ...] = Field(min_length=1)


class _TttSegment(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str
    requires_scene_transition: bool = False
    neg_text: str = ""


class _TttVideo(BaseModel):
    segments: tuple[_TttSegment, ...] = Field(min_length=1)


def read(path: Path) -> list[Storyboard]:
    """Every storyboard in a file; `StoryboardError` names the place, the key and the reason."""
    text, kind = _text_of(path), path.suffix.lower()
    if kind not in SUFFIXES:
        raise StoryboardError(f"{path.name} is no storyboard file: these end in {', '.join(SUFFIXES)}.")
    if kind == ".jsonl":
        lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
        read_boards = [
            board
            for number, line in lines
            for board in _from_json(_parsed(line, f"{path.name}, line {number}"), path, number - 1)
        ]
    elif kind == ".json":
        read_boards = _from_json(_parsed(text, path.name), path, 0)
    else:
        read_boards = [_from_text(text, path)]
    if not read_boards:
        raise StoryboardError(f"{path.name} holds no storyboard.")
    return _distinct(read_boards, path)


def write(storyboards: Sequence[Storyboard], path: Path, form: Format | None = None) -> None:
    """Write storyboards in one of the three formats, by default text in `.txt`; `.jsonl` gives a line for each."""
    chosen = form or ("text" if path.suffix == ".txt" else "own")
    try:
        path.write_text(_WRITERS[chosen](storyboards, path), encoding="utf-8")
    except OSError as error:
        raise StoryboardError(f"{path} cannot be written: {error.strerror}.") from error


def schema() -> dict[str, Any]:
    """The JSON Schema of our own format."""
    return StoryboardFile.model_json_schema()


def _text_of(path: Path) -> str:
    try:
        if path.stat().st_size > MAXIMUM_BYTES:
            raise StoryboardError(
                f"{path.name} is larger than {MAXIMUM_BYTES // 1_000_000} MB, too large for storyboards."
            )
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise StoryboardError(f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise StoryboardError(f"{path.name} is not text in UTF-8 (byte {error.start}).") from error


def _parsed(text: str, where: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise StoryboardError(f"{where} is not JSON: {error.msg} at {place}.") from error
    except RecursionError as error:
        raise StoryboardError(f"{where} is nested too deeply to be a storyboard.") from error
    except ValueError as error:  # such as a number of thousands of digits
        raise StoryboardError(f"{where} cannot be read: {error}.") from error


def _from_json(data: Any, path: Path, first: int) -> list[Storyboard]:
    if isinstance(data, dict) and "storyboards" in data:
        return list(_validated(StoryboardFile, data, path).storyboards)
    if isinstance(data, dict):
        return [_validated(Storyboard, data, path)]
    if isinstance(data, list) and data:
        videos = data if isinstance(data[0], list) else [data]
        return [_from_ttt(video, path, first + index) for index, video in enumerate(videos)]
    raise StoryboardError(f"{path.name} holds neither a storyboard nor a list of segments.")


def _from_ttt(video: Any, path: Path, index: int) -> Storyboard:
    told = _validated(_TttVideo, {"segments": video}, path, f"video {index}: ")
    segments = [
        {"text": each.text, "cut_before": each.requires_scene_transition and number > 0, "negative_text": each.neg_text}
        for number, each in enumerate(told.segments)
    ]
    named = {"id": f"{_slug(path)}-{index:04d}", "title": f"{path.stem} {index}", "segments": segments}
    return _validated(Storyboard, named, path, f"video {index}: ")


def _from_text(text: str, path: Path) -> Storyboard:
    segments = [{"text": paragraph} for paragraph in _paragraphs(text)]
    return _validated(Storyboard, {"id": _slug(path), "title": path.stem or "untitled", "segments": segments}, path)


def _paragraphs(text: str) -> list[str]:
    return [" ".join(each.split()) for each in re.split(r"\n\s*\n", text) if each.strip()]


def _slug(path: Path) -> str:
    return re.sub(r"[^a-z0-9]+", "-", path.stem.lower()).strip("-")[:50] or "storyboard"


def _distinct(storyboards: list[Storyboard], path: Path) -> list[Storyboard]:
    seen: set[str] = set()
    for board in storyboards:
        if board.id in seen:
            raise StoryboardError(f"{path.name} holds two storyboards with the id {board.id!r}; give each its own.")
        seen.add(board.id)
    return storyboards


def _validated(model: type[Model], data: Any, path: Path, place: str = "") -> Model:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = _deepest(error.errors(include_url=False, include_context=False))
        lines = [f"{path.name}: {place}{_sentence(each)}" for each in found[:_SHOWN_ERRORS]]
        more = [f"and {len(found) - _SHOWN_ERRORS} more."] if len(found) > _SHOWN_ERRORS else []
        raise StoryboardError("\n".join(lines + more)) from error


def _deepest(errors: Sequence[Any]) -> list[Any]:
    """Without those of a whole whose parts have errors of their own: with a wrong part it only seems too short."""
    places = [each["loc"] for each in errors]

    def inner(outer: tuple[int | str, ...]) -> bool:
        return any(len(place) > len(outer) and place[: len(outer)] == outer for place in places)

    return [each for each in errors if not inner(each["loc"])]


def _sentence(error: Any) -> str:
    where = ".".join(str(part) for part in error["loc"]) or "the storyboard"
    if error["type"] == "extra_forbidden":
        return f"{where}: there is no such key."
    if error["type"] == "missing":
        return f"{where}: this key is missing."
    given = json.dumps(error["input"], default=str)
    shown = "" if error["type"] == "value_error" else f" (found {given if len(given) < 60 else given[:57] + '...'})"
    return f"{where}: {error['msg'].removeprefix('Value error, ')}{shown}."


def _as_own(storyboards: Sequence[Storyboard], path: Path) -> str:
    if path.suffix == ".jsonl":
        return "".join(board.model_dump_json(exclude_defaults=True) + "\n" for board in storyboards)
    return StoryboardFile(storyboards=tuple(storyboards)).model_dump_json(indent=1, exclude_defaults=True) + "\n"


def _as_ttt(storyboards: Sequence[Storyboard], path: Path) -> str:
    videos = [[_ttt_segment(board, segment) for segment in board.segments] for board in storyboards]
    if path.suffix == ".jsonl":
        return "".join(json.dumps(video, ensure_ascii=False) + "\n" for video in videos)
    return json.dumps(videos, ensure_ascii=False, indent=1) + "\n"


def _ttt_segment(board: Storyboard, segment: Segment) -> dict[str, Any]:
    if segment.seconds != _SECONDS:
        raise StoryboardError(
            f"{board.id} has a segment of {segment.seconds} s; the TTT project's are {_SECONDS} s each."
        )
    transition = {"requires_scene_transition": segment.cut_before}
    return {"text": segment.text, **transition, "neg_text": segment.negative_text}


def _as_text(storyboards: Iterable[Storyboard], path: Path) -> str:
    boards = list(storyboards)
    if len(boards) != 1:
        raise StoryboardError(f"plain text holds one storyboard, and there are {len(boards)}; name one as SUITE/ID.")
    return "\n\n".join(_paragraph(boards[0], segment) for segment in boards[0].segments) + "\n"


def _paragraph(board: Storyboard, segment: Segment) -> str:
    if segment.seconds != _SECONDS or len(_paragraphs(segment.text)) != 1:
        raise StoryboardError(f"{board.id} cannot be plain text, where each paragraph is a segment of {_SECONDS} s.")
    return segment.text


_WRITERS: dict[Format, Callable[[Sequence[Storyboard], Path], str]] = {
    "own": _as_own,
    "ttt": _as_ttt,
    "text": _as_text,
}

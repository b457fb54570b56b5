"""Suites: frozen sets of storyboards; one TOML file here is one suite.

A suite never changes: its file holds the hash of its storyboards, and a set that no longer has it is refused. Whoever
changes a suite raises its version and writes the new hash, which `python -m evalsuite.suites freeze NAME` prints.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Sequence
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from evalsuite import MOST_SEED
from evalsuite.errors import SuiteError
from evalsuite.plugins import canonical
from evalsuite.types import Id, Storyboard, Suite

FOLDER = files("evalsuite.suites")


class _Recipe(BaseModel):
    """Storyboards that a world writes: `count` of them, of so many segments."""

    model_config = ConfigDict(extra="forbid")
    world: Literal["toon"]
    segments: int = Field(ge=1, le=9999)
    count: int = Field(ge=1, le=100_000)
    sha256: str | None = None


class _SuiteFile(BaseModel):
    """What the TOML file of a suite holds."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    name: Id
    version: str
    profile: Literal["toon", "natural"]
    fps: float = Field(gt=0)
    width: int = Field(gt=0)
    height: int = Field(gt=0)
    seeds: tuple[Annotated[int, Field(ge=0, le=MOST_SEED)], ...] = Field(min_length=1)
    metrics: tuple[Id, ...]
    axes: dict[str, dict[Id, Annotated[float, Field(gt=0)]]]
    storyboards: _Recipe | str
    """A recipe, or the name of a storyboard file beside the suite's own file."""

    @field_validator("metrics")
    @classmethod
    def _one_spelling(cls, metrics: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(canonical, metrics))

    @field_validator("axes")
    @classmethod
    def _one_spelling_of_each(cls, axes: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        return {axis: {canonical(name): weight for name, weight in weights.items()} for axis, weights in axes.items()}


def names() -> list[str]:
    """The suites that come with evalsuite."""
    return sorted(file.name.removesuffix(".toml") for file in FOLDER.iterdir() if file.name.endswith(".toml"))


def load(name_or_path: str, limit: int | None = None, skip: int = 0) -> Suite:
    """A suite by name, or by the path of a TOML file.

    Its first `skip` storyboards are left out, and if `limit` is given no more than that are taken. SuiteError if there
    is no such suite, if its file cannot be used, if it is no longer what it was frozen as, or if nothing of it is left.
    """
    file, folder = _read(name_or_path)
    storyboards = _storyboards(file, folder, slice(skip, None if limit is None else skip + limit))
    if limit is None and not skip:
        _check_frozen(file, storyboards)
    if skip and not storyboards:
        raise SuiteError(f"the suite {file.name} has no storyboard behind the first {skip}; leave out fewer.")
    return Suite(**{**file.model_dump(), "storyboards": storyboards})


def count(name_or_path: str) -> int:
    """How many storyboards a suite has, without writing those of a world."""
    file, folder = _read(name_or_path)
    return len(_storyboards(file, folder)) if isinstance(file.storyboards, str) else file.storyboards.count


def freeze(name_or_path: str) -> str:
    """The hash of a suite's storyboards as they are now, for its file."""
    return fingerprint(_storyboards(*_read(name_or_path)))


def fingerprint(storyboards: Sequence[Storyboard]) -> str:
    """The sha256 of storyboards as canonical JSON."""
    digest = hashlib.sha256()
    for storyboard in storyboards:
        content = storyboard.model_dump(mode="json", exclude_defaults=True)
        digest.update(json.dumps(content, sort_keys=True, separators=(",", ":")).encode())
    return digest.hexdigest()


def _read(name_or_path: str) -> tuple[_SuiteFile, Path]:
    path = Path(name_or_path)
    try:
        text = path.read_text(encoding="utf-8") if path.suffix == ".toml" else _built_in(name_or_path)
        file = _SuiteFile.model_validate(tomllib.loads(text))
    except (OSError, UnicodeDecodeError) as error:
        raise SuiteError(f"the suite file {name_or_path} cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SuiteError(f"the suite file {name_or_path} is not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise SuiteError(f"the suite file {name_or_path} cannot be used: {place}: {first['msg']}") from error
    _check_axes(file, name_or_path)
    return file, path.parent


_COLUMNS = frozenset(("rank", "model", "overall", "storyboards", "seconds", "peak MB", "steps", "tokens"))
"""Of the table of ratings, beside its axes."""


def _check_axes(file: _SuiteFile, where: str) -> None:
    for axis, weights in file.axes.items():
        if axis in _COLUMNS:
            raise SuiteError(f"the suite file {where}: no axis can be called {axis!r}, which is a column of its own.")
        for metric in weights.keys() - set(file.metrics):
            raise SuiteError(f"the suite file {where}: the axis {axis!r} has {metric}, which is not among its metrics.")


def _built_in(name: str) -> str:
    if name not in names():
        close = get_close_matches(name, names(), n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names())}"
        raise SuiteError(f"no suite is called {name!r}; {hint}")
    return (FOLDER / f"{name}.toml").read_text(encoding="utf-8")


def _storyboards(file: _SuiteFile, folder: Path, part: slice = slice(None)) -> tuple[Storyboard, ...]:
    if isinstance(file.storyboards, str):
        from evalsuite.storyboard_files import read

        return tuple(read(folder / file.storyboards)[part])
    from evalsuite.toon.script import episode, storyboard

    recipe = file.storyboards
    return tuple(storyboard(episode(file.name, recipe.segments, index)) for index in range(recipe.count)[part])


def _check_frozen(file: _SuiteFile, storyboards: Sequence[Storyboard]) -> None:
    if isinstance(file.storyboards, str) or file.storyboards.sha256 is None:
        return
    found = fingerprint(storyboards)
    if found != file.storyboards.sha256:
        raise SuiteError(
            f"the suite {file.name} {file.version} was frozen as {file.storyboards.sha256[:12]} but its storyboards "
            f"are now {found[:12]}: install the release that froze it, or raise its version and freeze it again"
        )

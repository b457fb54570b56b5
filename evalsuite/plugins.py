"""Finds plugins by name: a file in its folder, an entry point of an installed package, or a path to a file.

Listing names imports nothing; a plugin is imported when it is asked for, and a broken one stops nobody else.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.util
import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from evalsuite.errors import EvalsuiteError, PluginError, UnknownPluginError
from evalsuite.interfaces import Baseline, Extractor, Leaderboard, Metric, SetMetric

Role = Literal["baselines", "metrics", "leaderboards"]
ROLES: dict[Role, tuple[type, ...]] = {
    "baselines": (Baseline,),
    "metrics": (Metric, SetMetric),
    "leaderboards": (Leaderboard,),
}
NAME = re.compile(r"^[A-Za-z0-9]+([._-][A-Za-z0-9]+)*$")
ARGUMENT = re.compile(r"^[A-Za-z0-9./~][A-Za-z0-9 ._@=,:/~+-]{0,399}$")
"""It may name an architecture, or a file or folder of weights."""
_PLAIN = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._@=,-]{0,99}$")
"""An argument that may be a part of a folder's name as it is."""


@dataclass(frozen=True, slots=True)
class Spelling:
    """What stands on the command line: `name`, `name:argument`, `path/to/file.py` or `path/to/file.py:argument`."""

    name: str
    path: Path | None
    argument: str | None

    @property
    def label(self) -> str:
        """The name under which a system's results are kept; safe as a file name once `:` is replaced."""
        return self.name if self.argument is None else f"{self.name}:{_plain(self.argument)}"


def names(role: Role) -> list[str]:
    """The names of all plugins of a role, sorted; imports none of them."""
    return sorted({path.stem.replace("_", "-") for path in _files(role)} | {point.name for point in _points(role)})


def spelling(text: str) -> Spelling:
    """Read a plugin's spelling; `PluginError` where it is none."""
    target, separator, argument = _split(text)
    path = Path(target) if target.endswith(".py") else None
    name = (path.stem if path else target).replace("_", "-")
    if not NAME.match(name) or (separator and not ARGUMENT.match(argument)):
        raise PluginError(
            f"{text!r} cannot be a plugin: write NAME, NAME:ARGUMENT or PATH.py; "
            "a name is of letters and digits with -, _ or . between them."
        )
    return Spelling(name, path, argument if separator else None)


def canonical(text: str) -> str:
    """The one spelling of a metric under which its results are kept, however `text` spells it."""
    spelled = spelling(text)
    if spelled.path:
        return text
    return spelled.name if spelled.argument is None else f"{spelled.name}:{spelled.argument}"


def baseline(text: str) -> Baseline:
    """The system that `text` names, ready to generate."""
    spelled = spelling(text)
    made: Baseline = _make(_load("baselines", spelled), spelled)
    return made


def metric(text: str) -> Metric | SetMetric:
    """The metric that `text` names."""
    spelled = spelling(text)
    made: Metric | SetMetric = _make(_load("metrics", spelled), spelled)
    return made


def trainable(text: str) -> Baseline | Extractor:
    """What `text` names that may have weights: a system, or else an extractor that some metric brings."""
    try:
        return baseline(text)
    except UnknownPluginError:
        from evalsuite import features  # heavy, and only for training

        list(loaded("metrics"))  # a metric's own extractors are known once it is imported
        if text not in features.EXTRACTORS:
            raise
        return features.extractor(text)


def leaderboard(text: str) -> Leaderboard:
    """The way to rank that `text` names."""
    spelled = spelling(text)
    made: Leaderboard = _make(_load("leaderboards", spelled), spelled)
    return made


def loaded(role: Role) -> Iterator[tuple[str, type | PluginError]]:
    """Every plugin of a role with its class, or with what is wrong with it."""
    for name in names(role):
        try:
            yield name, _load(role, Spelling(name, None, None))
        except PluginError as error:
            yield name, error


def load_file(path: Path) -> tuple[Role, type]:
    """The role and class of the one plugin in a file."""
    module = _import_file(path)
    for role in ROLES:
        classes = _classes(module, role)
        if classes:
            return role, _only(classes, str(path), role)
    raise PluginError(f"{path} holds no plugin: it must define one class that extends Baseline, Metric or Leaderboard.")


def _plain(argument: str) -> str:
    """Itself, or of a path the last part, with a sum that tells it from others of the same name."""
    if _PLAIN.match(argument):
        return argument
    last = re.sub(r"[^A-Za-z0-9._-]+", "-", argument.rstrip("/").rpartition("/")[2])[:60]
    return f"{last}-{hashlib.sha256(argument.encode()).hexdigest()[:8]}"


def _split(text: str) -> tuple[str, str, str]:
    """What stands before the colon of an argument, the colon, and the argument; a path may hold colons of its own."""
    path, ends, argument = text.partition(".py:")
    if ends:
        return f"{path}.py", ":", argument
    return (text, "", "") if text.endswith(".py") else text.partition(":")


def _files(role: Role) -> list[Path]:
    package = importlib.import_module(f"evalsuite.{role}")
    return [path for folder in package.__path__ for path in Path(folder).glob("*.py") if not path.stem.startswith("_")]


def _points(role: Role) -> tuple[EntryPoint, ...]:
    return tuple(entry_points(group=f"evalsuite.{role}"))


def _load(role: Role, spelled: Spelling) -> type:
    if spelled.path is not None:
        return _only(_classes(_import_file(spelled.path), role), str(spelled.path), role)
    for path in _files(role):
        if path.stem.replace("_", "-") == spelled.name:
            module = _import(f"evalsuite.{role}.{path.stem}", spelled.name)
            return _only(_classes(module, role), spelled.name, role)
    for point in _points(role):
        if point.name == spelled.name:
            return _from_point(point, role)
    raise UnknownPluginError(_did_you_mean(spelled.name, role))


def _did_you_mean(name: str, role: Role) -> str:
    close = difflib.get_close_matches(name, names(role), n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(names(role))}."
    return f"there is no {name!r} among the {role}: {hint}"


def _from_point(point: EntryPoint, role: Role) -> type:
    try:
        found = point.load()
    except (Exception, SystemExit) as error:  # another package's import may fail in any way
        raise PluginError(f"{point.name} ({point.value}) cannot be imported: {_said(error)}") from error
    if inspect.ismodule(found):
        return _only(_classes(found, role), point.name, role)
    if not (inspect.isclass(found) and issubclass(found, ROLES[role])):
        raise PluginError(f"{point.name} ({point.value}) is not one of the {role}.")
    return found


def _import(module: str, name: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except (Exception, SystemExit) as error:  # a plugin may fail in any way; it must not stop the others
        raise PluginError(f"{name} cannot be imported: {_said(error)}") from error


def _import_file(path: Path) -> ModuleType:
    if not path.is_file():
        raise UnknownPluginError(f"there is no file {path}.")
    module_name = f"evalsuite_plugin_{path.stem}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is not a Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # as above
        del sys.modules[module_name]
        raise PluginError(f"{path} cannot be imported: {_said(error)}") from error
    return module


def _classes(module: ModuleType, role: Role) -> list[type]:
    return [
        member
        for name, member in inspect.getmembers(module, inspect.isclass)
        if issubclass(member, ROLES[role]) and member.__module__ == module.__name__ and not name.startswith("_")
    ]


def _only(classes: list[type], where: str, role: Role) -> type:
    if len(classes) != 1:
        found = "none" if not classes else ", ".join(sorted(each.__name__ for each in classes))
        raise PluginError(f"{where} must define exactly one public class for {role}; found {found}.")
    return classes[0]


def _make(plugin: type, spelled: Spelling) -> Any:
    arguments = [] if spelled.argument is None else [spelled.argument]
    try:
        made = plugin(*arguments)
    except EvalsuiteError:
        raise
    except Exception as error:  # as above
        raise PluginError(f"{spelled.label} cannot be made: {_said(error)}") from error
    for role, lacking in ((Baseline, "revision"), (Metric, "version"), (SetMetric, "version")):
        if isinstance(made, role) and not (hasattr(plugin, lacking) or lacking in vars(made)):
            raise PluginError(f'{spelled.label} has no {lacking}: give its class one, such as {lacking} = "1".')
    return made


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"

"""Public networks that metrics of natural video look through: which there are, and the user's own copies of them.

None comes with evalsuite. They lie in one folder, `EVALSUITE_WEIGHTS` or `~/.cache/evalsuite/weights`, beside a list of
their sha256 sums: a file that was not pulled or added, or that changed since, is not used.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from evalsuite.disk import copy_atomically, replacing, sha256
from evalsuite.errors import WeightsError
from evalsuite.learning.sums import enlist, listed
from evalsuite.progress import Advance

SILENCE_SECONDS = 60
"""How long a hub may say nothing."""
_PIECE = 1 << 20
_OF_OPEN_CLIP = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*@[A-Za-z0-9][A-Za-z0-9._-]*$")


@dataclass(frozen=True, slots=True)
class Backbone:
    """One public file of weights, where its makers keep it."""

    name: str
    purpose: str
    file: str
    url: str
    licence: str
    megabytes: float | None = None
    sha256: str = ""
    """The whole sum, its beginning, or nothing where nobody told it; then the first copy sets it."""

    @property
    def path(self) -> Path:
        return folder() / self.file

    @property
    def there(self) -> bool:
        return self.path.is_file() and self.file in listed(folder())

    @property
    def unchanged(self) -> bool:
        """Whether the copy that is there is still what was pulled or added."""
        return self.there and listed(folder())[self.file] == sha256(self.path)


def folder() -> Path:
    """Where the copies lie."""
    named = os.environ.get("EVALSUITE_WEIGHTS")
    return Path(named) if named else Path.home() / ".cache" / "evalsuite" / "weights"


@cache
def known() -> dict[str, Backbone]:
    """The networks that metrics here can use, by name."""
    table = tomllib.loads((files("evalsuite") / "backbones.toml").read_text(encoding="utf-8"))
    return {name: Backbone(name=name, **entry) for name, entry in table.items()}


def backbone(name: str) -> Backbone:
    """The network called `name`; `ARCHITECTURE@TAG` is any that open_clip knows."""
    if name in known():
        return known()[name]
    if _OF_OPEN_CLIP.match(name):
        return _of_open_clip(*name.split("@"))
    close = get_close_matches(name, known(), n=1)
    hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known())}."
    raise WeightsError(f"no public weights are called {name!r}: {hint}")


def revision(name: str) -> str:
    """The first 12 digits of the sha256 of the copy that is there; `missing` where there is none."""
    wanted = backbone(name)
    return listed(folder())[wanted.file][:12] if wanted.there else "missing"


def require(name: str) -> Path:
    """The copy that is there, unchanged; WeightsError says how to get one."""
    wanted = backbone(name)
    if not wanted.there:
        raise WeightsError(
            f"the weights {name} are not in {folder()}: fetch them with `evalsuite weights pull {name}`, "
            f"or hand over a file with `evalsuite weights add FILE --name {name}`."
        )
    if not wanted.unchanged:
        raise WeightsError(
            f"{wanted.path} changed since it was added: `evalsuite weights pull {name}` fetches it anew."
        )
    return wanted.path


def add(file: Path, name: str | None = None, replace: bool = False) -> Backbone:
    """Copy a file that the user fetched; WeightsError where it is not what it should be.

    Where nobody told the sum, the first copy sets it, and only `replace` lets another take its place.
    """
    if not file.is_file():
        raise WeightsError(f"there is no file {file}.")
    wanted = backbone(name) if name else _by_file(file)
    if wanted.sha256 or not replace:
        _check(file, wanted)
    copy_atomically(file, wanted.path)
    enlist(wanted.path)
    return wanted


def pull(name: str, progress: Advance) -> Backbone:
    """Fetch a file, whole or not at all, from its makers' hub, unless it is there; `progress` is told megabytes."""
    wanted = backbone(name)
    if wanted.unchanged:
        return wanted
    with replacing(wanted.path) as partial:
        try:
            _fetch(wanted, partial, progress)
        except (URLError, TimeoutError, ConnectionError) as error:
            raise WeightsError(
                f"{wanted.url} cannot be fetched from here ({getattr(error, 'reason', error)}): fetch it where there "
                f"is a network, and hand it over with `evalsuite weights add FILE --name {name}`."
            ) from error
        _check(partial, wanted)
    enlist(wanted.path)
    return wanted


def _fetch(wanted: Backbone, path: Path, progress: Advance) -> None:
    request = Request(wanted.url, headers={"User-Agent": "evalsuite"})  # noqa: S310 the table's own address
    with urlopen(request, timeout=SILENCE_SECONDS) as answer, path.open("wb") as file:  # noqa: S310
        told = answer.headers.get("Content-Length")
        total = int(told) / 1e6 if told else wanted.megabytes or 0
        while piece := answer.read(_PIECE):
            file.write(piece)
            done = file.tell() / 1e6
            progress(round(done), round(max(done, total)), "")
        if told and file.tell() != int(told):
            raise ConnectionError(f"only {file.tell()} of {told} bytes came")


def _check(file: Path, wanted: Backbone) -> None:
    found = sha256(file)
    expected = wanted.sha256 or listed(folder()).get(wanted.file, "")
    if not found.startswith(expected):
        otherwise = "" if wanted.sha256 else ", or say --replace if the copy that was added before is the wrong one"
        raise WeightsError(
            f"the file is not {wanted.name}: its sha256 begins with {found[:12]} and should begin with "
            f"{expected[:12]}; fetch it anew from {wanted.url}{otherwise}."
        )


def _by_file(file: Path) -> Backbone:
    for each in known().values():
        if file.name == each.file:
            return each
    raise WeightsError(f"{file.name} is no file name of public weights: say which it is with --name NAME.")


def _of_open_clip(architecture: str, tag: str) -> Backbone:
    from open_clip.pretrained import get_pretrained_cfg  # heavy, and asked for only by name

    told = get_pretrained_cfg(architecture, tag)
    repository, _, file = told.get("hf_hub", "").rpartition("/")
    url = f"https://huggingface.co/{repository}/resolve/main/{file or 'open_clip_model.safetensors'}"
    if not repository:
        url = told.get("url", "")
    if not url:
        raise WeightsError(f"open_clip knows no weights {tag!r} of {architecture!r}: `open_clip.list_pretrained()`.")
    name = f"{architecture}@{tag}"
    kept = f"open-clip-{architecture}-{tag}{Path(url).suffix}"
    return Backbone(name, f"{architecture} of open_clip", kept, url, "see its hub")

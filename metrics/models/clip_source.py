"""Reads how a network of open_clip is named, without loading anything heavy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from evalsuite import backbones
from evalsuite.disk import sha256
from evalsuite.errors import WeightsError

FOLDER = "local-dir:"
MERGES = "merges.txt.gz"
"""In a folder: byte pairs of its own, which open_clip's configuration cannot name by a relative path."""
_FILES = (".safetensors", ".pt", ".pth", ".bin")


@dataclass(frozen=True)
class Source:
    """Where the weights of a network of open_clip are."""

    architecture: str
    """As open_clip calls it; `local-dir:FOLDER` where the folder says what it is."""
    tag: str = ""
    """The public weights' name in open_clip; empty where they are the user's own."""
    own: Path | None = None
    """The user's own file or folder."""

    @property
    def file(self) -> Path | None:
        """The file of weights; None where open_clip finds it in the folder. WeightsError where it is not there."""
        if self.tag:
            return backbones.require(f"{self.architecture}@{self.tag}")
        return None if self.architecture.startswith(FOLDER) else self.own

    @property
    def words(self) -> dict[str, Path]:
        """What open_clip's tokenizer has to be told besides."""
        merges = self.own / MERGES if self.own is not None and self.own.is_dir() else None
        return {"bpe_path": merges} if merges is not None and merges.is_file() else {}

    @property
    def revision(self) -> str:
        """What the weights are, from their bytes; `missing` where there are none."""
        if self.own is None:
            return backbones.revision(f"{self.architecture}@{self.tag}")
        files = sorted(each for each in self.own.iterdir() if each.is_file()) if self.own.is_dir() else [self.own]
        if not all(each.is_file() for each in files):
            return "missing"
        return hashlib.sha256(" ".join(map(_sum, files)).encode()).hexdigest()[:12]


def _sum(path: Path) -> str:
    now = path.stat()
    return _sum_of(path, now.st_size, now.st_mtime_ns)


@cache
def _sum_of(path: Path, size: int, changed: int) -> str:
    """Of a file as it was when it was last changed: it is asked for with every video, and large ones take seconds."""
    return sha256(path)


def source(argument: str) -> Source:
    """What `ARCHITECTURE@TAG`, `ARCHITECTURE@FILE`, `FOLDER` or `local-dir:FOLDER` names."""
    folder = Path(argument.removeprefix(FOLDER)).expanduser()
    if argument.startswith(FOLDER) or folder.is_dir():
        return Source(f"{FOLDER}{folder}", own=folder)
    architecture, _, which = argument.partition("@")
    if not which:
        raise WeightsError(f"{argument!r} names no weights: write ARCHITECTURE@TAG, ARCHITECTURE@FILE or a folder.")
    if "/" in which or which.endswith(_FILES):
        return Source(architecture, own=Path(which).expanduser())
    return Source(architecture, which)

"""Whole files: written so that none is ever half there, and known by their sum; nothing heavy is needed here."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from evalsuite.errors import disk_error

PARTIAL = ".partial"


@contextmanager
def replacing(path: Path, ending: str = PARTIAL) -> Iterator[Path]:
    """A temporary name to write to, which takes the place of `path` once all is written; `StoreError` if it cannot."""
    partial = path.with_name(f".{path.name}.{os.getpid()}{ending}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield partial
        partial.replace(path)
    except OSError as error:
        raise disk_error(path.parent, error) from error
    finally:
        partial.unlink(missing_ok=True)


def write_atomically(path: Path, data: bytes) -> None:
    """`path` holds all of `data`, or stays as it was."""
    with replacing(path) as partial:
        partial.write_bytes(data)


def copy_atomically(source: Path, path: Path) -> None:
    """`path` becomes a copy of `source`, or stays as it was."""
    with replacing(path) as partial:
        shutil.copyfile(source, partial)


def sha256(path: Path) -> str:
    """The identity of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

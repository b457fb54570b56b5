"""Lists of sha256 sums beside files of weights, as `sha256sum` writes and checks them; nothing heavy is needed here."""

from __future__ import annotations

import hashlib
from pathlib import Path

from filelock import FileLock

from evalsuite.disk import sha256, write_atomically
from evalsuite.errors import EvalsuiteError

LIST = "sha256sums.txt"


def revision(*paths: Path) -> str:
    """The first 12 digits of the sha256 of the listed sums of these files."""
    sums = [listed(path.parent).get(path.name, "missing") for path in paths]
    return hashlib.sha256(" ".join(sums).encode()).hexdigest()[:12]


def verify(*paths: Path) -> None:
    """EvalsuiteError where a file of weights is missing, or is not the one that the list beside it names."""
    for path in paths:
        if not path.is_file():
            raise EvalsuiteError(
                f"the weights {path.name} are not in {path.parent}; train them, or install evalsuite anew."
            )
        if not is_made(path):
            raise EvalsuiteError(
                f"the weights {path} are not those that {LIST} lists; train them, or install evalsuite anew."
            )


def is_made(path: Path) -> bool:
    """Whether a file of weights is there, whole and listed; one that was being written when all ended is not."""
    return path.is_file() and listed(path.parent).get(path.name) == sha256(path)


def enlist(path: Path) -> None:
    """Writes the sum of a file into the list beside it, which other processes may be doing too."""
    file, digest = path.parent / LIST, sha256(path)
    with FileLock(file.with_name(f".{LIST}.lock")):
        sums = {**listed(path.parent), path.name: digest}
        write_atomically(file, "".join(f"{digest}  {name}\n" for name, digest in sorted(sums.items())).encode())


def listed(folder: Path) -> dict[str, str]:
    """File name to sha256, from a list as `sha256sum` writes it; EvalsuiteError where it is none."""
    file = folder / LIST
    try:
        lines = file.read_text().splitlines() if file.is_file() else []
        return {name: digest for digest, name in (line.split() for line in lines)}
    except ValueError as error:
        raise EvalsuiteError(f"{file} is no list of sha256 sums; mend it, or move it away.") from error

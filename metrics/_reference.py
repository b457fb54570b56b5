"""References: what extractors saw in many real videos, grouped by how long these are, in one file of safetensors.

The tensor `EXTRACTOR/EXCERPTS` has the rows of all videos that have so many short excerpts: (videos, excerpts,
dimensions). The file also tells the versions of the extractors, since rows of others cannot be compared with it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from safetensors import safe_open

from evalsuite.errors import PluginError
from evalsuite.features import extractor
from evalsuite.learning.sums import revision

from ._distances import Rows, UndefinedDistanceError
from ._places import Standard, at_places

SHIPPED = Path(__file__).parent / "weights"
FEWEST = 20
"""Real videos of one length."""
OWN = "EVALSUITE_REFERENCES"
"""The environment variable that names a folder with references of one's own."""


def file_of(space: str) -> Path:
    """Where the reference of an extractor lies: in one's own folder, or else where the shipped ones are."""
    name = f"{space.replace('-', '_')}_reference.safetensors"
    own = Path(os.environ.get(OWN, SHIPPED)) / name
    return own if own.is_file() else SHIPPED / name


def revision_of(space: str, names: Sequence[str]) -> str:
    """A hash of the reference; PluginError where there is none, or where it is of other versions of extractors."""
    path = file_of(space)
    if not path.is_file():
        raise PluginError(
            f"there is no reference {path.name}: `python -m evalsuite.metrics.training.reference VIDEOS {space}` makes "
            f"one of a folder of real videos, and {OWN} names the folder that it is in."
        )
    with safe_open(path, framework="np") as file:
        told = file.metadata() or {}
    for name in names:
        here = extractor(name).revision
        if told.get(name) != here:
            raise PluginError(
                f"the reference {path.name} was made with {name} {told.get(name, '(not at all)')}, and here is {here}: "
                "make it anew."
            )
    return revision(path)


def real_excerpts(space: str, places: Mapping[str, int]) -> dict[str, Standard]:
    """By extractor, real excerpts at so many places, from the videos whose length is nearest.

    The extractor `space` itself says what length is: its number of places.
    """
    path = file_of(space)
    return _chosen(path, revision(path), places[space], tuple(places.items()))


def real_rows(space: str) -> list[Rows]:
    """All real excerpts of each video, of whatever length, (excerpts, dimensions); the short ones of `space` alone."""
    from evalsuite.learning.weights import load  # heavy

    tensors, _ = load(file_of(space))
    groups = [tensors[key].double().numpy() for key in sorted(tensors) if key.rpartition("/")[0] == space]
    return [video for group in groups for video in group]


@lru_cache(maxsize=8)
def _chosen(path: Path, _revision: str, length: int, places: tuple[tuple[str, int], ...]) -> dict[str, Standard]:
    from evalsuite.learning.weights import load  # heavy

    tensors, _ = load(path)
    lengths = {int(key.rpartition("/")[2]) for key in tensors}
    nearest = min(lengths, key=lambda each: (abs(each - length), each))
    here = len(next(rows for key, rows in tensors.items() if key.endswith(f"/{nearest}")))
    if here < FEWEST:
        raise UndefinedDistanceError(f"{path.name} has {here} real videos of this length, and {FEWEST} are needed.")
    missing = [name for name, _ in places if f"{name}/{nearest}" not in tensors]
    if missing:
        raise UndefinedDistanceError(f"the real videos of {path.name} are too short for an excerpt for {missing[0]}.")
    return {name: at_places(tensors[f"{name}/{nearest}"].double().numpy(), count) for name, count in places}

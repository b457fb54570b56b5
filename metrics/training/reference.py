"""Makes references: what extractors see in many real videos, as metrics of sets compare with.

`python -m evalsuite.metrics.training.reference VIDEOS SPACE` looks through the extractors SPACE and SPACE-long at every
mp4 in a folder, and writes the reference beside them. Episodes of the cartoon world are rendered, written and decoded
as the videos of a suite are, so that what encoding does is in both sets.
"""

from __future__ import annotations

import hashlib
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from evalsuite import features, plugins, video
from evalsuite.disk import replacing
from evalsuite.errors import VideoError
from evalsuite.interfaces import Extractor
from evalsuite.learning.processes import on_all_processors
from evalsuite.learning.weights import save
from evalsuite.toon import script, world
from evalsuite.types import Footage, VideoSpec
from evalsuite.viewing import Sized, Viewer

SPLIT = "reference"
EPISODES: Mapping[int, int] = {1: 760, 3: 80, 6: 1000, 21: 1000}
"""By how many segments they have: what is late in a story of 18 s is not what is there in one of 63 s."""
SPEC = VideoSpec(96, 64, 8.0)
_EACH_PART = 20

Maker = Callable[[], Extractor]


@dataclass(frozen=True, slots=True)
class _Part:
    """Some videos, and where what is seen of them goes."""

    sources: tuple[str, ...]
    """Each the name of a world, or the path of a video."""
    makers: Mapping[str, Maker]
    path: Path


def toon_reference(
    path: Path, makers: Mapping[str, Maker], folder: Path, episodes: Mapping[int, int] = EPISODES
) -> Path:
    """The reference of the cartoon world: so many episodes by their segments, of a split that nothing is trained on."""
    worlds = [f"toon/1/{SPLIT}/{length}/{index}" for length, count in episodes.items() for index in range(count)]
    return make_reference(path, worlds, makers, folder)


def make_reference(path: Path, sources: Sequence[str], makers: Mapping[str, Maker], folder: Path) -> Path:
    """What extractors see in worlds or videos, grouped by the number of excerpts for the first one.

    What is seen already lies in parts in `folder`, and is not looked at again. `makers`, by the extractors' names, are
    sent to other processes.
    """
    versions = {name: make().revision for name, make in makers.items()}
    parts = list(_parts(sources, makers, versions, folder))
    on_all_processors(_look, [part for part in parts if not part.path.exists()])
    save(path, _grouped(parts), versions)
    return path


def _parts(
    sources: Sequence[str], makers: Mapping[str, Maker], versions: Mapping[str, str], folder: Path
) -> Iterator[_Part]:
    folder.mkdir(parents=True, exist_ok=True)
    for start in range(0, len(sources), _EACH_PART):
        chosen = tuple(sources[start : start + _EACH_PART])
        what = hashlib.sha256(repr((chosen, sorted(versions.items()))).encode()).hexdigest()[:16]
        yield _Part(chosen, makers, folder / f"{what}.safetensors")


def _look(part: _Part) -> None:
    tensors: dict[str, Tensor] = {}
    extractors = {name: make() for name, make in part.makers.items()}
    for number, source in enumerate(part.sources):
        viewers = [Viewer(name, each) for name, each in extractors.items()]
        with _file(source, part.path) as path:
            for sized in map(Sized, video.decode(path)):
                for viewer in viewers:
                    viewer.look(sized)
        tensors |= {f"{number}/{each.name}": torch.tensor(each.features().array) for each in viewers}
    with replacing(part.path) as partial_path:
        save_file(tensors, partial_path)


@contextmanager
def _file(source: str, part: Path) -> Iterator[Path]:
    """A video's file; that of a world is there for as long as it is looked at."""
    if not source.startswith("toon/"):
        yield Path(source)
        return
    path = part.with_suffix(".mp4")
    try:
        video.write(path, Footage(world.frames(script.from_world(source), SPEC), SPEC.fps))
        yield path
    finally:
        path.unlink(missing_ok=True)


def _grouped(parts: Sequence[_Part]) -> dict[str, Tensor]:
    """Rows by `EXTRACTOR/EXCERPTS`, where EXCERPTS counts those for the first extractor."""
    groups: dict[str, list[Tensor]] = defaultdict(list)
    for part in parts:
        seen = load_file(part.path)
        for number in range(len(part.sources)):
            rows = {name: seen[f"{number}/{name}"] for name in part.makers}
            excerpts = len(next(iter(rows.values())))
            for name, each in rows.items():
                groups[f"{name}/{excerpts}"].append(each)
    stacked = {key: _stacked(each) for key, each in groups.items()}
    return {key: rows for key, rows in stacked.items() if rows.shape[1]}


def _stacked(rows: Sequence[Tensor]) -> Tensor:
    """(videos, excerpts, dimensions), with as many excerpts as all have."""
    fewest = min(len(each) for each in rows)
    return torch.stack([each[:fewest] for each in rows])


def main() -> None:
    """A reference of one's own videos."""
    folder, space = Path(sys.argv[1]), sys.argv[2]
    found = [str(path.resolve()) for path in sorted(folder.glob("*.mp4"))]
    if not found:
        raise VideoError(f"there are no mp4 files in {folder}.")
    makers = {name: partial(_made, name) for name in (space, f"{space}-long")}
    path = folder / f"{space.replace('-', '_')}_reference.safetensors"
    sys.stdout.write(f"{make_reference(path, found, makers, folder / 'seen')}: {len(found)} videos\n")


def _made(name: str) -> Extractor:
    list(plugins.loaded("metrics"))  # a metric's own extractors are known once it is imported
    return features.extractor(name)


if __name__ == "__main__":
    main()

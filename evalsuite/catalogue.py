"""What is there: the plugins and suites by name, and what this machine has to run them."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import Literal

from evalsuite import backbones, plugins, suites
from evalsuite.errors import PluginError
from evalsuite.interfaces import Baseline
from evalsuite.learning.sums import LIST, is_made, listed

Kind = Literal["suites", "baselines", "metrics", "leaderboards"]
What = Literal["all"] | Kind
KINDS: tuple[Kind, ...] = ("suites", "baselines", "metrics", "leaderboards")
PACKAGES = (
    "evalsuite",
    "torch",
    "numpy",
    "scipy",
    "av",
    "decord",
    "opencv-python-headless",
    "skia-python",
    "pymunk",
    "torchmetrics",
    "open-clip-torch",
    "torchvision",
)


def lines(what: What, long: bool) -> Iterator[str]:
    """The names of one kind of thing, or of all; `long` adds what each is."""
    if what == "all":
        for kind in KINDS:
            yield f"{kind}:"
            yield from (f"  {line}" for line in lines(kind, long))
    elif what == "suites":
        yield from _suites(long)
    else:
        yield from _plugins(what, long)


def diagnosis() -> Iterator[str]:
    """What is installed, which weights are there, and on what device things would run."""
    yield f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    for name in PACKAGES:
        yield f"{name:24} {_version(name)}"
    yield f"device                   {_device()}"
    yield f"H.264 encoder            {_encoder()}"
    yield from _weights()
    for role in plugins.ROLES:
        for name, found in plugins.loaded(role):
            if isinstance(found, PluginError):
                yield f"broken plugin in {role}: {name}: {found}"


def _suites(long: bool) -> Iterator[str]:
    for name in suites.names():
        if not long:
            yield name
            continue
        suite = suites.load(name, limit=1)
        seconds = suite.storyboards[0].seconds
        size = f"{suite.width} x {suite.height} at {suite.fps:g} frames a second"
        yield f"{name:16} version {suite.version}: {suites.count(name)} storyboards of {seconds:g} s, {size}"


def _plugins(role: plugins.Role, long: bool) -> Iterator[str]:
    if not long:
        yield from plugins.names(role)
        return
    width = max(16, *map(len, plugins.names(role)))
    for name, found in plugins.loaded(role):
        if isinstance(found, PluginError):
            yield f"{name:{width}} cannot be loaded: {found}"
            continue
        yield f"{name:{width}} {found.summary}"  # type: ignore[attr-defined]
        if issubclass(found, Baseline):
            yield from (f"{'':{width}}   {fact}: {said}" for fact, said in found.facts().items())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _device() -> str:
    import torch

    return f"cuda ({torch.cuda.get_device_name()})" if torch.cuda.is_available() else "cpu"


def _encoder() -> str:
    import av

    return "libx264" if "libx264" in av.codecs_available else "missing: no video can be written; install `av` anew"


def _weights() -> Iterator[str]:
    folders = [Path(str(files(f"evalsuite.{role}") / "weights")) for role in ("baselines", "metrics")]
    lists = [(folder, each.parent) for folder in folders for each in sorted(folder.rglob(LIST))]
    for folder, place in lists:
        for name in listed(place):
            yield f"weights                  {(place / name).relative_to(folder)} ({_state(place / name)})"
    if not lists:
        yield "weights                  none"
    for each in backbones.known().values():
        if each.there:
            yield f"public weights           {each.name} ({each.path.stat().st_size / 1e6:.1f} MB)"


def _state(weights: Path) -> str:
    if not weights.is_file():
        return "missing: install evalsuite anew"
    return f"{weights.stat().st_size / 1e6:.1f} MB" if is_made(weights) else "not as listed: install evalsuite anew"

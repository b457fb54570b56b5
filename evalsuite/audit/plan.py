"""What an audit asks: which sources, how their videos are damaged, and what each version is called in the results."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from evalsuite import footage, plugins
from evalsuite.errors import PluginError
from evalsuite.footage import kind_and_strength
from evalsuite.interfaces import Metric
from evalsuite.toon.controls import KINDS
from evalsuite.types import Suite

STRENGTHS = (0.1, 0.2, 0.4, 0.7, 1.0)
"""Beside 0, which is the intact video."""
STRENGTH = 0.4
"""The strength at which the bars are set, and which is always tried."""
TRICKS = ("freeze", "dot", "pan", "truncate", "loop", "frame-shuffle", "segment-shuffle")
"""What anybody could do to a system's own videos, and no metric may reward."""
ALL = "all"
"""Every kind of damage there is."""
TRICKS_ALONE = "tricks"
"""Behind a system and an @: it is tried with these alone."""
HARMLESS = ("reencode", "resize", "resize@0.75", "brightness", "brightness@0.95", "fps")
"""What no viewer minds, and no metric may either."""
REENCODED = "reencode"
"""A system's video, only encoded once more: what its altered versions are compared with."""

Role = Literal["oracle", "autoencoder", "system"]


@dataclass(frozen=True, slots=True)
class Source:
    """Whose videos are damaged; its versions by the labels that they have in the results."""

    role: Role
    own: str
    """Its videos as they are."""
    intact: str
    """What damaged ones are compared with."""
    prefix: str
    kinds: tuple[str, ...]
    """The damage that can be done to them."""
    strengths: tuple[float, ...] = STRENGTHS
    harmless: Mapping[str, str] = field(default_factory=dict)
    """The label of each harmless change."""
    model: str | None = None
    """The system that makes them, as on the command line ..."""
    folder: Path | None = None
    """... or where they lie finished."""

    def damaged(self, kind: str, strength: float) -> str:
        return f"{self.prefix}:{kind}@{strength:g}"

    def doses(self) -> Iterator[tuple[str, float]]:
        """Every kind of damage at every strength."""
        return ((kind, strength) for kind in self.kinds for strength in self.strengths)

    def tricks(self) -> list[tuple[str, str]]:
        """What its own videos must not lose to: each kind of trick, and the label of a version."""
        played = [(kind, self.damaged(kind, strength)) for kind, strength in self.doses() if kind in TRICKS]
        return [(REENCODED, self.intact), *played] if self.intact != self.own else played


@dataclass(frozen=True, slots=True)
class Plan:
    """All that an audit is to find out."""

    suite: Suite
    metrics: tuple[str, ...]
    sources: tuple[Source, ...]
    folder: Path
    workers: int = 1

    @property
    def seed(self) -> int:
        return self.suite.seeds[0]


def metric_of(name: str) -> Metric:
    """A metric of single videos; of a set no single video's loss can be told."""
    found = plugins.metric(name)
    if not isinstance(found, Metric):
        raise PluginError(f"{name} judges whole sets of videos, and an audit tries metrics of single ones.")
    return found


def kinds_for(metrics: Sequence[str], asked: Sequence[str] = ()) -> tuple[str, ...]:
    """The damage to try: what is asked for, or all, else what any of the metrics claims to see, and the tricks."""
    claimed = [(name, kind) for name in metrics for kind in metric_of(name).failures]
    for name, kind in claimed:
        if kind not in KINDS:
            raise PluginError(
                f"{name} claims to see {kind!r}, which is no kind of damage; docs/controls.md lists them."
            )
    if ALL in asked:
        return tuple(KINDS)
    for kind in asked:
        kind_and_strength(f"{kind}@0", KINDS)
    wanted = {*asked} or {*TRICKS, *(kind for _, kind in claimed)}
    return tuple(kind for kind in KINDS if kind in wanted)


def sources_for(texts: Iterable[str], kinds: Sequence[str]) -> tuple[Source, ...]:
    """`oracle`, `autoencoder`, a system as on the command line, or a folder of a system's finished videos.

    `autoencoder@0.4`, or with more strengths `autoencoder@0.2,0.4`, is tried at these alone, and `SYSTEM@tricks` with
    tricks alone, which takes less time.
    """
    sources = {text: _source(text, tuple(kinds)) for text in texts}
    labels = [source.own for source in sources.values()]
    for text, source in sources.items():
        if labels.count(source.own) > 1:
            raise PluginError(f"the source {text} and another would both be called {source.own!r}; give one of them.")
    return tuple(sources.values())


def _source(text: str, kinds: tuple[str, ...]) -> Source:
    if text == "oracle":
        harmless = {change: f"harmless:{change}" for change in HARMLESS}
        return Source("oracle", "oracle", "oracle", "degraded", kinds, harmless=harmless, model="oracle")
    if text.partition("@")[0] == "autoencoder":
        name = "reconstructed"
        return Source("autoencoder", name, name, name, kinds, _strengths(text), model=name)
    name = text.removesuffix(f"@{TRICKS_ALONE}")
    folder = Path(name) if Path(name).is_dir() else None
    own = plugins.spelling(folder.name.replace("__", ":") if folder else name).label
    if folder is None and plugins.baseline(name).control:
        raise PluginError(f"{name} is a control: a source is oracle, autoencoder, a system that is none, or a folder.")
    alterable = tuple(kind for kind in kinds if kind in (footage.KINDS if name == text else TRICKS))
    model = name if folder is None else None
    return Source("system", own, f"{own}:{REENCODED}", own, alterable, model=model, folder=folder)


def _strengths(text: str) -> tuple[float, ...]:
    """Those behind the @, or all."""
    chosen = text.partition("@")[2].split(",") if "@" in text else [f"{strength:g}" for strength in STRENGTHS]
    found = tuple(strength for strength in STRENGTHS if f"{strength:g}" in chosen)
    if len(found) != len(chosen) or STRENGTH not in found:
        known = ", ".join(f"{strength:g}" for strength in STRENGTHS)
        raise PluginError(f"the source {text} asks for other strengths than {known}, or leaves out {STRENGTH}.")
    return found

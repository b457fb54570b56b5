"""The doors: one small abstract class for each folder of plugins."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from evalsuite.errors import PluginError
from evalsuite.types import (
    Clip,
    Comparison,
    Features,
    Footage,
    Measured,
    Rating,
    Storyboard,
    VideoSpec,
)


@dataclass(frozen=True, slots=True)
class Training:
    """How weights are to be made."""

    folder: Path
    """Where data, checkpoints, curves and weights are kept; what is done there already is not done again."""
    from_nothing: bool = False
    """Whether what it is trained from is trained too, rather than taken as it is shipped."""
    further: bool = False
    """Whether what it is trained from is trained further, from where the shipped weights are."""
    smoke: bool = False
    """Whether to run every step in tiny, to see that it runs."""
    seed: int = 0
    rate: float | None = None
    """At this learning rate; None takes the recipe's, or the best of those that it tries."""

    def place(self, name: str) -> Path:
        """The folder of what is called `name`; a smoke run has another, so that nothing tiny is taken for real."""
        return self.folder / (f"{name}_smoke" if self.smoke else name)

    def refuse_further_and_rate(self, name: str) -> None:
        """`PluginError` where either is asked for, of what is made from nothing alone and in one way."""
        if self.further:
            raise PluginError(f"{name} has nothing that could be trained further; leave out --further.")
        if self.rate is not None:
            raise PluginError(f"{name} takes no rate; leave out --rate.")


class Baseline(ABC):
    """A system that makes videos: one file in `baselines/`, whose name is its name on the command line.

    What follows a colon in `--model name:argument` reaches `__init__` as its one argument.
    """

    summary: ClassVar[str]
    """What it is, in one line."""
    revision: str
    """What made the pixels: a version of the code, or a hash of the weights."""
    privileged: ClassVar[bool] = False
    """Whether it is given the whole storyboard, with what evaluators judge by; for controls alone."""
    control: ClassVar[bool] = False
    """Whether it is a control: shown in tables, never part of their centre."""

    @abstractmethod
    def generate(self, storyboard: Storyboard, seed: int, spec: VideoSpec) -> Footage | Path:
        """Frames, streamed as they are made; or the path of a finished file, which is kept as it is."""

    def check(self) -> None:  # noqa: B027 most need nothing
        """Asked once before a run: EvalsuiteError where it can make no video, as where its weights are not there."""

    def train(self, training: Training) -> list[Path]:
        """Makes its weights from nothing; the files that it wrote. PluginError where there is nothing to train."""
        raise PluginError(f"{type(self).__name__} has nothing to train.")

    @classmethod
    def facts(cls) -> Mapping[str, str]:
        """What else there is to say of it by name, such as the size of its memory."""
        return {}


@dataclass(frozen=True, slots=True)
class Sampling:
    """What of a video an extractor is shown: excerpts of `frames` frames over `seconds`, one `every` so many seconds.

    Each moment is shown by the first frame at it or after it. An excerpt that the video's end cuts short is left out.
    """

    every: float
    frames: int = 1
    seconds: float = 0.0


class Extractor(ABC):
    """Turns frames into rows of numbers that several metrics share: run once for each video.

    What follows a colon in a metric's `extractors`, as in `open-clip:ViT-B-32@openai`, reaches `__init__`.
    """

    version: ClassVar[str]
    dimensions: ClassVar[int]
    """How long a row is; 0 where that is for the weights to say."""
    pixels: ClassVar[int | None] = None
    """About how many pixels a frame is shrunk or enlarged to before `extract` sees it; None leaves it as it is."""
    sampling: ClassVar[Sampling | None] = None
    """What it is shown; None is every frame."""

    @property
    def revision(self) -> str:
        """What its rows depend on: the version, and the weights where it is given some."""
        return self.version

    def check(self) -> None:  # noqa: B027 most need nothing
        """Asked once before a run: EvalsuiteError where it cannot see, as where its weights are not the listed ones."""

    def start(self) -> None:  # noqa: B027 most look at frames one by one, and have nothing to forget
        """Forget the last video."""

    @abstractmethod
    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Rows for the next frames of the video, in order, shape (time, dimensions).

        Where `sampling` asks for excerpts of several frames, the clip is one excerpt and the answer one row.
        """

    def train(self, training: Training) -> list[Path]:
        """Makes its weights from nothing; the files that it wrote. PluginError where there is nothing to train."""
        raise PluginError(f"{type(self).__name__} has nothing to train.")


class Metric(ABC):
    """One video to one number: one file in `metrics/`.

    What follows a colon in `--metric name:argument` reaches `__init__` as its one argument.
    """

    summary: ClassVar[str]
    version: ClassVar[str]
    """A changed version retires the scores of the old one."""
    higher_is_better: ClassVar[bool]
    extractors: ClassVar[tuple[str, ...]]
    """What `measure` needs in `features`, by name."""
    failures: ClassVar[tuple[str, ...]] = ()
    """What damage it claims to see, by the names of `docs/controls.md`; `evalsuite audit` holds it to that."""
    bounds: ClassVar[tuple[float, float]] = (-math.inf, math.inf)
    """Between which every value lies; the intervals of means end there."""
    lagged: ClassVar[bool] = False
    """Whether the course that it tells is against the time between two moments, and not the time in the story."""

    @abstractmethod
    def measure(self, features: Mapping[str, Features], storyboard: Storyboard) -> Measured:
        """The number for one video; pure, so that equal features give equal bits."""


class SetMetric(ABC):
    """All videos of one system and seed to one number, against a reference of its own: one file in `metrics/`.

    What follows a colon in `--metric name:argument` reaches `__init__` as its one argument.
    """

    summary: ClassVar[str]
    version: str
    """A changed version retires the scores of the old one; a changed reference changes it."""
    higher_is_better: ClassVar[bool]
    extractors: tuple[str, ...]
    """What is needed in `features`, by name."""
    failures: ClassVar[tuple[str, ...]] = ()
    """What damage it claims to see, by the names of `docs/controls.md`."""
    fewest: ClassVar[int] = 10
    """The fewest videos of which the number says anything; it is refused for fewer."""

    def unfit(self, features: Mapping[str, Features], storyboard: Storyboard) -> str:
        """Why a video cannot be in a set, and so fails; empty where it can."""
        return ""

    @abstractmethod
    def measure_set(
        self, videos: Sequence[Mapping[str, Features]], storyboards: Sequence[Storyboard]
    ) -> Sequence[Measured]:
        """A term for each video, in their order, whose mean is the number of the set; pure.

        What there is to say of the set is told in the details of each.
        """


class Leaderboard(ABC):
    """A way to rank: one file in `leaderboards/`."""

    summary: ClassVar[str]

    @abstractmethod
    def rate(self, comparisons: Sequence[Comparison], centre: Sequence[str]) -> list[Rating]:
        """Ratings of each axis, best first, centred over the systems named in `centre`.

        Where there are several axes the mean over them follows, as the axis `overall`.
        """

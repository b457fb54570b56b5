"""Any metric as a `torchmetrics.Metric`, for a training loop: of single videos, or of whole sets."""

from __future__ import annotations

import hashlib
import math
from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import torch
import torchmetrics
from safetensors.numpy import load, save
from torchmetrics.utilities import dim_zero_cat

from evalsuite import plugins
from evalsuite.errors import VideoError
from evalsuite.features import extract
from evalsuite.interfaces import Metric, SetMetric
from evalsuite.types import Clip, Features, Storyboard

CLIP_FRAMES = 64
Judge = TypeVar("Judge", Metric, SetMetric)
_STORYBOARD = "storyboard"
_KEPT = {"seen": torch.uint8, "sizes": torch.int64}
"""What a metric of sets keeps of videos, and in what kind of tensor."""


class _OfVideos(torchmetrics.Metric, Generic[Judge]):
    """What metrics of single videos and of sets share: they look at videos beside their storyboards."""

    full_state_update = False
    is_differentiable = False
    metric: Judge

    def __init__(self, metric: Judge, **options: Any) -> None:
        """`options` are those of `torchmetrics.Metric`."""
        super().__init__(**options)
        self.metric = metric

    @property
    def higher_is_better(self) -> bool:  # type: ignore[override]
        """Whether more is better."""
        return self.metric.higher_is_better

    def update(
        self, videos: Sequence[torch.Tensor] | torch.Tensor, storyboards: Sequence[Storyboard] | Storyboard, fps: float
    ) -> None:
        """Look at videos, uint8 RGB of shape (batch, time, height, width, 3), or a list of them that differ in length.

        One video, (time, height, width, 3), goes with one storyboard. VideoError where one cannot be judged.
        """
        for video, storyboard in _paired(videos, storyboards):
            self._add(extract(_clips(video, fps), self.metric.extractors), storyboard)

    @abstractmethod
    def _add(self, features: Mapping[str, Features], storyboard: Storyboard) -> None:
        """Take in one video."""


class VideoMetric(_OfVideos[Metric]):
    """The mean over videos of one metric, over all processes; where nothing can be judged, a video is left out."""

    total: torch.Tensor
    judged: torch.Tensor
    """How many videos the mean is over."""
    left_out: torch.Tensor
    """In how many videos the storyboard gave the metric nothing to judge."""

    def __init__(self, metric: Metric, **options: Any) -> None:
        """`options` are those of `torchmetrics.Metric`."""
        super().__init__(metric, **options)
        for name in ("total", "judged", "left_out", _mark(metric)):
            self.add_state(name, torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    def compute(self) -> torch.Tensor:
        """The mean, float64; not a number where no video could be judged."""
        return self.total / self.judged

    def _add(self, features: Mapping[str, Features], storyboard: Storyboard) -> None:
        value = self.metric.measure(features, storyboard).value
        if value is not None and not math.isfinite(value):
            raise VideoError(f"{type(self.metric).__name__} gave {value}, which would spoil the mean.")
        self.total += 0.0 if value is None else value
        self.judged += value is not None
        self.left_out += value is None


class SetVideoMetric(_OfVideos[SetMetric]):
    """One metric of whole sets, over all videos that were shown, in all processes; not a number while they are too few.

    What extractors saw of each video is kept until `reset`, as bytes, which any backend can gather.
    """

    seen: list[torch.Tensor]
    """A video each, packed."""
    sizes: list[torch.Tensor]

    def __init__(self, metric: SetMetric, **options: Any) -> None:
        """`options` are those of `torchmetrics.Metric`."""
        super().__init__(metric, **options)
        for name in _KEPT:
            self.add_state(name, [], dist_reduce_fx="cat")

    def compute(self) -> torch.Tensor:
        """The number of the set, float64: the mean of its videos' terms."""
        if not len(self.sizes):
            return torch.tensor(torch.nan, dtype=torch.float64)
        each = dim_zero_cat(self.seen).cpu().split(dim_zero_cat(self.sizes).tolist())
        known = sorted((_unpacked(packed) for packed in each), key=lambda pair: pair[1].id)
        if len(known) < self.metric.fewest:
            return torch.tensor(torch.nan, dtype=torch.float64)
        measured = self.metric.measure_set([features for features, _ in known], [board for _, board in known])
        terms = [torch.nan if one.value is None else one.value for one in measured]
        return torch.tensor(terms, dtype=torch.float64).mean()

    def _add(self, features: Mapping[str, Features], storyboard: Storyboard) -> None:
        if reason := self.metric.unfit(features, storyboard):
            raise VideoError(f"{storyboard.id}: {reason}")
        packed = _packed(features, storyboard).to(self.device)
        self.seen.append(packed)
        self.sizes.append(torch.tensor([len(packed)], device=self.device))

    def _sync_dist(self, *arguments: Any, **options: Any) -> None:
        """A process that was shown no video has empty tensors of the others' kinds: torchmetrics would take floats."""
        for name, kind in _KEPT.items():
            if not len(getattr(self, name)):
                setattr(self, name, [torch.zeros(0, dtype=kind, device=self.device)])
        super()._sync_dist(*arguments, **options)


def torch_metric(name: str, **options: Any) -> VideoMetric | SetVideoMetric:
    """The metric called `name`, as one of torchmetrics; `options` are those of `torchmetrics.Metric`."""
    metric = plugins.metric(name)
    return VideoMetric(metric, **options) if isinstance(metric, Metric) else SetVideoMetric(metric, **options)


def _mark(metric: Metric) -> str:
    """A name that two metrics share only where they measure the same.

    A `MetricCollection` takes metrics for one whose states have equal names and values, and updates the first alone.
    """
    kind, plain = type(metric), str | int | float | bool
    told = sorted((name, value) for name, value in vars(metric).items() if isinstance(value, plain))
    measured = (kind.__module__, kind.__qualname__, metric.version, tuple(metric.extractors), told)
    return f"of_{hashlib.sha256(repr(measured).encode()).hexdigest()[:16]}"


def _paired(
    videos: Sequence[torch.Tensor] | torch.Tensor, storyboards: Sequence[Storyboard] | Storyboard
) -> list[tuple[torch.Tensor, Storyboard]]:
    if isinstance(storyboards, Storyboard):
        return [(torch.as_tensor(videos), storyboards)]
    if len(videos) != len(storyboards):
        raise ValueError(f"there are {len(videos)} videos for {len(storyboards)} storyboards")
    return list(zip(videos, storyboards, strict=True))


def _packed(features: Mapping[str, Features], storyboard: Storyboard) -> torch.Tensor:
    """All that is to be known of a video, as bytes."""
    arrays: dict[str, npt.NDArray[Any]] = {_STORYBOARD: _bytes_of(storyboard.model_dump_json())}
    for name, each in features.items():
        parts = (each.array, each.seconds, _bytes_of(each.version))
        arrays |= dict(zip((f"{name} array", f"{name} seconds", f"{name} version"), parts, strict=True))
    return torch.frombuffer(bytearray(save(arrays)), dtype=torch.uint8)


def _unpacked(packed: torch.Tensor) -> tuple[dict[str, Features], Storyboard]:
    arrays = load(packed.numpy().tobytes())
    storyboard = Storyboard.model_validate_json(arrays.pop(_STORYBOARD).tobytes())
    names = {name.rpartition(" ")[0] for name in arrays}
    return {
        name: Features(
            name, arrays[f"{name} version"].tobytes().decode(), arrays[f"{name} array"], arrays[f"{name} seconds"]
        )
        for name in names
    }, storyboard


def _bytes_of(text: str) -> npt.NDArray[np.uint8]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


def _clips(video: torch.Tensor, fps: float) -> Iterator[Clip]:
    if not 0 < fps < math.inf:
        raise ValueError(f"frames per second must be more than 0, and are {fps}")
    if video.dtype != torch.uint8 or video.ndim != 4 or video.shape[-1] != 3:
        raise ValueError(f"a video must be uint8 (time, height, width, 3), and is {video.dtype} {tuple(video.shape)}")
    for start in range(0, len(video), CLIP_FRAMES):
        frames = video[start : start + CLIP_FRAMES].cpu().numpy()
        yield Clip(frames, np.arange(start, start + len(frames)) / fps)

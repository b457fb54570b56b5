"""Any metric of single videos as a `torchmetrics.Metric`, for a training loop."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
import torchmetrics

from evalsuite import plugins
from evalsuite.errors import PluginError, VideoError
from evalsuite.features import extract
from evalsuite.interfaces import Metric
from evalsuite.types import Clip, Storyboard

CLIP_FRAMES = 64


class VideoMetric(torchmetrics.Metric):
    """The mean over videos of one metric, over all processes; where nothing can be judged, a video is left out."""

    full_state_update = False
    is_differentiable = False
    total: torch.Tensor
    judged: torch.Tensor
    """How many videos the mean is over."""
    left_out: torch.Tensor
    """In how many videos the storyboard gave the metric nothing to judge."""

    def __init__(self, metric: Metric, **options: Any) -> None:
        """`options` are those of `torchmetrics.Metric`."""
        super().__init__(**options)
        self.metric = metric
        for name in ("total", "judged", "left_out"):
            self.add_state(name, torch.zeros((), dtype=torch.float64), dist_reduce_fx="sum")

    @property
    def higher_is_better(self) -> bool:  # type: ignore[override]
        """Whether more is better."""
        return self.metric.higher_is_better

    def update(
        self, videos: Sequence[torch.Tensor] | torch.Tensor, storyboards: Sequence[Storyboard] | Storyboard, fps: float
    ) -> None:
        """Judge videos, uint8 RGB of shape (batch, time, height, width, 3), or a list of them that differ in length.

        One video, (time, height, width, 3), goes with one storyboard.
        """
        if isinstance(storyboards, Storyboard):
            return self.update([torch.as_tensor(videos)], [storyboards], fps)
        if len(videos) != len(storyboards):
            raise ValueError(f"there are {len(videos)} videos for {len(storyboards)} storyboards")
        for video, storyboard in zip(videos, storyboards, strict=True):
            features = extract(_clips(video, fps), self.metric.extractors)
            value = self.metric.measure(features, storyboard).value
            if value is not None and not math.isfinite(value):
                raise VideoError(f"{type(self.metric).__name__} gave {value}, which would spoil the mean.")
            self.total += 0.0 if value is None else value
            self.judged += value is not None
            self.left_out += value is None

    def compute(self) -> torch.Tensor:
        """The mean, float64; not a number where no video could be judged."""
        return self.total / self.judged


def torch_metric(name: str, **options: Any) -> VideoMetric:
    """The metric called `name`, as one of torchmetrics; `options` are those of `torchmetrics.Metric`."""
    metric = plugins.metric(name)
    if not isinstance(metric, Metric):
        raise PluginError(f"{name} judges whole sets of videos; a training loop needs a metric of single videos.")
    return VideoMetric(metric, **options)


def _clips(video: torch.Tensor, fps: float) -> Iterator[Clip]:
    if video.dtype != torch.uint8 or video.ndim != 4 or video.shape[-1] != 3:
        raise ValueError(f"a video must be uint8 (time, height, width, 3), and is {video.dtype} {tuple(video.shape)}")
    for start in range(0, len(video), CLIP_FRAMES):
        frames = video[start : start + CLIP_FRAMES].cpu().numpy()
        yield Clip(frames, np.arange(start, start + len(frames)) / fps)

from __future__ import annotations

import numpy as np
import pytest
import torch

from evalsuite.errors import UnknownPluginError
from evalsuite.features import extract
from evalsuite.interfaces import Metric
from evalsuite.training import VideoMetric, torch_metric
from evalsuite.types import Clip, Measured, Segment, Storyboard

STORY = Storyboard(id="story", title="A story", segments=(Segment(text="One."), Segment(text="Two.", cut_before=True)))


class Brightness(Metric):
    """Mean L of the video; a storyboard called `other` has nothing to judge."""

    summary = "how bright"
    version = "1"
    higher_is_better = False
    extractors = ("colour",)

    def measure(self, features: object, storyboard: Storyboard) -> Measured:
        return Measured(None if storyboard.id == "other" else float(features["colour"].array[:, 0].mean()))


def grey(level: int, frames: int = 4) -> torch.Tensor:
    return torch.full((frames, 64, 96, 3), level, dtype=torch.uint8)


def test_the_mean_is_over_videos_and_not_over_frames() -> None:
    metric = VideoMetric(Brightness())
    metric.update([grey(0, frames=10), grey(255, frames=2)], [STORY, STORY], fps=8)
    assert metric.compute().item() == pytest.approx(50, abs=1e-3)
    assert metric.compute().dtype == torch.float64


def test_two_that_are_merged_equal_one() -> None:
    videos = [grey(level) for level in (10, 60, 200)]
    one, left, right = (VideoMetric(Brightness()) for _ in range(3))
    one.update(videos, [STORY] * 3, fps=8)
    left.update(videos[:1], [STORY], fps=8)
    right.update(videos[1:], [STORY] * 2, fps=8)
    left.merge_state(right)
    assert torch.equal(left.compute(), one.compute())


def test_forward_judges_a_batch_and_adds_it_and_reset_forgets() -> None:
    metric = VideoMetric(Brightness())
    assert metric(torch.stack([grey(0)]), [STORY], 8).item() == pytest.approx(0)
    assert metric(torch.stack([grey(255)]), [STORY], 8).item() == pytest.approx(100, abs=1e-3)
    assert metric.compute().item() == pytest.approx(50, abs=1e-3)
    metric.reset()
    metric.update([grey(255)], [STORY], fps=8)
    assert metric.compute().item() == pytest.approx(100, abs=1e-3)


def test_what_cannot_be_judged_is_left_out() -> None:
    other = STORY.model_copy(update={"id": "other"})
    metric = VideoMetric(Brightness())
    metric.update([grey(255), grey(0)], [STORY, other], fps=8)
    assert metric.compute().item() == pytest.approx(100, abs=1e-3)


@pytest.mark.parametrize("name", ["transitions", "motion", "drift"])
def test_every_first_metric_gives_what_the_plugin_gives(name: str) -> None:
    video = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (48, 64, 96, 3), dtype=np.uint8))
    metric = torch_metric(name)
    metric.update([video], [STORY], fps=8)
    features = extract([Clip(video.numpy(), np.arange(48) / 8)], metric.metric.extractors)
    assert metric.compute().item() == metric.metric.measure(features, STORY).value
    assert metric.higher_is_better is True
    assert VideoMetric(Brightness()).higher_is_better is False


def test_wrong_input_is_refused() -> None:
    metric = VideoMetric(Brightness())
    with pytest.raises(ValueError, match="uint8"):
        metric.update([grey(0).float()], [STORY], fps=8)
    with pytest.raises(ValueError, match="1 videos for 2 storyboards"):
        metric.update([grey(0)], [STORY, STORY], fps=8)
    with pytest.raises(UnknownPluginError):
        torch_metric("no-such-metric")

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import torch
import torchmetrics

from evalsuite.errors import UnknownPluginError, VideoError
from evalsuite.features import extract
from evalsuite.interfaces import Metric, SetMetric
from evalsuite.training import SetVideoMetric, VideoMetric, torch_metric
from evalsuite.types import Clip, Measured, Segment, Storyboard
from tests.conftest import moving_square

STORY = Storyboard(id="story", title="A story", segments=(Segment(text="One."), Segment(text="Two.", cut_before=True)))
OTHER = STORY.model_copy(update={"id": "other"})


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


def test_one_video_goes_with_one_storyboard() -> None:
    metric = VideoMetric(Brightness())
    metric.update(grey(255), STORY, fps=8)
    assert metric.compute().item() == pytest.approx(100, abs=1e-3)


def judged_by(rank: int, folder: str) -> list[torch.Tensor]:
    """What one of two processes knows in the end, each of which sees a part of the videos."""
    meeting = f"file://{folder}/meeting"
    torch.distributed.init_process_group("gloo", meeting, timedelta(minutes=2), world_size=2, rank=rank)
    metric = VideoMetric(Brightness())
    levels, stories = (([10], [STORY]), ([60, 200, 0], [STORY, STORY, OTHER]))[rank]
    metric.update([grey(level) for level in levels], stories, fps=8)
    mean = metric.compute()
    metric.sync()
    spread = shown(SetVideoMetric(Spread()), ((0, 2, 3), (1,))[rank]).compute()
    one_sided = shown(SetVideoMetric(Spread()), ((0, 1, 2, 3), ())[rank]).compute()
    torch.distributed.destroy_process_group()
    return [mean, metric.judged, metric.left_out, spread, one_sided]


def second_process(_: int, folder: str) -> None:
    torch.save(judged_by(1, folder), f"{folder}/second")


def test_two_processes_give_the_values_of_one(tmp_path: Path) -> None:
    second = torch.multiprocessing.spawn(second_process, (str(tmp_path),), join=False)
    found = judged_by(0, str(tmp_path))
    second.join()
    one = VideoMetric(Brightness())
    one.update([grey(level) for level in (10, 60, 200)], [STORY] * 3, fps=8)
    spread = shown(SetVideoMetric(Spread()), (0, 1, 2, 3)).compute()
    assert found == [one.compute(), 3, 1, spread, spread]
    assert torch.load(tmp_path / "second", weights_only=True) == found


class Darkness(Brightness):
    """The same, negated."""

    def measure(self, features: object, storyboard: Storyboard) -> Measured:
        light = super().measure(features, storyboard).value
        return Measured(None if light is None else -light)


def test_metrics_of_a_collection_that_agree_at_first_stay_apart() -> None:
    """torchmetrics updates the first alone of those whose states are equal after the first batch."""
    both = torchmetrics.MetricCollection({"light": VideoMetric(Brightness()), "dark": VideoMetric(Darkness())})
    both.update(grey(255), OTHER, fps=8)
    both.update(grey(255), STORY, fps=8)
    assert {name: value.item() for name, value in both.compute().items()} == pytest.approx({"light": 100, "dark": -100})


def test_metrics_of_a_collection_that_differ_in_their_argument_stay_apart() -> None:
    class Over(Brightness):
        def __init__(self, level: str) -> None:
            self.level = float(level)

        def measure(self, features: object, storyboard: Storyboard) -> Measured:
            return Measured(float((super().measure(features, storyboard).value or 0.0) > self.level))

    both = torchmetrics.MetricCollection({"low": VideoMetric(Over("20")), "high": VideoMetric(Over("80"))})
    both.update(grey(255), STORY, fps=8)
    both.update(grey(128), STORY, fps=8)
    assert {name: value.item() for name, value in both.compute().items()} == {"low": 1.0, "high": 0.5}


@pytest.mark.parametrize("fps", [0.0, -8.0, float("inf"), float("nan")])
def test_a_rate_of_frames_that_is_none_is_refused(fps: float) -> None:
    with pytest.raises(ValueError, match="frames per second"):
        VideoMetric(Brightness()).update(grey(0), STORY, fps=fps)


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


def test_a_number_that_is_none_is_refused_and_does_not_spoil_the_mean() -> None:
    class Lost(Brightness):
        def measure(self, features: object, storyboard: Storyboard) -> Measured:
            found = super().measure(features, storyboard)
            return Measured(float("nan")) if found.value < 50 else found

    metric = VideoMetric(Lost())
    metric.update(grey(255), STORY, fps=8)
    with pytest.raises(VideoError, match="Lost gave nan"):
        metric.update(grey(0), STORY, fps=8)
    assert metric.compute().item() == pytest.approx(100, abs=1e-3)


class Spread(SetMetric):
    """Variance of brightness; each video's term is what it adds."""

    summary = "how far apart"
    version = "1"
    higher_is_better = False
    extractors = ("colour",)
    fewest = 3

    def unfit(self, features: object, storyboard: Storyboard) -> str:
        return "too dark" if features["colour"].array[0, 0] < 1 else ""

    def measure_set(self, videos: object, storyboards: object) -> list[Measured]:
        light = np.array([each["colour"].array[:, 0].mean(dtype=np.float64) for each in videos])
        return [Measured(float(term)) for term in (light - light.mean()) ** 2]


LEVELS = (10, 60, 200, 90)


def named(number: int) -> Storyboard:
    return STORY.model_copy(update={"id": f"story-{number}"})


def shown(metric: SetVideoMetric, numbers: tuple[int, ...]) -> SetVideoMetric:
    metric.update([grey(LEVELS[number]) for number in numbers], [named(number) for number in numbers], fps=8)
    return metric


def test_a_set_is_judged_when_it_is_large_enough_and_reset_forgets_it() -> None:
    metric = SetVideoMetric(Spread())
    assert shown(metric, (0, 1)).compute().isnan()
    metric = shown(metric, (2, 3))
    light = [extract([Clip(grey(level).numpy(), np.arange(4) / 8)], ["colour"])["colour"].array for level in LEVELS]
    means = [each[:, 0].mean(dtype=np.float64) for each in light]
    assert metric.compute().item() == pytest.approx(np.var(means), rel=1e-12)
    assert metric.compute().dtype == torch.float64
    metric.reset()
    assert shown(metric, (1,)).compute().isnan()
    with pytest.raises(VideoError, match="story-9: too dark"):
        metric.update(grey(0), named(9), fps=8)


def test_two_sets_that_are_merged_equal_one() -> None:
    left, right = shown(SetVideoMetric(Spread()), (3, 0)), shown(SetVideoMetric(Spread()), (2, 1))
    left.merge_state(right)
    assert left.compute() == shown(SetVideoMetric(Spread()), (0, 1, 2, 3)).compute()


def test_the_shipped_metric_of_sets_is_one_too() -> None:
    assert isinstance(torch_metric("temporal-fvd"), SetVideoMetric)


def test_what_cannot_be_judged_is_left_out() -> None:
    metric = VideoMetric(Brightness())
    metric.update([grey(255), grey(0)], [STORY, OTHER], fps=8)
    assert metric.compute().item() == pytest.approx(100, abs=1e-3)
    assert (metric.judged.item(), metric.left_out.item()) == (1, 1)


@pytest.mark.parametrize("name", ["transitions", "motion", "drift", "quality", "alignment"])
def test_every_first_metric_gives_what_the_plugin_gives(name: str) -> None:
    video = torch.from_numpy(np.stack(moving_square(48)))
    metric = torch_metric(name)
    metric.update([video], [STORY], fps=8)
    features = extract([Clip(video.numpy(), np.arange(48) / 8)], metric.metric.extractors)
    assert metric.compute().item() == metric.metric.measure(features, STORY).value > 0
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

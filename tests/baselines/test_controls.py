"""The controls keep their promises: `docs/controls.md`, part "What is guaranteed"."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from evalsuite import footage, plugins, video
from evalsuite.errors import PluginError, StoryboardError
from evalsuite.toon import script
from evalsuite.toon.controls import KINDS, STORY_KINDS, WORLD_KINDS, chosen_segments
from evalsuite.types import Footage, Frame, Segment, Storyboard, VideoSpec

SPEC = VideoSpec(width=48, height=32, fps=8)
EPISODE = script.episode("dev", 6, 4)
STORY = script.storyboard(EPISODE)


def made(model: str, spec: VideoSpec = SPEC, seed: int = 0, story: Storyboard = STORY) -> Footage:
    footage = plugins.baseline(model).generate(story, seed, spec)
    assert isinstance(footage, Footage)
    return footage


def frames(model: str, spec: VideoSpec = SPEC, seed: int = 0) -> list[Frame]:
    return list(made(model, spec, seed).frames)


@pytest.fixture(scope="module")
def oracle() -> list[Frame]:
    return frames("oracle")


def test_the_oracle_tells_the_whole_story_with_its_truth(oracle: list[Frame]) -> None:
    truth = made("oracle").truth
    assert truth is not None
    assert len(oracle) == len(list(truth())) == 6 * 3 * 8
    assert {frame.shape for frame in oracle} == {(32, 48, 3)}


def test_the_seed_is_the_take(oracle: list[Frame]) -> None:
    assert np.array_equal(oracle, frames("oracle"))
    assert not np.array_equal(oracle, frames("oracle", seed=1))


def test_still(oracle: list[Frame]) -> None:
    assert np.array_equal(frames("still"), [oracle[0]] * len(oracle))


def test_looped(oracle: list[Frame]) -> None:
    assert np.array_equal(frames("looped"), oracle[:24] * 6)
    assert np.array_equal(frames("looped:2.5"), (oracle[:20] * 8)[: len(oracle)])
    assert np.array_equal(frames("looped:1e308"), oracle)


@pytest.mark.parametrize("period", ["0", "nan", "inf", "two"])
def test_a_loop_needs_a_length(period: str) -> None:
    with pytest.raises(PluginError, match=r"such as looped:2\.5"):
        plugins.baseline(f"looped:{period}")


def test_noise_is_uniform_and_needs_no_world() -> None:
    foreign = Storyboard(id="foreign", title="Foreign", segments=(Segment(text="A man walks.", seconds=5),))
    once, again, other = (np.array(list(made("noise", seed=seed, story=foreign).frames)) for seed in (0, 0, 1))
    assert once.shape == (40, 32, 48, 3)
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)
    counts = np.bincount(once.ravel(), minlength=256)
    expected = once.size / 256
    chi_square = ((counts - expected) ** 2 / expected).sum()
    assert 170 < chi_square < 345  # 255 degrees of freedom: nearly never outside by chance


@pytest.mark.parametrize("model", ["oracle", "still", "looped", "degraded:blur@0.5", "harmless:fps"])
def test_a_storyboard_without_a_world_is_refused(model: str) -> None:
    with pytest.raises(StoryboardError, match="names no world: the oracle and the other controls can only draw"):
        made(model, story=STORY.told())


@pytest.mark.parametrize("kind", KINDS)
def test_strength_zero_is_the_oracle(kind: str, oracle: list[Frame]) -> None:
    assert np.array_equal(frames(f"degraded:{kind}@0"), oracle)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_changes_something_and_all_but_truncate_no_length(kind: str, oracle: list[Frame]) -> None:
    shown = frames(f"degraded:{kind}@1")
    assert len(shown) == (1 if kind == "truncate" else len(oracle))
    assert not np.array_equal(shown, oracle)


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        ("", "write, for example, degraded:vanish@0.4"),
        ("vanis@0.4", "did you mean vanish?"),
        ("sepia@0.4", "there is no kind of damage 'sepia': there are action-swap, "),
        ("vanish", "needs a strength from 0 to 1 after an @"),
        ("vanish@1.1", "needs a strength from 0 to 1 after an @"),
        ("vanish@nan", "needs a strength from 0 to 1 after an @"),
        ("vanish@-0.1", "needs a strength from 0 to 1 after an @"),
    ],
)
def test_a_wrong_damage_is_refused(damage: str, sentence: str) -> None:
    from evalsuite.baselines.degraded import Degraded

    with pytest.raises(PluginError) as refused:
        Degraded(damage)
    assert sentence in str(refused.value)


def test_the_documentation_lists_all_kinds_as_they_are() -> None:
    from evalsuite.baselines.harmless import KINDS as HARMLESS

    said = (Path(__file__).parents[2] / "docs" / "controls.md").read_text()
    damage = {**STORY_KINDS, **WORLD_KINDS, **footage.KINDS}
    rows = [f"| `{name}` | {kind.unit} | {kind.summary} |" for name, kind in damage.items()]
    rows += [
        f"| `{name}` | {kind.unit} | {kind.least:g} - {kind.most:g}, by default {kind.amount:g} | {kind.summary} |"
        for name, kind in HARMLESS.items()
    ]
    assert [line for line in said.splitlines() if line.startswith("| `") and line.count("|") > 3] == rows


@pytest.mark.parametrize("kind", STORY_KINDS)
def test_chosen_segments_are_an_exact_and_nested_fraction(kind: str) -> None:
    episode = script.episode("dev", 21, 3)
    eligible = STORY_KINDS[kind].eligible(episode)
    chosen = [chosen_segments(episode, kind, tenths / 10, take=0) for tenths in range(11)]
    assert [len(some) for some in chosen] == [(2 * tenths * len(eligible) + 10) // 20 for tenths in range(11)]
    assert all(set(fewer) <= set(more) for fewer, more in pairwise(chosen))
    assert chosen[10] == eligible


def test_reencode_adds_five_to_the_rate_factor(oracle: list[Frame]) -> None:
    assert made("harmless:reencode").crf == video.CRF + 5
    assert np.array_equal(frames("harmless:reencode"), oracle)


@pytest.mark.parametrize(("model", "shape"), [("resize@0.75", (24, 36, 3)), ("resize", (48, 72, 3))])
def test_resize(model: str, shape: tuple[int, int, int], oracle: list[Frame]) -> None:
    resized = frames(f"harmless:{model}")
    assert {frame.shape for frame in resized} == {shape}
    assert np.array([frame.mean() for frame in resized]) == pytest.approx([frame.mean() for frame in oracle], abs=1)


@pytest.mark.parametrize(("model", "gain"), [("brightness", 1.05), ("brightness@0.95", 0.95)])
def test_brightness(model: str, gain: float, oracle: list[Frame]) -> None:
    expected = np.minimum(np.array(oracle) * gain, 255)
    assert np.abs(np.array(frames(f"harmless:{model}")) - expected).max() <= 0.5 + 1e-3


def test_fps(oracle: list[Frame]) -> None:
    doubled = made("harmless:fps")
    assert doubled.fps == 16
    assert np.array_equal(list(doubled.frames)[::2], oracle)


@pytest.mark.parametrize("change", ["", "sepia", "resiz", "resize@2", "resize@big"])
def test_a_wrong_harmless_change_is_refused(change: str) -> None:
    from evalsuite.baselines.harmless import Harmless

    with pytest.raises(PluginError, match=r"no harmless change|needs an amount from 0.75 to 1.5"):
        Harmless(change)

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from evalsuite.metrics import _toon_clip
from evalsuite.metrics._open_clip import OPENAI, text_rows
from evalsuite.metrics._text_matrix import margin, order, recall_at_1
from evalsuite.metrics.models.clip_source import source

from evalsuite import backbones, plugins, video
from evalsuite.errors import EvalsuiteError
from evalsuite.features import extract
from evalsuite.types import Clip, Footage, Segment, Storyboard, VideoSpec
from evalsuite.work import Task, perform
from tests.metrics.backbone_files import TINY_CLIP, put_clip


def test_margin_of_a_matrix_worked_out_by_hand() -> None:
    scores = np.array([[0.9, 0.1, 0.2], [0.3, 0.5, 0.3], [0.0, 0.6, 0.4]])
    assert margin(scores) == pytest.approx(((0.9 - 0.15) + (0.5 - 0.3) + (0.4 - 0.3)) / 3)
    assert margin(np.array([[0.7]])) == 0


def test_what_fits_all_sentences_alike_fits_none() -> None:
    scores = np.full((5, 5), 0.8)
    assert recall_at_1(scores) == 0
    assert margin(scores) == pytest.approx(0)
    assert recall_at_1(np.eye(5)) == 1
    assert recall_at_1(np.array([[0.2]])) == 1


@pytest.mark.parametrize(("shown", "tau"), [((0, 1, 2, 3), 1.0), ((3, 2, 1, 0), -1.0), ((1, 0, 2, 3), 2 / 3)])
def test_order_is_kendalls_tau_of_who_is_shown_where(shown: tuple[int, ...], tau: float) -> None:
    scores = np.random.default_rng(0).uniform(0, 0.5, (4, 4))
    scores[np.arange(4), shown] += 1
    assert order(scores) == pytest.approx(tau)  # by hand: one pair of six is turned round


@pytest.fixture
def own(weights_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny CLIP in a folder of the user's."""
    clip = put_clip(monkeypatch, tmp_path)
    folder = tmp_path / "My-CLIP"
    folder.mkdir()
    shutil.copy(clip, folder / "open_clip_model.safetensors")
    (folder / "open_clip_config.json").write_text(json.dumps({"model_cfg": TINY_CLIP, "preprocess_cfg": {}}))
    return folder


def test_another_clip_is_judged_by_its_own_cosines(own: Path, tmp_path: Path) -> None:
    """The mean of a moving half and of its sentence, by hand; the second half stands still and counts for nothing."""
    luck = np.random.default_rng(0)
    scenes = luck.integers(0, 256, (4, 6, 9, 3), dtype=np.uint8).repeat(16, 1).repeat(16, 2)
    frames = [np.roll(scenes[0], 4 * index, axis=1) for index in range(24)] + [scenes[1]] * 24
    video.write(tmp_path / "a.mp4", Footage(frames, 8.0))
    told = [Segment(text="A fox walks.", seconds=3), Segment(text="A frog sleeps.", seconds=3)]
    board = Storyboard(id="walk", title="A walk", segments=tuple(told))
    name = plugins.canonical(f"alignment:{own}")
    spec = VideoSpec(144, 96, 8.0)
    task = Task("m", "m", "1", "s", "1", board, 0, spec, tmp_path / "out", (name,), False, tmp_path / "a.mp4")
    (score,) = perform(task).scores
    assert (score.status, score.metric, score.reason) == ("ok", name, "")
    seen = extract(video.decode(tmp_path / "a.mp4"), [f"open-clip:{own}"])[f"open-clip:{own}"]
    assert seen.seconds.tolist() == [index / 2 for index in range(12)]
    mean = seen.array[:6].astype(np.float64).mean(axis=0)
    said = text_rows([told[0].text], str(own)).rows[0]
    expected = max(0.0, mean @ said / np.linalg.norm(mean) / np.linalg.norm(said))
    assert [value for _, value in score.series] == pytest.approx([expected, 0], abs=0.02)


def test_segments_that_no_look_falls_into_are_left_out(own: Path) -> None:
    """A look each half second, while the second sentence is told from 0.6 to 0.9 s."""
    board = Storyboard(
        id="a",
        title="a",
        segments=tuple(
            Segment(text=text, seconds=seconds)
            for text, seconds in (("A fox.", 0.6), ("A frog.", 0.3), ("A fox in the rain.", 1.1))
        ),
    )
    frames = np.random.default_rng(0).integers(0, 256, (1, 6, 9, 3), dtype=np.uint8).repeat(16, 1).repeat(16, 2)
    film = np.concatenate([np.roll(frames, 4 * index, axis=2) for index in range(20)])
    metric = plugins.metric(f"alignment:{own}")
    found = metric.measure(extract([Clip(film, np.arange(20) / 10)], metric.extractors), board)
    assert [second for second, _ in found.series] == [0, pytest.approx(0.9)]
    assert found.value == pytest.approx(np.mean([value for _, value in found.series]))
    brief = board.model_copy(update={"segments": board.segments[1:2]})
    late = extract([Clip(film, 0.3 + np.arange(20) / 10)], metric.extractors)
    assert metric.measure(late, brief).value is None


def test_the_cartoon_worlds_own_is_what_alignment_is_without_an_argument(own: Path) -> None:
    plain, other = plugins.metric("alignment"), plugins.metric(f"alignment:{own}")
    assert plain.extractors == ("toon-clip", "stir", "thumbnails")
    assert plain.version == f"4-{_toon_clip.REVISION}"
    assert other.extractors == (f"open-clip:{own}", "stir", "thumbnails")
    assert other.version == f"4-{source(str(own)).revision}"


def test_public_weights_that_come_later_change_the_version(
    weights_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"alignment:{OPENAI}"
    assert plugins.metric(name).version == "4-missing"
    put_clip(monkeypatch, tmp_path)
    assert plugins.metric(name).version == f"4-{backbones.revision(OPENAI)}"


@pytest.mark.parametrize(("argument", "said"), [
    ("ViT-B-32", "write ARCHITECTURE@TAG, ARCHITECTURE@FILE or a folder"),
    ("ViT-B-32/laion2b_s34b_b79k", "write ARCHITECTURE@TAG, ARCHITECTURE@FILE or a folder"),
    ("ViT-B-32@nobody", "knows no weights 'nobody'"),
    ("no|pipe", "cannot be a plugin"),
])  # fmt: skip
def test_a_clip_that_is_none_is_told_in_a_sentence(argument: str, said: str) -> None:
    with pytest.raises(EvalsuiteError, match=said):
        plugins.metric(f"alignment:{argument}")

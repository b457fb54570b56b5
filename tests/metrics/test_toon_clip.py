"""toon-clip and toon-video: what they are trained on, their losses, and that open_clip reads the shipped folder."""

from __future__ import annotations

import shutil

import numpy as np
import open_clip
import pytest
import torch
from evalsuite.metrics import _toon_clip, _toon_video
from evalsuite.metrics.models.toon_video import CHANNELS, ClipEncoder
from evalsuite.metrics.training.copyists import Linear, copyists
from evalsuite.metrics.training.films import films
from evalsuite.metrics.training.train_toon_clip import contrastive_loss, needed_merges
from evalsuite.metrics.training.train_toon_video import Excerpts, said, telling_words

from evalsuite import plugins
from evalsuite.errors import EvalsuiteError
from evalsuite.interfaces import Training
from evalsuite.learning.weights import load
from evalsuite.toon import script, world
from evalsuite.toon.controls import degraded, draw
from evalsuite.types import VideoSpec

SPEC = VideoSpec(96, 64, 8.0)


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    return Training(tmp_path_factory.mktemp("training"), smoke=True)


def texts(index: int) -> list[str]:
    return [segment.resolved_text for segment in script.storyboard(script.episode("dev", 6, index)).segments]


def test_films_are_the_worlds_frames_and_texts(smoke):
    few = films(smoke.folder / "few", "dev", 1, 2)
    frames = list(world.frames(script.episode("dev", 6, 2), SPEC))
    assert np.array_equal(few.frames(1, slice(24, 48, 3)), np.stack(frames[24:48:3]))
    assert few.texts == [texts(1), texts(2)]


def test_the_linear_copyist_is_the_best_linear_one(smoke):
    few = films(smoke.folder / "few", "dev", 1, 2)
    linear = Linear.fitted(few, 0)
    frames = few.frames(0, slice(0, 48))
    luck = np.random.default_rng(0)
    kept = int(np.random.default_rng(0).integers(40, 160, endpoint=True))
    copy = linear.copy(frames, luck)
    blocks = frames.reshape(12, 4, 8, 8, 12, 8, 3).transpose(0, 2, 4, 1, 3, 5, 6).reshape(-1, 768) / 255.0
    basis, middle = linear.basis[:kept].double().numpy(), linear.middle.double().numpy()
    wanted = (blocks - middle) @ basis.T @ basis + middle
    found = copy.reshape(12, 4, 8, 8, 12, 8, 3).transpose(0, 2, 4, 1, 3, 5, 6).reshape(-1, 768) / 255.0
    assert np.abs(np.clip(wanted, 0, 1) - found).max() <= 0.51 / 255
    assert np.allclose(basis @ basis.T, np.eye(kept), atol=1e-4)


def test_half_of_the_films_are_copied(smoke):
    both = copyists(smoke)
    frames = films(smoke.folder / "few", "dev", 1, 2).frames(0, slice(0, 16))
    assert [np.array_equal(both(number, frames), frames) for number in range(4)] == [True, False, True, False]
    assert both.stills(1, frames[:3]).shape == frames[:3].shape


def test_most_words_are_cut_as_clip_cuts_them():
    own = open_clip.get_tokenizer(f"local-dir:{_toon_clip.PLACE}", bpe_path=_toon_clip.PLACE / "merges.txt.gz")
    clips = open_clip.get_tokenizer("ViT-B-32")
    pairs = [[[words.decoder[token] for token in words.encode(text)] for words in (own, clips)] for text in texts(1)]
    assert all("".join(ours) == "".join(theirs) for ours, theirs in pairs)
    assert sum(ours == theirs for ours, theirs in pairs) >= len(pairs) / 2
    assert "t e" in needed_merges(["a tea"])
    assert "z o" not in needed_merges(["a tea"])


def test_the_contrastive_loss_is_open_clips():
    class Fixed(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            torch.manual_seed(0)
            self.rows, self.said = torch.randn(6, 8), torch.randn(3, 8)
            self.logit_scale = torch.tensor(2.0)

        def encode_image(self, frames: torch.Tensor) -> torch.Tensor:
            return self.rows

        def encode_text(self, tokens: torch.Tensor) -> torch.Tensor:
            return self.said

    model = Fixed()
    normal = torch.nn.functional.normalize
    shown = normal(normal(model.rows, dim=1).view(3, 2, 8).mean(1), dim=1)
    wanted = open_clip.ClipLoss()(shown, normal(model.said, dim=1), torch.tensor(2.0).exp())
    found = contrastive_loss(model, torch.zeros(3, 2, 3, 4, 4), torch.zeros(3, 5, dtype=torch.long))
    assert found.item() == pytest.approx(wanted.item(), abs=1e-6)


def test_a_changed_file_is_refused(tmp_path, monkeypatch):
    place = tmp_path / "toon_clip"
    shutil.copytree(_toon_clip.PLACE, place)
    data = bytearray((place / _toon_clip.WEIGHTS.name).read_bytes())
    data[-1] ^= 1
    (place / _toon_clip.WEIGHTS.name).write_bytes(data)
    monkeypatch.setattr(_toon_clip, "WEIGHTS", place / _toon_clip.WEIGHTS.name)
    with pytest.raises(EvalsuiteError, match="are not those that"):
        _toon_clip.ToonClip().load()


def test_alignment_sees_another_story_and_no_frozen_one_wins(measure):
    episode = script.episode("dev", 6, 3)
    story = script.storyboard(episode)
    frames = {"oracle": np.stack(list(draw(episode, SPEC, 0).frames))}
    for kind in ("prompt-swap", "freeze"):
        frames[kind] = np.stack(list(degraded(episode, kind, 1.0, SPEC, 0).frames))
    found = {name: measure("alignment", video, story).value for name, video in frames.items()}
    assert found["oracle"] > 0.8
    assert found["prompt-swap"] < 0.6 * found["oracle"]
    assert found["freeze"] < 0.1


def test_toon_video_gives_rows_of_one_size_that_see_time():
    torch.manual_seed(0)
    model = ClipEncoder().eval()
    for name, weight in model.named_parameters():
        if name.endswith("second.weight"):
            torch.nn.init.normal_(weight, std=0.05)  # the trained ones are not 0 either
    excerpt = torch.rand(2, 16, 3, 64, 96) * 2 - 1
    with torch.no_grad():
        rows, reversed_rows = model(excerpt), model(excerpt.flip(1))
    assert rows.shape == (2, CHANNELS)
    assert rows.mean(1).tolist() == pytest.approx([0, 0], abs=1e-5)
    assert rows.var(1, unbiased=False).tolist() == pytest.approx([1, 1], abs=1e-3)
    assert (rows - reversed_rows).abs().max() > 0.01


def test_excerpts_have_the_words_of_the_segments_they_show(smoke):
    few = films(smoke.folder / "few", "dev", 1, 2)
    words = telling_words([[text] for index in range(1, 9) for text in texts(index)])
    excerpts = Excerpts(few, said(few.texts, words))
    frames, told = excerpts.at(1, 0, 8)  # 16 s: the first half shows segments 0 - 2, the second 2 - 5
    assert np.array_equal(frames, few.frames(1, slice(0, 128, 8)))
    for half, segments in enumerate([range(3), range(2, 6)]):
        spoken = " ".join(few.texts[1][number] for number in segments).lower()
        plain = {word.strip(".,:;'") for word in spoken.split()}
        assert {word for word, there in zip(words, told[half], strict=True) if there} <= plain
        assert all(there for word, there in zip(words, told[half], strict=True) if word in plain)


def test_toon_clip_is_trained_through_the_door(smoke):
    made = plugins.trainable("toon-clip").train(smoke)
    assert len(made) == 3
    assert all(path.is_file() for path in made)


def test_the_training_of_toon_video_ends_with_the_reference_of_its_own_weights(smoke):
    weights, made = plugins.trainable("toon-video").train(smoke)
    tensors, told = load(made)
    rows = {name: tuple(each.shape) for name, each in tensors.items()}
    assert rows == {"toon-video/1": (2, 1, 64), "toon-video/6": (2, 6, 64), "toon-video-long/6": (2, 1, 64)}
    extractors = {"toon-video": _toon_video.ToonVideo, "toon-video-long": _toon_video.ToonVideoLong}
    assert told == {name: kind(weights=weights).revision for name, kind in extractors.items()}
    assert told["toon-video"] != _toon_video.ToonVideo().revision

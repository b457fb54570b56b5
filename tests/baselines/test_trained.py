"""The shipped generator, as a run meets it."""

from __future__ import annotations

import hashlib
import shutil

import numpy as np
import pytest
import torch
from evalsuite.baselines.models.autoencoder import Autoencoder, AutoencoderShape
from evalsuite.baselines.models.files import AUTOENCODER, BASE, SHIPPED
from evalsuite.baselines.models.frames import FRAMES_PER_PIECE
from evalsuite.baselines.models.generator import Generator, marked_texts, pieces
from evalsuite.baselines.models.layout import TransformerShape
from evalsuite.baselines.models.sampler import Sampling
from evalsuite.baselines.models.text import MOST_WORDS, SCENE_END, SCENE_START, Vocabulary
from evalsuite.baselines.models.transformer import VideoTransformer
from evalsuite.baselines.models.ttt_linear import ttt_linear
from evalsuite.baselines.models.weights import load_autoencoder, load_layers
from evalsuite.baselines.training import train, trained
from evalsuite.baselines.ttt import TTT

from evalsuite.errors import EvalsuiteError, PluginError, StoryboardError
from evalsuite.interfaces import Training
from evalsuite.learning.sums import is_made, verify
from evalsuite.learning.weights import copy_weights, load, save
from evalsuite.types import Segment, Storyboard, VideoSpec

SPEC = VideoSpec(96, 64, 8.0)
FILES = (AUTOENCODER, BASE, "ttt.safetensors", "sha256sums.txt")


def story(*seconds, identity="story"):
    texts = ("Mimi the red cat with a hat walks over the meadow.", "Mimi waves.", "A cut: the kitchen.")
    segments = tuple(
        Segment(text=text, seconds=length, cut_before=place == 2)
        for place, (text, length) in enumerate(zip(texts, seconds, strict=False))
    )
    return Storyboard(id=identity, title="Mimi", segments=segments)


@pytest.fixture(scope="module")
def ttt():
    return TTT()


@pytest.fixture(scope="module")
def film(ttt):
    return np.stack(list(ttt.generate(story(3, 3), 0, SPEC).frames))


@pytest.fixture
def copied(tmp_path):
    for name in FILES:
        shutil.copy(SHIPPED / name, tmp_path / name)
    return tmp_path


def test_makes_a_moving_picture_in_colour(film):
    assert film.shape == (48, 64, 96, 3)
    assert film.dtype == np.uint8
    assert 20 < film.std() < 120
    assert np.abs(np.diff(film.astype(int), axis=0)).mean() > 0.1


def test_equal_storyboard_and_seed_make_equal_frames(ttt, film):
    again = np.stack(list(ttt.generate(story(3, 3), 0, SPEC).frames))
    assert np.array_equal(again, film)
    other = np.stack(list(ttt.generate(story(3, 3), 1, SPEC).frames))
    assert not np.array_equal(other, film)


@pytest.mark.parametrize(("seconds", "frames"), [((3.0,), 24), ((1.3, 0.7), 16), ((4.5,), 36)])
def test_any_length_of_segment_is_shown_for_its_time(ttt, seconds, frames):
    footage = ttt.generate(story(*seconds), 0, SPEC)
    assert footage.fps == 8
    assert len(list(footage.frames)) == frames


def test_another_size_is_answered_with_that_size(ttt, film):
    frame = next(iter(ttt.generate(story(3, 3), 0, VideoSpec(48, 32, 8.0)).frames))
    assert frame.shape == (32, 48, 3)
    assert np.abs(frame.astype(int) - film[0][::2, ::2]).mean() < 25


def test_odd_texts_are_no_trouble(ttt):
    board = Storyboard(
        id="odd", title="odd", segments=(Segment(text="?!" * 2000), Segment(text="Żółw 烏龜 qwxz " * 50))
    )
    assert len(list(ttt.generate(board, 0, SPEC).frames)) == 48


def test_pieces_are_three_seconds_or_shorter_ends():
    plan = pieces(story(3, 7, 1))
    assert [piece.frames for piece in plan] == [FRAMES_PER_PIECE, 24, 24, 8, 8]
    assert plan[1].text == plan[2].text == "Mimi waves."
    assert plan[3].text == "Mimi waves. <end_scene>"
    with pytest.raises(StoryboardError, match="shorter than one frame"):
        pieces(story(0.01))


def test_a_segment_without_a_frame_leaves_its_cut_to_the_next():
    segments = tuple(
        Segment(text=text, seconds=seconds, cut_before=cut)
        for text, seconds, cut in [("One.", 3, False), ("Two.", 0.01, True), ("Three.", 6, False)]
    )
    plan = pieces(Storyboard(id="short", title="short", segments=segments))
    assert [piece.text for piece in plan] == ["One. <end_scene>", "<start_scene> Three.", "Three."]
    assert [piece.cut for piece in plan] == [False, True, False]


def test_scenes_are_marked_at_cuts_as_in_the_paper():
    texts = marked_texts(story(3, 3, 3).segments)
    assert [text.startswith("<start_scene>") for text in texts] == [False, False, True]
    assert [text.endswith("<end_scene>") for text in texts] == [False, True, False]


def test_weights_are_small_and_are_those_that_are_listed():
    files = sorted(SHIPPED.glob("*.safetensors"))
    listed = dict(reversed(line.split()) for line in (SHIPPED / "sha256sums.txt").read_text().splitlines())
    assert {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files} == listed
    assert all(file.stat().st_size <= 10_000_000 for file in files)
    assert sum(file.stat().st_size for file in files) <= 60_000_000


def test_copied_weights_are_the_same_bytes_and_are_listed(tmp_path):
    copy_weights(SHIPPED / "base.safetensors", tmp_path / "new" / "other.safetensors")
    assert (tmp_path / "new" / "other.safetensors").read_bytes() == (SHIPPED / "base.safetensors").read_bytes()
    load(tmp_path / "new" / "other.safetensors")


def test_a_file_that_was_being_written_when_all_ended_is_not_made(tmp_path):
    save(tmp_path / "a", {"x": torch.ones(3)}, {})
    assert is_made(tmp_path / "a")
    (tmp_path / "b").write_bytes((tmp_path / "a").read_bytes())
    assert not is_made(tmp_path / "b")
    assert {file.name for file in tmp_path.iterdir()} == {"a", "b", "sha256sums.txt", ".sha256sums.txt.lock"}


def test_equal_weights_are_equal_bytes_whatever_the_order_of_what_is_told(tmp_path):
    tensors = {"b": torch.ones(3), "a": torch.zeros(2, 2)}
    told = {f"key {number}": "wörd" for number in range(20)}
    for name in ("one", "two"):
        save(tmp_path / name, tensors, told)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    again, found = load(tmp_path / "one")
    assert found == told
    assert {name: tensor.tolist() for name, tensor in again.items()} == {n: t.tolist() for n, t in tensors.items()}


def test_the_revision_is_that_of_all_three_files(copied, monkeypatch):
    class Copied(TTT):
        weights = copied / "ttt.safetensors"

    monkeypatch.setattr(trained, "SHIPPED", copied)
    before = Copied().revision
    sums = (copied / "sha256sums.txt").read_text()
    for name in FILES[:3]:
        (copied / "sha256sums.txt").write_text(
            "\n".join("0" * 64 + line[64:] if name in line else line for line in sums.splitlines()) + "\n"
        )
        assert Copied().revision != before


def test_missing_weights_are_told(copied):
    (copied / "ttt.safetensors").unlink()
    with pytest.raises(EvalsuiteError, match=r"ttt\.safetensors are not in"):
        load_layers(copied / "ttt.safetensors", copied, TTT.make_layer)


def test_a_layer_of_ones_own_that_is_not_trained_yet_says_how(tmp_path, monkeypatch):
    monkeypatch.setattr(TTT, "weights", tmp_path / "my_layer.safetensors")
    with pytest.raises(PluginError, match=r"my_layer\.safetensors is not there yet: `evalsuite train .*ttt\.py` makes"):
        TTT().check()


def test_other_weights_than_the_listed_are_refused(copied):
    path = copied / AUTOENCODER
    path.write_bytes(path.read_bytes()[:-1] + b"\x7f")
    with pytest.raises(EvalsuiteError, match="sha256sums"):
        load_autoencoder(copied)


def test_what_is_unlike_training_is_noted(ttt):
    plain = Storyboard(id="plain", title="plain", segments=(Segment(text="The cat waves."),))
    assert ttt.generate(plain, 0, SPEC).note == ""
    written = Storyboard(id="other", title="other", segments=(Segment(text="猫が走る: the cat żółw."),))
    assert ttt.generate(written, 0, SPEC).note == "2 words that it does not know"
    unwanted = Storyboard(id="u", title="u", segments=(Segment(text="The cat waves.", negative_text="zzqx"),))
    assert ttt.generate(unwanted, 0, SPEC).note == "1 words that it does not know"
    mute = Storyboard(id="mute", title="mute", segments=(Segment(text="\N{PARTY POPPER}"), Segment(text="...")))
    assert ttt.generate(mute, 0, SPEC).note == "2 texts without a word"
    strange = Storyboard(id="long", title="long", segments=(Segment(text="The cat qwxz waves."),) * 22)
    said = ttt.generate(strange, 0, SPEC).note
    assert said == "made in 22 pieces of up to 3 s, and trained on up to 21, and with 22 words that it does not know"


@pytest.fixture
def tiny():
    """A generator with random weights, which makes long videos soon."""
    torch.manual_seed(0)
    shape = TransformerShape(latent_channels=8, width=16, heads=1, blocks=2)
    autoencoder = Autoencoder(AutoencoderShape(8, (8, 8), (1, 1), (8, 8), (1, 1)))
    vocabulary = Vocabulary([SCENE_START, SCENE_END, "the", "cat", "."])
    transformer = VideoTransformer(shape, len(vocabulary), ttt_linear).requires_grad_(False)
    return Generator(transformer, vocabulary, autoencoder.requires_grad_(False), Sampling(steps=2))


def test_a_video_longer_than_any_in_training_is_made_frame_by_frame(tiny, monkeypatch):
    long = Storyboard(id="long", title="long", segments=(Segment(text="The cat."),) * 26)
    footage = tiny.film(long, 0, SPEC)
    assert footage.note == "made in 26 pieces of up to 3 s, and trained on up to 1"
    taken = []
    stream = tiny.autoencoder.stream
    monkeypatch.setattr(
        tiny.autoencoder, "stream", lambda chunks: stream(taken.append(len(taken)) or chunk for chunk in chunks)
    )
    frames = iter(footage.frames)
    first = next(frames)
    assert taken == [0]
    rest = list(frames)
    assert len(rest) == 26 * FRAMES_PER_PIECE - 1
    assert taken == list(range(26))
    again = list(tiny.film(long, 0, SPEC).frames)
    assert all(np.array_equal(one, other) for one, other in zip([first, *rest], again, strict=True))


def test_words_beyond_the_most_are_noted_and_the_mark_of_a_cut_is_told_all_the_same():
    words = Vocabulary([SCENE_START, SCENE_END, "fox"])
    assert words.note(["fox " * MOST_WORDS]) == ""
    assert words.note(["fox " * (MOST_WORDS + 3), "cat"]) == (
        "1 words that it does not know, and with 3 words beyond the first 112 of a segment, which it is not told"
    )
    plain, marked = words.numbers("fox " * 200), words.numbers("fox " * 200 + SCENE_END)
    assert len(plain) == len(marked) == MOST_WORDS
    assert [*plain[:-1], *words.numbers(SCENE_END)] == marked


def test_the_effort_is_counted(ttt):
    effort = ttt.generate(story(3, 3), 0, SPEC).effort
    assert effort.tokens == 2 * 32 + 13 * 24
    assert effort.steps == Sampling().steps


def test_closed_gates_are_all_shut_and_make_another_video(film):
    closed = TTT("closed")
    frames = np.stack(list(closed.generate(story(3, 3), 0, SPEC).frames))
    gates = [gate for name, gate in closed._generator.transformer.named_parameters() if name.endswith("gates")]
    assert len(gates) == 6
    assert not any(gate.any() for gate in gates)
    assert not np.array_equal(frames, film)


def test_another_training_on_the_shipped_base_is_put_where_it_is_looked_for(copied, tmp_path, monkeypatch):
    class Copied(TTT):
        weights = copied / "ttt.safetensors"

    def train_generator(name, make_layer, training):
        file = training.folder / "weights" / f"{name}.safetensors"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(b"of " + name.encode())
        return [file]

    monkeypatch.setattr(trained, "SHIPPED", copied)
    monkeypatch.setattr(train, "train_generator", train_generator)
    shipped, folder = Copied.weights.read_bytes(), tmp_path / "training"
    Copied().train(Training(folder))
    assert Copied.weights.read_bytes() == shipped
    *_, file = Copied().train(Training(folder, seed=1))
    assert file == Copied("seed-1").file
    assert file.read_bytes() == b"of ttt_seed_1"
    verify(file)
    (folder / "weights" / BASE).touch()
    Copied().train(Training(folder, from_nothing=True, seed=2))
    assert not Copied("seed-2").file.exists()


@pytest.mark.parametrize("variant", ["open", "seed-0", "seed-", "../x"])
def test_a_variant_that_is_none_is_a_sentence(variant):
    with pytest.raises(PluginError, match="seed-1"):
        TTT(variant)

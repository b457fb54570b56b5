"""Videos are written whole or not at all, and every decoder shows the same frames."""

from __future__ import annotations

import builtins
import errno
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from evalsuite import disk, video
from evalsuite.errors import StoreError, VideoError
from evalsuite.types import Footage
from tests.conftest import footage, moving_square


def frames_of(path: Path, decoder: str | None = None) -> np.ndarray:
    return np.concatenate([clip.frames for clip in video.decode(path, decoder)])


def encode(path: Path, codec: str, pixels: str, times: list[int], rate: int = 8, **options: str) -> Path:
    """Write moving squares with the given codec and presentation times, in units of 1 / rate seconds."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = 96, 64, pixels
        for time, frame in zip(times, moving_square(len(times)), strict=True):
            picture = av.VideoFrame.from_ndarray(frame, format="rgb24")
            picture.pts, picture.time_base = time, Fraction(1, rate)
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return path


def test_what_is_written_comes_back(tmp_path):
    path = tmp_path / "a.mp4"
    video.write(path, footage(40))
    found = video.describe(path)
    assert (found.width, found.height, found.frames, found.fps) == (96, 64, 40, 8.0)
    assert found.seconds == 5.0
    assert np.abs(frames_of(path).astype(int) - np.stack(moving_square(40))).mean() < 3


@pytest.mark.parametrize("width", [96, 100, 122, 250, 854])
def test_both_decoders_show_the_same_frames_at_the_same_times(tmp_path, width):
    pytest.importorskip("decord")
    path = tmp_path / "a.mp4"
    video.write(path, Footage(moving_square(90, width), 8.0))
    assert video.describe(path).decoder == "decord"
    ours, theirs = ([*video.decode(path, name)] for name in ("av", "decord"))
    assert np.array_equal(np.concatenate([c.frames for c in ours]), np.concatenate([c.frames for c in theirs]))
    assert np.allclose(np.concatenate([c.seconds for c in ours]), np.concatenate([c.seconds for c in theirs]))


def test_a_browser_can_play_it(tmp_path):
    path = tmp_path / "a.mp4"
    video.write(path, footage(9))
    with av.open(str(path)) as container:
        context = container.streams.video[0].codec_context
        assert (context.name, context.pix_fmt) == ("h264", "yuv420p")
    assert path.read_bytes().index(b"moov") < path.read_bytes().index(b"mdat")


def test_equal_frames_give_equal_bytes(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        video.write(tmp_path / name, footage(30))
    assert disk.sha256(tmp_path / "a.mp4") == disk.sha256(tmp_path / "b.mp4")


def test_odd_sizes_are_padded_by_one_repeated_line(tmp_path):
    path = tmp_path / "odd.mp4"
    video.write(path, Footage([frame[:63, :95] for frame in moving_square(5)], 8.0))
    assert frames_of(path).shape == (5, 64, 96, 3)


def test_the_file_appears_whole_or_not_at_all(tmp_path):
    def broken():
        yield from moving_square(5)
        raise RuntimeError("the system died")

    with pytest.raises(RuntimeError, match="died"):
        video.write(tmp_path / "a.mp4", Footage(broken(), 8.0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("frames", "reason"),
    [
        ([], "no frames"),
        ([np.zeros((4, 4, 3), np.float32)], "must be uint8"),
        ([np.zeros((4, 4), np.uint8)], "must be uint8"),
        ([np.zeros((4, 4, 3), np.uint8), np.zeros((4, 6, 3), np.uint8)], "frame 1 is 6 x 4"),
    ],
)
def test_unfit_frames_are_refused_in_a_sentence(tmp_path, frames, reason):
    with pytest.raises(VideoError, match=reason):
        video.write(tmp_path / "a.mp4", Footage(frames, 8.0))


def test_a_full_disk_is_a_sentence(tmp_path, monkeypatch):
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(av, "open", full)
    with pytest.raises(StoreError, match="the disk is full"):
        video.write(tmp_path / "a.mp4", footage(3))


def test_a_missing_encoder_is_a_sentence(tmp_path, monkeypatch):
    class Container:
        def add_stream(self, *_: object, **__: object) -> None:
            raise av.codec.codec.UnknownCodecError("libx264")

    with pytest.raises(VideoError, match=r"no H\.264 encoder"):
        video._h264_stream(Container(), Fraction(8), moving_square(1)[0], 10)


@pytest.mark.parametrize("decoder", ["av", "decord"])
@pytest.mark.parametrize("damage", ["cut short", "noise inside"])
def test_damage_is_found_whichever_the_decoder(tmp_path, decoder, damage):
    path = tmp_path / "a.mp4"
    random = np.random.default_rng(0)
    noisy = [random.integers(0, 255, (64, 96, 3), dtype=np.uint8) for _ in range(120)]
    video.write(path, Footage(noisy, 8.0))
    data = path.read_bytes()
    half = len(data) // 2
    junk = random.integers(0, 255, 60_000, dtype=np.uint8).tobytes()
    path.write_bytes(data[:half] if damage == "cut short" else data[:half] + junk + data[half + len(junk) :])
    with pytest.raises(VideoError, match=r"a\.mp4 is damaged or cut short"):
        frames_of(path, decoder)


def test_what_is_no_video_is_said_to_be_none(tmp_path):
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "text.mp4").write_text("once upon a time " * 50)
    with av.open(str(tmp_path / "sound.mp4"), "w") as container:
        stream = container.add_stream("aac", rate=44_100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 44_100
        container.mux(stream.encode(sound))
        container.mux(stream.encode())
    for name, reason in [
        ("empty.mp4", "is empty"),
        ("text.mp4", "cannot be decoded"),
        ("sound.mp4", "no video stream"),
        ("missing.mp4", "there is no file"),
    ]:
        with pytest.raises(VideoError, match=reason):
            video.describe(tmp_path / name)


def test_a_variable_rate_keeps_its_times(tmp_path):
    times = [0, 1, 2, 6, 7, 20]
    path = encode(tmp_path / "vfr.mp4", "libx264", "yuv420p", times)
    for decoder in ("av", "decord"):
        seconds = np.concatenate([clip.seconds for clip in video.decode(path, decoder)])
        assert np.allclose(seconds, np.array(times) / 8)


@pytest.mark.parametrize("width", [16, 48, 72])
def test_narrow_pictures_go_through_pyav(tmp_path, width):
    path = tmp_path / "narrow.mp4"
    video.write(path, Footage(moving_square(5, width), 8.0))
    assert frames_of(path).shape == (5, 64, width, 3)


def test_ten_bit_goes_through_pyav(tmp_path):
    path = encode(tmp_path / "ten.mp4", "libx264", "yuv420p10le", list(range(10)))
    assert video.describe(path).decoder == "av"
    assert np.abs(frames_of(path).astype(int) - np.stack(moving_square(10))).mean() < 4


def test_a_rotated_video_is_shown_upright(tmp_path):
    plain, turned = tmp_path / "plain.mp4", tmp_path / "turned.mp4"
    video.write(plain, footage(4))
    data = plain.read_bytes()
    unity = b"".join(value.to_bytes(4, "big") for value in (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000))
    quarter = b"".join(
        value.to_bytes(4, "big", signed=True) for value in (0, 0x10000, 0, -0x10000, 0, 0, 64 << 16, 0, 0x40000000)
    )
    header = data.index(b"tkhd")
    place = data.index(unity, header)
    turned.write_bytes(data[:place] + quarter + data[place + len(unity) :])
    found = video.describe(turned)
    assert (found.width, found.height, found.decoder) == (64, 96, "av")
    assert np.array_equal(frames_of(turned), np.rot90(frames_of(plain, "av"), k=-1, axes=(1, 2)))


def test_memory_does_not_grow_with_length(tmp_path):
    path = tmp_path / "long.mp4"
    video.write(path, Footage((frame for _ in range(10) for frame in moving_square(100)), 8.0))
    assert max(len(clip.frames) for clip in video.decode(path)) <= 64


def test_frames_are_decoded_as_they_are_taken(tmp_path, monkeypatch):
    path, seen, every = tmp_path / "long.mp4", [], video._pictures
    video.write(path, Footage((frame for _ in range(4) for frame in moving_square(100)), 8.0))
    monkeypatch.setattr(video, "_pictures", lambda *of: (seen.append(one) or one for one in every(*of)))
    clips = video.decode(path, "av")
    assert len(next(clips).frames) == len(seen) == 64


def test_decord_is_not_needed(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "decord":
            raise ImportError(name)
        return real(name, *rest)

    path = tmp_path / "a.mp4"
    video.write(path, footage(5))
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "decord" else object())
    monkeypatch.setattr(builtins, "__import__", without)
    assert len(frames_of(path)) == 5


def test_a_system_that_loses_its_connection_is_no_fault_of_the_disk(tmp_path):
    def frames():
        yield from footage(2).frames
        raise ConnectionResetError("reset by peer")

    with pytest.raises(VideoError, match="the system stopped with ConnectionResetError: reset by peer"):
        video.write(tmp_path / "a.mp4", Footage(frames(), 8))
    assert list(tmp_path.iterdir()) == []

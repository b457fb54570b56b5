"""Reads and writes videos: every decoded frame comes through `decode`, every written one goes through `write`.

decord decodes the common case where it is installed; PyAV decodes the rest (long videos, other platforms, rotated, 10
bit, AV1, GIF), with equal frames, and writes. Frames keep the time at which they are shown, so that variable rates are
no special case.
"""

from __future__ import annotations

import glob
import importlib.util
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from evalsuite.disk import replacing, sha256
from evalsuite.errors import VideoError
from evalsuite.types import Clip, Footage, Frame, VideoRef

if TYPE_CHECKING:
    import av

CRF = 10
_PARTIAL = ".partial.mp4"
_CLIP_BYTES = 24_000_000
_CLIP_FRAMES = 64
_DECORD_CODECS = ("h264", "hevc", "mpeg4")
_DECORD_WIDTH = 96
"""decord 0.6 takes some narrower pictures (16, 48, 72) for ones of four channels."""

_DECORD_BYTES = 64_000_000
"""Of decoded frames: where they are slow to be taken decord decodes ahead, at worst the whole video."""


class _DamagedError(Exception):
    """A frame that no decoder can make sense of."""


def write(path: Path, footage: Footage) -> None:
    """Encode frames while they are made: H.264, yuv420p, mp4. `path` appears whole or not at all."""
    if path.parent.is_dir():
        for stale in path.parent.glob(f".{glob.escape(path.name)}.*{_PARTIAL}"):  # of a process that was killed
            stale.unlink()
    with replacing(path, _PARTIAL) as partial:
        _encode(partial, footage)


def describe(path: Path) -> VideoRef:
    """What a file holds, without decoding its pictures; `VideoError` where it is no video."""
    if not path.is_file():
        raise VideoError(f"there is no file {path.name}.")
    if path.stat().st_size == 0:
        raise VideoError(f"{path.name} is empty.")
    with _opened(path) as (container, stream):
        seconds = sorted(packet.pts * packet.time_base for packet in container.demux(stream) if packet.pts is not None)
        if not seconds:
            raise VideoError(f"{path.name} holds no pictures.")
        container.seek(0)
        first = _upright(next(container.decode(stream)))
        decoder, rate = _decoder(stream, first, len(seconds)), _rate(seconds, stream)
    height, width = first.shape[:2]
    return VideoRef(path, sha256(path), width, height, rate, len(seconds), decoder)


def decode(path: Path, decoder: str | None = None) -> Iterator[Clip]:
    """The frames of a video in order, a few at a time; memory does not grow with its length.

    Raises `VideoError` at the first damaged frame, in the same words whichever the decoder.
    """
    read = _decode_with_decord if (decoder or describe(path).decoder) == "decord" else _decode_with_av
    try:
        yield from read(path)
    except _DamagedError as error:
        raise VideoError(f"{path.name} is damaged or cut short: not all of its frames can be decoded.") from error


def _encode(path: Path, footage: Footage) -> None:
    import av

    frames = _made(footage.frames)
    first = next(frames, None)
    if first is None:
        raise VideoError("the system made no frames.")
    _checked(first, first, 0)
    if not 0 < footage.fps < math.inf:
        raise VideoError(f"the system gave {footage.fps} frames a second; a rate must be positive.")
    rate = Fraction(footage.fps).limit_denominator(1001)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = _h264_stream(container, rate, first, CRF if footage.crf is None else footage.crf)
        for index, frame in enumerate(chain([first], frames)):
            picture = av.VideoFrame.from_ndarray(_even(_checked(frame, first, index)), format="rgb24")
            picture.pts, picture.time_base = index, 1 / rate
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _made(frames: Iterable[Frame]) -> Iterator[Frame]:
    """A system's frames, made while they are encoded; what it cannot read or reach is no fault of the disk."""
    try:
        yield from frames
    except OSError as error:
        raise VideoError(f"the system stopped with {type(error).__name__}: {error}.") from error


def _h264_stream(container: Any, rate: Fraction, first: Frame, crf: int) -> Any:
    import av

    try:
        stream = container.add_stream("libx264", rate=rate)
    except (av.codec.codec.UnknownCodecError, ValueError) as error:
        raise VideoError("this build of PyAV has no H.264 encoder (libx264); install `av` from its wheel.") from error
    stream.height, stream.width = _even(first).shape[:2]
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = 1  # the bytes must not depend on the machine's cores
    # nor on chance: with macroblock trees or B-frames x264 now and then gives other bytes for the same frames
    stream.options = {"crf": str(crf), "preset": "veryfast", "x264-params": "threads=1:no-mbtree=1:bframes=0"}
    return stream


def _checked(frame: Frame, first: Frame, index: int) -> Frame:
    if not isinstance(frame, np.ndarray):
        raise VideoError(f"frame {index} is {type(frame).__name__}; frames must be arrays of numpy.")
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
        raise VideoError(f"frame {index} is {frame.dtype} {frame.shape}; frames must be uint8 (height, width, 3).")
    if frame.shape != first.shape:
        raise VideoError(f"frame {index} is {frame.shape[1]} x {frame.shape[0]}, and frame 0 is not.")
    return frame


def _even(frame: Frame) -> Frame:
    """yuv420p needs even sides: repeat the last row or column where one is odd."""
    height, width = frame.shape[:2]
    padding = ((0, height % 2), (0, width % 2), (0, 0))
    return np.ascontiguousarray(np.pad(frame, padding, mode="edge") if height % 2 or width % 2 else frame)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[av.container.InputContainer, av.video.stream.VideoStream]]:
    """The container and its first video stream, with FFmpeg's errors as sentences."""
    import av

    try:
        with av.open(str(path), "r") as container:
            if not container.streams.video:
                raise VideoError(f"{path.name} holds no video stream.")
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            yield container, stream
    except av.FFmpegError as error:
        raise VideoError(f"{path.name} cannot be decoded: {error.strerror}.") from error


def _decoder(stream: av.video.stream.VideoStream, first: Frame, frames: int) -> str:
    context = stream.codec_context
    upright = (context.height, context.width) == first.shape[:2]
    plain = context.name in _DECORD_CODECS and context.pix_fmt == "yuv420p" and context.width >= _DECORD_WIDTH
    small = first.nbytes * frames <= _DECORD_BYTES
    return "decord" if plain and upright and small and importlib.util.find_spec("decord") else "av"


def _upright(picture: av.VideoFrame) -> Frame:
    """The picture as a player shows it: files of telephones are stored lying on their side."""
    return np.rot90(picture.to_ndarray(format="rgb24"), picture.rotation // 90)


def _rate(seconds: list[Fraction], stream: av.video.stream.VideoStream) -> float:
    if len(seconds) > 1 and seconds[-1] > seconds[0]:
        return float((len(seconds) - 1) / (seconds[-1] - seconds[0]))
    return float(stream.average_rate or 1)


def _decode_with_av(path: Path) -> Iterator[Clip]:
    with _opened(path) as (container, stream):
        pictures = _pictures(container, stream)
        first = next(pictures)
        start, step = float(first.time or 0.0), _clip_frames(_upright(first))
        pictures = chain([first], pictures)
        while batch := list(islice(pictures, step)):
            seconds = np.asarray([float(picture.time or 0.0) - start for picture in batch])
            yield Clip(np.stack([_upright(picture) for picture in batch]), seconds)


def _pictures(container: av.container.InputContainer, stream: av.video.stream.VideoStream) -> Iterator[av.VideoFrame]:
    import av

    try:
        yield from container.decode(stream)
    except av.FFmpegError as error:
        raise _DamagedError from error


def _decode_with_decord(path: Path) -> Iterator[Clip]:
    import decord

    decord.logging.set_level(decord.logging.QUIET)
    try:
        reader = decord.VideoReader(str(path), num_threads=1)
        step = _clip_frames(reader[0].asnumpy())
        start = float(reader.get_frame_timestamp(0)[0])
        for first in range(0, len(reader), step):
            indexes = list(range(first, min(first + step, len(reader))))
            frames = reader.get_batch(indexes).asnumpy()
            yield Clip(frames, reader.get_frame_timestamp(indexes)[:, 0].astype(np.float64) - start)
    except (decord.DECORDError, RuntimeError, IndexError) as error:
        raise _DamagedError from error


def _clip_frames(frame: Frame) -> int:
    return int(min(_CLIP_FRAMES, max(1, _CLIP_BYTES // frame.nbytes)))

"""Between latents and the frames that are shown: pieces of 3 seconds, one after the other, in the memory of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from evalsuite.types import Frame

from .autoencoder import FRAMES_PER_LATENT, Autoencoder
from .layout import FRAMES_PER_SEGMENT

FRAMES_PER_SECOND = 8.0
FRAMES_PER_PIECE = FRAMES_PER_SEGMENT * FRAMES_PER_LATENT
"""Frames of what the transformer calls a segment: 3 seconds."""


def decoded(autoencoder: Autoencoder, latents: Iterable[Tensor]) -> Iterator[npt.NDArray[np.uint8]]:
    """The frames of each piece of latents; the very first, shown twice in training, is left out."""
    kind = next(autoencoder.parameters()).dtype
    for number, video in enumerate(autoencoder.stream(piece.to(kind) for piece in latents)):
        yield pixels(video[0, 1:] if number == 0 else video[0])


def copied(autoencoder: Autoencoder, frames: Iterable[Frame]) -> Iterator[Frame]:
    """Frames encoded and decoded, with some more where they do not fill a last piece."""
    kind = next(autoencoder.parameters()).dtype
    for piece in decoded(autoencoder, autoencoder.encode_stream(video.to(kind) for video in _pieces(frames))):
        yield from piece


def _pieces(frames: Iterable[Frame]) -> Iterator[Tensor]:
    """Pieces as generators make them, (1, time, 3, height, width), values -1 - 1; the first frame is shown twice."""
    stream, first = iter(frames), True
    while piece := list(islice(stream, FRAMES_PER_PIECE)):
        whole = [*piece, *piece[-1:] * (FRAMES_PER_PIECE - len(piece))]
        video = torch.from_numpy(np.stack([*whole[:1], *whole] if first else whole))
        yield video.movedim(-1, 1).float().unsqueeze(0) / 127.5 - 1
        first = False


def pixels(video: Tensor) -> npt.NDArray[np.uint8]:
    """Values -1 - 1, (time, 3, height, width), to bytes (time, height, width, 3)."""
    levels = ((video.float().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)
    return levels.permute(0, 2, 3, 1).contiguous().numpy()


def resized(frame: Frame, size: tuple[int, int]) -> Frame:
    """A frame of another width and height."""
    if (frame.shape[1], frame.shape[0]) == size:
        return frame
    return np.asarray(cv2.resize(frame, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)

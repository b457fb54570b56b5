"""A trained generator: a storyboard's words through the transformer to latents, and latents to frames."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from evalsuite.errors import StoryboardError
from evalsuite.learning.weights import quick_kind
from evalsuite.types import Effort, Footage, Frame, Segment, Storyboard, VideoSpec

from .autoencoder import Autoencoder
from .frames import FRAMES_PER_PIECE, FRAMES_PER_SECOND, decoded, resized
from .layout import FRAMES_PER_SEGMENT
from .sampler import Sampling, noise_of_segments, sample
from .text import SCENE_END, SCENE_START, Vocabulary
from .transformer import VideoTransformer

SECONDS_PER_PIECE = FRAMES_PER_PIECE / FRAMES_PER_SECOND


@dataclass(frozen=True, slots=True)
class Piece:
    """Three seconds of a segment, or its shorter end: of its frames only the first `frames` are shown."""

    text: str
    unwanted: str
    frames: int
    cut: bool
    """Whether a scene begins with it."""


def pieces(storyboard: Storyboard) -> list[Piece]:
    """Segments cut into pieces of 3 seconds; scenes are marked as the TTT paper marks them."""
    edges = np.rint(np.cumsum([0.0, *(s.seconds for s in storyboard.segments)]) * FRAMES_PER_SECOND).astype(int)
    counts = np.diff(edges)
    if edges[-1] == 0:
        raise StoryboardError(f"the storyboard {storyboard.id!r} is shorter than one frame; give it more seconds")
    parts: list[tuple[Segment, int]] = []
    cut = False
    for segment, count in zip(storyboard.segments, counts.tolist(), strict=True):
        cut = cut or segment.cut_before  # one that lasts less than a frame leaves its cut to the next
        for start in range(0, count, FRAMES_PER_PIECE):
            parts.append((segment.model_copy(update={"cut_before": cut}), count - start))
            cut = False
    texts = marked_texts([part for part, _ in parts])
    return [
        Piece(text, part.negative_text, min(FRAMES_PER_PIECE, left), part.cut_before)
        for text, (part, left) in zip(texts, parts, strict=True)
    ]


def marked_texts(segments: Sequence[Segment]) -> list[str]:
    """Each segment's text, with the words that end the scene before a cut and start the one after it."""
    cuts = [segment.cut_before and place > 0 for place, segment in enumerate(segments)] + [False]
    return [
        (f"{SCENE_START} " if cuts[place] else "") + segment.text + (f" {SCENE_END}" if cuts[place + 1] else "")
        for place, segment in enumerate(segments)
    ]


class Generator:
    """The autoencoder and a transformer, ready to run."""

    def __init__(
        self,
        transformer: VideoTransformer,
        vocabulary: Vocabulary,
        autoencoder: Autoencoder,
        sampling: Sampling | None = None,
    ) -> None:
        self.transformer = transformer.to(quick_kind())
        self.vocabulary = vocabulary
        self.autoencoder = autoencoder.to(quick_kind()).to(memory_format=torch.channels_last)
        self.sampling = sampling or Sampling()

    def film(self, storyboard: Storyboard, seed: int, spec: VideoSpec) -> Footage:
        """Frames at 8 a second, at the size of `spec`; made when they are first asked for."""
        plan = pieces(storyboard)
        frames = self._frames(storyboard.id, seed, plan, (spec.width, spec.height))
        effort = Effort(self.sampling.steps, self.transformer.layout.tokens(len(plan)))
        return Footage(frames, FRAMES_PER_SECOND, effort=effort, note=self._note(storyboard, len(plan)))

    def _note(self, storyboard: Storyboard, pieces: int) -> str:
        """What is unlike anything in training."""
        trained = self.transformer.trained_segments
        longer = f"made in {pieces} pieces of up to {SECONDS_PER_PIECE:g} s, and trained on up to {trained}"
        longer = longer if pieces > trained else ""
        words = self.vocabulary.note(
            text for segment in storyboard.segments for text in (segment.text, segment.negative_text)
        )
        return ", and with ".join(said for said in (longer, words) if said)

    def _frames(self, name: str, seed: int, plan: Sequence[Piece], size: tuple[int, int]) -> Iterator[Frame]:
        latents = self._latents(name, seed, plan)
        first, later = latents[:, :1], latents[:, 1:].split(FRAMES_PER_SEGMENT, dim=1)
        shown = decoded(self.autoencoder, [torch.cat([first, later[0]], dim=1), *later[1:]])
        for piece, frames in zip(plan, shown, strict=True):
            yield from (resized(frame, size) for frame in frames[: piece.frames])

    def _latents(self, name: str, seed: int, plan: Sequence[Piece]) -> Tensor:
        wanted = self.vocabulary.tensor([piece.text for piece in plan]).unsqueeze(0)
        unwanted = self.vocabulary.tensor([piece.unwanted for piece in plan]).unsqueeze(0)
        return sample(  # noise has no name here, so that it can go once it is used
            self.transformer,
            wanted,
            unwanted,
            noise_of_segments(name, seed, len(plan), self.transformer.shape),
            self.sampling,
            torch.tensor([piece.cut for piece in plan]),
        )

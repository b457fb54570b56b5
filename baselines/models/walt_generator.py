"""The W.A.L.T cascade at work: a storyboard becomes chunks of 17 frames, each made from the last frames before it.

The paper's way to long videos (arXiv 2312.06662): the last 5 frames of what there is are encoded to 2 latent frames,
which condition the next chunk of 17 frames, of which 12 are new. Each model of the cascade does so with its own frames.
The first chunk has nothing before it; it too shows 12 frames, so that a cut in the storyboard is always where new
frames begin. There is no other way to the past than those 5 frames: even a chunk that begins at a planned cut is
conditioned on what was seen before the cut, and only the text tells it to show something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import torch
from torch import Tensor

from evalsuite.learning.weights import quick_kind
from evalsuite.types import Effort, Footage, Frame, Storyboard, VideoSpec

from .autoencoder import PIXELS_PER_LATENT, Autoencoder
from .frames import FRAMES_PER_SECOND, pixels, resized
from .generator import Piece, pieces
from .noise import named_noise
from .text import Vocabulary
from .walt_diffusion import TIMES, WaltSampling, mix, sample
from .walt_transformer import Given, WaltTransformer, know
from .walt_weights import Part

NEW_FRAMES = 12
PAST_FRAMES = 5
CHUNK_FRAMES = PAST_FRAMES + NEW_FRAMES


def chunks(storyboard: Storyboard) -> list[Piece]:
    """Segments cut into chunks of 12 new frames; the last of a segment may show fewer."""
    return [
        replace(piece, frames=min(NEW_FRAMES, piece.frames - start))
        for piece in pieces(storyboard)
        for start in range(0, piece.frames, NEW_FRAMES)
    ]


def remembered(past: Tensor) -> Tensor:
    """The frames that condition the next chunk: the last 5, or the last one where there are fewer, or none."""
    return past[:, -PAST_FRAMES:] if past.shape[1] >= PAST_FRAMES else past[:, -1:]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A chunk to be made: its texts, and a name that no other chunk of any video has."""

    piece: Piece
    name: str


class _Stage:
    """One model of the cascade, ready to run."""

    def __init__(self, model: WaltTransformer, vocabulary: Vocabulary, autoencoder: Autoencoder) -> None:
        self.model = model.to(quick_kind())
        self.vocabulary = vocabulary
        self.autoencoder = autoencoder
        shape = model.shape
        self.size = (shape.latent_width * PIXELS_PER_LATENT, shape.latent_height * PIXELS_PER_LATENT)
        self.name = "x".join(map(str, self.size))

    def begin(self, picture: Frame | None) -> Tensor:
        """The past of a video, (1, time, 3, height, width): the picture that it goes on from, or nothing."""
        if picture is None:
            return torch.zeros(1, 0, 3, self.size[1], self.size[0])
        small = cv2.resize(picture, self.size, interpolation=cv2.INTER_AREA)
        return torch.from_numpy(small).permute(2, 0, 1).float().div(127.5).sub(1).view(1, 1, 3, *self.size[::-1])

    def latents(self, asked: _Asked, past: Tensor, small: Tensor | None, sampling: WaltSampling) -> Tensor:
        """A chunk that follows `past`; `small` is the same chunk as the model before made it."""
        known, mask = know(self._encode(remembered(past)))
        wanted = self.vocabulary.tensor([asked.piece.text])
        given = Given(wanted, known, mask, *self._blur(asked, small, sampling.level))
        unwanted = self.vocabulary.tensor([asked.piece.unwanted])
        noise = named_noise(f"{asked.name} {self.name}", self.model.shape.latents)
        return sample(self.model, given, unwanted, noise, sampling)

    def new_frames(self, latents: Tensor, past: Tensor, count: int) -> Tensor:
        """Those that follow the frames that were known."""
        video = self.autoencoder.decode(latents.to(quick_kind())).float().clamp(-1, 1)
        start = remembered(past).shape[1]
        return video[:, start : start + count]

    def _encode(self, video: Tensor) -> Tensor:
        if video.shape[1] == 0:
            return torch.zeros(1, 0, *self.model.shape.latents[1:])
        return self.autoencoder.encode(video.to(quick_kind())).float()

    def _blur(self, asked: _Asked, small: Tensor | None, level: int) -> tuple[Tensor | None, Tensor | None]:
        """The smaller chunk made noisy, as in training, and how much."""
        if small is None:
            return None, None
        times = torch.tensor([level])
        noise = named_noise(f"{asked.name} {self.name} small", small.shape[1:])
        return mix(small, noise, times), times / TIMES


def _note(stages: Sequence[_Stage], storyboard: Storyboard) -> str:
    """What of its texts is not told to the model that knows the fewest of their words."""
    texts = [text for segment in storyboard.segments for text in (segment.text, segment.negative_text)]
    vocabularies = [stage.vocabulary for stage in stages]
    return max(vocabularies, key=lambda each: sum(map(each.strange, texts))).note(texts)


class WaltGenerator:
    """The autoencoder and the models of the cascade, from the smallest pictures to the largest."""

    def __init__(self, parts: Sequence[Part], autoencoder: Autoencoder, sampling: WaltSampling | None = None) -> None:
        autoencoder = autoencoder.to(quick_kind()).to(memory_format=torch.channels_last)
        self.stages = [_Stage(model, vocabulary, autoencoder) for model, vocabulary in parts]
        self.sampling = sampling or WaltSampling()

    def film(self, storyboard: Storyboard, seed: int, spec: VideoSpec, picture: Frame | None = None) -> Footage:
        """Frames at 8 a second, at the size of `spec`; each chunk is made when its first frame is asked for.

        Where there is a `picture`, the video goes on from it (image-to-video).
        """
        stages, plan = self._needed(spec), chunks(storyboard)
        videos = self._frames(stages, plan, f"{storyboard.id} {seed}", picture)
        return Footage(
            (resized(frame, (spec.width, spec.height)) for video in videos for frame in pixels(video)),
            FRAMES_PER_SECOND,
            effort=Effort(self.sampling.steps, len(plan) * sum(stage.model.shape.tokens for stage in stages)),
            note=_note(stages, storyboard),
        )

    def _frames(
        self, stages: Sequence[_Stage], plan: Sequence[Piece], name: str, picture: Frame | None
    ) -> Iterator[Tensor]:
        """The new frames of each chunk, (time, 3, height, width), values -1 - 1; `name` is the video's."""
        pasts = [stage.begin(picture) for stage in stages]
        for number, piece in enumerate(plan):
            asked, small = _Asked(piece, f"{name} {number}"), None
            for place, stage in enumerate(stages):
                small = stage.latents(asked, pasts[place], small, self.sampling)
                new = stage.new_frames(small, pasts[place], piece.frames)
                pasts[place] = torch.cat([pasts[place], new], dim=1)[:, -PAST_FRAMES:]
            yield new[0]

    def _needed(self, spec: VideoSpec) -> list[_Stage]:
        """From the first to the first whose pictures are as large as those asked for, or to the last."""
        for place, stage in enumerate(self.stages):
            if stage.size[0] >= spec.width and stage.size[1] >= spec.height:
                return self.stages[: place + 1]
        return self.stages

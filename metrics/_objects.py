"""What is in each moment of natural video: the surest boxes of OWLv2, and how DINOv2 sees what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import numpy.typing as npt

from evalsuite import backbones
from evalsuite.features import EXTRACTORS
from evalsuite.interfaces import Sampling
from evalsuite.types import Clip, Frame

from ._backbone import Backbone, once
from ._dino import MEAN, SIDE, SPREAD
from ._timeline import Array

if TYPE_CHECKING:
    from torch import Tensor

    from .models.owlv2 import Owlv2, Seen

NAME = "objects"
OWL, DINO = "owlv2-base", "dinov2-vitb14"
MOST = 6
"""Boxes of a moment."""
OVERLAP = 0.5
"""Of two boxes that overlap by more, the less sure one is dropped."""
_CANDIDATES = 100
_PLAIN = 7
"""Numbers of a box before its two embeddings: objectness, its four sides, shift and scale."""
_CLIP_MEAN, _CLIP_SPREAD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
_GREY = 0.5


class Objects(Backbone):
    """A row a second: `MOST` boxes, each with its sides as shares of the frame and both embeddings, of length 1."""

    version: ClassVar[str] = "1"
    sampling: ClassVar[Sampling | None] = Sampling(every=1.0)
    weights = OWL

    @property
    def revision(self) -> str:
        """The version, and the sums of both files that are there."""
        return f"{self.version}-{backbones.revision(OWL)}-{backbones.revision(DINO)}"

    def load(self) -> tuple[Owlv2, Any]:
        """Both networks."""
        from .models.dino import Dino

        return detector(), once(Dino, DINO, backbones.revision(DINO))

    def extract(self, clip: Clip) -> npt.NDArray[np.float32]:
        """Shape (time, MOST x (7 + channels of phrases + channels of DINOv2)); 0 where there are fewer boxes."""
        return np.stack([self._row(frame) for frame in clip.frames])

    def _row(self, frame: Frame) -> npt.NDArray[np.float32]:
        import torch

        owl, dino = self.network
        height, width = frame.shape[:2]
        seen: Seen = owl.look(_squared(frame, owl.side))
        box = (seen.box[0] * max(height, width)).clamp(min=0)
        box = torch.minimum(box, torch.tensor([width, height, width, height]))
        kept = _surest(box, seen.objectness[0])
        with torch.inference_mode():
            within = torch.nn.functional.normalize(dino(_crops(frame, box[kept])), dim=1).cpu()
        sides = box[kept] / torch.tensor([width, height, width, height])
        plain = [seen.objectness[0, kept, None].sigmoid(), sides, seen.shift[0, kept, None], seen.scale[0, kept, None]]
        rows = torch.cat([*plain, seen.looks[0, kept], within], dim=1)
        filled = torch.zeros(MOST, rows.shape[1])
        filled[: len(rows)] = rows
        return np.asarray(filled.numpy(), dtype=np.float32).ravel()


EXTRACTORS[NAME] = Objects


def detector() -> Owlv2:
    """OWLv2, once in a process."""
    from .models.owlv2 import Owlv2

    found: Owlv2 = once(Owlv2, OWL, backbones.revision(OWL))
    return found


@dataclass(frozen=True)
class Boxes:
    """The boxes of a video's moments; all (moments, MOST, ...)."""

    objectness: Array
    shift: Array
    scale: Array
    looks: Array
    identity: Array

    def fits(self, phrases: Array) -> Array:
        """How surely each box is what each phrase says, 0 - 1: (moments, MOST, phrases)."""
        logits = (self.looks @ phrases.T + self.shift[..., None]) * self.scale[..., None]
        return np.asarray((self.objectness[..., None] > 0) / (1 + np.exp(-logits)))


def boxes(rows: npt.NDArray[np.floating], channels: int) -> Boxes:
    """Rows of `objects`; `channels` are those of phrases."""
    each = rows.reshape(len(rows), MOST, -1).astype(np.float64)
    looks, identity = each[..., _PLAIN : _PLAIN + channels], each[..., _PLAIN + channels :]
    return Boxes(each[..., 0], each[..., 5], each[..., 6], looks, identity)


def phrase_rows(texts: Sequence[str]) -> Array:
    """What OWLv2 takes phrases for, (texts, channels), of length 1."""
    return np.asarray(detector().phrases(texts).double().numpy())


def _squared(frame: Frame, side: int) -> Tensor:
    """The frame in the upper left of a grey square, as OWLv2 is shown pictures; (1, 3, side, side)."""
    import torch
    from torchvision.transforms.v2.functional import normalize, resize

    height, width = frame.shape[:2]
    longer = max(height, width)
    square = torch.full((1, 3, longer, longer), _GREY)
    square[:, :, :height, :width] = torch.from_numpy(frame).movedim(-1, 0).float() / 255
    prepared: Tensor = normalize(resize(square, [side, side], antialias=True), list(_CLIP_MEAN), list(_CLIP_SPREAD))
    return prepared


def _surest(box: Tensor, objectness: Tensor) -> Tensor:
    """Which boxes to keep, the surest first."""
    from torchvision.ops import nms

    candidates = objectness.argsort(descending=True)[:_CANDIDATES]
    wide = ((box[candidates, 2:] - box[candidates, :2]) >= 1).all(dim=1)
    candidates = candidates[wide]
    kept: Tensor = candidates[nms(box[candidates], objectness[candidates], OVERLAP)[:MOST]]
    return kept


def _crops(frame: Frame, box: Tensor) -> Tensor:
    """What is in each box, stretched to DINO's size and normalised; (boxes, 3, SIDE, SIDE)."""
    import torch
    from torchvision.transforms.v2 import InterpolationMode
    from torchvision.transforms.v2.functional import normalize, resize

    picture = torch.from_numpy(frame).movedim(-1, 0)
    crops = [
        resize(picture[:, top:bottom, left:right], [SIDE, SIDE], InterpolationMode.BICUBIC, antialias=True)
        for left, top, right, bottom in _whole_pixels(box)
    ]
    shown = torch.stack(crops) if crops else torch.zeros(0, 3, SIDE, SIDE, dtype=torch.uint8)
    prepared: Tensor = normalize(shown.float() / 255, list(MEAN), list(SPREAD))
    return prepared


def _whole_pixels(box: Tensor) -> list[tuple[int, int, int, int]]:
    sides = [[int(each) for each in (*one[:2].floor(), *one[2:].ceil())] for one in box]
    return [(left, top, right, bottom) for left, top, right, bottom in sides]

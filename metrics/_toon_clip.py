"""toon-clip: a network of open_clip that was trained on the cartoon world; it looks at eight frames of each segment."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from evalsuite.features import EXTRACTORS
from evalsuite.interfaces import Sampling, Training
from evalsuite.learning.sums import revision, verify

from ._open_clip import OpenClip, Texts, text_rows
from .models import parts
from .models.clip_source import FOLDER
from .models.parts import Calibration

if TYPE_CHECKING:
    from .models.open_clip import Clip

NAME = "toon-clip"
PLACE = Path(__file__).parent / "weights" / "toon_clip"
WEIGHTS = PLACE / "open_clip_model.safetensors"
REVISION = revision(WEIGHTS)


class ToonClip(OpenClip):
    """Eight frames of every three seconds: rows of length 1."""

    version: ClassVar[str] = f"1-{REVISION}"
    dimensions: ClassVar[int] = 128
    sampling: ClassVar[Sampling | None] = Sampling(every=0.375)

    def __init__(self) -> None:
        super().__init__(f"{FOLDER}{PLACE}")

    @property
    def revision(self) -> str:
        """The version, which tells the weights."""
        return self.version

    def check(self) -> None:
        """That its file is the listed one."""
        verify(WEIGHTS)

    def load(self) -> Clip:
        """The network, whose file is checked first."""
        self.check()
        return super().load()

    def train(self, training: Training) -> list[Path]:
        """The network, from nothing."""
        from .training.train_toon_clip import train_toon_clip  # heavy, and only for training

        return train_toon_clip(training)


@cache
def sentences(texts: tuple[str, ...]) -> Texts:
    """What toon-clip reads in them."""
    return text_rows(texts, f"{FOLDER}{PLACE}")


def calibration() -> Calibration:
    """The mean cosine of a segment and its own sentence, and of one and a sentence of another story."""
    return parts.calibration(WEIGHTS)


EXTRACTORS[NAME] = ToonClip

"""The oracle as the generators' autoencoder shows it: what they would make if all but their autoencoder were perfect.

A metric must see a damage through this veil too, since every picture of a generator wears it.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import islice, tee
from typing import TYPE_CHECKING

from evalsuite.footage import Timeline, kind_and_strength
from evalsuite.interfaces import Baseline
from evalsuite.learning.sums import revision, verify
from evalsuite.toon.controls import KINDS, REVISIONS, degraded, episode_of
from evalsuite.types import Footage, Storyboard, VideoSpec

from .models.files import AUTOENCODER, SHIPPED

if TYPE_CHECKING:
    from .models.autoencoder import Autoencoder

ARITHMETIC = "1"
"""Raised when the code makes other pixels of the same weights."""
_REVISIONS = {**REVISIONS, "truncate": "2"}
"""Of kinds of damage, as they come out here."""
SPEC = VideoSpec(96, 64, 8.0)
"""What the generators' autoencoder was trained on."""


class Reconstructed(Baseline):
    """`reconstructed`, or `reconstructed:<kind>@<strength>`: damaged as in `degraded`, then encoded and decoded."""

    summary = "the oracle, or a damage to it as in reconstructed:vanish@0.4, through the generators' autoencoder"
    privileged = True
    control = True

    def __init__(self, damage: str = "") -> None:
        self.kind, self.strength = kind_and_strength(damage, KINDS) if damage else ("", 0.0)
        shown = _REVISIONS.get(self.kind, "1")
        self.revision = revision(SHIPPED / AUTOENCODER) + f"-{ARITHMETIC}" + (f"-{shown}" if shown != "1" else "")

    def check(self) -> None:
        """That the autoencoder is there, and is the listed one."""
        verify(SHIPPED / AUTOENCODER)

    def generate(self, storyboard: Storyboard, seed: int, spec: VideoSpec) -> Footage:
        """Frames at the size of `spec` and 8 a second."""
        from .models.frames import copied, resized  # heavy, as all of torch is

        footage = degraded(episode_of(storyboard), self.kind, self.strength, SPEC, seed)
        seen, counted = tee(footage.frames)
        wanted = islice(counted, Timeline.of(storyboard.segments, SPEC.fps).frames)
        copies = copied(_autoencoder(), seen)
        shown = (copy for _, copy in zip(wanted, copies, strict=False))  # those that fill a last piece are left over
        is_own_size = (spec.width, spec.height) == (SPEC.width, SPEC.height)  # else the truth's boxes are of another
        frames = (resized(frame, (spec.width, spec.height)) for frame in shown)
        return replace(footage, frames=frames, truth=footage.truth if is_own_size else None)


@cache
def _autoencoder() -> Autoencoder:
    """As the generators run it; one for all kinds of damage, loaded when the first video is asked for."""
    import torch

    from evalsuite.learning.weights import quick_kind

    from .models.weights import load_autoencoder

    return load_autoencoder().to(quick_kind()).to(memory_format=torch.channels_last)

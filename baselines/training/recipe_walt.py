"""The numbers of the W.A.L.T cascade's training."""

from __future__ import annotations

from dataclasses import dataclass, replace

from evalsuite.learning.schedule import Schedule
from evalsuite.types import VideoSpec

from ..models.walt_transformer import WaltShape
from .recipe import Shelf


@dataclass(frozen=True, slots=True)
class WaltPart:
    """How one model of the cascade is made."""

    name: str
    pictures: VideoSpec
    """What its stories are rendered at; the first model is trained on them at half the size."""
    stories: tuple[Shelf, ...]
    shape: WaltShape
    schedule: Schedule


@dataclass(frozen=True, slots=True)
class WaltRecipe:
    """How the cascade is made."""

    parts: tuple[WaltPart, ...]
    knowing: tuple[float, float, float] = (0.3, 0.1, 0.6)
    """Shares of chunks of which no latent frame is known, 1 (image-to-video) or 2 (the next chunk of a video)."""
    self_conditioning: float = 0.9
    """The share of chunks that are told what the model took them for before."""
    text_dropout: float = 0.1
    noisiest: int = 400
    """Smaller chunks that are enlarged are noisy as at a time below this."""

    def smoke(self) -> WaltRecipe:
        """The same in seconds: tiny models, few episodes, few steps."""
        return replace(self, parts=tuple(_tiny(part) for part in self.parts))


def _tiny(part: WaltPart) -> WaltPart:
    shape = replace(part.shape, width=32, heads=1, blocks=2, rank=4)
    schedule = Schedule(steps=30, batch=4, rate=3e-3, warm_up=5, averaging=0.9)
    return replace(part, stories=(Shelf(segments=3, episodes=1, held_out=1),), shape=shape, schedule=schedule)


_STORIES = (Shelf(1, 5000, 16), Shelf(3, 1200, 16), Shelf(10, 100, 4))

WALT = WaltRecipe(
    parts=(
        WaltPart(
            name="walt_48x32",
            pictures=VideoSpec(96, 64, 8.0),
            stories=_STORIES,
            shape=WaltShape(),
            schedule=Schedule(steps=5_900, batch=32, rate=2e-3, warm_up=300, averaging=0.999),
        ),
        WaltPart(
            name="walt_96x64",
            pictures=VideoSpec(96, 64, 8.0),
            stories=_STORIES,
            shape=WaltShape(latent_height=8, latent_width=12, patch=2, blocks=4, enlarges=True),
            schedule=Schedule(steps=6_000, batch=16, rate=2e-3, warm_up=200, averaging=0.999),
        ),
        WaltPart(
            name="walt_192x128",
            pictures=VideoSpec(192, 128, 8.0),
            stories=(Shelf(3, 150, 4),),
            shape=WaltShape(latent_height=16, latent_width=24, patch=2, tile_width=6, blocks=2, enlarges=True),
            schedule=Schedule(steps=2_000, batch=16, rate=2e-3, warm_up=100, averaging=0.998),
        ),
    )
)

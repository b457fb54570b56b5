"""What is trained on how much for how long: all numbers of a training run in one place."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from .._models.autoencoder import AutoencoderShape
from .._models.layout import TransformerShape


@dataclass(frozen=True, slots=True)
class Shelf:
    """Training episodes of one length; held-out ones come from the split `dev`."""

    segments: int
    episodes: int
    held_out: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """Steps of AdamW: the rate rises for `warm_up` steps and falls to a tenth over the last fifth."""

    steps: int
    batch: int
    rate: float
    warm_up: int = 100
    weight_decay: float = 1e-4
    clip: float = 1.0
    averaging: float = 0.998
    """Share of the old in the moving average of weights that is shipped."""


@dataclass(frozen=True, slots=True)
class Stage:
    """The transformer on stretches of `segments` segments."""

    segments: int
    schedule: Schedule
    from_start: float = 0.5
    """The share of stretches that begin an episode, where looks are told; the rest begin anywhere."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one generator is made."""

    name: str
    sequence_layer: str
    shelves: tuple[Shelf, ...]
    autoencoder: Schedule
    decoder: Schedule
    """After the autoencoder: its decoder alone, while the latents stay as they are."""
    base: Stage
    """Without sequence layers."""
    stages: tuple[Stage, ...]
    """With them; each starts from the weights of the one before."""
    autoencoder_shape: AutoencoderShape = field(default_factory=AutoencoderShape)
    transformer_shape: TransformerShape = field(default_factory=TransformerShape)
    clip_frames: int = 12
    seed: int = 0
    text_dropout: float = 0.1

    def smoke(self) -> Recipe:
        """The same in a minute or less: tiny models, a few episodes, a few steps."""
        short = Schedule(steps=40, batch=2, rate=2e-3, warm_up=5)
        return replace(
            self,
            shelves=(Shelf(segments=3, episodes=3, held_out=1),),
            autoencoder=short,
            decoder=short,
            base=Stage(1, short),
            stages=(Stage(2, short), Stage(3, short)),
            autoencoder_shape=AutoencoderShape(encoder_widths=(8, 8, 16), decoder_widths=(8, 8, 16)),
            transformer_shape=TransformerShape(width=32, heads=1, blocks=2, sequence_blocks=(1,)),
            clip_frames=8,
        )


RECIPES = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            name="ttt",
            sequence_layer="ttt_linear",
            shelves=(Shelf(3, 1600, 16), Shelf(10, 240, 8), Shelf(21, 60, 4)),
            autoencoder=Schedule(steps=3000, batch=6, rate=1e-3),
            decoder=Schedule(steps=3000, batch=6, rate=1e-3),
            base=Stage(1, Schedule(steps=2900, batch=16, rate=1.5e-3, warm_up=200, averaging=0.998)),
            stages=(
                Stage(3, Schedule(steps=400, batch=8, rate=5e-4, warm_up=50, averaging=0.99)),
                Stage(6, Schedule(steps=50, batch=4, rate=3e-4, warm_up=10, averaging=0.95)),
                Stage(10, Schedule(steps=30, batch=3, rate=3e-4, warm_up=10, averaging=0.95)),
                Stage(21, Schedule(steps=15, batch=2, rate=3e-4, warm_up=10, averaging=0.9)),
            ),
        ),
    )
}

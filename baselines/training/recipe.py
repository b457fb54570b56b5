"""What is trained on how much for how long: sizes, steps and rates; how the parts of a loss weigh stands beside it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from evalsuite.learning.schedule import Schedule

from ..models.autoencoder import AutoencoderShape
from ..models.layout import TransformerShape


@dataclass(frozen=True, slots=True)
class Shelf:
    """Training episodes of one length; held-out ones come from the split `dev`."""

    segments: int
    episodes: int
    held_out: int = 0


@dataclass(frozen=True, slots=True)
class Stage:
    """A transformer on stretches of `segments` segments."""

    segments: int
    schedule: Schedule
    from_start: float = 0.5
    """The share of stretches that begin an episode, where looks are told; the rest begin anywhere."""
    stills: bool = False
    """Whether it sees one latent frame of each segment, for less than a third of the price, and not all of them."""
    emphasis: float = 0.0
    """How much more than the rest the places of characters and things count, which are small.

    They are learnt sooner so, but expected where none are: the last stages have to be without.
    """

    taught: bool = False
    """Whether sequence layers are to answer as the base does when it is told again who is who, and not the truth."""
    seed_offset: int = 0
    """Added to the seed, where a stage was made with another."""

    @property
    def name(self) -> str:
        """Of its checkpoint and its curve."""
        kinds = {"stills": self.stills, "marked": self.emphasis, "taught": self.taught}
        return "_".join([f"{self.segments:03d}", *(kind for kind, is_so in kinds.items() if is_so)])


@dataclass(frozen=True, slots=True)
class Reading:
    """Texts alone, of so many segments: new stories of the world, or casts of so many `characters`."""

    segments: int
    schedule: Schedule
    characters: int = 0


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the autoencoder, the base transformer and the transformers with sequence layers are made."""

    films: tuple[Shelf, ...]
    """Episodes whose pixels the autoencoder is trained on."""
    stories: tuple[Shelf, ...]
    """Episodes whose latents the transformers are trained on."""
    autoencoder: Schedule
    decoder: Schedule
    """After the autoencoder: its decoder alone, while the latents stay as they are."""
    base: tuple[Stage, ...]
    """Without sequence layers; each starts from the one before."""
    naming: tuple[Reading, ...]
    """Then whom texts name; both kinds of texts in each step, and the first one's schedule."""
    heeding: Stage
    """Then to draw what a memory says of them."""
    recall: tuple[tuple[Reading, ...], ...]
    """With sequence layers, on texts alone, step by step. Its rates are factors of the one that the layer likes."""
    stages: tuple[Stage, ...]
    """Then on latents, at rates that are the same for all layers."""
    rates: tuple[float, ...] = (6e-3, 1.2e-2, 2.4e-2)
    """The first step of `recall` is made at each, and the best of these goes on."""
    held_out: int = 32
    """Losses are measured on so many stretches of the split `dev`."""
    autoencoder_shape: AutoencoderShape = field(default_factory=AutoencoderShape)
    transformer_shape: TransformerShape = field(default_factory=TransformerShape)
    clip_frames: int = 16
    seed: int = 0
    """Of autoencoder and base; sequence layers may be trained with others."""
    text_dropout: float = 0.1
    fused: bool = True
    """Whether a compiler may fuse the arithmetic of autoencoder and base; it takes a minute to do so."""

    def smoke(self) -> Recipe:
        """The same in a minute or less: tiny models, a few episodes, a few steps."""
        short = Schedule(steps=25, batch=2, rate=2e-3, warm_up=5)
        scaled = replace(short, rate=1.0)
        few = (Shelf(segments=3, episodes=3, held_out=1),)
        return replace(
            self,
            films=few,
            stories=few,
            autoencoder=short,
            decoder=short,
            base=(Stage(1, short, stills=True, emphasis=2.0), Stage(1, short)),
            naming=(Reading(2, short, characters=3), Reading(3, short)),
            heeding=Stage(2, short, stills=True),
            recall=((Reading(2, scaled, characters=3),), (Reading(2, scaled, characters=3), Reading(3, scaled))),
            stages=(Stage(2, short, stills=True, taught=True), Stage(3, short)),
            rates=(1e-3, 2e-3),
            held_out=2,
            autoencoder_shape=AutoencoderShape(
                encoder_widths=(16, 16), encoder_depths=(1, 1), decoder_widths=(16, 16), decoder_depths=(1, 1)
            ),
            transformer_shape=TransformerShape(width=32, heads=1, blocks=2),
            clip_frames=8,
            fused=False,
        )


RECIPE = Recipe(
    films=(Shelf(3, 1600), Shelf(10, 240), Shelf(21, 60)),
    stories=(Shelf(1, 10_000, 32), Shelf(3, 2400, 32), Shelf(10, 240, 16), Shelf(21, 120, 8)),
    autoencoder=Schedule(steps=6_000, batch=3, rate=2e-3),
    decoder=Schedule(steps=5_000, batch=8, rate=1e-3),
    base=(
        Stage(1, Schedule(12_490, 256, rate=2e-3, warm_up=200), from_start=0.8, stills=True, emphasis=2.0),
        Stage(1, Schedule(5_580, 64, rate=2e-3, warm_up=200), from_start=0.8, emphasis=2.0),
        Stage(1, Schedule(500, 56, rate=1e-3, warm_up=30, averaging=0.99), from_start=0.8, stills=True, seed_offset=7),
        Stage(1, Schedule(1_000, 16, rate=1e-3, warm_up=30, averaging=0.99), seed_offset=7),
    ),
    naming=(
        Reading(4, Schedule(600, 24, rate=4e-3, warm_up=20, averaging=0.98), characters=6),
        Reading(10, Schedule(600, 8, rate=4e-3, warm_up=20, averaging=0.98)),
    ),
    heeding=Stage(3, Schedule(6_000, 24, rate=4e-4, warm_up=30, averaging=0.995), from_start=1.0, stills=True),
    recall=(
        (Reading(4, Schedule(300, 32, rate=1.0, warm_up=20, averaging=0.98), characters=6),),
        (
            Reading(4, Schedule(800, 16, rate=0.5, warm_up=20, averaging=0.98), characters=6),
            Reading(10, Schedule(800, 4, rate=0.5, warm_up=20, averaging=0.98)),
        ),
    ),
    stages=(
        Stage(3, Schedule(300, 24, rate=1e-3, warm_up=30, averaging=0.98), from_start=1.0, stills=True, taught=True),
        Stage(10, Schedule(60, 8, rate=5e-4, warm_up=20, averaging=0.98), from_start=0.8, stills=True),
        Stage(3, Schedule(60, 8, rate=5e-4, warm_up=20, averaging=0.98)),
        Stage(21, Schedule(10, 2, rate=5e-4, warm_up=10, averaging=0.95)),
    ),
)

"""Trains toon-id on frames of the world: clean, generically worsened, copied by two autoencoders.

Never on the kinds of damage of the audit.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from evalsuite.interfaces import Training
from evalsuite.learning.curves import draw_curves
from evalsuite.learning.device import mixed_precision, moved
from evalsuite.learning.loop import fit, fused
from evalsuite.learning.schedule import Schedule
from evalsuite.learning.weights import save

from ..models.looks import KINDS, WEIGHTS
from ..models.parts import CALIBRATION
from ..models.toon_id import STRIDE, Detector, Maps
from .copyists import copyists
from .part_loss import part_loss
from .scenes import FEWEST_PIXELS, Scenes, scenes
from .toon_id_quality import quality
from .worsening import worsened

FIRST = 200_000
"""Episodes from this number on train the networks of metrics that see frames: no generator is trained on them."""
_ONE, _FOCUS, _ELSEWHERE = 1e-4, 2.0, 4.0  # exponents of the focal loss of arXiv 1904.07850, equation 1


@dataclass(frozen=True, slots=True)
class ToonIdRecipe:
    """All numbers of the training."""

    episodes: int = 2500
    held_out: int = 100
    schedule: Schedule = field(default_factory=lambda: Schedule(steps=3000, batch=48, rate=2e-3, warm_up=100))
    fused: bool = True


SMOKE = ToonIdRecipe(
    episodes=6,
    held_out=4,
    schedule=Schedule(steps=12, batch=4, rate=2e-3, warm_up=2),
    fused=False,
)


def train_toon_id(training: Training) -> list[Path]:
    """The file of weights in the training's folder, with its curve and what was measured on held-out episodes."""
    training.refuse_further_and_rate("toon-id")
    recipe = SMOKE if training.smoke else ToonIdRecipe()
    folder = training.place("toon_id")
    seen = scenes(folder, "train", FIRST, recipe.episodes, copyists(training).stills)
    torch.manual_seed(training.seed)
    model = Detector()
    step_loss = fused(detection_loss, recipe.fused)

    def loss(luck: torch.Generator) -> Tensor:
        return step_loss(model, *map(moved, draw_batch(seen, recipe.schedule.batch, luck)))

    trained = fit(model, recipe.schedule, loss, folder / "toon_id.pt", training.seed, (recipe,)).cpu().eval()
    assert isinstance(trained, Detector)
    draw_curves(folder / "loss.png", [folder / "toon_id.csv"])
    measured = quality(trained, folder, recipe.held_out)
    (folder / "toon_id.json").write_text(json.dumps({name: asdict(one) for name, one in measured.items()}, indent=1))
    path = folder / "weights" / WEIGHTS.name
    save(path, trained.state_dict(), {name: str(measured[name].value) for name in CALIBRATION if name in measured})
    return [path]


def draw_batch(seen: Scenes, count: int, luck: torch.Generator) -> tuple[Tensor, ...]:
    """Worsened frames, and for each the heat, the centres' cells, their boxes and words, and which of them count."""
    which = torch.randint(len(seen), (count,), generator=luck)
    flipped = torch.rand(count, generator=luck) < 0.5
    frames = torch.from_numpy(np.stack([worsened(seen.frames[int(one)].numpy(), luck) for one in which]))
    frames = frames.movedim(-1, 1).float() / 127.5 - 1
    boxes, words, pixels = seen.boxes[which], seen.words[which], seen.pixels[which]
    width, height = frames.shape[3], frames.shape[2]
    mirrored = torch.stack([width - boxes[..., 2], boxes[..., 1], width - boxes[..., 0], boxes[..., 3]], dim=-1)
    boxes = torch.where(flipped.view(-1, 1, 1), mirrored, boxes)
    frames = torch.where(flipped.view(-1, 1, 1, 1), frames.flip(-1), frames)
    heat, doubtful = heat_of(boxes, words, pixels, height // STRIDE, width // STRIDE)
    return frames, heat, doubtful, boxes, words, pixels >= FEWEST_PIXELS


def centres(boxes: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column of the cells in whose middle boxes are centred, each (..., )."""
    column = (boxes[..., 0] + boxes[..., 2]) / 2 / STRIDE
    row = (boxes[..., 1] + boxes[..., 3]) / 2 / STRIDE
    return row.floor().long(), column.floor().long()


def heat_of(boxes: Tensor, words: Tensor, pixels: Tensor, rows: int, columns: int) -> tuple[Tensor, Tensor]:
    """A bump of height 1 at each centre, and around what shows too little 1 where nothing is asked of the heat.

    Both (frames, kinds, rows, columns).
    """
    row, column = centres(boxes)
    spread = ((boxes[..., 2] - boxes[..., 0]) * (boxes[..., 3] - boxes[..., 1])).clamp(min=1).sqrt() / STRIDE / 6
    spread = spread.clamp(min=0.4).view(*spread.shape, 1, 1)
    down = torch.arange(rows).view(1, 1, -1, 1) - row.view(*row.shape, 1, 1)
    across = torch.arange(columns).view(1, 1, 1, -1) - column.view(*column.shape, 1, 1)
    bumps = (-(down.square() + across.square()) / (2 * spread.square())).exp()
    kinds = functional.one_hot(words[..., 0].clamp(min=0), len(KINDS)).view(*words.shape[:2], -1, 1, 1)
    clear = (pixels >= FEWEST_PIXELS).view(*pixels.shape, 1, 1, 1)
    there = (pixels > 0).view(*pixels.shape, 1, 1, 1)
    each = bumps.unsqueeze(2) * kinds
    return (each * clear).amax(1), ((each * (there & ~clear)).amax(1) > 0.1).float()


def detection_loss(
    model: Detector, frames: Tensor, heat: Tensor, doubtful: Tensor, boxes: Tensor, words: Tensor, counts: Tensor
) -> Tensor:
    """Focal loss of the heat, distance of the boxes in cells, and cross-entropy of each part of the look."""
    with mixed_precision(frames.device):
        maps = model(frames)
    found = counts.sum().clamp(min=1)
    row, column = centres(boxes)
    picked = _at_cells(maps, row, column)
    wanted = torch.stack(
        [
            column + 0.5 - boxes[..., 0] / STRIDE,
            row + 0.5 - boxes[..., 1] / STRIDE,
            boxes[..., 2] / STRIDE - column - 0.5,
            boxes[..., 3] / STRIDE - row - 0.5,
        ],
        dim=-1,
    )
    apart = functional.smooth_l1_loss(picked.box, wanted.clamp(min=0), reduction="none").sum(-1)
    told = part_loss(picked.identity, model.directions(), words[..., 1:], counts)
    return focal_loss(maps.heat, heat, doubtful) / found + 0.3 * (apart * counts).sum() / found + told


def focal_loss(scores: Tensor, heat: Tensor, doubtful: Tensor) -> Tensor:
    """Penalty-reduced focal loss, summed over all cells that are not doubtful (arXiv 1904.07850, equation 1)."""
    likely = scores.sigmoid().clamp(_ONE, 1 - _ONE)
    at_centre = -((1 - likely) ** _FOCUS) * likely.log()
    elsewhere = -((1 - heat) ** _ELSEWHERE) * likely**_FOCUS * (1 - likely).log()
    return (torch.where(heat > 0.999, at_centre, elsewhere) * (1 - doubtful)).sum()


def _at_cells(maps: Maps, row: Tensor, column: Tensor) -> Maps:
    frame = torch.arange(len(row), device=row.device).unsqueeze(1)
    rows, columns = maps.heat.shape[2:]
    row, column = row.clamp(0, rows - 1), column.clamp(0, columns - 1)
    return Maps(*(values[frame, :, row, column] for values in maps))

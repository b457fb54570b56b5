"""Trains toon-place on views of the world, clean or generically worsened; never on the kinds of damage of the audit."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from evalsuite.interfaces import Training
from evalsuite.learning.curves import draw_curves
from evalsuite.learning.device import moved
from evalsuite.learning.loop import fit
from evalsuite.learning.schedule import Schedule
from evalsuite.learning.weights import save
from evalsuite.stats import Estimate, auc, clustered_mean

from ..models.parts import CALIBRATION, Array
from ..models.places import PLACES, WEIGHTS
from ..models.toon_place import PlaceTeller
from .part_loss import part_loss
from .place_views import Views, views
from .worsening import worsened

_FIRST = 200_000  # episodes that no generator is trained on
_PARTS = ("kind", "palette", "layout", "time")


@dataclass(frozen=True, slots=True)
class ToonPlaceRecipe:
    """All numbers of the training."""

    episodes: int = 4000
    held_out: int = 200
    schedule: Schedule = field(default_factory=lambda: Schedule(steps=2500, batch=48, rate=2e-3, warm_up=100))


SMOKE = ToonPlaceRecipe(episodes=6, held_out=4, schedule=Schedule(steps=6, batch=4, rate=2e-3, warm_up=2))


def train_toon_place(training: Training) -> list[Path]:
    """The file of weights in the training's folder, with its curve and what was measured on held-out episodes."""
    training.refuse_further_and_rate("toon-place")
    recipe = SMOKE if training.smoke else ToonPlaceRecipe()
    folder = training.place("toon_place")
    seen = views(folder, "train", _FIRST, recipe.episodes)
    torch.manual_seed(training.seed)
    model = PlaceTeller()

    def loss(luck: torch.Generator) -> Tensor:
        frames, words = map(moved, draw_views(seen, recipe.schedule.batch, luck))
        return part_loss(model(frames), model.directions(), words, torch.ones_like(words[:, 0], dtype=torch.bool))

    trained = fit(model, recipe.schedule, loss, folder / "toon_place.pt", training.seed, (recipe,)).cpu().eval()
    assert isinstance(trained, PlaceTeller)
    draw_curves(folder / "loss.png", [folder / "toon_place.csv"])
    measured = place_quality(trained, views(folder, "dev", 0, recipe.held_out))
    (folder / "toon_place.json").write_text(json.dumps({name: asdict(one) for name, one in measured.items()}, indent=1))
    path = folder / "weights" / WEIGHTS.name
    save(path, trained.state_dict(), {name: str(measured[name].value) for name in CALIBRATION})
    return [path]


def draw_views(seen: Views, count: int, luck: torch.Generator) -> tuple[Tensor, Tensor]:
    """Views, seven of eight worsened by chance, as values -1 - 1, and their words.

    None is mirrored, since a mirrored place is another.
    """
    which = torch.randint(len(seen.frames), (count,), generator=luck)
    frames = torch.from_numpy(np.stack([worsened(seen.frames[int(one)].numpy(), luck) for one in which]))
    return frames.movedim(-1, 1).float() / 127.5 - 1, seen.words[which]


def place_quality(model: PlaceTeller, seen: Views) -> dict[str, Estimate]:
    """The share of right words of each part; the mean cosines of two views of one place and of two, and their AUC.

    Both views of one place are of one episode, those of two places of any, all of one time of day; intervals are over
    episodes, but for the AUC, which is one number.
    """
    with torch.no_grad():
        told = model(seen.frames.movedim(-1, 1).float() / 127.5 - 1)
    episode = seen.episode.numpy()
    right = zip(_PARTS, _right(model, told, seen.words), strict=True)
    found = {f"right_{name}": _estimate(flags.double().numpy(), episode) for name, flags in right}
    one, other = np.triu_indices(len(told), 1)
    cosines = (told @ told.T).double().numpy()[one, other]
    same = (seen.words[one] == seen.words[other]).numpy()
    genuine = same.all(1) & (episode[one] == episode[other])
    impostor = ~same.all(1) & same[:, _PARTS.index("time")]
    found["genuine"] = _estimate(cosines[genuine], episode[one[genuine]])
    found["impostor"] = _estimate(cosines[impostor], episode[one[impostor]])
    return found | {"auc": _estimate(np.array([auc(cosines[genuine], cosines[impostor])]), np.zeros(1))}


def _right(model: PlaceTeller, told: Tensor, words: Tensor) -> list[Tensor]:
    """For each part, whether the likeliest word is the right one, (frames,)."""
    parts = told.unflatten(1, (len(PLACES), -1)).unbind(1)
    with torch.no_grad():
        likeliest = [(part @ known.T).argmax(1) for part, known in zip(parts, model.directions(), strict=True)]
    return [found == words[:, number] for number, found in enumerate(likeliest)]


def _estimate(values: Array, episode: npt.NDArray[np.generic]) -> Estimate:
    return clustered_mean(values.tolist(), [str(number) for number in episode])

"""How often toon-clip finds the right text of a hundred, on episodes that it was not trained on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch.nn.functional import normalize

from evalsuite.stats import Estimate, clustered_mean

from ..models.clip_source import FOLDER
from ..models.open_clip import Clip, load_clip
from .films import SEGMENT_FRAMES, Films, Frames

_ALIKE = 0.97
"""Texts whose rows have a greater cosine tell the same, and need not be told apart."""
_STEP = 3
"""Of a segment's frames every third is looked at, which are eight."""

Array = npt.NDArray[np.float64]


def quality(place: Path, seen: Films) -> dict[str, Estimate]:
    """Recall at 1 and the cosines that calibrate alignment; intervals are over episodes.

    A segment's rivals are the segments of the same place in all stories, and then those of its own story.
    """
    clip = load_clip(f"{FOLDER}{place}", "trained")
    shown = np.stack([_shown(clip, seen.frames(one, slice(0, None, _STEP))) for one in range(len(seen))])
    said = np.stack([clip.texts(texts).double().numpy() for texts in seen.texts])
    across, within = np.einsum("esc,fsc->sef", shown, said), np.einsum("esc,etc->est", shown, said)
    alike = np.einsum("esc,fsc->sef", said, said) > _ALIKE
    own = np.diagonal(across, axis1=1, axis2=2)
    rivals = np.where(alike, -np.inf, across)
    impostors = (across.sum(2) - own) / (len(seen) - 1)
    values = {
        "recall_at_1": own > rivals.max(axis=2, initial=-np.inf),
        "recall_within_story": (np.argmax(within, axis=2) == np.arange(within.shape[2])).T,
        "genuine": own,
        "impostor": impostors,
    }
    return {name: _estimate(value.astype(np.float64)) for name, value in values.items()}


def _estimate(values: Array) -> Estimate:
    """The mean of (segments, episodes)."""
    names = [str(episode) for _ in range(len(values)) for episode in range(values.shape[1])]
    return clustered_mean(values.ravel().tolist(), names)


@torch.inference_mode()
def _shown(clip: Clip, film: Frames) -> Array:
    """A row of length 1 for each segment of a film: the mean of its frames' rows."""
    rows = normalize(clip(torch.stack([clip.preprocess(Image.fromarray(frame)) for frame in film])), dim=1)
    each = normalize(rows.unflatten(0, (-1, SEGMENT_FRAMES // _STEP)).mean(1), dim=1)
    return np.asarray(each.double().numpy())

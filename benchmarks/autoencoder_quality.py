"""What the autoencoder keeps of held-out episodes: `python benchmarks/autoencoder_quality.py [FOLDER WITH WEIGHTS]`.

Prints PSNR of whole frames and inside characters and things, and how often setting, species, colours and accessories
are read off reconstructions as off the originals; draws both side by side.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from evalsuite.baselines.models.autoencoder import Autoencoder
from evalsuite.baselines.models.files import SHIPPED
from evalsuite.baselines.models.frames import pixels
from evalsuite.baselines.models.weights import load_autoencoder
from evalsuite.baselines.training.data import SPEC, film
from evalsuite.baselines.training.latents import encode, opened
from recogniser import Frames, Reading, agreement, read, recogniser, shown

from evalsuite.toon import script

EPISODES = 64
PICTURE = Path("runs/benchmarks/autoencoder.png")


@torch.no_grad()
def reconstructed(model: Autoencoder, frames: Frames) -> Frames:
    """A film through latents and back."""
    return pixels(model.decode(encode(model, opened(frames)).float().unsqueeze(0))[0, 1:])


def films(model: Autoencoder) -> Iterator[tuple[Frames, Frames, Frames, list[Reading | None]]]:
    """Of each episode: the film, its reconstruction, marks of characters and things, and what the frames show."""
    for number in range(EPISODES):
        episode = script.episode("dev", 3, 1000 + number)
        marked = film(episode)
        frames = marked[..., :3]
        yield frames, reconstructed(model, frames), marked[..., 3] > 0, list(shown(episode, SPEC))


def psnr(one: Frames, other: Frames) -> float:
    return float(10 * np.log10(255**2 / np.square(one.astype(float) - other).mean()))


def main() -> None:
    """Print and draw it."""
    model = load_autoencoder(Path(sys.argv[1]) if sys.argv[1:] else SHIPPED).to(memory_format=torch.channels_last)
    reader = recogniser()
    whole, inside, rows = [], [], []
    originals, copies, truths = [], [], []
    for frames, again, marks, readings in films(model):
        whole.append(psnr(frames, again))
        inside.append(psnr(frames[marks], again[marks]))
        known = [place for place, reading in enumerate(readings) if reading is not None][::8]
        originals += read(reader, frames[known]) if known else []
        copies += read(reader, again[known]) if known else []
        truths += [readings[place] for place in known]
        rows += [np.hstack(frames[::12]), np.hstack(again[::12])]
    for name, values in (("frames", whole), ("characters and things", inside)):
        sys.stdout.write(f"PSNR of {name}: {np.mean(values):.2f} dB, n = {len(values)} episodes\n")
    off, on = agreement(originals, truths), agreement(copies, truths)
    for name in on:
        sys.stdout.write(f"{name}: read rightly off {off[name]:.3f} of originals, {on[name]:.3f} of copies\n")
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(PICTURE), cv2.cvtColor(np.vstack(rows[:24]), cv2.COLOR_RGB2BGR))


if __name__ == "__main__":
    main()

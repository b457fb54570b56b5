"""What looking at natural video costs: `python benchmarks/natural_profile.py`.

A synthetic video of 720 x 480 at 16 frames a second; CLIP ViT-B/32 and DINO ViT-S/16 with random weights, 2 frames a
second, and two extractors of pixels. Told are processor seconds for a minute of it, and the peak memory of a process of
its own for a minute and for ten. That one has the extractors of pixels alone: what networks take is the same for both,
and would hide what grows.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

from evalsuite import backbones, features, plugins, video
from evalsuite.types import Footage, Frame

FPS = 16
HEIGHT, WIDTH = 480, 720
PIXELS = ("thumbnails", "colour")
NAMES = ("open-clip", "dino", *PIXELS)
ALONE = ("open-clip", "open-clip", "dino", "dino", *PIXELS)
"""What each of six metrics would look through, were it alone."""
BATCH = 8
REPEATS = 3


def frames(seconds: int) -> Iterator[Frame]:
    """A ground of many scales that moves, with grain."""
    luck = np.random.default_rng(0)
    ground = sum(cv2.resize(luck.normal(0, 30, (side, side, 3)), (1600, 1600)) for side in (6, 24, 96, 400))
    ground = np.clip(ground + 128, 0, 240).astype(np.uint8)
    grain = luck.integers(0, 9, (8, HEIGHT, WIDTH, 3), dtype=np.uint8)
    for index in range(seconds * FPS):
        x, y = (int(400 + 380 * f(index / 90)) for f in (np.sin, np.cos))
        yield ground[y : y + HEIGHT, x : x + WIDTH] + grain[index % 8]


def random_weights() -> None:
    """Files of the real size and format, of random numbers."""
    import open_clip
    from safetensors.torch import save_file
    from timm.models.vision_transformer import VisionTransformer

    folder = backbones.folder()
    clip = open_clip.create_model("ViT-B-32-quickgelu")
    dino = VisionTransformer(embed_dim=384, num_heads=6, num_classes=0)
    save_file({name: each.contiguous() for name, each in clip.state_dict().items()}, folder / "clip.safetensors")
    torch.save(dino.state_dict(), folder / "dino.pth")
    backbones.add(folder / "clip.safetensors", "ViT-B-32-quickgelu@openai")
    backbones.add(folder / "dino.pth", "dino-vits16")


def spent(act: Callable[[], object]) -> float:
    """Processor seconds, the least of some tries."""
    tries = []
    for _ in range(REPEATS):
        begun = time.process_time()
        act()
        tries.append(time.process_time() - begun)
    return min(tries)


def extract(path: Path, *names: str) -> None:
    """What a run does for these extractors."""
    features.extract(video.decode(path), names)


def decode(path: Path) -> None:
    """Every frame, and nothing with it."""
    for _ in video.decode(path):
        pass


def forward(count: int) -> None:
    """Both networks on so many pictures that are prepared already, in the shapes that they take."""
    networks = [features.extractor(name).network for name in ("open-clip", "dino")]  # type: ignore[attr-defined]
    pictures = [torch.rand(BATCH, 3, 224, width) for width in (224, 336)]
    with torch.inference_mode():
        for _ in range(count // BATCH):
            for network, batch in zip(networks, pictures, strict=True):
                network(batch)


def time_a_minute(path: Path) -> None:
    """Print what a minute costs, together, at least, and one by one."""
    extract(path, *NAMES)  # loads the networks
    together = spent(lambda: extract(path, *NAMES))
    least = spent(lambda: decode(path)) + spent(lambda: forward(2 * 60))
    alone = spent(lambda: [extract(path, name) for name in ALONE])
    sys.stdout.write(f"together {together:.1f} s; decode and forward alone {least:.1f} s: {together / least:.2f} x\n")
    sys.stdout.write(f"six metrics, each with its own decode, {alone:.1f} s: {alone / together:.2f} x\n")


def peak_megabytes(path: Path) -> float:
    """Of a process that looks at the pixels of one video."""
    done = subprocess.run([sys.executable, __file__, str(path)], capture_output=True, text=True, check=True)  # noqa: S603
    return float(done.stdout)


def most_megabytes() -> float:
    """Of this process alone: what `resource` tells begins with what its parent holds."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


def main(folder: Path) -> None:
    """Make the videos, and print what they cost."""
    torch.set_num_threads(1)
    os.environ["EVALSUITE_WEIGHTS"] = str(folder)
    random_weights()
    paths = {minutes: folder / f"{minutes}.mp4" for minutes in (1, 10)}
    for minutes, path in paths.items():
        video.write(path, Footage(frames(60 * minutes), FPS, crf=23))
    time_a_minute(paths[1])
    one, ten = (peak_megabytes(path) for path in paths.values())
    sys.stdout.write(f"peak memory: {one:.0f} MB for a minute, {ten:.0f} MB for ten: {ten / one:.2f} x\n")


if __name__ == "__main__":
    list(plugins.loaded("metrics"))  # they bring their extractors
    if len(sys.argv) > 1:
        extract(Path(sys.argv[1]), *PIXELS)
        sys.stdout.write(str(most_megabytes()))
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made))

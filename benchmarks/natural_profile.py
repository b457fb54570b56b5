"""What looking at a minute of natural video costs: `python benchmarks/natural_profile.py`.

A synthetic video of 720 x 480 at 16 frames a second; CLIP ViT-B/32 and DINO ViT-S/16 with random weights, 2 frames a
second, and two metrics of pixels. Told are processor seconds, and the peak memory of a process of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import torch

from evalsuite import backbones
from evalsuite.types import Frame

FPS = 16
SIZE = (480, 720)
NAMES = ("open-clip", "dino", "thumbnails", "colour")
USERS = ("open-clip", "open-clip", "dino", "dino", "thumbnails", "colour")
"""One for each of six metrics: what it would look through, were it alone."""
REPEATS = 3


def frames(seconds: int) -> Iterator[Frame]:
    """A ground of many scales that moves, with grain: about 4 megabits a second once encoded."""
    luck = np.random.default_rng(0)
    ground = sum(cv2.resize(luck.normal(0, 40, (side, side, 3)), (1600, 1600)) for side in (6, 24, 96, 400))
    grain = luck.normal(0, 3, (8, *SIZE, 3))
    for index in range(seconds * FPS):
        x, y = (int(400 + 380 * f(index / 90)) for f in (np.sin, np.cos))
        yield np.clip(128 + ground[y : y + SIZE[0], x : x + SIZE[1]] + grain[index % 8], 0, 255).astype(np.uint8)


def random_weights() -> None:
    """Files of the real size and format, of random numbers."""
    import open_clip
    from safetensors.torch import save_file
    from timm.models.vision_transformer import VisionTransformer

    folder = backbones.folder()
    clip, dino = (
        open_clip.create_model("ViT-B-32-quickgelu"),
        VisionTransformer(embed_dim=384, num_heads=6, num_classes=0),
    )
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

"""How fast the cartoon world is drawn on one core: `python benchmarks/toon_speed.py`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from evalsuite.toon import script, world
from evalsuite.toon.episode import Episode
from evalsuite.types import VideoSpec

EPISODES = 3
SIZES = ((96, 64), (192, 128), (384, 256))


def speed(make: Callable[..., Iterator[Any]], episodes: list[Episode], spec: VideoSpec) -> float:
    """Frames a second of processor time, planning and physics included."""
    begun = time.process_time()
    count = sum(1 for episode in episodes for _ in make(episode, spec, 0))
    return count / (time.process_time() - begun)


def main() -> None:
    """Print frames a second for pictures, truth and masks."""
    for width, height in SIZES:
        spec = VideoSpec(width, height, 8.0)
        for number, make in enumerate((world.frames, world.truth, world.masks)):
            first = 1000 * width + 100 * number
            episodes = [script.episode("dev", 21, first + index) for index in range(EPISODES)]
            rate = speed(make, episodes, spec)
            sys.stdout.write(f"{make.__name__:6} {width:4} x {height:3}: {rate:6.0f} frames/s\n")


if __name__ == "__main__":
    main()

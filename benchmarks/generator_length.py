"""How a generator's time and memory grow with a video's length: `python benchmarks/generator_length.py ttt mamba2`.

Each video is made by a process of its own, whose environment is that of evalsuite's workers, and its frames are not
kept. Told are processor seconds and the peak memory of the process, at one minute and at ten, the ratio of memory, and
the exponent of time against length; 1 is linear.
"""

from __future__ import annotations

import math
import os
import resource
import subprocess
import sys
import time

from evalsuite.execute import ENVIRONMENT

SEGMENTS = (21, 210)
"""Of 3 seconds each."""


def made(model: str, segments: int) -> tuple[float, float]:
    """Processor seconds and peak megabytes of making one video in a process of its own."""
    command = [sys.executable, __file__, model, "--segments", str(segments)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | ENVIRONMENT)  # noqa: S603
    seconds, megabytes = map(float, said.stdout.split())
    return seconds, megabytes


def make(model: str, segments: int) -> None:
    """Make the video here, after a short one that loads what there is to load, and print what it took."""
    import torch

    from evalsuite import plugins
    from evalsuite.toon import script
    from evalsuite.types import VideoSpec

    torch.set_num_threads(1)
    baseline, spec = plugins.baseline(model), VideoSpec(96, 64, 8.0)
    for count in (1, segments):
        storyboard = script.storyboard(script.episode("dev", count, 0))
        begun = time.process_time()
        frames = sum(1 for _ in baseline.generate(storyboard, 0, spec).frames)
        seconds = time.process_time() - begun
        if frames != count * 24:
            sys.exit(f"{model} made {frames} frames of {count * 24}.")
    sys.stdout.write(f"{seconds} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}\n")


def main(models: list[str]) -> None:
    """Print a row for each model."""
    short, long = SEGMENTS
    for model in models:
        (brief, little), (lasting, much) = (made(model, segments) for segments in SEGMENTS)
        exponent = math.log(lasting / brief) / math.log(long / short)
        sys.stdout.write(
            f"{model}: {3 * short} s {brief:.1f} s, {little:.0f} MB; {3 * long} s {lasting:.1f} s, {much:.0f} MB; "
            f"exponent {exponent:.3f}, memory x {much / little:.2f}\n"
        )
        sys.stdout.flush()


if __name__ == "__main__":
    if "--segments" in sys.argv:
        make(sys.argv[1], int(sys.argv[3]))
    else:
        main(sys.argv[1:] or ["local-attention", "ttt"])

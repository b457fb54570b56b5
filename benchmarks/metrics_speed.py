"""What measuring a toon video costs: `python benchmarks/metrics_speed.py`.

One story of 63 s and one of ten minutes, drawn by the world; every metric of single videos that needs no public weights
and no judge, from one pass over the frames. Told are wall-clock seconds for the minute with one thread and with one a
core, the share of that which is decoding and seeing, and the peak memory of a process for each length, with what was
there before any frame came.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch

from evalsuite import features, plugins, suites, video
from evalsuite.interfaces import Baseline, Metric
from evalsuite.types import Footage, Storyboard, VideoSpec

NAMES = (
    "alignment", "motion", "permanence", "quality", "identity", "setting", "shape", "transitions", "drift",
    "support", "physics", "events",
)  # fmt: skip
SPEC = VideoSpec(96, 64, 8.0)
ROUNDS = 6
LENGTHS = {"one_minute": "63 s", "ten_minutes": "ten minutes"}


def measured(path: Path, board: Storyboard) -> tuple[float, float]:
    """Seconds of decoding and seeing, and of judging."""
    metrics = [each for each in map(plugins.metric, NAMES) if isinstance(each, Metric)]
    wanted = sorted({name for each in metrics for name in each.extractors})
    begun = time.perf_counter()
    seen = features.extract(video.decode(path), wanted)
    looked = time.perf_counter()
    for each in metrics:
        each.measure(seen, board)
    return looked - begun, time.perf_counter() - looked


def timed(path: Path, board: Storyboard, threads: int) -> None:
    """Print the quickest of some rounds, when all networks are loaded: a machine may be busy with others' work."""
    torch.set_num_threads(threads)
    measured(path, board)
    seen, judged = min((measured(path, board) for _ in range(ROUNDS)), key=sum)
    sys.stdout.write(f"{threads} threads: {seen + judged:.1f} s, of which {seen:.1f} are one pass over the frames\n")


def peak(path: Path, suite: str) -> tuple[float, float]:
    """Megabytes of a process of its own: before the first frame, and at most."""
    done = subprocess.run([sys.executable, __file__, str(path), suite], capture_output=True, text=True, check=True)  # noqa: S603
    before, most = map(float, done.stdout.split())
    return before, most


def megabytes(of: str) -> float:
    """`VmRSS` or `VmHWM` of this process."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines[of].split()[0]) / 1024


def tell_peak(path: Path, suite: str) -> None:
    """Look at a very short video first, so that networks and libraries are there."""
    torch.set_num_threads(1)
    board = suites.load(suite, 1).storyboards[0]
    frames = (frame for clip in video.decode(path) for frame in clip.frames[:8])
    short = path.with_name(f"short-{path.name}")
    video.write(short, Footage([next(frames) for _ in range(8)], SPEC.fps))
    measured(short, board)
    before = megabytes("VmRSS")
    measured(path, board)
    sys.stdout.write(f"{before} {megabytes('VmHWM')}")


def main(folder: Path) -> None:
    """Draw the videos, and print what they cost."""
    oracle: Baseline = plugins.baseline("oracle")
    paths: dict[str, Path] = {}
    for suite in LENGTHS:
        board = suites.load(suite, 1).storyboards[0]
        paths[suite] = folder / f"{suite}.mp4"
        made = oracle.generate(board, 0, SPEC)
        assert isinstance(made, Footage)
        video.write(paths[suite], made)
    minute = suites.load("one_minute", 1).storyboards[0]
    for threads in sorted({1, os.cpu_count() or 1}):
        timed(paths["one_minute"], minute, threads)
    before, short = peak(paths["one_minute"], "one_minute")
    _, long = peak(paths["ten_minutes"], "ten_minutes")
    sys.stdout.write(
        f"memory: {before:.0f} MB before, at most {short:.0f} MB for 63 s and {long:.0f} MB for ten minutes: "
    )
    sys.stdout.write(f"{long / short:.2f} x, and {long - short:.0f} MB more\n")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        tell_peak(Path(sys.argv[1]), sys.argv[2])
    else:
        with tempfile.TemporaryDirectory() as made_here:
            main(Path(made_here))

"""Measures when a difference is only noise: how far re-encoding moves ranked metrics on the suite `dev`.

Of each metric the widest band of several systems counts, as encoding moves poor videos farther than perfect ones.
`python -m evalsuite.leaderboards._tie_bands` writes `tie_bands.json` anew; a changed metric needs that.
"""

from __future__ import annotations

import json
from pathlib import Path

from evalsuite import progress, suites
from evalsuite.alter import alter_folder, file_of
from evalsuite.compare import measure_tie_bands, widest
from evalsuite.execute import default_workers
from evalsuite.run import Request, run
from evalsuite.types import Score, Suite

SUITE = "dev"
FOLDER = Path("runs") / SUITE
SYSTEMS = ("oracle", "ttt", "local-attention")
"""Perfect videos, and those of a generator with a memory and of one without."""
UNCHANGED = "freeze@0"
"""Damage that does nothing, so that a video is only encoded once more."""


def main() -> None:
    """Make and measure each system's videos on `dev`, in `runs/dev`, encode them once more, and write what differs."""
    suite = suites.load(SUITE)
    measured = {system: measure_tie_bands(_scores(system, suite), _encoded_again(system, suite)) for system in SYSTEMS}
    found = {
        "how": f"how far encoding once more moves the scores of {', '.join(SYSTEMS)} on {suite.name} {suite.version}",
        "metrics": widest(measured),
    }
    (Path(__file__).parent / "tie_bands.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _encoded_again(system: str, suite: Suite) -> tuple[Score, ...]:
    """Scores of the same videos after one more encoding."""
    out = FOLDER / "encoded-again" / system
    with progress.shown(f"{system}: encoded once more") as advance:
        for done, total, wrong in alter_folder(FOLDER / "videos" / system, suite, UNCHANGED, out):
            advance(done, total, wrong)
    videos = {(board.id, seed): file_of(out, board, seed) for board in suite.storyboards for seed in suite.seeds}
    return _scores(f"{system}:encoded-again", suite, videos)


def _scores(model: str, suite: Suite, sources: dict[tuple[str, int], Path] | None = None) -> tuple[Score, ...]:
    metrics = tuple(sorted(_ranked()))
    request = Request(suite, (model,), FOLDER, suite.seeds, metrics, workers=default_workers(), sources=sources)
    with progress.shown(f"{SUITE}: {model}") as advance:
        return run(request, advance).scores


def _ranked() -> set[str]:
    """The metrics of any suite's axes."""
    axes = [axis for name in suites.names() for axis in suites.load(name, limit=1).axes.values()]
    return {metric for axis in axes for metric in axis}


if __name__ == "__main__":
    main()

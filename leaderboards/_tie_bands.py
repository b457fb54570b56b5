"""Measures when a difference is only noise: how far re-encoding moves ranked metrics of the oracle on the suite `dev`.

`python -m evalsuite.leaderboards._tie_bands` writes `tie_bands.json` anew; a changed metric needs that.
"""

from __future__ import annotations

import json
from pathlib import Path

from evalsuite import progress, suites
from evalsuite.compare import measure_tie_bands
from evalsuite.execute import default_workers
from evalsuite.run import Request, run
from evalsuite.types import Score

SUITE = "dev"
MODELS = ("oracle", "harmless:reencode")


def main() -> None:
    """Run both systems on `dev`, in `runs/dev`, and write what lies between them."""
    suite = suites.load(SUITE)
    metrics = tuple(sorted(_ranked()))
    request = Request(suite, MODELS, Path("runs") / SUITE, suite.seeds, metrics, workers=default_workers())
    with progress.shown(f"{SUITE}: tie bands") as advance:
        scores = run(request, advance).scores
    first, repeated = (_of(scores, model) for model in MODELS)
    found = {
        "how": f"how far {MODELS[1]} moves the scores of {MODELS[0]} on {suite.name} {suite.version}",
        "metrics": measure_tie_bands(first, repeated),
    }
    (Path(__file__).parent / "tie_bands.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


def _ranked() -> set[str]:
    """The metrics of any suite's axes."""
    axes = [axis for name in suites.names() for axis in suites.load(name, limit=1).axes.values()]
    return {metric for axis in axes for metric in axis}


def _of(scores: tuple[Score, ...], model: str) -> list[Score]:
    return [score for score in scores if score.model == model]


if __name__ == "__main__":
    main()

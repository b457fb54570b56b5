"""Is a look carried over a cut and three segments of absence? On stories of 63 s in which somebody returns after them.

`python benchmarks/positive_control.py RUN_FOLDER STORIES SYSTEM ... WITHOUT_MEMORY` makes what the folder lacks, of
stories that are in no suite and in no training, and prints what `looks.py` reads off each system's videos, and that
less what it reads off the last one's. Of each story the same frames count for all systems.
"""

from __future__ import annotations

import sys
from itertools import count, islice
from pathlib import Path

from looks import cases, expected, readings, tell

from evalsuite import progress, suites
from evalsuite.execute import default_workers
from evalsuite.run import Request, run
from evalsuite.store import Store
from evalsuite.toon.script import episode, storyboard
from evalsuite.types import Suite

NAME = "returns"
SEGMENTS = 21


def stories(wanted: int) -> Suite:
    """The first so many in which somebody returns; else as `one_minute`."""
    told = (storyboard(episode(NAME, SEGMENTS, index)) for index in count())
    chosen = islice((board for board in told if any(look.case == "returned" for look in expected(board))), wanted)
    like = suites.load("one_minute", limit=1)
    return like.model_copy(update={"name": NAME, "storyboards": tuple(chosen)})


def main() -> None:
    """Make the videos, and print what is read off them."""
    folder, wanted, *systems = sys.argv[1:]
    suite = stories(int(wanted))
    request = Request(suite, tuple(systems), Path(folder), suite.seeds, ("motion",), workers=default_workers())
    with progress.shown("videos") as advance:
        run(request, advance)
    store = Store.existing(Path(folder), suite.name, suite.version)
    boards = {board.id: board for board in suite.storyboards}
    read = {system: readings(store, system, boards) for system in systems}
    for system in systems:
        tell(system, cases(read[system]))
    for system in systems[:-1]:
        tell(f"{system} - {systems[-1]}", cases(read[system], read[systems[-1]]), least=-1.0)


if __name__ == "__main__":
    main()

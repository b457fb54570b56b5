"""The options that several verbs of the command line share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from evalsuite import MOST_SEED


def folder(text: str) -> Path:
    """Refuses an empty name, such as an unset variable of a shell gives, which would be the folder that one is in."""
    if not text:
        raise typer.BadParameter("it is empty; name a folder.")
    return Path(text)


TableFormat = Literal["text", "md", "csv", "json", "latex"]
FileFormat = Literal["own", "ttt", "text"]
Models = Annotated[
    list[str], typer.Option("--model", help="A system: NAME, NAME:ARGUMENT or PATH.py; may be repeated.")
]
Chosen = Annotated[list[str] | None, typer.Option("--model", help="Only this system; may be repeated. [default: all]")]
SuiteName = Annotated[str, typer.Option("--suite", help="A suite's name, or the path of a suite file.")]
Limit = Annotated[int | None, typer.Option(min=1, help="Take only the first N storyboards.")]
Skip = Annotated[
    int,
    typer.Option(min=0, help="Leave out the first N storyboards; --limit counts from there."),
]
Beside = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        help="Also the videos of a CSV of rank --videos, or published: those of our own tables; may be repeated.",
    ),
]
Seeds = Annotated[
    list[int] | None,
    typer.Option("--seed", min=0, max=MOST_SEED, help="A seed; may be repeated. [default: the suite's]"),
]
Seed = Annotated[int, typer.Option(min=0, max=MOST_SEED, help="The seed of the videos, and of all chance.")]
Metrics = Annotated[
    list[str] | None,
    typer.Option("--metric", help="A metric: NAME or NAME:ARGUMENT; may be repeated. [default: the suite's]"),
]
Workers = Annotated[int | None, typer.Option(min=1, help="Worker processes. [default: a worker a core]")]
Out = Annotated[Path | None, typer.Option(parser=folder, metavar="PATH", help="The run folder. [default: runs/SUITE]")]
Overwrite = Annotated[Literal["never", "failed", "all"], typer.Option("--overwrite", help="What to make again.")]
Json = Annotated[bool, typer.Option("--json", help="Print every score as JSON, and nothing else, on stdout.")]

"""The verbs for files: storyboards are shown, checked and written, videos altered and held beside real takes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from evalsuite import options
from evalsuite.printing import print_table

app = typer.Typer()


@app.command()
def show(
    which: Annotated[str, typer.Argument(help="SUITE, SUITE/ID, FILE or FILE/ID.")],
    picture: Annotated[Path | None, typer.Option(help="Where the strip goes. [default: ID.png]")] = None,
    model: Annotated[list[str] | None, typer.Option("--model", help="Add a row with this system's video.")] = None,
    seed: options.Seed = 0,
    out: options.Out = None,
) -> None:
    """Print a storyboard and draw its strip of pictures.

    Example: evalsuite show one_minute/one_minute-0003 --model ttt
    """
    from evalsuite import showing

    for line in showing.text(which):
        typer.echo(line)
    drawn = showing.strip_of(which, picture, model or [], seed, out)
    if drawn is not None:
        typer.echo(f"strip drawn in {drawn}", err=True)


@app.command()
def check(
    file: Annotated[str, typer.Argument(help="Storyboards, a suite's name or TOML, or PATH.py with a plugin.")],
) -> None:
    """Check a file of storyboards, a suite, or a plugin's contract.

    Example: evalsuite check stories.json
    """
    if file.endswith(".py") or ".py:" in file:
        from evalsuite.contract import check_plugin

        typer.echo(check_plugin(file))
        return
    from evalsuite.showing import storyboards

    boards = storyboards(file)
    if file.endswith(".toml"):
        from evalsuite import plugins, suites

        for metric in suites.load(file, limit=1).metrics:
            plugins.metric(metric)
    segments = sum(len(board.segments) for board in boards)
    seconds = sum(board.seconds for board in boards)
    typer.echo(f"{file}: {len(boards)} storyboards, {segments} segments, {seconds:.0f} s; all is well.")


@app.command()
def export(
    which: Annotated[str, typer.Argument(help="SUITE, SUITE/ID, FILE or FILE/ID.")],
    to: Annotated[Path, typer.Argument(help="The file to write; .jsonl gives a line for each.")],
    form: Annotated[
        options.FileFormat | None,
        typer.Option("--format", help="The format of the file. [default: text in .txt, else own]"),
    ] = None,
) -> None:
    """Write storyboards in our format, the TTT project's or as text.

    Example: evalsuite export one_minute stories.json --format ttt
    """
    from evalsuite import showing, storyboard_files

    boards = showing.storyboards(which)
    storyboard_files.write(boards, to, form)
    typer.echo(f"{len(boards)} storyboards written to {to}", err=True)


@app.command()
def alter(
    folder: Annotated[Path, typer.Argument(help="Finished videos: ID.mp4, or ID-sSEED.mp4 as a run makes them.")],
    to: Annotated[Path, typer.Argument(parser=options.folder, metavar="TO", help="The folder for the altered videos.")],
    damage: Annotated[str, typer.Option(help="KIND@STRENGTH, such as freeze@0.5; docs/controls.md lists the kinds.")],
    suite: options.SuiteName,
    other: Annotated[Path | None, typer.Option(help="Where prompt-swap and splice take pictures from.")] = None,
    seed: options.Seed = 0,
) -> None:
    """Damage finished videos by a known amount.

    Example: evalsuite alter runs/smoke/videos/ttt frozen --damage freeze@0.5 --suite smoke
    """
    from evalsuite import progress, suites
    from evalsuite.alter import alter_folder

    with progress.shown(f"altered by {damage}") as advance:
        failed = 0
        for done, total, said in alter_folder(folder, suites.load(suite), damage, to, other, seed):
            advance(done, total, said)
            failed += bool(said)
    typer.echo(f"{done - failed} of {total} videos altered, in {to}", err=True)
    raise typer.Exit(1 if failed else 0)


@app.command("physics-iq")
def physics_iq(
    generated: Annotated[Path, typer.Argument(help="Generated videos, mp4.")],
    first: Annotated[Path, typer.Argument(help="Real takes of the same events, by the same file names.")],
    second: Annotated[Path, typer.Argument(help="Second takes of them.")],
    form: Annotated[options.TableFormat, typer.Option("--format", help="How the table is printed.")] = "text",
) -> None:
    """Compare videos with real takes of the same, by Physics-IQ.

    Example: evalsuite physics-iq mine physics-iq/take-1 physics-iq/take-2
    """
    from evalsuite import progress, takes

    asked = takes.events(generated, first, second)
    found = []
    with progress.shown("events compared") as advance:
        for each in takes.judged(asked):
            found.append(each)
            advance(len(found), len(asked), "")
    print_table(takes.table(found), form)

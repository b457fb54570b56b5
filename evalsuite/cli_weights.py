"""The verbs of `evalsuite weights`: which public networks there are, and getting a copy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from evalsuite.backbones import Backbone

app = typer.Typer(no_args_is_help=True, help="List, fetch and add public weights, for natural video.")
Named = Annotated[str, typer.Argument(help="A name that `evalsuite weights list` shows, or ARCHITECTURE@TAG of CLIP.")]


@app.command("list")
def list_() -> None:
    """Name the public weights and say which are there.

    Example: evalsuite weights list
    """
    from evalsuite import backbones

    for each in backbones.known().values():
        state = f"there, {backbones.revision(each.name)}" if each.there else "not there"
        typer.echo(f"{each.name:26} {each.megabytes:5g} MB  {each.licence:13} {state:20} {each.purpose}")
    typer.echo(f"in {backbones.folder()}", err=True)


@app.command()
def pull(name: Named) -> None:
    """Fetch weights from their makers' hub.

    Example: evalsuite weights pull dino-vitb16
    """
    from evalsuite import backbones, progress

    with progress.shown(f"{name}, MB") as advance:
        _done(backbones.pull(name, advance))


@app.command()
def add(
    file: Annotated[Path, typer.Argument(help="A file that you fetched yourself.")],
    name: Annotated[str | None, typer.Option(help="Which weights it is. [default: by the file's name]")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Instead of a copy that was the wrong one.")] = False,
) -> None:
    """Copy weights that you fetched to where they are found.

    Example: evalsuite weights add dino_vitbase16_pretrain.pth
    """
    from evalsuite import backbones

    _done(backbones.add(file, name, replace))


def _done(added: Backbone) -> None:
    from evalsuite import backbones

    how = "as it should be" if added.sha256 else "recorded; nobody told it beforehand, so compare it yourself"
    typer.echo(f"{added.path}: sha256 {backbones.revision(added.name)}..., {how}.", err=True)
    size = added.path.stat().st_size / 1e6
    if not added.sha256 and added.megabytes and not 0.8 < size / added.megabytes < 1.25:
        typer.echo(f"It has {size:.3g} MB and the published file {added.megabytes:g}: is it the right one?", err=True)

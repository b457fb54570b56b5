"""What a person reads: results on stdout, all else on stderr."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from evalsuite.options import TableFormat
    from evalsuite.types import Table

WIDE = 180
"""Columns for a table that goes to a file."""


def print_table(table: Table, form: TableFormat) -> None:
    """The table on stdout; in CSV, which has no place for them, its notes on stderr."""
    from evalsuite.table import render

    typer.echo(render(table, form, shutil.get_terminal_size((WIDE, 24)).columns).rstrip())
    if form == "csv":
        for note in table.notes:
            say(note)


def say(line: object) -> None:
    """A line beside the results."""
    typer.echo(line, err=True)

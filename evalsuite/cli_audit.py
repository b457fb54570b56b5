"""The verb that tries metrics on known damage."""

from __future__ import annotations

import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from evalsuite import options
from evalsuite.printing import print_table, say

app = typer.Typer()


@app.command()
def audit(
    metric: options.Metrics = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            help="oracle, autoencoder, a system, or a folder of its finished videos; @tricks behind these tries tricks "
            "alone; may be repeated. [default: oracle and autoencoder]"
        ),
    ] = None,
    suite: options.SuiteName = "eighteen_second",
    limit: options.Limit = 30,
    skip: options.Skip = 0,
    damage: Annotated[
        list[str] | None,
        typer.Option(
            help="A kind of damage, or all; may be repeated. [default: what the metrics claim to see, and the tricks]"
        ),
    ] = None,
    workers: options.Workers = None,
    out: Annotated[
        Path | None,
        typer.Option(parser=options.folder, metavar="PATH", help="Where all is kept. [default: runs/SUITE_audit]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON, and nothing else.")] = False,
) -> None:
    """Prove what each metric sees, and that it cannot be gamed.

    Example: evalsuite audit --metric identity --source oracle --source autoencoder --source ttt
    """
    from evalsuite import progress, suites
    from evalsuite.audit import axes, evidence, making, plan, report, visible
    from evalsuite.execute import default_workers

    loaded = suites.load(suite, limit, skip)
    metrics = tuple(dict.fromkeys(metric or loaded.metrics))
    sources = plan.sources_for(source or ("oracle", "autoencoder"), plan.kinds_for(metrics, damage or ()))
    folder = out or Path("runs") / f"{loaded.name}_audit"
    asked = plan.Plan(loaded, metrics, sources, folder, workers or default_workers())
    with redirect_stdout(sys.stderr):
        made = making.make(asked, progress.shown)
    with progress.shown("videos compared") as shown:
        found = evidence.evidence(asked, visible.as_seen(asked, made, shown))
    played = axes.played(asked, made)
    for path in report.write(asked, found, played):
        say(f"written: {path}")
    if as_json:
        typer.echo(json.dumps(report.as_data(asked, found, played), indent=1))
    else:
        print_table(report.status_table(asked, found), "text")
    raise typer.Exit(1 if any(account.failed for each in found for account in each.accounts) else 0)

"""The verbs: each reads what was asked, calls the one function that does it, and prints. No logic lives here."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import TextIOWrapper
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from evalsuite import __version__, cli_audit, cli_files, cli_weights, options
from evalsuite.errors import EvalsuiteError, StoreError, VideoError, disk_error
from evalsuite.printing import print_table, say

if TYPE_CHECKING:
    from evalsuite.run import Report, Request
    from evalsuite.types import Suite


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"evalsuite {__version__}")
        raise typer.Exit


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

app.add_typer(cli_audit.app)
app.add_typer(cli_weights.app, name="weights")
app.add_typer(cli_files.app)

INTERRUPTED = 130


@app.callback()
def evalsuite(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print it.")
    ] = False,
) -> None:
    """Measure whether a long generated video hangs together."""


@app.command()
def run(
    model: options.Models,
    suite: options.SuiteName,
    limit: options.Limit = None,
    skip: options.Skip = 0,
    seed: options.Seeds = None,
    metric: options.Metrics = None,
    workers: options.Workers = None,
    out: options.Out = None,
    overwrite: options.Overwrite = "never",
    as_json: options.Json = False,
) -> None:
    """Make and measure videos; run it again to go on.

    Example: evalsuite run --model ttt --model oracle --suite one_minute --limit 5
    """
    request = _request(_suite(suite, limit, skip), model, seed, metric, workers, out, overwrite)
    _finish(request, as_json, f"{request.suite.name}: videos made and measured")


@app.command()
def generate(
    model: options.Models,
    suite: options.SuiteName,
    limit: options.Limit = None,
    skip: options.Skip = 0,
    seed: options.Seeds = None,
    workers: options.Workers = None,
    out: options.Out = None,
    overwrite: options.Overwrite = "never",
) -> None:
    """Make videos without measuring them.

    Example: evalsuite generate --model ttt --suite one_minute
    """
    request = dataclasses.replace(
        _request(_suite(suite, limit, skip), model, seed, None, workers, out, overwrite), metrics=()
    )
    report = _performed(request, f"{request.suite.name}: videos made")
    made = sum(video.status == "ok" for video in report.videos)
    say(f"{made} of {len(report.videos)} videos are in {request.folder / 'videos'}")
    raise typer.Exit(_code(report))


@app.command()
def score(
    model: options.Models,
    suite: options.SuiteName,
    folder: Annotated[
        Path | None, typer.Argument(help="Finished videos: ID.mp4, or any names by manifest.csv.")
    ] = None,
    limit: options.Limit = None,
    skip: options.Skip = 0,
    seed: options.Seeds = None,
    metric: options.Metrics = None,
    workers: options.Workers = None,
    out: options.Out = None,
    overwrite: options.Overwrite = "never",
    as_json: options.Json = False,
) -> None:
    """Measure finished videos of a folder, or of the run folder.

    Example: evalsuite score my_videos --model mine --suite one_minute
    """
    from evalsuite.run import finished_videos

    request = _request(_suite(suite, limit, skip), model, seed, metric, workers, out, overwrite)
    if folder is None:
        request = dataclasses.replace(request, generate=False)
    else:
        _one_name(model)
        sources = finished_videos(folder, request.suite, request.seeds)
        request = dataclasses.replace(request, sources=sources)
    _finish(request, as_json, f"{request.suite.name}: videos measured")


@app.command()
def rank(
    suite: options.SuiteName,
    model: options.Chosen = None,
    limit: options.Limit = None,
    skip: options.Skip = 0,
    out: options.Out = None,
    by: Annotated[
        str, typer.Option(help="The way to rank; `evalsuite list leaderboards` names them.")
    ] = "bradley-terry",
    scores: Annotated[bool, typer.Option("--scores", help="Print the mean of each metric, not ratings.")] = False,
    videos: Annotated[bool, typer.Option("--videos", help="Print a row a video, to be published as CSV.")] = False,
    beside: options.Beside = None,
    form: Annotated[options.TableFormat, typer.Option("--format", help="How to print.")] = "text",
) -> None:
    """Rank the systems of a run folder, with intervals.

    Example: evalsuite rank --suite one_minute --with published --format latex > table.tex
    """
    from evalsuite.ranking import chosen, gathered, listed, ranked, scored
    from evalsuite.table import with_notes

    if scores and videos:
        raise typer.BadParameter("--scores and --videos say what to print: give one of them.")
    with redirect_stdout(sys.stderr):  # what a plugin prints is no result
        loaded, boards = _part(suite, limit, skip)
        found, sources = gathered(loaded, _folder(loaded, out), beside or [], is_needed=out is not None)
        results = chosen(found, model or [], boards)
        unranked = listed if videos else scored if scores else None
        table = unranked(loaded, results) if unranked else ranked(loaded, results, by)
    print_table(with_notes(table, sources), form)


@app.command()
def curve(
    metric: Annotated[str, typer.Argument(help="A metric whose scores tell a course, such as identity.")],
    suite: options.SuiteName,
    model: options.Chosen = None,
    limit: options.Limit = None,
    skip: options.Skip = 0,
    out: options.Out = None,
    picture: Annotated[Path | None, typer.Option(help="Where it is drawn. [default: in the run folder]")] = None,
    form: Annotated[options.TableFormat, typer.Option("--format", help="How to print.")] = "text",
) -> None:
    """Draw a metric against time: how fast each system forgets.

    Example: evalsuite curve identity --suite one_minute --model ttt --model full-attention
    """
    from evalsuite.curves import course, curve_table, draw

    with redirect_stdout(sys.stderr):  # what a plugin prints is no result
        loaded, boards = _part(suite, limit, skip)
        folder = _folder(loaded, out)
        found = course(loaded, folder, metric, model or [], boards)
        title = f"{metric}, {loaded.title}"
        path = picture or folder / "curves" / f"{metric.replace(':', '__').replace('/', '_')}.png"
        draw(path, found, title)
        table = curve_table(found, title)
    say(f"written: {path}")
    print_table(table, form)


@app.command()
def train(
    model: Annotated[
        str, typer.Argument(help="What has weights: a system, or an extractor of a metric; NAME, or PATH.py.")
    ],
    folder: Annotated[
        Path | None,
        typer.Option(parser=options.folder, metavar="PATH", help="Where all is kept. [default: runs/training]"),
    ] = None,
    from_nothing: Annotated[
        bool,
        typer.Option("--from-nothing", help="Train also what it is trained from, which else is taken as shipped."),
    ] = False,
    further: Annotated[
        bool, typer.Option("--further", help="Train what it is trained from further, from the shipped weights.")
    ] = False,
    smoke: Annotated[bool, typer.Option("--smoke", help="Run every step in tiny, in a minute.")] = False,
    seed: options.Seed = 0,
    rate: Annotated[
        float | None,
        typer.Option(help="The learning rate of a sequence layer. [default: the best of three that it tries]"),
    ] = None,
) -> None:
    """Train a system or an extractor; run it again to go on.

    Example: evalsuite train ttt
    """
    from evalsuite import plugins
    from evalsuite.interfaces import Training

    if from_nothing and further:
        raise typer.BadParameter("--from-nothing and --further say where to start from: give one of them.")
    if rate is not None and not 0 < rate < 1:
        raise typer.BadParameter(f"--rate {rate:g} is none: a learning rate lies between 0 and 1.")
    training = Training(folder or Path("runs") / "training", from_nothing, further, smoke, seed, rate)
    for path in plugins.trainable(model).train(training):
        say(f"written: {path}")


@app.command("list")
def list_(
    what: Annotated[Literal["all", "suites", "baselines", "metrics", "leaderboards"], typer.Argument()] = "all",
    long: Annotated[bool, typer.Option("--long", help="Say what each is; this imports them.")] = False,
) -> None:
    """Name the suites and plugins that are there.

    Example: evalsuite list baselines --long
    """
    from evalsuite.catalogue import lines

    for line in lines(what, long):
        typer.echo(line)


@app.command()
def doctor() -> None:
    """Say what is installed, which weights and which device."""
    from evalsuite.catalogue import diagnosis

    for line in diagnosis():
        typer.echo(line)


def main() -> None:
    """Run the command line; a person's mistakes end in one sentence and an exit code, never in a traceback."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # not every terminal has every letter
    sys.exit(_exit_code(sys.argv[1:]))


def _exit_code(arguments: Sequence[str]) -> int:
    code = _outcome(arguments)
    if code == INTERRUPTED:
        say("interrupted; what is done is kept, and the same command goes on from there.")
    return code


def _outcome(arguments: Sequence[str]) -> int:
    try:
        return int(app(args=list(arguments), prog_name="evalsuite", standalone_mode=False) or 0)
    except typer.TyperException as error:
        said = getattr(error, "format_message", error.__str__)()
        asked = getattr(error, "ctx", None)
        if said.startswith("Usage:"):  # of a verb that has verbs of its own, and was given none
            say(said)
        else:
            ended = said if said.endswith((".", "?")) else f"{said}."
            say(f"evalsuite: {ended} `{asked.command_path if asked else 'evalsuite'} --help` shows what there is.")
        return 2
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except EvalsuiteError as error:
        say(f"evalsuite: {error}")
        return 1 if isinstance(error, StoreError | VideoError) else 2
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        say(f"evalsuite: {disk_error(Path(error.filename or '.'), error)}")
        return 1


def _request(
    suite: Suite,
    models: list[str],
    seeds: list[int] | None,
    metrics: list[str] | None,
    workers: int | None,
    out: Path | None,
    overwrite: Literal["never", "failed", "all"],
) -> Request:
    from evalsuite.execute import default_workers
    from evalsuite.plugins import canonical
    from evalsuite.run import Request

    return Request(
        suite=suite,
        models=tuple(dict.fromkeys(models)),
        folder=_folder(suite, out),
        seeds=tuple(dict.fromkeys(seeds or suite.seeds)),
        metrics=tuple(dict.fromkeys(map(canonical, metrics or suite.metrics))),
        overwrite=overwrite,
        workers=workers or default_workers(),
    )


def _suite(name: str, limit: int | None = None, skip: int = 0) -> Suite:
    from evalsuite import suites

    return suites.load(name, limit, skip)


def _part(name: str, limit: int | None, skip: int) -> tuple[Suite, list[str]]:
    """A suite, and which of its storyboards are asked for; none stands for all, whose texts need not be written."""
    if not (limit or skip):
        return _suite(name, 1), []
    loaded = _suite(name, limit, skip)
    return loaded, [board.id for board in loaded.storyboards]


def _folder(suite: Suite, out: Path | None) -> Path:
    return out or Path("runs") / suite.name


def _one_name(models: list[str]) -> None:
    from evalsuite.plugins import spelling

    if len(models) != 1:
        raise typer.BadParameter("a folder of finished videos is one system's: give one --model NAME.")
    spelling(models[0])


def _performed(request: Request, what: str) -> Report:
    from evalsuite import progress
    from evalsuite.run import run as perform

    with progress.shown(what) as advance, redirect_stdout(sys.stderr):  # what a plugin prints is no result
        return perform(request, advance)


def _finish(request: Request, as_json: bool, what: str) -> None:
    report = _performed(request, what)
    if as_json:
        typer.echo(json.dumps([dataclasses.asdict(each) for each in report.scores], indent=1))
    else:
        from evalsuite.costs import notes
        from evalsuite.ranking import means
        from evalsuite.run import reservations

        print_table(means(report.scores), "text")
        for line in [*notes(report.videos), *reservations(report, request.folder)]:
            say(line)
    raise typer.Exit(_code(report))


def _code(report: Report) -> int:
    return 1 if report.amiss else 0

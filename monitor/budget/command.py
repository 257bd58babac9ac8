"""`monitor budget`."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.console.option_rules import CONNECTION, excludes, needs, unused
from monitor.console.options import Count, connection_options, output_option
from monitor.console.output import echo, emit_json, note, progress, style
from monitor.errors import CheckFailedError, UsageError
from monitor.kernel.encodings import decode_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.aws.connection import Connection
    from monitor.budget.model import BudgetReport, FunctionBudget, Measure, Measured
    from monitor.budget.model_forge import MergeRequest, PullRequest
    from monitor.budget.workflow_measure import Subject

# A budget file is a page of text; GitHub's event file has the whole pull request.
_MOST_BYTES = 1 << 20
_RESULT_BYTES = _EVENT_BYTES = 16 << 20
_DEFAULTS = ("budget.toml", "pyproject.toml")


@click.command(name="budget")
@unused(*CONNECTION)
@excludes("--from", "FILE", "--starts", "--save", hint="the result is measured already")
@needs("--changes", "--comment", "-o markdown")
@click.argument("file", metavar="[FILE]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--starts",
    type=Count(1, 200),
    default=15,
    show_default=True,
    help="Start each package N times.",
)
@click.option("--save", metavar="RESULT", help="Save the result to RESULT, for --from.")
@click.option(
    "--from", "source", metavar="RESULT", help="Show a result that was saved by --save, without measuring anything."
)
@click.option(
    "--comment",
    "comments",
    is_flag=True,
    help="Create or update one comment on the pull request of this GitHub workflow (needs GITHUB_TOKEN), or on the "
    "merge request of this GitLab job (needs LAMBDA_MONITOR_TOKEN). If no limit is exceeded, an existing "
    "comment is updated, but none is created.",
)
@click.option(
    "--changes",
    metavar="FILE",
    help="Add FILE, the output of `monitor diagnose --compare`, to the comment and to -o markdown.",
)
@output_option("text", "json", "markdown", "github", "sarif")
@connection_options
def command(
    file: Path | None,
    starts: int,
    save: str | None,
    source: str | None,
    comments: bool,
    changes: str | None,
    output: str,
) -> None:
    """Check init, first call, package size, imports and cost of functions against limits in FILE.

    FILE is a budget.toml, or a pyproject.toml with [tool.monitor.budget]. If omitted, the one in the current directory
    is used.

    A package is started on this machine under Lambda's runtime interface client. A duration exceeds its limit only if
    the whole confidence interval of its median is above the limit. Exits with code 1 if a limit is exceeded. A limit
    that cannot be evaluated is reported and does not fail the check.

    \b
    [api]                            a function, in budget.toml
    package = "api.zip"              a zip or a folder; or a saved log: log = "api.log"
    init_ms = 800
    modules = 600
    package_unzipped_mb = 60
    \b
    monitor budget
    monitor budget budget.toml --starts 25 --save result.json
    monitor budget --from result.json -o sarif
    """
    from monitor.console.files import check_writable

    if save is not None:
        check_writable(save)
    on = _request() if comments else None
    changed = _changes(changes) if changes is not None else ""
    report = _saved(source) if source is not None else _measured(_path(file), starts)
    if save is not None:
        from monitor.budget.parse_saved import RESULT
        from monitor.console.files import write_file

        write_file(save, RESULT.encode(report))
    _show(report, output, changed)
    if on is not None:
        from monitor.budget.render_markdown import marker, render_markdown
        from monitor.budget.workflow_comment import comment

        text = render_markdown(report, changed)
        done = comment(on, text, marker(report.file), only_update=not report.failed)
        note(f"the comment on {on.name}: {done.value}")
    _check(report)


def _changes(path: str) -> str:
    hint = "write it with `monitor diagnose NAME --compare before.json --color never > FILE`"
    return decode_text(_read(path, _MOST_BYTES, "the file of --changes", hint), "replace")


def _show(report: "BudgetReport", output: str, changes: str) -> None:
    if output == "json":
        emit_json(report)
    elif output == "markdown":
        from monitor.budget.render_markdown import render_markdown

        echo(render_markdown(report, changes))
    elif output == "github":
        from monitor.budget.render_github import render_github

        echo(render_github(report))
    elif output == "sarif":
        from monitor.budget.render_sarif import render_sarif

        echo(render_sarif(report))
    else:
        from monitor.budget.render import render_text

        echo(render_text(report, style()))


def _check(report: "BudgetReport") -> None:
    if report.failed:
        from monitor.budget.render import sentence

        more = f", and {len(report.failed) - 1} more" if len(report.failed) > 1 else ""
        raise CheckFailedError(f"{sentence(report.failed[0])}{more}", f"reduce it, or raise the limit in {report.file}")


def _path(file: Path | None) -> Path:
    found = file or next((Path(name) for name in _DEFAULTS if Path(name).is_file()), None)
    if found is None:
        raise UsageError(
            "there is no budget.toml, and no [tool.monitor.budget] in a pyproject.toml, in this folder",
            "name the file, `monitor budget path/to/budget.toml`; docs/pipelines.md shows how to write one",
        )
    return found


def _read(path: Path | str, most_bytes: int, what: str, hint: str) -> bytes:
    from monitor.console.files import read_file

    try:
        return read_file(path, most_bytes, what)
    except FileNotFoundError:
        raise UsageError(f"{what} {path} does not exist", hint) from None


def _saved(path: str) -> "BudgetReport":
    from monitor.budget.parse_saved import RESULT

    return RESULT.decode(_read(path, _RESULT_BYTES, "the saved result", RESULT.hint), path)


def _in_repository(path: Path) -> str:
    """The path as annotations and code scanning need it: from the checkout's root, if this is a workflow on it."""
    workspace = os.environ.get("GITHUB_WORKSPACE")
    if workspace and path.resolve().is_relative_to(Path(workspace).resolve()):
        return path.resolve().relative_to(Path(workspace).resolve()).as_posix()
    return path.as_posix()


def _measured(path: Path, starts: int) -> "BudgetReport":
    from monitor.budget.analyze_check import judge
    from monitor.budget.parse_file import parse_budgets
    from monitor.budget.workflow_measure import logged, zipped

    content = _read(path, _MOST_BYTES, "the budget file", "name it: `monitor budget path/to/budget.toml`")
    budgets = parse_budgets(decode_text(content, "replace"), str(path))
    _check_starts(budgets, starts)
    measured = {one.name: logged(one, path.parent) for one in budgets if one.log}
    with zipped([one for one in budgets if one.package], path.parent) as subjects:
        measured |= _of_packages(subjects, starts)
    return judge(budgets, {one.name: measured[one.name] for one in budgets}, _in_repository(path))


def _check_starts(budgets: "Sequence[FunctionBudget]", starts: int) -> None:
    """Refuse a number of starts with which nothing could fail, before anything is started."""
    from monitor.budget.analyze_check import chance_of_each, fewest_starts

    fewest = fewest_starts(chance_of_each(budgets))
    judged = any(one.package and any(not limit.measure.is_exact for limit in one.limits) for one in budgets)
    if judged and starts < fewest:
        raise UsageError(
            f"{starts} starts decide nothing: this budget needs at least {fewest}",
            f"give --starts {fewest} or more",
        )


def _of_packages(subjects: "list[Subject]", starts: int) -> "dict[str, Measured]":
    from dataclasses import replace

    from monitor.budget.workflow_measure import needs_start, sizes
    from monitor.budget.workflow_measure import starts as start
    from monitor.console.embedded_stack import can_start_stack, temporary_stack

    found = {one.budget.name: sizes(one, _no_connection) for one in subjects}
    started = [one for one in subjects if needs_start(one)]
    measured = {}
    if started:
        if not can_start_stack():
            raise UsageError(
                "the embedded stack is not installed, which starts packages", "pip install 'lambda-monitor[local]'"
            )
        names = ", ".join(one.budget.package for one in started)
        note(f"starting {names} up to {starts} times each, without credentials")
        with (
            temporary_stack() as connection,
            progress("starting packages", total=2 * len(started) * (starts + 1)) as bar,
        ):
            measured = {one.budget.name: start(connection, one, starts, bar.advance) for one in started}
    return {
        name: replace(one, values={**one.values, **sizes_of}) if (one := measured.get(name)) else _only(sizes_of)
        for name, sizes_of in found.items()
    }


def _only(values: "dict[Measure, tuple[float, ...]]") -> "Measured":
    from monitor.budget.model import Measured

    return Measured(values)


def _no_connection() -> "Connection":
    raise UsageError("a package of a budget is a zip or a folder", "build it first: monitor package build")


def _request() -> "PullRequest | MergeRequest":
    """The pull request of this GitHub workflow, or the merge request of this GitLab job, from what the forge sets.

    Raises:
        UsageError: it is neither, or there is no token.
    """
    from monitor.budget.model_forge import MergeRequest, PullRequest
    from monitor.budget.parse_saved import pull_request_number

    hint = "run it in a GitHub workflow `on: pull_request`, or in a GitLab pipeline for merge requests"
    merge_request = os.environ.get("CI_MERGE_REQUEST_IID", "")
    found: PullRequest | MergeRequest
    if merge_request.isascii() and merge_request.isdecimal():
        found = MergeRequest(
            os.environ.get("CI_API_V4_URL", ""),
            os.environ.get("CI_MERGE_REQUEST_PROJECT_ID", ""),
            int(merge_request),
            os.environ.get("LAMBDA_MONITOR_TOKEN", "").strip(),
        )
    else:
        event = os.environ.get("GITHUB_EVENT_PATH", "")
        number = pull_request_number(_read(event, _EVENT_BYTES, "GITHUB_EVENT_PATH", hint)) if event else None
        if number is None:
            raise UsageError("--comment found no pull request or merge request", hint)
        found = PullRequest(
            os.environ.get("GITHUB_API_URL") or "https://api.github.com",
            os.environ.get("GITHUB_REPOSITORY", ""),
            number,
            os.environ.get("GITHUB_TOKEN", "").strip(),
        )
    found.check()
    return found

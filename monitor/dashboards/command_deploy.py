"""`monitor dashboard deploy|diff|delete`: a plan is made and shown, then exactly it is applied."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.console.output import echo, emit_json, note, progress, style
from monitor.console.settings import Settings, complete_dashboards, connection_options, output_option, pass_settings
from monitor.errors import CheckFailedError, ExitCode, MonitorError, UsageError
from monitor.kernel.pairs import parse_pair

if TYPE_CHECKING:
    from monitor.aws.connection import Connection
    from monitor.dashboards.model import Outcome, Plan
    from monitor.dashboards.workflow_plan import Request

F = TypeVar("F", bound=Callable[..., Any])


def _what(function: F) -> F:
    """SOURCE… and the options that say what is deployed, as `deploy` and `diff` share them."""
    for decorate in (
        click.option("--no-alarms", is_flag=True, help="Leave the alarms out."),
        click.option("--prune", is_flag=True, help="Delete what this project deployed and FOLDER no longer has."),
        click.option("--force", is_flag=True, help="Overwrite what was changed, or made, outside monitor."),
        click.option("--project", metavar="NAME", help="Tells deployments apart.  [default: the folder's path's end]"),
        click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="A variable's value; repeatable."),
        click.option("--name", metavar="NAME", help="The dashboard's name, where there is but one."),
        click.option("--function", "functions", multiple=True, metavar="NAME", help="A function; repeatable."),
        click.argument("sources", nargs=-1, metavar="[TEMPLATE|FILE|FOLDER]..."),
    ):
        function = decorate(function)
    return function


@click.command(short_help="Deploy dashboards and alarms: plan, then apply.")
@_what
@click.option("--yes", "-y", is_flag=True, help="Apply the plan without asking.")
@click.option("--dry-run", is_flag=True, help="Show the plan; change nothing.")
@click.option("--check", is_flag=True, help="Change nothing; exit code 1 if something would change.")
@output_option("text", "json")
@connection_options
@pass_settings
def deploy(settings: Settings, /, yes: bool, dry_run: bool, check: bool, output: str, **what: Any) -> None:
    """Deploy dashboards and their alarms: the plan is shown, then applied.

    Without a source it is the template lambda-cold-starts. What was changed in the console since the last deploy is
    not overwritten.

    \b
    monitor dashboard deploy --function my-function
    monitor dashboard deploy dashboards/ --function a --function b --prune --yes
    """
    if not (yes or dry_run or check):
        _must_ask(output)
    connection = settings.connection()
    plan = _planned(connection, _request(**what))
    if check or dry_run:
        _show(plan, output, full=False)
        if check:
            _check(plan)
        _end(plan, [], output)
        return
    _carry_out(connection, plan, output, None if yes else "Apply this plan?")


@click.command(name="diff", short_help="What a deploy would change, in full.")
@_what
@click.option("--check", is_flag=True, help="Exit code 1 if something differs.")
@output_option("text", "json")
@connection_options
@pass_settings
def difference(settings: Settings, /, check: bool, output: str, **what: Any) -> None:
    """How the account's dashboards differ from what a deploy would make of them, in full.

    Widgets are matched by what they show: one that only moved is said to have moved.

    \b
    monitor dashboard diff dashboards/ --function my-function --check
    """
    plan = _planned(settings.connection(), _request(**what))
    _show(plan, output, full=True)
    if check:
        _check(plan)


@click.command(short_help="Delete dashboards that monitor deployed.")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_dashboards)
@click.option("--alarms", is_flag=True, help="Also the alarms that it shows and that monitor deployed.")
@click.option("--force", is_flag=True, help="Also what monitor did not deploy, or was changed since.")
@click.option("--yes", "-y", is_flag=True, help="Delete without asking.")
@click.option("--dry-run", is_flag=True, help="Show the plan; change nothing.")
@output_option("text", "json")
@connection_options
@pass_settings
def delete(
    settings: Settings, names: tuple[str, ...], alarms: bool, force: bool, yes: bool, dry_run: bool, output: str
) -> None:
    """Delete dashboards that monitor deployed; others only by --force. Their alarms stay, but for --alarms.

    \b
    monitor dashboard delete my-function-cold-starts
    """
    from monitor.dashboards.workflow_apply import plan_delete

    if not (yes or dry_run):
        _must_ask(output)
    connection = settings.connection()
    plan = plan_delete(connection, names, force=force, with_alarms=alarms)
    if dry_run:
        _show(plan, output, full=False)
        _end(plan, [], output)
        return
    _carry_out(connection, plan, output, None if yes else "Delete?")


def parse_overrides(texts: Iterable[str]) -> list[tuple[str, str | int | float | bool]]:
    """`--set KEY=VALUE` as values: a JSON number or true/false is one, all else is text.

    Raises:
        UsageError: there is no `=`.
    """
    import json

    found: list[tuple[str, str | int | float | bool]] = []
    for text in texts:
        key, value = parse_pair(text, "--set", "period=60")
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = value
        # An account (12 digits, perhaps with a zero in front) is a text wherever CloudWatch wants one.
        is_value = isinstance(parsed, int | float | bool) and key != "account"
        found.append((key, parsed if is_value else value))
    return found


def _request(
    sources: tuple[str, ...],
    functions: tuple[str, ...],
    name: str | None,
    overrides: tuple[str, ...],
    project: str | None,
    force: bool,
    prune: bool,
    no_alarms: bool,
) -> "Request":
    from monitor.dashboards.body.shipped import DEFAULT
    from monitor.dashboards.workflow_plan import Request

    return Request(
        sources=sources or (DEFAULT,),
        functions=functions,
        name=name,
        overrides=tuple(parse_overrides(overrides)),
        project=project,
        force=force,
        prune=prune,
        with_alarms=not no_alarms,
    )


def _must_ask(output: str) -> None:
    if output == "json":
        raise UsageError("-o json cannot ask", "add --yes to apply the plan, or --dry-run to see it")
    if not sys.stdin.isatty():
        raise UsageError("there is no terminal to ask on", "add --yes to apply the plan, or --dry-run to see it")


def _planned(connection: "Connection", request: "Request") -> "Plan":
    from monitor.dashboards.workflow_plan import plan

    planned = plan(connection, request)
    for text in planned.notes:
        note(f"note: {text}")
    return planned


def _text(plan: "Plan", *, full: bool = False) -> str:
    from monitor.dashboards.render import render_plan

    return render_plan(plan, style(), full=full)


def _show(plan: "Plan", output: str, *, full: bool) -> None:
    if output == "json":
        emit_json({"plan": plan})
    else:
        echo(_text(plan, full=full))


def _apply(connection: "Connection", plan: "Plan") -> "list[Outcome]":
    from monitor.dashboards.workflow_apply import apply

    outcomes = []
    with progress("deploying", total=len(plan.pending)) as bar:
        for outcome in apply(connection, plan):
            outcomes.append(outcome)
            bar.advance()
    return outcomes


def _carry_out(connection: "Connection", plan: "Plan", output: str, question: str | None) -> None:
    """Show a plan, ask `question` if there is one, apply it, and say what came of it."""
    if output == "text":
        echo(_text(plan))
    if plan.pending and question and not click.confirm(question, err=True):
        note("nothing was changed")
        return
    outcomes = _apply(connection, plan)
    if output == "json":
        emit_json({"plan": plan, "outcomes": outcomes})
    _end(plan, outcomes, output)


def _check(plan: "Plan") -> None:
    if plan.pending or plan.refused:
        raise CheckFailedError(f"{len(plan.pending) + len(plan.refused)} of {len(plan.items)} differ")


def _end(plan: "Plan", outcomes: "Sequence[Outcome]", output: str) -> None:
    """Say what was done; raise the error that the exit code stands for."""
    from monitor.dashboards.render import render_outcomes

    if outcomes and output == "text":
        echo(render_outcomes(outcomes, style()))
    failed = [outcome for outcome in outcomes if outcome.error]
    if not failed and not plan.refused:
        return
    done = len(outcomes) - len(failed)
    counts = {"failed": len(failed), "refused": len(plan.refused), "done": done}
    error = MonitorError(
        ", ".join(f"{count} {word}" for word, count in counts.items() if count),
        "what is done stays done: the same command again does the rest" if done else "",
    )
    codes = [outcome.exit_code for outcome in failed] + [item.exit_code for item in plan.refused]
    error.exit_code = ExitCode(max(codes))
    raise error

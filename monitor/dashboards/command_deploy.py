"""`monitor dashboard deploy|diff|delete`: show a plan, then apply exactly that plan."""

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.console.option_rules import excludes
from monitor.console.options import complete_dashboards, connection_options, output_option
from monitor.console.output import as_typed, echo, emit_json, note, progress, style
from monitor.console.settings import Settings, pass_settings
from monitor.dashboards.command_options import function_option, set_option
from monitor.errors import CheckFailedError, ExitCode, MonitorError, UsageError
from monitor.kernel.pairs import parse_pair

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from monitor.aws.connection import Connection
    from monitor.dashboards.model import Outcome, Plan
    from monitor.dashboards.workflow_plan import Request

F = TypeVar("F", bound=Callable[..., Any])


def _templates(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    """The templates that monitor brings, and files."""
    from click.shell_completion import CompletionItem

    from monitor.console.complete import safe_names
    from monitor.resources import data_folder

    names = safe_names(sorted(path.stem for path in data_folder("dashboards").glob("*.json")), incomplete)
    return [CompletionItem(name) for name in names] or [CompletionItem(incomplete, type="file")]


def _plan_options(function: F) -> F:
    """The arguments and options that `deploy` and `diff` share."""
    for decorate in (
        click.option("--no-alarms", is_flag=True, help="Do not deploy alarms."),
        click.option(
            "--prune",
            is_flag=True,
            help="Delete dashboards and alarms that this project deployed and that are no longer in FOLDER.",
        ),
        click.option("--force", is_flag=True, help="Overwrite changes that were made outside monitor."),
        click.option(
            "--project",
            metavar="NAME",
            help="Project that owns the deployed dashboards and alarms.  [default: from the path of FOLDER]",
        ),
        set_option,
        click.option("--name", metavar="NAME", help="The name of the dashboard, if there is only one."),
        function_option,
        click.argument("sources", nargs=-1, metavar="[TEMPLATE|FILE|FOLDER]...", shell_complete=_templates),
    ):
        function = decorate(function)
    return function


@click.command(short_help="Deploy dashboards and alarms.")
@excludes(("--dry-run", "--check"), "--yes")
@_plan_options
@click.option("--yes", "-y", is_flag=True, help="Skip the confirmation prompt.")
@click.option("--dry-run", is_flag=True, help="Show the plan without applying it.")
@click.option("--check", is_flag=True, help="Exit with code 1 if anything would change; change nothing.")
@output_option("text", "json")
@connection_options
@pass_settings
def deploy(settings: Settings, /, yes: bool, dry_run: bool, check: bool, output: str, **what: Any) -> None:
    """Deploy dashboards and their alarms: show the plan, ask for confirmation, and apply it.

    The default source is the template lambda-cold-starts. Dashboards that were changed in the console since the last
    deploy are not overwritten.

    \b
    monitor dashboard deploy --function my-function
    monitor dashboard deploy dashboards/ --function a --function b --prune --yes
    """
    request = _request(**what)
    if not (yes or dry_run or check):
        _require_terminal(output)
    connection = settings.connection()
    plan = _make_plan(connection, request)
    if check or dry_run:
        _show(plan, output, full=False)
        if check:
            _check(plan)
        _report(plan, [], output)
        return
    _confirm_and_apply(connection, plan, output, None if yes else "Apply this plan?")


@click.command(name="diff", short_help="Show in full what a deploy would change.")
@_plan_options
@click.option("--check", is_flag=True, help="Exit with code 1 if anything differs.")
@output_option("text", "json")
@connection_options
@pass_settings
def difference(settings: Settings, /, check: bool, output: str, **what: Any) -> None:
    """Show in full what a deploy would change.

    Widgets are matched by content: a widget that only moved is shown as moved.

    \b
    monitor dashboard diff dashboards/ --function my-function --check
    """
    request = _request(**what)
    plan = _make_plan(settings.connection(), request)
    _show(plan, output, full=True)
    if check:
        _check(plan)


@click.command(short_help="Delete dashboards deployed by monitor.")
@excludes("--dry-run", "--yes")
@click.argument("names", nargs=-1, required=True, metavar="NAME...", shell_complete=complete_dashboards)
@click.option("--alarms", is_flag=True, help="Also delete the alarms that monitor deployed for these dashboards.")
@click.option("--force", is_flag=True, help="Also delete dashboards that were created or changed outside monitor.")
@click.option("--yes", "-y", is_flag=True, help="Skip the confirmation prompt.")
@click.option("--dry-run", is_flag=True, help="Show the plan without applying it.")
@output_option("text", "json")
@connection_options
@pass_settings
def delete(
    settings: Settings, names: tuple[str, ...], alarms: bool, force: bool, yes: bool, dry_run: bool, output: str
) -> None:
    """Delete dashboards that monitor deployed, or any others with --force. Alarms are kept unless --alarms is given.

    \b
    monitor dashboard delete my-function-cold-starts
    """
    from monitor.dashboards.body.builtin import check_name
    from monitor.dashboards.workflow_apply import plan_delete

    for name in names:
        check_name(name)
    if not (yes or dry_run):
        _require_terminal(output)
    connection = settings.connection()
    plan = plan_delete(connection, names, force=force, with_alarms=alarms)
    if dry_run:
        _show(plan, output, full=False)
        _report(plan, [], output)
        return
    _confirm_and_apply(connection, plan, output, None if yes else "Delete?")


def parse_overrides(texts: Iterable[str]) -> list[tuple[str, str | int | float | bool]]:
    """The values of `--set KEY=VALUE`: JSON numbers and booleans are converted, everything else is text.

    Raises:
        UsageError: `=` is missing.
    """
    import json

    found: list[tuple[str, str | int | float | bool]] = []
    for text in texts:
        key, value = parse_pair(text, "--set", "period=60")
        try:
            parsed = json.loads(value)
        except ValueError:
            parsed = value
        # An account id has 12 digits and may start with a zero: it stays a text.
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
    from monitor.dashboards.body.builtin import DEFAULT, files
    from monitor.dashboards.workflow_plan import Request

    for source in sources:
        files(source)
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


def _require_terminal(output: str) -> None:
    if output == "json":
        raise UsageError("-o json cannot ask for confirmation", "add --yes to apply the plan, or --dry-run to see it")
    if not sys.stdin.isatty():
        raise UsageError("no terminal to ask for confirmation", "add --yes to apply the plan, or --dry-run to see it")


def _make_plan(connection: "Connection", request: "Request") -> "Plan":
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
        echo(as_typed(_text(plan, full=full)))


def _apply(connection: "Connection", plan: "Plan") -> "list[Outcome]":
    from monitor.dashboards.workflow_apply import apply

    outcomes = []
    with progress("deploying", total=len(plan.pending)) as bar:
        for outcome in apply(connection, plan):
            outcomes.append(outcome)
            bar.advance()
    return outcomes


def _confirm_and_apply(connection: "Connection", plan: "Plan", output: str, question: str | None) -> None:
    """Show a plan, ask `question` if there is one, apply the plan, and report the outcomes."""
    if output == "text":
        echo(as_typed(_text(plan)))
    if plan.pending and question and not click.confirm(question, err=True):
        note("no changes made")
        return
    outcomes = _apply(connection, plan)
    if output == "json":
        emit_json({"plan": plan, "outcomes": outcomes})
    _report(plan, outcomes, output)


def _check(plan: "Plan") -> None:
    if plan.pending or plan.refused:
        raise CheckFailedError(f"{len(plan.pending) + len(plan.refused)} of {len(plan.items)} differ")


def _report(plan: "Plan", outcomes: "Sequence[Outcome]", output: str) -> None:
    """Report the outcomes; raise an error with the exit code if anything failed or was refused."""
    from monitor.dashboards.render import render_outcomes

    if outcomes and output == "text":
        echo(as_typed(render_outcomes(outcomes, style())))
    failed = [outcome for outcome in outcomes if outcome.error]
    if not failed and not plan.refused:
        return
    done = len(outcomes) - len(failed)
    counts = {"failed": len(failed), "refused": len(plan.refused), "done": done}
    error = MonitorError(
        ", ".join(f"{count} {word}" for word, count in counts.items() if count),
        "completed changes are kept; run the same command again for the rest" if done else "",
    )
    codes = [outcome.exit_code for outcome in failed] + [item.exit_code for item in plan.refused]
    error.exit_code = ExitCode(max(codes))
    raise error

"""`monitor instrument`: wrap deployed functions in the instrumented entry point, and unwrap them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.console.option_rules import CONNECTION, excludes, needs
from monitor.console.options import connection_options, output_option, targets_argument
from monitor.console.output import as_typed, echo, emit_json, note, progress, style
from monitor.console.settings import Settings, pass_settings
from monitor.console.stacks.template_options import TemplateChoice, template_options
from monitor.console.text import clean
from monitor.errors import ExitCode, MonitorError, UsageError
from monitor.kernel.pairs import parse_pairs

if TYPE_CHECKING:
    from monitor.aws.connection import Connection
    from monitor.instrument.model import InstrumentOutcome, InstrumentPlan
    from monitor.instrument.workflow import Prepared


@click.command(name="instrument")
@excludes("--undo", "--layer", "--no-tracing")
@excludes("--write", "--apply", "--all", "--template", "--stack", *CONNECTION)
@needs("--yes", "--apply", "--write")
@targets_argument(required=False)
@click.option("--all", "everything", is_flag=True, help="All functions in the Region.")
@click.option("--apply", "applied", is_flag=True, help="Apply the plan. Without this option, the plan is only shown.")
@click.option("--undo", is_flag=True, help="Remove the entry point and restore the handler.")
@click.option(
    "--write",
    "written",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Change this template instead of deployed functions; for a CDK app, print the lines to add.",
)
@click.option("--yes", "-y", is_flag=True, help="Skip the confirmation prompt.")
@template_options
@click.option("--layer", metavar="ARN", help="The layer version that contains monitor's runtime.")
@click.option("--no-tracing", is_flag=True, help="Leave TracingConfig as it is.")
@output_option("text", "json")
@connection_options
@pass_settings
def command(
    settings: Settings,
    targets: tuple[str, ...],
    everything: bool,
    applied: bool,
    undo: bool,
    written: Path | None,
    yes: bool,
    template: TemplateChoice | None,
    layer: str | None,
    no_tracing: bool,
    output: str,
) -> None:
    """Wrap the handlers of the targets in monitor's entry point. Shows the plan; --apply applies it.

    Sets Handler to monitor.runtime.entry.lambda_handler, stores the old handler in MONITOR_HANDLER, and turns on active
    tracing. monitor's runtime comes from the package, from a layer that the function already has, or from --layer.
    Nothing is applied to a function that was changed after its plan was made.

    \b
    monitor instrument my-function
    monitor instrument 'ai-*' --layer arn:aws:lambda:eu-west-1:123456789012:layer:lambda-monitor:3 --apply
    monitor instrument my-function --undo --apply
    monitor instrument --write template.yaml --layer arn:aws:lambda:eu-west-1:123456789012:layer:lambda-monitor:3
    """
    if written is not None:
        _write(written, targets, layer, undo=undo, tracing=not no_tracing, yes=yes, output=output)
        return
    if template is not None:
        targets = template.names(targets)
    if everything == bool(targets):
        raise UsageError("give one or more TARGETs, or --all", "e.g. monitor instrument my-function")
    prepared = _prepared(settings, ("*",) if everything else targets, layer, undo=undo, tracing=not no_tracing)
    plans = [one.plan for one in prepared]
    if output == "text":
        _show(plans)
    if applied and not yes:
        _ask(plans, output)
    outcomes = _apply(prepared) if applied else []
    if output == "json":
        emit_json({"plans": plans, "outcomes": outcomes})
    elif applied:
        _show_outcomes(outcomes)
    elif any(not plan.exit_code for plan in plans):
        note("no changes made; use --apply to apply the plan")
    _end(plans, outcomes, applied)


def _write(
    file: Path, targets: tuple[str, ...], layer: str | None, *, undo: bool, tracing: bool, yes: bool, output: str
) -> None:
    from monitor.instrument.command_write import undo_template, write_template
    from monitor.instrument.model_write import Wish
    from monitor.instrument.workflow import Options

    if undo:
        if targets:
            raise UsageError("--undo takes back all that monitor wrote into the file", "leave TARGET out")
        undo_template(file, output, yes=yes)
        return
    options = Options(layer, tracing)
    given = click.get_current_context().params["parameters"]
    choice = TemplateChoice(file, parse_pairs(given, "--parameter", "Stage=prod"))
    write_template(choice, targets, Wish(options.layer, options.tracing), output, yes=yes)


def _prepared(
    settings: Settings, targets: tuple[str, ...], layer: str | None, *, undo: bool, tracing: bool
) -> "list[Prepared]":
    from monitor.instrument import workflow

    options = workflow.Options(layer, tracing)
    with progress("planning") as bar:

        def plan(connection: "Connection", name: str) -> "Prepared":
            found = workflow.prepare_undo(connection, name) if undo else workflow.prepare(connection, name, options)
            bar.advance(label=name)
            return found

        return workflow.plan_each(settings.connections(), targets, plan)


def _ask(plans: "list[InstrumentPlan]", output: str) -> None:
    """Ask before a change that the next deploy undoes.

    Raises:
        UsageError: nobody can be asked.
        Abort: the answer is no.
    """
    owned = [plan for plan in plans if plan.owner and not plan.exit_code]
    if not owned:
        return
    what = f"{owned[0].function} is deployed by {owned[0].owner}" + (
        f", and {len(owned) - 1} more" if owned[1:] else ""
    )
    if output == "json" or not sys.stdin.isatty():
        hint = "--write FILE changes the template instead; --yes applies the plan anyway"
        raise UsageError(f"{what}: the next deploy undoes this change", hint)
    click.confirm(f"{clean(what)}: the next deploy undoes this change. Apply it?", abort=True, err=True)


def _show(plans: "list[InstrumentPlan]") -> None:
    from monitor.instrument.render import render_plans

    echo(as_typed(render_plans(plans, style())))


def _apply(prepared: "list[Prepared]") -> "list[InstrumentOutcome]":
    from monitor.instrument.workflow import apply

    outcomes = []
    ready = [one for one in prepared if not one.plan.exit_code]
    with progress("updating", total=len(ready)) as bar:
        for one in ready:
            outcomes.append(apply(one))
            bar.advance(label=one.plan.function)
    return outcomes


def _show_outcomes(outcomes: "list[InstrumentOutcome]") -> None:
    from monitor.instrument.render import render_outcomes

    if outcomes:
        echo("\n" + as_typed(render_outcomes(outcomes, style())))


def _end(plans: "list[InstrumentPlan]", outcomes: "list[InstrumentOutcome]", applied: bool) -> None:
    """Raise what the exit code stands for: a refusal, or an update that failed."""
    refused = sum(1 for plan in plans if plan.exit_code)
    failed = [outcome for outcome in outcomes if outcome.error]
    if not refused and not failed:
        return
    counts = {"refused": refused, "not done": len(failed)}
    if applied:
        counts["done"] = len(outcomes) - len(failed)
    error = MonitorError(", ".join(f"{count} {word}" for word, count in counts.items() if count))
    error.exit_code = ExitCode(max([plan.exit_code for plan in plans] + [one.exit_code for one in failed]))
    raise error

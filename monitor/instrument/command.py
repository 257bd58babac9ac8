"""`monitor instrument`: wrap deployed functions in the instrumented entry point, and unwrap them."""

from typing import TYPE_CHECKING

import click

from monitor.console.option_rules import excludes
from monitor.console.options import connection_options, output_option, targets_argument
from monitor.console.output import echo, emit_json, note, progress, style
from monitor.console.settings import Settings, pass_settings
from monitor.errors import ExitCode, MonitorError, UsageError

if TYPE_CHECKING:
    from monitor.aws.connection import Connection
    from monitor.instrument.model import InstrumentOutcome, InstrumentPlan
    from monitor.instrument.workflow import Prepared


@click.command(name="instrument")
@excludes("--undo", "--layer", "--no-tracing")
@targets_argument(required=False)
@click.option("--all", "everything", is_flag=True, help="Every function of the region.")
@click.option("--apply", "applied", is_flag=True, help="Apply the plan. Without this option, the plan is only shown.")
@click.option("--undo", is_flag=True, help="Take the wrapper off again.")
@click.option("--layer", metavar="ARN", help="The layer version that holds the runtime.")
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
    layer: str | None,
    no_tracing: bool,
    output: str,
) -> None:
    """Wrap TARGET… in the instrumented entry point: the plan is shown, and applied with --apply.

    Sets Handler to monitor.runtime.entry.lambda_handler, stores the old handler in MONITOR_HANDLER, and turns on
    active tracing. The
    runtime comes from the package, from a layer that is there, or from --layer. Nothing is applied to a function that
    was changed after its plan was made.

    \b
    monitor instrument my-function
    monitor instrument 'ai-*' --layer arn:aws:lambda:eu-west-1:123456789012:layer:lambda-monitor:3 --apply
    monitor instrument my-function --undo --apply
    """
    if everything == bool(targets):
        raise UsageError("give one or more TARGETs, or --all", "e.g. monitor instrument my-function")
    prepared = _prepared(settings, ("*",) if everything else targets, layer, undo=undo, tracing=not no_tracing)
    plans = [one.plan for one in prepared]
    if output == "text":
        _show(plans)
    outcomes = _apply(prepared) if applied else []
    if output == "json":
        emit_json({"plans": plans, "outcomes": outcomes})
    elif applied:
        _show_outcomes(outcomes)
    elif any(not plan.exit_code for plan in plans):
        note("no changes made: --apply makes them")
    _end(plans, outcomes, applied)


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


def _show(plans: "list[InstrumentPlan]") -> None:
    from monitor.instrument.render import render_plans

    echo(render_plans(plans, style()))


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
        echo("\n" + render_outcomes(outcomes, style()))


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

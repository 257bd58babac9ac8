"""`monitor layer publish`: the layer with the runtime that `monitor instrument --layer` adds."""

from pathlib import Path

import click

from monitor.console.options import connection_options, output_option
from monitor.console.output import echo, emit_json, note, progress, style
from monitor.console.settings import Settings, pass_settings
from monitor.console.temporary import temporary_folder
from monitor.errors import ExitCode, MonitorError, UsageError

_NAME = "lambda-monitor"
_LONGEST_NAME = 64


@click.group(name="layer")
def command() -> None:
    """Manage the layer with monitor's runtime, which `monitor instrument --layer` adds to a function."""


@command.command(name="publish")
@click.option("--name", default=_NAME, show_default=True, metavar="NAME", help="The name of the layer.")
@click.option("--apply", "applied", is_flag=True, help="Publish; without it, the plan is only shown.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Also write the layer's zip to this file.")
@output_option("text", "json")
@connection_options
@pass_settings
def publish(settings: Settings, name: str, applied: bool, out: Path | None, output: str) -> None:
    """Build the layer and publish it in each Region where the newest version differs.

    The layer contains monitor.runtime and nothing else. It supports Python 3.11 to 3.14 on x86_64 and arm64. Without
    --apply nothing is published.

    \b
    monitor layer publish
    monitor layer publish --region eu-west-1 --apply
    """
    if not name.replace("-", "").replace("_", "").isalnum() or not name.isascii() or len(name) > _LONGEST_NAME:
        raise UsageError(f"{name!r} is not the name of a layer", "use at most 64 letters, digits, hyphens, underscores")
    from monitor.instrument import workflow_layer
    from monitor.instrument.render_layer import render_layer_outcomes, render_layer_plan

    with temporary_folder() as folder:
        with progress("building"):
            built = workflow_layer.build_layer(out or folder / "layer.zip")
        connections = settings.connections()
        plans = [workflow_layer.plan_layer(connection, name, built) for connection in connections]
        if output == "text":
            echo(render_layer_plan(built, plans, style()))
        due = [(one, plan) for one, plan in zip(connections, plans, strict=True) if not plan.is_current]
        outcomes = [workflow_layer.publish_layer(one, plan, built) for one, plan in due] if applied else []
    if output == "json":
        emit_json({"layer": built, "plans": plans, "outcomes": outcomes})
    elif outcomes:
        texts = (
            settings.origin.of(one.profile or "", outcome.region).carried(
                render_layer_outcomes([outcome], "monitor instrument FUNCTION")
            )
            for outcome, (one, _) in zip(outcomes, due, strict=True)
        )
        echo("\n" + "\n".join(texts))
    elif due:
        note("nothing was published: --apply publishes")
    failed = [outcome for outcome in outcomes if outcome.error]
    if failed:
        error = MonitorError(f"{len(failed)} of {len(outcomes)} regions: the layer was not published")
        error.exit_code = ExitCode(max(outcome.exit_code for outcome in failed))
        raise error

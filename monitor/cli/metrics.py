"""`monitor metrics`: what CloudWatch counted."""

import click

from monitor.cli.options import connection_options, output_option, pass_settings, targets_argument, window_options
from monitor.cli.output import echo, emit_json, progress, remark, style
from monitor.cli.settings import Settings


@click.command(name="metrics")
@targets_argument()
@window_options(default="1h")
@output_option("text", "json")
@connection_options
@pass_settings
def command(
    settings: Settings, targets: tuple[str, ...], since: str | None, until: str | None, utc: bool, output: str
) -> None:
    """Invocations, errors, throttles, concurrency, duration and cold starts of TARGETs.

    Cold starts and init are those that the instrumented function emits as metrics; `monitor coldstarts` reads them from
    any function's log. CloudWatch shows a metric 1 to 3 minutes late.

    \b
    monitor metrics my-function --since 1h
    monitor metrics 'ai-*' --since today -o json
    """
    from monitor.aws.targets import resolve
    from monitor.model.jsonable import jsonable
    from monitor.model.metric import FunctionMetrics
    from monitor.ops.metrics import function_metrics
    from monitor.render.metrics import render_metrics

    window = settings.window(since, until, utc, "1h")
    rows: list[FunctionMetrics] = []
    with progress("reading metrics") as bar:
        for connection in settings.connections():
            for row in function_metrics(connection, resolve(connection, targets), window):
                rows.append(row)
                bar.advance(label=row.function)
    if output == "json":
        shares = ({"error_rate": row.error_rate, "cold_share": row.cold_share} for row in rows)
        emit_json([{**_dict(jsonable(row)), **share} for row, share in zip(rows, shares, strict=True)])
        return
    echo(render_metrics(rows, style()))
    for row in rows:
        if row.invocations is None:
            remark(f"{row.function} has no invocation in the window", "a longer --since may show some")
        elif row.cold_starts is None:
            remark(f"{row.function} emits no ColdStart metric", f"`monitor coldstarts {row.function}` reads its log")


def _dict(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value

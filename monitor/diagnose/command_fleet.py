"""`monitor diagnose` on several functions: a ranked table, worst first, and the command that opens each report."""

from typing import TYPE_CHECKING

from monitor.console.output import echo, note, progress, style
from monitor.console.settings import Settings
from monitor.errors import MonitorError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.aws.targets import Located
    from monitor.diagnose.model import Diagnosis
    from monitor.kernel.window import Window


def diagnose_fleet(
    settings: Settings, found: "Sequence[Located]", window: "Window"
) -> "tuple[list[Diagnosis], list[tuple[str, str]]]":
    """The diagnosis of each function, worst first, and the functions that could not be read, with the reason.

    Raises:
        MonitorError: no function could be read.
    """
    from dataclasses import replace

    from monitor.diagnose.analyze import diagnose
    from monitor.diagnose.analyze_fleet import worst_first
    from monitor.diagnose.evidence.workflow import gather

    read: list[Diagnosis] = []
    errors: list[tuple[str, MonitorError]] = []
    functions = [(connection, target) for connection, target in found if target.function is not None]
    for target in (target for _, target in found if target.function is None):
        note(f"monitor: {target.name} is a log group, not a function: left out")
    with progress("reading functions", len(functions)) as bar:
        for connection, target in functions:
            origin = settings.origin
            origin = replace(origin, regions=(connection.region,)) if len(origin.regions) > 1 else origin
            try:
                read.append(diagnose(gather(connection, target.name, window, lambda _state: None, origin=origin)))
            except MonitorError as error:
                errors.append((target.name, error))
            bar.advance(label=target.name)
    if errors and not read:
        raise errors[0][1]
    return worst_first(read), [(name, error.message) for name, error in errors]


def show_fleet(settings: Settings, found: "Sequence[Located]", window: "Window", output: str) -> "list[Diagnosis]":
    """Diagnose each function, and print the table or one JSON document."""
    from monitor.diagnose.report.fleet import fleet_document, render_fleet

    read, failed = diagnose_fleet(settings, found, window)
    if output == "json":
        import json

        echo(json.dumps(fleet_document(read, failed), ensure_ascii=False, allow_nan=False))
    else:
        echo(render_fleet(read, style()))
    for name, reason in failed:
        note(f"monitor: {name} could not be read: {reason}")
    return read

"""The init record: what the start of this environment consisted of, as one log line, metrics and spans."""

from __future__ import annotations

import os
import sys

from monitor.runtime import clock, cold, lines, spans, start_metrics, tree

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from typing import Any

    from monitor.runtime.init import Init

VERSION = 2
# Read before the application, which may put something else in the place of both.
_PYTHON = "{}.{}.{}".format(*sys.version_info[:3])
_ARCHITECTURE = os.uname().machine.replace("aarch64", "arm64")
LIMIT_BYTES = 32 * 1024
# What a first invocation must import for its own record.
_WORTH_A_RECORD_MS = 1.0
# What a prepared record leaves free for what only the first invocation knows.
_LATER_BYTES = 1024


def prepare(init: Init) -> None:
    """Make what of the record is known before the first invocation."""
    record = _head("monitor.init", os.environ.get("AWS_LAMBDA_FUNCTION_NAME"), None)
    record["monitor_init"] = details = _details(init)
    if init.tracer is not None:
        details |= tree.record(_entries(init), LIMIT_BYTES - _LATER_BYTES - len(lines.encode(record)))
    init.prepared = details


def write_at_first_invocation(init: Init, context: Any, start: str) -> None:
    """Write the record and its metrics, and send its spans when they belong to this invocation's trace."""
    imports = _entries(init) if init.prepared is None else []
    details = init.prepared or _details(init)
    details |= {"start": start, "invoked_after_ms": round(init.waited_ms(), 3)}
    if init.restored is not None:
        details["snap_start"] = init.restored()
    record = _head("monitor.init", start_metrics.function_name(context), getattr(context, "aws_request_id", None))
    _write(init, record, details, imports)
    _write_metrics(init, imports, context, start)
    if cold.initialization_type() == cold.ON_DEMAND and start != cold.PROACTIVE:
        lines.attempt("sending the init's spans", lambda: spans.send_init(init, imports))


def write_failed(init: Init) -> None:
    """Write the record of an init that raised: what had been imported, and where it stopped."""
    record = _head("monitor.init", os.environ.get("AWS_LAMBDA_FUNCTION_NAME"), None)
    _write(init, record, _details(init), _entries(init))


def write_late_imports(init: Init, context: Any) -> None:
    """Write what the first invocation itself imported (`monitor.imports`), if any of it is worth a line."""
    if init.tracer is None:
        return
    late = [one for one in init.tracer.imports if one.start_ns >= init.ended_ns]
    imports = tree.without_own(tree.entries(late, init.started_ns, clock.now_ns()))
    if tree.total_ms(imports) < _WORTH_A_RECORD_MS:
        return
    record = _head("monitor.imports", start_metrics.function_name(context), getattr(context, "aws_request_id", None))
    body = record["monitor_imports"] = {"version": VERSION}
    body |= tree.record(imports, LIMIT_BYTES - len(lines.encode(record)))
    lines.write(lines.encode(record))


def _entries(init: Init) -> list[tree.Entry]:
    """The imports of the init, and not what other threads have begun since."""
    if init.tracer is None:
        return []
    during = [one for one in init.tracer.imports if one.start_ns < init.ended_ns]
    return tree.entries(during, init.started_ns, clock.now_ns())


def _head(message: str, function_name: str | None, request_id: str | None) -> dict[str, Any]:
    return lines.head("INFO", message, function_name=function_name, function_request_id=request_id)


def _write(init: Init, record: dict[str, Any], details: dict[str, Any], imports: list[tree.Entry]) -> None:
    record["monitor_init"] = details
    if init.tracer is not None and init.prepared is None:
        details |= tree.record(imports, LIMIT_BYTES - len(lines.encode(record)))
    lines.write(lines.encode(record))


def _write_metrics(init: Init, imports: list[tree.Entry], context: Any, start: str) -> None:
    values: dict[str, float] = {}
    if cold.initialization_type() != cold.SNAP_START:
        values["ObservedInitDuration"] = init.observed_init_ms
        if init.tracer is not None:
            values["ImportDuration"] = tree.total_ms(imports)
    if cold.waited_for(start):
        if start_metrics.may_be_counted_by_the_application():
            start_metrics.count_later()
        else:
            values["ColdStart"] = 1.0
    start_metrics.write(values, context)


def _details(init: Init) -> dict[str, Any]:
    details: dict[str, Any] = {
        "version": VERSION,
        "initialization_type": cold.initialization_type(),
        "started_at_ms": round(clock.epoch_ms(init.started_ns), 3),
        "observed_init_ms": init.observed_init_ms,
        "phases": [
            {
                "name": name,
                "start_ms": init.milliseconds(start_ns),
                "duration_ms": round((end_ns - start_ns) / 1e6, 3),
            }
            for name, start_ns, end_ns in init.phases
        ],
    }
    details["python"] = _PYTHON
    details["libraries"] = _versions()
    memory = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    if memory.isdecimal():
        details["memory_mb"] = int(memory)
    details["architecture"] = _ARCHITECTURE
    if init.error is not None:
        details["error"] = init.error
    return details


def _versions() -> dict[str, str]:
    """The versions of Powertools and the X-Ray SDK, where the application has loaded them, by import name."""
    powertools = sys.modules.get("aws_lambda_powertools")
    sdk = sys.modules.get("aws_xray_sdk.version")
    found = {
        "aws_lambda_powertools": getattr(powertools, "__version__", None),
        "aws_xray_sdk": getattr(sdk, "VERSION", None),
    }
    return {name: version for name, version in found.items() if isinstance(version, str)}

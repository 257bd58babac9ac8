"""The init record: what the start of this environment consisted of, in one log line, two metrics and spans."""

from __future__ import annotations

import os
import sys
import time

from monitor.runtime import clock, cold, instruments, lines, spans, tree

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from typing import Any

    from monitor.runtime.init import Init

VERSION = 1
LIMIT_BYTES = 32 * 1024


def write_at_first_invocation(init: Init, context: Any) -> None:
    """Write the record and its metrics, and send its spans when they belong to this invocation's trace."""
    waited_ms = init.waited_ms()
    start = cold.start_of(waited_ms)
    imports = _entries(init)
    name = getattr(context, "function_name", None) or os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    details = _details(init)
    details |= {"start": start, "invoked_after_ms": round(waited_ms, 3)}
    _write(init, imports, details, name, getattr(context, "aws_request_id", None))
    if cold.initialization_type() != cold.SNAP_START and not instruments.metrics_disabled():
        lines.write(_emf(init, imports, name))
    if start == cold.ON_DEMAND:
        lines.attempt("sending the init's spans", lambda: spans.send_init(init, imports))


def write_failed(init: Init) -> None:
    """Write the record of an init that raised: what had been imported, and where it stopped."""
    _write(init, _entries(init), _details(init), os.environ.get("AWS_LAMBDA_FUNCTION_NAME"), None)


def write_late_imports(init: Init, context: Any) -> None:
    """Write what the first invocation itself imported (`monitor.imports`), if any of it is worth a line."""
    if init.tracer is None:
        return
    late = [one for one in init.tracer.imports if one.start_ns >= init.ended_ns]
    imports = tree.entries(late, init.started_ns, time.perf_counter_ns())
    record = _head("monitor.imports", getattr(context, "function_name", None), getattr(context, "aws_request_id", None))
    body = record["monitor_imports"] = {"version": VERSION}
    _add_imports(record, body, imports)
    if body["imports"]["tree"]:
        lines.write(lines.encode(record))


def _entries(init: Init) -> list[tree.Entry]:
    """The imports of the init, and not what other threads have begun since."""
    if init.tracer is None:
        return []
    during = [one for one in init.tracer.imports if one.start_ns < init.ended_ns]
    return tree.entries(during, init.started_ns, time.perf_counter_ns())


def _head(message: str, function_name: str | None, request_id: str | None) -> dict[str, Any]:
    trace_id = lines.trace_id_of(os.environ.get("_X_AMZN_TRACE_ID", ""))
    head = {
        "level": "INFO",
        "message": message,
        "timestamp": lines.timestamp(time.time()),
        "service": lines.service(),
        "function_name": function_name,
        "function_request_id": request_id,
        "xray_trace_id": trace_id or None,
    }
    return {key: value for key, value in head.items() if value is not None}


def _write(
    init: Init, imports: list[tree.Entry], details: dict[str, Any], function_name: str | None, request_id: str | None
) -> None:
    record = _head("monitor.init", function_name, request_id)
    record["monitor_init"] = details
    if init.tracer is not None:
        _add_imports(record, details, imports)
    lines.write(lines.encode(record))


def _add_imports(record: dict[str, Any], body: dict[str, Any], imports: list[tree.Entry]) -> None:
    """Add the tree and its roots to `body`, as much of it as `record`, which holds `body`, has room for."""
    taken = len(lines.encode(record)) + tree.Roots.LIMIT_BYTES + tree.ENVELOPE_BYTES
    roots = tree.Roots()
    body["imports"] = tree.record(imports, roots, LIMIT_BYTES - taken)
    body["roots"] = roots.names


def _details(init: Init) -> dict[str, Any]:
    machine = os.uname().machine
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
    details["python"] = "{}.{}.{}".format(*sys.version_info[:3])
    details["libraries"] = instruments.versions()
    memory = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    if memory.isdecimal():
        details["memory_mb"] = int(memory)
    details["architecture"] = {"aarch64": "arm64"}.get(machine, machine)
    if init.error is not None:
        details["error"] = init.error
    return details


def _emf(init: Init, imports: list[tree.Entry], function_name: str | None) -> str:
    """ObservedInitDuration and ImportDuration in CloudWatch's embedded metric format."""
    values = {"ObservedInitDuration": [init.observed_init_ms]}
    if init.tracer is not None:
        values["ImportDuration"] = [tree.total_ms(imports)]
    directive = {
        "Namespace": lines.namespace(),
        "Dimensions": [["function_name", "service"]],
        "Metrics": [{"Name": name, "Unit": "Milliseconds"} for name in values],
    }
    return lines.encode(
        {
            "_aws": {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]},
            "function_name": function_name or "unknown",
            "service": lines.service(),
            **values,
        }
    )

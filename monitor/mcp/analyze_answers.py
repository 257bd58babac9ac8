"""Answers of the tools: the parts of a result that an assistant needs, with the ids to ask further."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitor.kernel.jsonable import Json, jsonable
from monitor.kernel.missing import Missing
from monitor.kernel.statistics import Distribution

if TYPE_CHECKING:
    from monitor.api.model import ColdStarts
    from monitor.dashboards.board.model import Board, Widget
    from monitor.diagnose.model import Diagnosis
    from monitor.diagnose.model_finding import Finding
    from monitor.kernel.function import FunctionInfo
    from monitor.logs.errors.model import FailureGroup
    from monitor.packages.model import PackageReport
    from monitor.records.event import LogEvent
    from monitor.records.imports import ImportRow
    from monitor.records.invocation import ColdStart, Invocation
    from monitor.records.metric import FunctionMetrics
    from monitor.traces.model import ListedTrace, ShownTrace

_LINES, _ROWS, _IMPORTS, _PARTS = 40, 60, 15, 20
_POINTS = 24


def function_answer(infos: Iterable["FunctionInfo"]) -> Json:
    """The functions, with the settings that matter for a start."""
    return [
        {
            "name": one.name,
            "region": one.region,
            "runtime": one.runtime,
            "handler": one.handler,
            "architecture": one.architecture,
            "memory_mb": one.memory_mb,
            "timeout_s": one.timeout_s,
            "code_size_bytes": one.code_size_bytes,
            "last_modified": one.last_modified,
            "layers": len(one.layers),
            "tracing": one.tracing,
            "snap_start": one.snap_start,
            "in_vpc": one.in_vpc,
        }
        for one in infos
    ]


def event_answer(events: Sequence["LogEvent"]) -> Json:
    """Log lines, oldest first."""
    return [{"at": when(one.timestamp_ms), "stream": one.stream, "log_text": one.message} for one in events]


def failure_answer(groups: Iterable["FailureGroup"]) -> Json:
    """Groups of failures, each with the request id of an example."""
    return [
        {
            "kind": one.kind,
            "type": one.type,
            "message": one.message,
            "frame": one.frame,
            "count": one.count,
            "first": when(one.first_ms),
            "last": when(one.last_ms),
            "since_last_deployment": one.new,
            "request_id": one.request_id,
        }
        for one in groups
    ]


def cold_start_answer(found: "ColdStarts") -> Json:
    """Figures of each function, its slowest starts, and the imports that take the time."""
    return {
        "functions": [
            {
                "function": one.function,
                "region": one.region,
                "invocations": one.invocations,
                "cold_starts": one.cold_starts,
                "cold_share": one.share,
                "init_ms": _figures(one.init),
                "first_call_ms": _figures(one.first_total),
                "warm_ms": _figures(one.warm_duration),
                "kinds": jsonable(one.by_kind),
                "errors": one.errors,
                "timeouts": one.timeouts,
                "memory_mb": list(one.memory_mb),
                "max_memory_used_mb": one.max_memory_mb,
                "slowest": [_start(start) for start in one.slowest[:5]],
            }
            for one in found.summaries
        ],
        "imports": [_import(one) for one in found.imports[:_IMPORTS]],
    }


def invocation_answer(invocation: "Invocation", trace: "ShownTrace | Missing") -> Json:
    """One invocation: its REPORT, its lines, the imports of its init, and the steps of its trace."""
    record = invocation.init_record
    answer: dict[str, Json] = {
        "request_id": invocation.request_id,
        "function": invocation.function,
        "version": invocation.version,
        "cold": invocation.cold,
        "kind_of_start": jsonable(invocation.kind),
        "init_ms": invocation.init_ms,
        "failed_init_ms": invocation.failed_init_ms,
        "report": jsonable(invocation.report),
        "failure": jsonable(invocation.error),
        "trace_id": invocation.trace_id,
        "notes": list(invocation.notes),
        "lines": event_answer(invocation.events[:_LINES]),
    }
    if len(invocation.events) > _LINES:
        answer["lines_left_out"] = len(invocation.events) - _LINES
    if record is not None:
        answer["init_phases"] = [{"name": one.name, "ms": one.duration_ms} for one in record.phases]
    answer["trace"] = {"missing": trace.reason} if isinstance(trace, Missing) else trace_answer(trace)
    return answer


def trace_list_answer(traces: Iterable["ListedTrace"]) -> Json:
    """Traces, newest first, each with its id and where its time went."""
    return [
        {
            "trace_id": one.summary.id,
            "at": when(one.summary.start_ms),
            "total_ms": one.summary.duration_ms,
            "fault": one.summary.has_fault,
            "error": one.summary.has_error,
            "figures": None
            if one.figures is None
            else {
                key: value
                for key, value in _object(one.figures).items()
                if key.endswith("_ms") or key in ("cold", "request_id")
            },
        }
        for one in traces
    ]


def trace_answer(shown: "ShownTrace") -> Json:
    """The steps of a trace, each with its depth, start and duration; the longest if there are many."""
    rows = shown.waterfall.rows
    if len(rows) > _ROWS:
        least = sorted((one.duration_ms or 0.0 for one in rows), reverse=True)[_ROWS - 1]
        rows = tuple(one for one in rows if (one.duration_ms or 0.0) >= least)[:_ROWS]
    return {
        "trace_id": shown.trace.id,
        "figures": [{key: value for key, value in _object(one).items() if value is not None} for one in shown.figures],
        "steps": [
            {
                "depth": one.depth,
                "name": one.name,
                "starts_at_ms": one.offset_ms,
                "duration_ms": one.duration_ms,
                **({"detail": one.detail} if one.detail else {}),
                **({"marks": jsonable(one.marks)} if one.marks else {}),
            }
            for one in rows
        ],
        "steps_left_out": len(shown.waterfall.rows) - len(rows),
        "problems": [jsonable(one) for one in shown.waterfall.problems],
    }


def metric_answer(rows: Iterable["FunctionMetrics"]) -> Json:
    """CloudWatch's figures of each function."""
    return [
        {key: value for key, value in _object(one).items() if value is not None and key not in ("window", "profile")}
        for one in rows
    ]


def package_answer(report: "PackageReport") -> Json:
    """The sizes of a package, its largest distributions, and what is wrong with it."""
    parts = sorted(report.parts, key=lambda one: -one.zipped_bytes)
    return {
        "name": report.name,
        "python": report.python,
        "architecture": report.architecture,
        "zipped_bytes": report.zipped_bytes,
        "unzipped_bytes": report.unzipped_bytes,
        "largest_distributions": [
            {
                key: value
                for key, value in _object(one).items()
                if key in ("name", "version", "group", "zipped_bytes", "unzipped_bytes")
            }
            for one in parts[:_PARTS]
        ],
        "distributions": len(parts),
        "findings": [jsonable(one) for one in report.findings],
    }


def diagnosis_answer(found: "Diagnosis") -> Json:
    """The causes of slow starts, ranked by expected saving, with their evidence and changes."""
    return {
        "function": found.evidence.name,
        "region": found.evidence.region,
        "headline": jsonable(found.headline),
        "where_a_start_goes": [{"part": one.label, "ms": one.ms, "measured_by": one.measured} for one in found.slices],
        "findings": [_finding(one) for one in found.findings],
        "minor_findings": [_minor(one) for one in found.minor],
        "to_learn_more": [{"lacking": one.lacking, "command": one.command} for one in found.next_steps],
    }


def _minor(finding: "Finding") -> Json:
    likely = {"likely_saves_ms": round(finding.mean_ms, 1)} if finding.mean_ms else {}
    return {"rule": finding.rule, "title": finding.title, **likely}


def board_answer(board: "Board") -> Json:
    """The data of each widget of a dashboard: the newest points of each series, or rows."""
    return {
        "name": board.name,
        "from": when(board.start_ms),
        "to": when(board.end_ms),
        "widgets": [{"title": one.title, "kind": one.kind, **_content(one)} for one in board.widgets],
    }


def when(epoch_ms: float | None) -> str | None:
    """An epoch time in milliseconds as ISO 8601 in UTC."""
    if epoch_ms is None:
        return None
    return datetime.fromtimestamp(epoch_ms / 1000, UTC).isoformat(timespec="milliseconds")


def _content(widget: "Widget") -> dict[str, Json]:
    from monitor.dashboards.board.model import Chart, Image

    content = widget.content
    if isinstance(content, Image):
        return {"not_shown": "an image that CloudWatch draws"}
    if isinstance(content, Chart):
        return {
            "series": [
                {
                    "label": one.label,
                    "points": _newest(one.points),
                }
                for one in content.curves
            ]
        }
    return {"content": jsonable(content)}


def _newest(points: Sequence[tuple[int, float]]) -> Json:
    return [[when(at_ms), value] for at_ms, value in points[-_POINTS:]]


def _finding(one: "Finding") -> Json:
    return {
        "rule": one.rule,
        "subject": one.subject,
        "title": one.title,
        "saves_ms": None
        if one.saving is None
        else {"low": one.saving.low_ms, "likely": one.saving.likely_ms, "high": one.saving.high_ms},
        "basis": "" if one.saving is None else one.saving.basis,
        "nothing_if": "" if one.saving is None else one.saving.unless,
        "confidence": one.confidence.value,
        "risk": one.risk.value,
        "evidence": [{"text": fact.text, "where": fact.where} for fact in one.evidence[:4]],
        "changes": [{"kind": change.kind.value, "title": change.title, "text": change.text} for change in one.changes],
    }


def _start(one: "ColdStart") -> Json:
    return {
        "request_id": one.request_id,
        "at": when(one.at_ms),
        "kind": one.kind.value,
        "init_ms": one.init_ms,
        "duration_ms": one.duration_ms,
        "first_call_ms": one.first_total_ms,
        "trace_id": one.trace_id,
    }


def _import(one: "ImportRow") -> Json:
    return {
        "package": one.package,
        "self_ms": one.self_ms,
        "with_its_imports_ms": one.total_ms,
        "share_of_import_time": one.share,
        "modules": one.modules,
        "seen_in": f"{one.seen} of {one.of} cold starts",
    }


def _figures(one: Distribution) -> Json:
    return {"count": one.count, "p50": one.p50, "p95": one.p95, "max": one.max}


def _object(value: object) -> dict[str, Json]:
    document = jsonable(value)
    assert isinstance(document, dict)
    return document

"""Handlers in the manner of Powertools' documentation, run with and without the runtime: the same output, all of it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.runtime_api import FUNCTION_NAME, Run, run_handler

HANDLERS = Path(__file__).parent / "handlers"
ENTRY = "monitor.runtime.entry.lambda_handler"


def _event(order: str) -> dict[str, Any]:
    """An API Gateway proxy event of one order."""
    return {
        "order": order,
        "path": f"/hello/{order}",
        "httpMethod": "GET",
        "headers": {"accept": "application/json"},
        "requestContext": {"requestId": f"correlation-{order}", "stage": "prod"},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
    }


EVENTS = [_event("a-1"), _event("bad"), _event("a-3")]
ENV = {"POWERTOOLS_SERVICE_NAME": "payment", "POWERTOOLS_METRICS_NAMESPACE": "Shop"}

# Identity and time; everything else has to be equal.
_VARIES = {"timestamp", "Timestamp", "id", "parent_id", "start_time", "end_time"}
_ID = re.compile(r"0x[0-9a-f]{6,}|^[0-9a-f]{16}$|\d{4}-\d\d-\d\d[T ][\d:.,+Z-]+")


def _steady(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _steady(inner) for key, inner in value.items() if key not in _VARIES}
    if isinstance(value, str):
        return _ID.sub("#", value)
    return [_steady(inner) for inner in value] if isinstance(value, list) else value


def _documents(stdout: str) -> Iterator[Any]:
    """What was written: JSON objects, also those of POWERTOOLS_DEV over several lines, and lines of text."""
    decoder = json.JSONDecoder()
    position = 0
    while position < len(stdout):
        try:
            document, position = decoder.raw_decode(stdout, position)
            yield document
        except ValueError:
            line, _, _ = stdout[position:].partition("\n")
            position += len(line) + 1
            if line.strip():
                yield line


def _is_ours(document: Any) -> bool:
    """The init record, its metrics, and the ColdStart of a function whose application counts none."""
    if not isinstance(document, dict):
        return False
    return str(document.get("message")).startswith("monitor.") or "ObservedInitDuration" in document


_OUR_FRAME = re.compile(r".*File .*monitor/runtime/.*\n.*\n")


def _output(run: Run) -> list[Any]:
    """All that was written but the runtime's own, among it its two frames in the stack traces of awslambdaric."""
    stdout = _OUR_FRAME.sub("", run.stdout.replace("\r", "\n"))
    return [_steady(one) for one in _documents(stdout) if not _is_ours(one)]


def _is_cold_start(document: Any) -> bool:
    return isinstance(document, dict) and "ColdStart" in document


def _spans(run: Run) -> list[Any]:
    """The subsegments with their parents' names, without those of the init."""
    names = {span["id"]: span["name"] for span in run.datagrams}
    own = [span for span in run.datagrams if not span["name"].startswith("init: ")]
    return [_steady(span) | {"parent": names.get(span.get("parent_id"), "the segment")} for span in own]


def _errors(run: Run) -> list[Any]:
    """What Lambda is told of failures, without the two frames of the runtime."""
    frames = [[line for line in error["stackTrace"] if "monitor/runtime/" not in line] for error in run.errors]
    return [{**error, "stackTrace": lines} for error, lines in zip(run.errors, frames, strict=True)]


def both(handler: str, env: dict[str, str]) -> tuple[Run, Run]:
    stock = run_handler(f"{handler}.handler", HANDLERS, EVENTS, env=env)
    ours = run_handler(ENTRY, HANDLERS, EVENTS, env={**env, "MONITOR_HANDLER": f"{handler}.handler"})
    return stock, ours


def assert_the_same(stock: Run, ours: Run, *, traced_by_the_application: bool) -> None:
    assert stock.init_error is None
    assert ours.results == stock.results
    assert _errors(ours) == _errors(stock)
    # Cold starts are written before the handler runs instead of after it.
    cold_stock, cold_ours = ([one for one in _output(run) if _is_cold_start(one)] for run in (stock, ours))
    assert all(one in cold_ours for one in cold_stock)
    assert [one for one in _output(ours) if not _is_cold_start(one)] == [
        one for one in _output(stock) if not _is_cold_start(one)
    ]
    added = [] if traced_by_the_application else ["## handler"] * len(EVENTS)
    spans = _spans(ours)
    for name in added:
        outer = next(span for span in spans if span["name"] == name)
        spans.remove(outer)
    if traced_by_the_application:
        assert spans == _spans(stock)
    assert {span["name"] for span in spans} == {span["name"] for span in _spans(stock)}


@pytest.mark.parametrize("handler", sorted(path.stem for path in HANDLERS.glob("*.py")))
def test_a_handler_of_the_documentation_emits_the_same_with_and_without_the_runtime(handler: str) -> None:
    stock, ours = both(handler, ENV)
    traced = handler.startswith("tracer") or handler == "everything"
    assert_the_same(stock, ours, traced_by_the_application=traced)
    assert len(stock.stdout.splitlines()) + len(stock.datagrams) > 2


VARIABLES = {
    "log level": {"POWERTOOLS_LOG_LEVEL": "DEBUG"},
    "Lambda's log level": {"AWS_LAMBDA_LOG_LEVEL": "WARN"},
    "log event": {"POWERTOOLS_LOGGER_LOG_EVENT": "true"},
    "sample rate": {"POWERTOOLS_LOGGER_SAMPLE_RATE": "1"},
    "duplicates": {"POWERTOOLS_LOG_DEDUPLICATION_DISABLED": "true"},
    "development": {"POWERTOOLS_DEV": "true"},
    "tracing off": {"POWERTOOLS_TRACE_DISABLED": "true"},
    "no responses": {"POWERTOOLS_TRACER_CAPTURE_RESPONSE": "false"},
    "no errors": {"POWERTOOLS_TRACER_CAPTURE_ERROR": "false"},
    "middlewares": {"POWERTOOLS_TRACE_MIDDLEWARES": "true"},
    "metrics off": {"POWERTOOLS_METRICS_DISABLED": "true"},
    "function name": {"POWERTOOLS_METRICS_FUNCTION_NAME": "another-name"},
    "no service, no namespace": {"POWERTOOLS_SERVICE_NAME": "", "POWERTOOLS_METRICS_NAMESPACE": "Shop"},
    "X-Ray off": {"AWS_XRAY_SDK_ENABLED": "false"},
    "X-Ray strict": {"AWS_XRAY_CONTEXT_MISSING": "RUNTIME_ERROR"},
    "X-Ray name": {"AWS_XRAY_TRACING_NAME": "another"},
}


@pytest.mark.parametrize("variables", VARIABLES.values(), ids=VARIABLES.keys())
def test_powertools_variables_mean_the_same_with_and_without_the_runtime(variables: dict[str, str]) -> None:
    stock, ours = both("everything", {**ENV, **variables})
    assert_the_same(stock, ours, traced_by_the_application=True)


def test_a_cold_start_has_the_dimensions_of_the_application_s_metrics() -> None:
    stock, ours = both("metrics_all", ENV)
    (theirs,) = stock.emf("ColdStart")
    assert theirs["service"] == "booking"
    assert [_steady(one) for one in ours.emf("ColdStart") if one["service"] == "booking"] == [_steady(theirs)]
    assert [one["function_name"] for one in ours.emf("ColdStart") if one["service"] == "payment"] == [FUNCTION_NAME]

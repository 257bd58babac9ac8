"""Handlers in the manner of Powertools' documentation, run with and without the runtime: the same output, all of it."""

from pathlib import Path
from typing import Any

import pytest

from tests.differential.compare import differences
from tests.differential.modes import Case, Outcome, run_bare, run_wrapped
from tests.examples import one_in

HANDLERS = Path(__file__).parent / "handlers"


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


def both(handler: str, env: dict[str, str]) -> tuple[Outcome, Outcome]:
    case = Case(HANDLERS, f"{handler}.handler", EVENTS, env)
    return run_bare(case), run_wrapped(case)


@pytest.mark.parametrize("handler", sorted(path.stem for path in HANDLERS.glob("*.py")))
def test_a_handler_of_the_documentation_does_the_same_with_and_without_the_runtime(handler: str) -> None:
    bare, wrapped = both(handler, ENV)
    assert differences(bare, wrapped) == []
    assert bare.run.init_error is None
    assert len(bare.run.stdout.splitlines()) + len(bare.run.datagrams) > 2


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


@pytest.mark.parametrize("name", one_in(2, VARIABLES))
def test_powertools_variables_mean_the_same_with_and_without_the_runtime(name: str) -> None:
    assert differences(*both("everything", {**ENV, **VARIABLES[name]})) == []


def test_a_cold_start_is_counted_once_under_the_name_and_dimensions_that_both_would_use() -> None:
    """The runtime leaves it to an application that counts by itself, and counts it for one that does not."""
    _, counted = both("everything", ENV)
    assert len(counted.run.emf("ColdStart")) == 1
    _, uncounted = both("logger_plain", ENV)
    assert len(uncounted.run.emf("ColdStart")) == 1

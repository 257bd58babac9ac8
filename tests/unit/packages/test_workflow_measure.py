"""What measuring says of a package whose start has no init duration."""

import json

import pytest

from monitor.packages.workflow_measure import _without_init
from monitor.records.invoke_result import InvocationResult

FAILED = json.dumps({"errorType": "RuntimeError", "errorMessage": "cannot infer a handler"}).encode()


@pytest.mark.parametrize(
    ("error", "elapsed_ms", "told"),
    [
        (None, 11_000.0, "takes more than 10 s"),
        ("Unhandled", 11_000.0, "takes more than 10 s"),
        ("Unhandled", 900.0, "does not start with the handler app.handler: RuntimeError: cannot infer a handler"),
    ],
)
def test_an_init_that_is_too_long_is_told_apart_from_one_that_fails(
    error: str | None, elapsed_ms: float, told: str
) -> None:
    """The handler's own error for the test event is not the reason."""
    result = InvocationResult("id", error, FAILED, None, elapsed_ms)
    assert told in str(_without_init(result, "app.handler"))

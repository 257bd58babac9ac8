"""The answer to a change gets lost: what is said is what the function is, not what the network did."""

from typing import Any

import pytest

from monitor.errors import MonitorError, RefusedError, UnreachableError
from monitor.instrument.model import InstrumentAction, InstrumentPlan
from monitor.instrument.workflow import Prepared, apply

BEFORE = {"Handler": "app.main.handler", "RevisionId": "r1", "Runtime": "python3.13", "LastUpdateStatus": "Successful"}
WANTED = {
    "Handler": "monitor.runtime.entry.lambda_handler",
    "Environment": {"Variables": {"MONITOR_HANDLER": "app.main.handler", "STAGE": "dev"}},
    "Layers": ["arn:aws:lambda:eu-west-1:123456789012:layer:monitor:1"],
    "TracingConfig": {"Mode": "Active"},
}
AFTER = {
    **BEFORE,
    **WANTED,
    "Layers": [{"Arn": "arn:aws:lambda:eu-west-1:123456789012:layer:monitor:1"}],
    "RevisionId": "r2",
}
REFUSED = RefusedError("lambda:UpdateFunctionConfiguration was refused: PreconditionFailedException: not the latest")


class Account:
    """A function whose change answers with `error`; `found` is what it is afterwards, or why it cannot be looked at."""

    region = where = "eu-west-1"

    def __init__(self, error: MonitorError, found: dict[str, Any] | MonitorError) -> None:
        self.error, self.found = error, found

    def call(self, _service: str, operation: str, /, **_: Any) -> dict[str, Any]:
        if operation == "UpdateFunctionConfiguration":
            raise self.error
        if isinstance(self.found, MonitorError):
            raise self.found
        return self.found

    def wait(self, *_: Any, **__: Any) -> None:
        """The change is in force."""

    local = True


def outcome(error: MonitorError, found: dict[str, Any] | MonitorError) -> tuple[str, str, int]:
    plan = InstrumentPlan("fn", "eu-west-1", InstrumentAction.WRAP, revision_id="r1")
    done = apply(Prepared(plan, Account(error, found), WANTED))  # type: ignore[arg-type]
    return done.revision_id, done.error, done.exit_code


LOST = UnreachableError("eu-west-1 could not be reached: the connection was closed")


@pytest.mark.parametrize("error", [LOST, REFUSED], ids=["lost", "sent again"])
def test_a_change_that_was_made_is_said_to_be_made(error: MonitorError) -> None:
    assert outcome(error, AFTER) == ("r2", "", 0)


def test_a_change_that_was_not_made_is_said_not_to_be() -> None:
    revision, message, code = outcome(LOST, BEFORE)
    assert (revision, code) == ("", 4)
    assert message.endswith("; fn was not changed")


def test_a_change_by_somebody_else_is_said_to_be_that() -> None:
    other = {**BEFORE, "Handler": "other.handler", "RevisionId": "r3"}
    assert outcome(REFUSED, other)[1:] == ("fn was changed since the plan was made: nothing was done", 3)


def test_a_function_that_cannot_be_looked_at_is_said_to_be_unknown() -> None:
    _, message, code = outcome(LOST, LOST)
    assert code == 4
    assert message.endswith("; whether fn was changed is not known")

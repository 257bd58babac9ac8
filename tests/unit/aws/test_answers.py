"""The boundary between AWS's answers and monitor: the types of botocore's models, or an error that names the call."""

import math
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.session import Session
from hypothesis import given
from hypothesis import strategies as st

from monitor.aws.answers import Answer, UnreadableAnswerError, checked_answer, plain_events
from monitor.kernel.iam import ACTIONS
from tests.fakes.mutated import mutated

SESSION = Session()
CALLS = sorted(ACTIONS)


def shape_of(call: str) -> Any:
    service, _, operation = call.partition(":")
    return SESSION.get_service_model(service).operation_model(operation).output_shape


def example(shape: Any, depth: int = 0) -> Any:
    """A value of a shape, with every member."""
    match shape.type_name:
        case "structure":
            if depth > 6:
                return {}
            return {name: example(member, depth + 1) for name, member in shape.members.items()}
        case "list":
            return [] if depth > 6 else [example(shape.member, depth + 1)] * 2
        case "map":
            return {} if depth > 6 else {"key": example(shape.value, depth + 1)}
        case "integer" | "long":
            return 7
        case "float" | "double":
            return 1.5
        case "boolean":
            return True
        case "timestamp":
            return datetime(2026, 11, 23, tzinfo=UTC)
        case "blob":
            return b"x"
    return "text"


def has_types(value: Any, shape: Any) -> bool:
    match shape.type_name:
        case "structure":
            return isinstance(value, Answer) and all(
                has_types(value[name], member)
                for name, member in shape.members.items()
                if name in value and not member.serialization.get("eventstream")
            )
        case "list":
            return isinstance(value, list) and all(has_types(one, shape.member) for one in value)
        case "map":
            return isinstance(value, dict) and all(has_types(one, shape.value) for one in value.values())
        case "integer" | "long":
            return type(value) is int and abs(value) <= 2**63
        case "float" | "double":
            return type(value) in (int, float) and math.isfinite(value)
        case "boolean":
            return type(value) is bool
        case "timestamp":
            return isinstance(value, datetime)
        case "blob":
            return isinstance(value, bytes | str)
    return isinstance(value, str) and value == value.encode("utf-8", "replace").decode()


@pytest.mark.parametrize("call", CALLS)
def test_a_complete_answer_passes_unchanged(call: str) -> None:
    shape = shape_of(call)
    if shape is None:
        return
    value = example(shape)
    found = checked_answer(value, shape, call)
    assert found == value
    assert has_types(found, shape)


@given(data=st.data())
def test_every_answer_has_its_types_or_is_an_error_that_names_the_call(data: st.DataObject) -> None:
    call = data.draw(st.sampled_from(CALLS))
    shape = shape_of(call)
    if shape is None:
        return
    value = data.draw(mutated(example(shape)))
    if not isinstance(value, dict):
        value = {"unexpected": value}
    message = ""
    try:
        found = checked_answer(value, shape, call)
    except UnreadableAnswerError as error:
        message = error.message
    if message:
        assert message.startswith(f"{call} got an unreadable response: ")
        assert len(message) < 300
        return
    assert has_types(found, shape)
    for name in shape.members:
        if name not in found:
            with pytest.raises(UnreadableAnswerError, match=f"{name} is missing"):
                found[name]


@given(value=mutated({"events": [{"timestamp": 1, "message": "x"}], "nextToken": "t"}))
def test_a_page_of_events_has_its_list_and_token_or_is_an_error(value: Any) -> None:
    if not isinstance(value, dict):
        return
    try:
        found = plain_events(value, "events", "logs:FilterLogEvents")
    except UnreadableAnswerError:
        return
    assert all(isinstance(event, dict) for event in found.get("events", []))
    assert isinstance(found.get("nextToken", ""), str)


STREAMS = [
    (service, operation.name, operation.get_event_stream_output().name)
    for service in ("logs", "lambda")
    for name in SESSION.get_service_model(service).operation_names
    if (operation := SESSION.get_service_model(service).operation_model(name)).has_event_stream_output
]


def test_there_are_operations_with_streams() -> None:
    assert ("logs", "StartLiveTail", "StartLiveTailResponseStream") in STREAMS


@pytest.mark.parametrize(("service", "operation", "stream"), STREAMS)
def test_a_stream_of_events_is_passed_on(service: str, operation: str, stream: str) -> None:
    shape = SESSION.get_service_model(service).operation_model(operation).output_shape
    member = next(name for name, one in shape.members.items() if one.name == stream)
    events = object()
    assert checked_answer({member: events}, shape, f"{service}:{operation}")[member] is events


def test_an_object_that_is_no_stream_is_still_checked() -> None:
    shape = SESSION.get_service_model("lambda").operation_model("GetFunction").output_shape
    with pytest.raises(UnreadableAnswerError, match="Configuration"):
        checked_answer({"Configuration": object()}, shape, "lambda:GetFunction")


def role_shape() -> Any:
    model = SESSION.get_service_model("iam")
    return model.operation_model("GetRole").output_shape


def role(policy: object) -> dict[str, Any]:
    return {"Role": {"RoleName": "r", "Arn": "arn:aws:iam::1:role/r", "AssumeRolePolicyDocument": policy}}


def test_a_policy_that_botocore_has_decoded_is_an_answer() -> None:
    trust = {"Version": "2012-10-17", "Statement": []}
    assert checked_answer(role(trust), role_shape(), "iam:GetRole")["Role"]["AssumeRolePolicyDocument"] == trust


@pytest.mark.parametrize("policy", [1, True, ["a"]])
def test_a_policy_of_another_type_is_unreadable(policy: object) -> None:
    with pytest.raises(UnreadableAnswerError, match="AssumeRolePolicyDocument"):
        checked_answer(role(policy), role_shape(), "iam:GetRole")

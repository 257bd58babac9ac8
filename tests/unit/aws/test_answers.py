"""The boundary of AWS's answers: event streams pass it, and so do types that botocore decodes."""

from typing import Any

import botocore.session
import pytest
from botocore.session import get_session

from monitor.aws.answers import UnreadableAnswerError, checked_answer

STREAMS = [
    (service, operation.name, operation.get_event_stream_output().name)
    for service in ("logs", "lambda")
    for name in get_session().get_service_model(service).operation_names
    if (operation := get_session().get_service_model(service).operation_model(name)).has_event_stream_output
]


def test_there_are_operations_with_streams() -> None:
    assert ("logs", "StartLiveTail", "StartLiveTailResponseStream") in STREAMS


@pytest.mark.parametrize(("service", "operation", "stream"), STREAMS)
def test_a_stream_of_events_is_passed_on(service: str, operation: str, stream: str) -> None:
    shape = get_session().get_service_model(service).operation_model(operation).output_shape
    member = next(name for name, one in shape.members.items() if one.name == stream)
    events = object()
    assert checked_answer({member: events}, shape, f"{service}:{operation}")[member] is events


def test_an_object_that_is_no_stream_is_still_checked() -> None:
    shape = get_session().get_service_model("lambda").operation_model("GetFunction").output_shape
    with pytest.raises(UnreadableAnswerError, match="Configuration"):
        checked_answer({"Configuration": object()}, shape, "lambda:GetFunction")


def role_shape() -> Any:
    model = botocore.session.get_session().get_service_model("iam")
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

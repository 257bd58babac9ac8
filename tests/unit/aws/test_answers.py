"""Answers of AWS whose types differ from botocore's model, rightly or not."""

from typing import Any

import botocore.session
import pytest

from monitor.aws.answers import UnreadableAnswerError, checked_answer


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

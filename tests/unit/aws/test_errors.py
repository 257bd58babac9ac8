from typing import Any

import pytest
from botocore import exceptions as boto
from botocore.exceptions import ClientError

from monitor.aws.errors import translated, without_secrets
from monitor.errors import DeniedError, ExitCode, NotFoundError, UsageError

WHERE = "ap-southeast-1"


def client_error(code: str, message: str = "", status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "FilterLogEvents")


@pytest.mark.parametrize(
    ("error", "exit_code", "says", "hints"),
    [
        (client_error("AccessDeniedException", "no"), 3, "logs:FilterLogEvents", "`monitor iam-policy` prints"),
        (
            client_error(
                "AccessDeniedException", "User: arn is not authorized to perform: kms:Decrypt on resource: key"
            ),
            3,
            "kms:Decrypt",
            "kms:Decrypt",
        ),
        (client_error("ExpiredTokenException"), 3, "expired", "aws sso login"),
        (client_error("UnrecognizedClientException"), 3, "does not accept the credentials", "--profile"),
        (client_error("ThrottlingException"), 4, "throttled", "shorter window"),
        (client_error("ServiceUnavailable", status=503), 4, "failed", "try again"),
        (client_error("ResourceNotFoundException", "The log group does not exist"), 3, "not found", "--region"),
        (client_error("InvalidParameterException", "bad pattern"), 3, "bad pattern", ""),
        (boto.NoCredentialsError(), 3, "no AWS credentials", "--local"),
        (boto.NoRegionError(), 3, "no AWS region", "--region"),
        (boto.ProfileNotFound(profile="vision"), 2, "vision", "list-profiles"),
        (boto.SSOTokenLoadError(error_msg="expired", profile_name="p"), 3, "SSO", "aws sso login"),
        (boto.TokenRetrievalError(provider="sso", error_msg="expired"), 3, "SSO", "aws sso login"),
        (boto.EndpointConnectionError(endpoint_url="https://logs"), 4, "could not be reached", "network"),
        (boto.ReadTimeoutError(endpoint_url="https://logs"), 4, "could not be reached", "network"),
        (boto.ConnectTimeoutError(endpoint_url="https://logs"), 4, "could not be reached", "network"),
    ],
)
def test_each_refusal_is_one_line_with_a_hint_and_a_code(error: Any, exit_code: int, says: str, hints: str) -> None:
    told = translated(error, "logs", "FilterLogEvents", WHERE)
    assert told.exit_code == exit_code
    assert says in told.message
    assert hints in told.hint
    assert "\n" not in told.message


def test_a_missing_resource_can_be_told_from_other_refusals() -> None:
    assert isinstance(translated(client_error("ResourceNotFoundException"), "logs", "X", WHERE), NotFoundError)
    assert translated(client_error("X"), "logs", "X", WHERE).exit_code is ExitCode.REFUSED


def test_wrong_parameters_are_the_caller_s_fault() -> None:
    error = boto.ParamValidationError(report="Invalid length")
    assert isinstance(translated(error, "logs", "X", WHERE), UsageError)


def test_a_presigned_url_in_an_error_loses_its_signature() -> None:
    text = "Could not connect to https://bucket.s3.amazonaws.com/key?X-Amz-Signature=abc&X-Amz-Security-Token=t now"
    assert without_secrets(text) == "Could not connect to https://bucket.s3.amazonaws.com/key?… now"


def test_a_url_in_an_error_loses_its_user_and_password() -> None:
    text = 'no answer from "https://me:secret@proxy:3128/x" and ftp://t@h, but me@example.com and http://h/@a stay'
    expected = 'no answer from "https://proxy:3128/x" and ftp://h, but me@example.com and http://h/@a stay'
    assert without_secrets(text) == expected


GROUP = "arn:aws:logs:ap-southeast-1:123456789012:log-group:/aws/lambda/f"
USER = "User: arn:aws:sts::123456789012:assumed-role/analyst/someone is not authorized to perform: "


def denied(text: str) -> DeniedError:
    told = translated(client_error("AccessDeniedException", USER + text), "logs", "FilterLogEvents", WHERE, "tail")
    assert isinstance(told, DeniedError)
    return told


def test_a_denial_says_which_action_on_what_and_which_command_s_policy_has_it() -> None:
    text = f"logs:FilterLogEvents on resource: {GROUP}:log-stream: because no identity-based policy allows the action"
    told = denied(text)
    reason = "because no identity-based policy allows the action"
    assert told.message == f"access denied: logs:FilterLogEvents is not allowed on {GROUP} in ap-southeast-1 ({reason})"
    assert (told.action, told.resource) == ("logs:FilterLogEvents", GROUP)
    assert told.hint == "`monitor iam-policy tail` prints the policy that it needs"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("cloudwatch:GetMetricData with an explicit deny in a service control policy", "a service control policy"),
        ("cloudwatch:GetMetricData with an explicit deny in an identity-based policy", "an identity-based policy"),
        (
            "cloudwatch:GetMetricData because no permissions boundary allows the action",
            "no permissions boundary allows",
        ),
        ("cloudwatch:GetMetricData because no session policy allows the action", "no session policy allows"),
    ],
)
def test_a_denial_that_no_allowance_mends_says_whose_policy_it_is(text: str, hint: str) -> None:
    told = denied(text)
    assert "iam-policy" not in told.hint
    assert hint in told.hint


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            f"{USER}logs:FilterLogEvents with an explicit deny in a service control policy",
            "(with an explicit deny in a",
        ),
        ("You do not have access to this account's log data, contact it@example.com", "(AWS: You do not have access"),
        (f"{USER}logs:FilterLogEvents on resource: {GROUP}", "in ap-southeast-1"),
    ],
)
def test_the_reason_that_aws_gives_is_in_the_message(text: str, said: str) -> None:
    told = translated(client_error("AccessDeniedException", text), "logs", "FilterLogEvents", WHERE)
    assert said in told.message
    assert told.message.endswith(")") == said.startswith("(")


def test_a_denial_of_a_key_asks_for_the_key_s_policy_too() -> None:
    assert (
        denied(f"kms:Decrypt on resource: {GROUP}").hint == "allow kms:Decrypt in your IAM policy, and in the key's own"
    )


def test_of_a_page_of_html_only_the_text_is_printed() -> None:
    page = (
        "<!doctype html><title>500 Internal Server Error</title><script>x()</script>\n<p>The server failed: 1 < 2</p>"
    )
    told = translated(client_error("500", page, status=500), "cloudwatch", "GetMetricData", WHERE)
    assert told.message == (
        f"cloudwatch:GetMetricData failed in {WHERE}: 500 500 Internal Server Error The server failed: 1 < 2"
    )

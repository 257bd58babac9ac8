from typing import Any

import pytest
from botocore import exceptions as boto
from botocore.exceptions import ClientError

from monitor.aws.errors import translated, without_secrets
from monitor.errors import ExitCode, NotFoundError, UsageError

WHERE = "ap-southeast-1"


def client_error(code: str, message: str = "", status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "FilterLogEvents")


@pytest.mark.parametrize(
    ("error", "exit_code", "says", "hints"),
    [
        (client_error("AccessDeniedException", "no"), 3, "logs:FilterLogEvents", "logs:FilterLogEvents"),
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

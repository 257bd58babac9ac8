"""What botocore raises, as the one line and the hint that a person can act on."""

import re

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigNotFound,
    ConfigParseError,
    CredentialRetrievalError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)
from botocore.exceptions import (
    ConnectionError as BotoConnectionError,
)

from monitor.errors import MonitorError, NotFoundError, RefusedError, UnreachableError, UsageError

_DENIED = {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized"}
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_BAD_CREDENTIALS = {
    "InvalidClientTokenId",
    "InvalidAccessKeyId",
    "UnrecognizedClientException",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "AuthFailure",
    "MissingAuthenticationToken",
    "OptInRequired",
}
_THROTTLED = {
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "LimitExceededException",
}
_NOT_FOUND = {
    "ResourceNotFoundException",
    "ResourceNotFound",
    "DashboardNotFoundError",
    "NoSuchEntity",
    "ResourceNotFoundFault",
}
# What IAM calls a service where the API's own name differs (`aws logs` is `logs:`, but `aws lambda` is `lambda:`).
_IAM_PREFIX = {"resourcegroupstaggingapi": "tag"}
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)")
_QUERY_SECRET = re.compile(r"(https?://[^\s?\"']+)\?[^\s\"']*")


def iam_action(service: str, operation: str) -> str:
    """The IAM action that an API call needs, e.g. `logs:FilterLogEvents`."""
    return f"{_IAM_PREFIX.get(service, service)}:{operation}"


def translated(error: BotoCoreError | ClientError, service: str, operation: str, where: str) -> MonitorError:
    """The MonitorError for what botocore raised when `service`'s `operation` was called at `where`."""
    if isinstance(error, ClientError):
        return _refused(error, service, operation, where)
    return _not_answered(error, where)


def _refused(error: ClientError, service: str, operation: str, where: str) -> MonitorError:
    answer = error.response.get("Error", {})
    code = str(answer.get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    text = without_secrets(" ".join(str(answer.get("Message", "")).split()))[:600]
    name = f"{service}:{operation}"
    if code in _DENIED:
        named = _ACTION.search(text)
        action = named.group(1) if named else iam_action(service, operation)
        return RefusedError(f"access denied: {action} is not allowed in {where}", f"add {action} to your IAM policy")
    if code in _EXPIRED:
        return RefusedError("the AWS credentials have expired", "renew them, e.g. `aws sso login`, and try again")
    if code in _BAD_CREDENTIALS:
        return RefusedError(
            f"AWS does not accept the credentials ({code})",
            "check --profile and the AWS_* variables; a region that the account has not enabled says the same",
        )
    if code in _THROTTLED or status == 429:
        return UnreachableError(f"{name} kept being throttled in {where}", "wait a minute, or ask for a shorter window")
    if code in _NOT_FOUND or status == 404:
        return NotFoundError(f"not found in {where}: {text or name}", "check the name and --region")
    if status >= 500:
        return UnreachableError(f"{name} failed in {where}: {code} {text}".rstrip(), "try again in a moment")
    return RefusedError(f"{name} was refused in {where}: {code}: {text}".rstrip(": "))


def _not_answered(error: BotoCoreError, where: str) -> MonitorError:
    text = without_secrets(" ".join(str(error).split()))[:600]
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return RefusedError(
                "no AWS credentials were found",
                "run `aws configure` or `aws sso login`, give --profile, or use --local",
            )
        case SSOError() | TokenRetrievalError():
            return RefusedError(f"the SSO session cannot be used: {text}", "log in again: `aws sso login`")
        case ProfileNotFound():
            return UsageError(text, "`aws configure list-profiles` lists those that exist")
        case CredentialRetrievalError():
            return RefusedError(f"no credentials could be had: {text}", "check the profile's credential source")
        case NoRegionError():
            return RefusedError("no AWS region is set", "give --region, or set AWS_REGION")
        case ConfigNotFound() | ConfigParseError():
            return UsageError(text, "correct the AWS configuration file")
        case ParamValidationError():
            return UsageError(text)
        case BotoConnectionError() | HTTPClientError():
            return UnreachableError(
                f"{where} could not be reached: {text}", "check the network, --region and --endpoint-url"
            )
    return UnreachableError(f"{where}: {text}")


def without_secrets(text: str) -> str:
    """`text` with the query part of its URLs left out: a presigned one is a credential."""
    return _QUERY_SECRET.sub(r"\1?…", text)

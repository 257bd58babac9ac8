"""Translate botocore's errors into one line and a hint."""

import os
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

from monitor.errors import DeniedError, MonitorError, NotFoundError, RefusedError, UnreachableError, UsageError
from monitor.kernel.iam import ACTIONS, iam_action
from monitor.kernel.secrets import without_secrets

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
_ACTION = re.compile(r"not authorized to perform: ([\w-]+:\w+)(?: on resource: (\S+))?")
# `with an explicit deny in a service control policy`, `because no permissions boundary allows the … action`.
_BY_WHAT = re.compile(
    r"(?:with an explicit deny in|because no) (?:an? )?((?!identity-based)[\w -]+?(?:policy|boundary))\b"
)
_EXPLICIT = re.compile(r"with an explicit deny in (an? [\w -]+ policy)")
_REASON = re.compile(r"\b((?:because|with an explicit deny) .+)$")
_TAG = re.compile(r"<(?:script|style)\b.*?</(?:script|style)>|<[^<>]*>", re.DOTALL | re.IGNORECASE)
_KNOWN = {action.name for action in ACTIONS.values()}


def translated(
    error: BotoCoreError | ClientError, service: str, operation: str, where: str, command: str = ""
) -> MonitorError:
    """The MonitorError for what botocore raised when `service`'s `operation` was called at `where`, for `command`."""
    if isinstance(error, ClientError):
        return _refused(error, service, operation, where, command)
    return _not_answered(error, where)


def _denied(text: str, service: str, operation: str, where: str, command: str) -> DeniedError:
    """The denied action, its resource, and the kind of policy that denies it."""
    named = _ACTION.search(text)
    action = named.group(1) if named else iam_action(service, operation)
    # Logs writes a group as `…:log-group:NAME:log-stream:`, whatever was asked of it.
    resource = (named.group(2) or "").removesuffix(":log-stream:").rstrip(".,") if named else ""
    on = f" on {resource}" if resource not in ("", "*") else ""
    if found := _EXPLICIT.search(text):
        hint = f"an explicit deny in {found.group(1)} forbids it: ask the owner of that policy"
    elif found := _BY_WHAT.search(text):
        hint = f"no {found.group(1)} allows it: ask the owner of that policy"
    elif action in _KNOWN:
        hint = f"`{f'monitor iam-policy {command}'.rstrip()}` prints the policy that it needs"
    else:
        hint = f"allow {action} in your IAM policy" + (", and in the key's own" if action.startswith("kms:") else "")
    # AWS's own reason, in its words: which of the policies has the last word is not always in the table above.
    reason = _REASON.search(text) if named else None
    said = f" ({reason.group(1).rstrip('.')})" if reason else f" (AWS: {text})" if text and not named else ""
    message = f"access denied: {action} is not allowed{on} in {where}{said}"
    return DeniedError(message, hint, action=action, resource=resource)


def _reason(message: str) -> str:
    """AWS's message in one line; of a page of HTML, with which a proxy or a load balancer answers, only the text."""
    text = _TAG.sub(" ", message) if message.lstrip().startswith("<") else message
    return without_secrets(" ".join(text.split()))[:600]


def _refused(error: ClientError, service: str, operation: str, where: str, command: str) -> MonitorError:
    answer = error.response.get("Error", {})
    code = str(answer.get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    text = _reason(str(answer.get("Message", "")))
    name = f"{service}:{operation}"
    if code in _DENIED:
        return _denied(text, service, operation, where, command)
    if code in _EXPIRED:
        return RefusedError("the AWS credentials have expired", "renew them, e.g. `aws sso login`, and try again")
    if code in _BAD_CREDENTIALS:
        return RefusedError(
            f"AWS does not accept the credentials ({code})",
            "check --profile and the AWS_* variables; AWS returns the same in a region that is not enabled",
        )
    if code in _THROTTLED or status == 429:
        return UnreachableError(
            f"{name} was throttled repeatedly in {where}", "wait a minute, or ask for a shorter window"
        )
    if code in _NOT_FOUND or status == 404:
        return NotFoundError(f"not found in {where}: {text or name}", "check the name and --region")
    if status >= 500:
        return UnreachableError(f"{name} failed in {where}: {code} {text}".rstrip(), "try again in a moment")
    return RefusedError(f"{name} was refused in {where}: {code}: {text}".rstrip(": "))


def _not_answered(error: BotoCoreError, where: str) -> MonitorError:
    text = without_secrets(" ".join(str(error).split()))[:600]
    match error:
        case PartialCredentialsError():
            return RefusedError(f"the AWS credentials are incomplete: {text}", "set both the access key and its secret")
        case NoCredentialsError():
            return RefusedError(
                "no AWS credentials were found",
                "run `aws configure` or `aws sso login`, give --profile, or use --local",
            )
        case SSOError() | TokenRetrievalError():
            return RefusedError(f"the SSO session cannot be used: {text}", "log in again: `aws sso login`")
        case ProfileNotFound():
            return UsageError(text, "`aws configure list-profiles` lists those that exist")
        case CredentialRetrievalError() if error.kwargs.get("provider") == "custom-process":
            return credential_process_failed(str(error.kwargs.get("error_msg") or ""))
        case CredentialRetrievalError():
            return RefusedError(f"cannot retrieve credentials: {text}", "check the credential source of the profile")
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


def config_file() -> str:
    """The file with the profiles, as the AWS CLI finds it."""
    return os.environ.get("AWS_CONFIG_FILE") or "~/.aws/config"


def credential_process_failed(error: Exception | str) -> RefusedError:
    """The error for a `credential_process` that cannot be started, fails, or prints something else than credentials.

    Its command and its output are left out: either can contain secrets.
    """
    match error:
        case FileNotFoundError() | PermissionError():
            reason = f"cannot start {error.filename!r}: {error.strerror}"
        case OSError():
            reason = f"cannot start it: {error.strerror}"
        case UnicodeDecodeError():
            reason = "its output is not text"
        case ValueError():
            reason = "its output is not JSON"
        case Exception():
            reason = "its output is not what the AWS CLI expects"
        case str():
            reason = without_secrets(" ".join(error.split()))[:600] or "it exited with an error"
    return RefusedError(
        f"credential_process of the AWS profile failed: {reason}",
        f"run its command (credential_process in {config_file()}) in a shell and check what it prints",
    )

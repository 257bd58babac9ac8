"""TARGET as a person writes it: `name`, `name:alias`, an ARN, a glob, or a log group."""

import re

from monitor.errors import UsageError
from monitor.model.target import Target

_FUNCTION = re.compile(r"[A-Za-z0-9_\-*?\[\]!]{1,140}", re.ASCII)
_QUALIFIER = re.compile(r"\$LATEST|[A-Za-z0-9_-]{1,128}", re.ASCII)
_LOG_GROUP = re.compile(r"[A-Za-z0-9_\-/.#*?\[\]!]{1,512}", re.ASCII)
_HINT = "write a function name, name:alias, an ARN, a glob such as 'ai-*', or a log group such as /aws/lambda/name"


def parse_target(text: str) -> Target:
    """The Target that `text` names.

    Raises:
        UsageError: it is none of the forms.
    """
    if text.startswith("arn:"):
        return _arn(text)
    if text.startswith("/"):
        if not _LOG_GROUP.fullmatch(text):
            raise UsageError(f"{text!r} is not the name of a log group", _HINT)
        return Target(text=text, log_group=text)
    name, colon, qualifier = text.partition(":")
    if not _FUNCTION.fullmatch(name) or (colon and not _QUALIFIER.fullmatch(qualifier)):
        raise UsageError(f"{text!r} is not a target", _HINT)
    return Target(text=text, name=name, qualifier=qualifier or None)


def _arn(text: str) -> Target:
    parts = text.split(":")
    if len(parts) >= 7 and parts[2] == "lambda" and parts[5] == "function":
        qualifier = parts[7] if len(parts) > 7 else None
        if not _FUNCTION.fullmatch(parts[6]) or (qualifier and not _QUALIFIER.fullmatch(qualifier)):
            raise UsageError(f"{text!r} is not the ARN of a function", _HINT)
        return Target(text=text, name=parts[6], qualifier=qualifier, region=parts[3])
    if len(parts) >= 7 and parts[2] == "logs" and parts[5] == "log-group":
        return Target(text=text, log_group=parts[6], region=parts[3])
    raise UsageError(f"{text!r} is the ARN of neither a function nor a log group", _HINT)

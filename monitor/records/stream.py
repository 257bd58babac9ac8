"""What lines tell of their environment: its function and version, a durable execution, a web server that starts."""

import re
from datetime import date

_STREAM = re.compile(r"\d{4}/\d\d/\d\d/(?P<function>[A-Za-z0-9_-]{0,140})\[(?P<version>[^\]/]{1,64})\]")
_GROUP = "/aws/lambda/"
DURABLE = "/durable-execution/"
# What lines contain in which a web server tells that it listens.
SERVERS = (" on http://", " at: http://")
# The members with which the SDKs' loggers mark their lines: Python's and JavaScript's, and Java's.
_EXECUTION = re.compile(
    r"(?<!\w)(?:e|durableE)xecutionArn\W{1,8}arn:[\w-]{1,20}:lambda:[\w-]{0,30}:\d{0,12}:function:([\w-]{1,140}):"
    rf"[\w$.]{{1,140}}{DURABLE}([\w-]{{1,64}}/[\w-]{{1,64}})",
    re.ASCII,
)
# What the servers of web frameworks log when they start: uvicorn, hypercorn, Flask, waitress, gunicorn.
_SERVER = re.compile(r"(?:[Rr]unning|Serving|Listening) on http://|Listening at: http://")
# The extensions' names of AWS's Lambda Web Adapter: its own, and that of its file where it does not get so far.
WEB_ADAPTERS = frozenset(("lambda-adapter", "aws-lambda-web-adapter", "lambda-web-adapter"))


def owner(group: str, stream: str) -> tuple[str, str | None]:
    """(function name, version) of a stream; "" and None if the names do not contain them.

    The group `/aws/lambda/NAME` belongs to the function NAME and has streams `YYYY/MM/DD/[version]id`. In a group that
    several functions share, streams are named `YYYY/MM/DD/function[version][id]`.
    """
    match = _STREAM.match(stream)
    version = match["version"] if match else None
    if match and match["function"]:
        return match["function"], version
    return (group[len(_GROUP) :] if group.startswith(_GROUP) else ""), version


def execution_of_line(message: str, function: str) -> str | None:
    """The durable execution (`NAME/ID`) that the logger of the SDK for durable functions names; None for other lines.

    The ARN in a line is `…:function:NAME:VERSION/durable-execution/NAME/ID`. That of another function than `function`,
    where it is known, is not the line's own: a function can start executions of others, and log them.
    """
    if DURABLE not in message:
        return None
    found = _EXECUTION.search(message)
    return found[2] if found is not None and function in ("", found[1]) else None


def has_hint(message: str) -> bool:
    """Whether a line that the function logged can bear on an invocation as a whole: quick, since most do not."""
    return DURABLE in message or " on http://" in message or " at: http://" in message


def starts_server(message: str) -> bool:
    """Whether a web server tells that it listens; while an environment is initialized, its function is a web server."""
    return _SERVER.search(message) is not None


def stream_name(day: date, function: str, version: str, ident: str, *, shared: bool) -> str:
    """The name of an environment's log stream; `shared` if several functions log to the group."""
    return f"{day:%Y/%m/%d}/{function}[{version}][{ident}]" if shared else f"{day:%Y/%m/%d}/[{version}]{ident}"

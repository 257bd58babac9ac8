"""Names of Lambda's log streams: which function and version a stream belongs to."""

import re
from datetime import date

_STREAM = re.compile(r"\d{4}/\d\d/\d\d/(?P<function>[A-Za-z0-9_-]{0,140})\[(?P<version>[^\]/]{1,64})\]")
_GROUP = "/aws/lambda/"


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


def stream_name(day: date, function: str, version: str, ident: str, *, shared: bool) -> str:
    """The name of an environment's log stream; `shared` if several functions log to the group."""
    return f"{day:%Y/%m/%d}/{function}[{version}][{ident}]" if shared else f"{day:%Y/%m/%d}/[{version}]{ident}"

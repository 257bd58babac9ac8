"""What Lambda calls a log stream: the function and version that it belongs to, by its name and its group's."""

import re
from datetime import date

_STREAM = re.compile(r"\d{4}/\d\d/\d\d/(?P<function>[A-Za-z0-9_-]{0,140})\[(?P<version>[^\]/]{1,64})\]")
_GROUP = "/aws/lambda/"


def owner(group: str, stream: str) -> tuple[str, str | None]:
    """(function name, version) of a stream; "" and None for what the names do not say.

    A group `/aws/lambda/NAME` belongs to NAME, its streams are `YYYY/MM/DD/[version]id`. A group that is
    shared by several functions has streams `YYYY/MM/DD/function[version][id]`, and then the stream decides.
    """
    match = _STREAM.match(stream)
    version = match["version"] if match else None
    if match and match["function"]:
        return match["function"], version
    return (group[len(_GROUP) :] if group.startswith(_GROUP) else ""), version


def stream_name(day: date, function: str, version: str, ident: str, *, shared: bool) -> str:
    """The name of an environment's stream; `shared`: in a log group that several functions log to."""
    return f"{day:%Y/%m/%d}/{function}[{version}][{ident}]" if shared else f"{day:%Y/%m/%d}/[{version}]{ident}"

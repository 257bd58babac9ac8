"""Which function and version a log stream belongs to, from its name and its group's."""

import re

_STREAM = re.compile(r"\d{4}/\d\d/\d\d/(?P<function>[A-Za-z0-9_-]{0,140})\[(?P<version>[^\]/]{1,64})\]")
_GROUP = "/aws/lambda/"


def owner(group: str, stream: str) -> tuple[str, str | None]:
    """(function name, version) of a stream; "" and None for what the names do not say.

    A group `/aws/lambda/NAME` belongs to NAME, its streams are `YYYY/MM/DD/[version]id`. A group that is
    shared by several functions has streams `YYYY/MM/DD/function[version]id`, and then the stream decides.
    """
    match = _STREAM.match(stream)
    version = match["version"] if match else None
    if match and match["function"]:
        return match["function"], version
    return (group[len(_GROUP) :] if group.startswith(_GROUP) else ""), version

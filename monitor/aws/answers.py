"""The one boundary between AWS's answers and the rest of monitor: each has the types that botocore's model gives it.

botocore passes on what a server sends: null, text in the place of a number, NaN, a list where an object belongs. A
proxy, an emulator or a damaged cache sends such things, and every reader further in would need its own defense.
"""

import math
import re
from datetime import datetime
from typing import Any

from monitor.errors import UnreachableError

_SURROGATE = re.compile("[\ud800-\udfff]")
# What botocore's types of numbers can hold.
_LARGEST_INT = 2**63
# Objects and lists in one another: no model of AWS is recursive beyond this.
_DEEPEST = 100
# A text in IAM's model, which botocore decodes to the JSON object in it (handlers.json_decode_policies).
_POLICY = "policyDocumentType"
_HINT = "try again; if it stays so, check --endpoint-url, and proxies on the way to AWS"


class UnreadableAnswerError(UnreachableError):
    """A call was answered with something that is not an answer of AWS. A follow tries again."""

    def __init__(self, call: str, problem: str) -> None:
        super().__init__(f"{call} got an unreadable response: {problem}", _HINT)


class Answer(dict[str, Any]):
    """An object of an answer. Reading a member that is absent ends in an error that names the call, not in KeyError."""

    __slots__ = ("call",)

    def __init__(self, members: dict[str, Any], call: str) -> None:
        super().__init__(members)
        self.call = call

    def __missing__(self, name: str) -> Any:
        raise UnreadableAnswerError(self.call, f"{name} is missing")


def checked_answer(answer: dict[str, Any], shape: Any, call: str) -> Answer:
    """The answer of `call` (`logs:StartQuery`), where each value has the type that `shape`, botocore's model, says.

    Members that are null are absent. Lone surrogates, which no encoding can write, become U+FFFD.

    Raises:
        UnreadableAnswerError: a value has another type, or a number is not finite or too large.
    """
    if shape is None:
        return Answer(answer, call)
    metadata = answer.get("ResponseMetadata")
    value = _structure({key: one for key, one in answer.items() if key != "ResponseMetadata"}, shape, "", call, 0)
    if isinstance(metadata, dict):
        value["ResponseMetadata"] = metadata
    return value


def plain_events(answer: dict[str, Any], name: str, call: str) -> Answer:
    """A page whose list `name` of objects is checked by its reader: there are too many to do it twice.

    Raises:
        UnreadableAnswerError: the list is not a list of objects, or a token is not a text.
    """
    members = {key: value for key, value in answer.items() if value is not None}
    events = members.get(name, [])
    if not isinstance(events, list) or not set(map(type, events)) <= {dict}:
        raise UnreadableAnswerError(call, f"{name} is not a list of objects")
    if not isinstance(members.get("nextToken", ""), str):
        raise UnreadableAnswerError(call, "nextToken is not a text")
    return Answer(members, call)


def _checked(value: Any, shape: Any, path: str, call: str, depth: int) -> Any:
    kind = shape.type_name
    if depth > _DEEPEST:
        raise UnreadableAnswerError(call, "it is nested too deeply")
    if kind == "structure":
        return _structure(value, shape, path, call, depth)
    if kind == "list":
        if not isinstance(value, list):
            raise _wrong(value, path, "a list", call)
        return [_checked(one, shape.member, f"{path}[]", call, depth + 1) for one in value]
    if kind == "map":
        if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
            raise _wrong(value, path, "an object", call)
        return {
            _text(key): _checked(one, shape.value, f"{path}.*", call, depth + 1)
            for key, one in value.items()
            if one is not None
        }
    if shape.name == _POLICY and isinstance(value, dict):
        return value
    return _scalar(value, kind, path, call)


def _structure(value: Any, shape: Any, path: str, call: str, depth: int) -> Answer:
    if not isinstance(value, dict):
        raise _wrong(value, path, "an object", call)
    members = {}
    for name, one in value.items():
        if one is None:
            continue
        member = shape.members.get(name)
        # Streams of bytes or events are read and checked by the caller.
        is_stream = member is not None and (hasattr(one, "read") or member.serialization.get("eventstream"))
        if member is not None and not is_stream:
            one = _checked(one, member, f"{path}.{name}" if path else name, call, depth + 1)
        members[name] = one
    return Answer(members, call)


def _scalar(value: Any, kind: str, path: str, call: str) -> Any:
    if kind in ("integer", "long"):
        if isinstance(value, float) and math.isfinite(value) and value.is_integer():
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not -_LARGEST_INT <= value < _LARGEST_INT:
            raise _wrong(value, path, "a whole number of 64 bits", call)
        return value
    if kind in ("float", "double"):
        try:
            number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
        except OverflowError:
            number = math.inf
        if not math.isfinite(number):
            raise _wrong(value, path, "a finite number", call)
        return value
    expected: dict[str, tuple[Any, str]] = {
        "boolean": (bool, "true or false"),
        "timestamp": (datetime, "a time"),
        "blob": ((bytes, bytearray, str), "bytes"),
    }
    types, what = expected.get(kind, (str, "a text"))
    if not isinstance(value, types):
        raise _wrong(value, path, what, call)
    return _text(value) if isinstance(value, str) else value


def _text(value: str) -> str:
    # "replace" would make "?" of each surrogate.
    return value if value.isascii() else _SURROGATE.sub("\ufffd", value)


def _wrong(value: Any, path: str, expected: str, call: str) -> UnreadableAnswerError:
    try:
        got = repr(value) if isinstance(value, str | int | float) else type(value).__name__
    except ValueError:  # an integer of more than 4,300 digits
        got = "a huge number"
    return UnreadableAnswerError(call, f"{path or 'the response'} is {got[:40]}, not {expected}")

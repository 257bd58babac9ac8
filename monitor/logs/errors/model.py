"""Failures that are the same thing: what `monitor errors` counts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FailureGroup:
    """`count` failures of one kind, type, message and place.

    `kind` is a FailureKind's value, or "log" for an error that was logged and let nothing fail. `message` is the first
    one met; `pattern` the same without what differs from one to the next (ids, numbers, addresses). `frame` is the
    innermost function of its stack that is not a library's. `new` says whether the first was after the function's last
    deployment (`deployed_ms`); None where the window does not reach back to it, or nothing is known of it.
    """

    kind: str
    type: str
    pattern: str
    message: str
    frame: str
    function: str
    count: int
    first_ms: int
    last_ms: int
    request_id: str
    new: bool | None = None
    deployed_ms: int | None = None

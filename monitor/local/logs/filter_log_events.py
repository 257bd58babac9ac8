"""FilterLogEvents with paging and filter patterns, based on the emulator's version, which has neither.

The emulator returns the first 10,000 events from a start time, ordered by time. The token stores the position: a
timestamp, and the number of events of that timestamp that have been returned.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Any

import orjson

from monitor.local.logs.filter_pattern import BadPatternError, Matcher, compile_pattern
from monitor.local.server.aws_calls import AwsCalls, error_code
from monitor.local.server.http_answer import HttpAnswer, error_answer
from monitor.local.server.request import without_surrogates
from monitor.local.server.tenant import Tenant

_MAX_EVENTS = 10_000
_MAX_PAGE_CHARS = 1024 * 1024
_MAX_RAW_PAGES = 4
_MAX_STREAMS = 100
_MAX_LONG = 2**63 - 1
_TYPES: dict[str, type] = {
    **dict.fromkeys(("logGroupName", "logGroupIdentifier", "logStreamNamePrefix", "filterPattern", "nextToken"), str),
    **dict.fromkeys(("startTime", "endTime", "limit"), int),
    "logStreamNames": list,
}
_TYPE_NAMES: dict[type, str] = {str: "text", int: "number", list: "list"}


class _RefusedError(Exception):
    """InvalidParameterException, with its message."""


@dataclass(slots=True)
class _Cursor:
    """The position: `timestamp_ms` (None for the beginning), after `seen` events of that millisecond."""

    timestamp_ms: int | None
    seen: int

    def past(self, event: dict[str, Any]) -> None:
        """Move past the next event."""
        if event["timestamp"] == self.timestamp_ms:
            self.seen += 1
        else:
            self.timestamp_ms, self.seen = event["timestamp"], 1


async def filter_log_events(calls: AwsCalls, tenant: Tenant, fields: dict[str, Any]) -> HttpAnswer:
    """Answer one request. `fields` is its JSON body."""
    try:
        _check_types(fields)
        matcher = compile_pattern(fields.get("filterPattern") or "")
        limit = _limit(fields)
        cursor = _start(fields)
        _check_streams(fields)
    except (BadPatternError, _RefusedError) as error:
        return error_answer(400, "InvalidParameterException", str(error))
    names = ("logGroupName", "logGroupIdentifier", "logStreamNames", "endTime")
    query = {name: fields[name] for name in names if fields.get(name) is not None}
    prefix = fields.get("logStreamNamePrefix") or ""
    events: list[dict[str, Any]] = []
    chars = 0
    # A page may be empty and still have a token, as on AWS: each request searches a limited number of events.
    for _ in range(_MAX_RAW_PAGES):
        if cursor.timestamp_ms is not None:
            query["startTime"] = cursor.timestamp_ms
        response = await calls.json(tenant, "logs", "FilterLogEvents", {**query, "limit": _MAX_EVENTS})
        answer = _parsed(response.body)
        if response.status != 200:
            return error_answer(response.status, error_code(response), str(answer.get("message", "")))
        raw = answer["events"]
        unseen = _skip(raw, cursor)
        if not unseen and len(raw) == _MAX_EVENTS:
            message = "the embedded stack cannot page through more than 10,000 events of one millisecond"
            return error_answer(400, "InvalidParameterException", message)
        for event in unseen:
            if len(events) >= limit or chars > _MAX_PAGE_CHARS:
                return _page(events, _token(cursor, fields))
            cursor.past(event)
            if event["logStreamName"].startswith(prefix) and _matches(matcher, event):
                events.append(event)
                chars += len(event["message"])
        if len(raw) < _MAX_EVENTS:
            return _page(events, None)
    return _page(events, _token(cursor, fields))


def _parsed(body: bytes) -> dict[str, Any]:
    """The emulator's JSON. orjson refuses a lone surrogate, which an old state folder may contain."""
    try:
        found: dict[str, Any] = orjson.loads(body)
    except orjson.JSONDecodeError:
        found = orjson.loads(without_surrogates(body))
    return found


def _check_types(fields: dict[str, Any]) -> None:
    for name, kind in _TYPES.items():
        value = fields.get(name)
        is_right = value is None or (isinstance(value, kind) and not isinstance(value, bool))
        if not is_right or (isinstance(value, int) and abs(value) > _MAX_LONG):
            raise _RefusedError(f"{name} is not a {_TYPE_NAMES[kind]}")
    if not all(isinstance(name, str) for name in fields.get("logStreamNames") or ()):
        raise _RefusedError("logStreamNames is not a list of names")


def _matches(matcher: Matcher, event: dict[str, Any]) -> bool:
    return matcher(event["message"])


def _skip(raw: list[dict[str, Any]], cursor: _Cursor) -> list[dict[str, Any]]:
    """The events after the cursor. `raw` begins with events of its millisecond, of which `seen` are skipped."""
    same = 0
    while same < min(cursor.seen, len(raw)) and raw[same]["timestamp"] == cursor.timestamp_ms:
        same += 1
    return raw[same:]


def _limit(fields: dict[str, Any]) -> int:
    limit: int = _MAX_EVENTS if fields.get("limit") is None else fields["limit"]
    if not 1 <= limit <= _MAX_EVENTS:
        raise _RefusedError(f"limit is from 1 to {_MAX_EVENTS}")
    return limit


def _check_streams(fields: dict[str, Any]) -> None:
    names = fields.get("logStreamNames")
    if names and fields.get("logStreamNamePrefix"):
        raise _RefusedError("logStreamNames and logStreamNamePrefix are mutually exclusive")
    if names is not None and not 1 <= len(names) <= _MAX_STREAMS:
        raise _RefusedError(f"logStreamNames has 1 to {_MAX_STREAMS} names")
    start, end = fields.get("startTime"), fields.get("endTime")
    if start is not None and end is not None and start > end:
        raise _RefusedError("startTime is after endTime")


def _start(fields: dict[str, Any]) -> _Cursor:
    token = fields.get("nextToken")
    if not token:
        return _Cursor(fields.get("startTime"), 0)
    try:
        decoded = orjson.loads(base64.urlsafe_b64decode(token))
        cursor = _Cursor(int(decoded["t"]), int(decoded["n"]))
    except (ValueError, KeyError, TypeError, OverflowError):
        raise _RefusedError("The specified nextToken is invalid.") from None
    if decoded.get("q") != _digest(fields) or not 0 <= cursor.seen <= _MAX_LONG:
        raise _RefusedError("The specified nextToken belongs to a request with other parameters.")
    return cursor


def _token(cursor: _Cursor, fields: dict[str, Any]) -> str:
    body = {"t": cursor.timestamp_ms, "n": cursor.seen, "q": _digest(fields)}
    return base64.urlsafe_b64encode(orjson.dumps(body)).decode()


def _digest(fields: dict[str, Any]) -> str:
    """Identifies the parameters that a token belongs to."""
    parameters = {name: fields.get(name) for name in _TYPES if name not in ("nextToken", "limit")}
    return hashlib.sha256(orjson.dumps(parameters, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def _page(events: list[dict[str, Any]], token: str | None) -> HttpAnswer:
    payload: dict[str, Any] = {"events": events, "searchedLogStreams": []}
    if token is not None:
        payload["nextToken"] = token
    return HttpAnswer(200, orjson.dumps(payload), content_type="application/x-amz-json-1.1")

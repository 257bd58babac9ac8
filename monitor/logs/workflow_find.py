"""Finds one invocation in a log: by request id, the latest, or the slowest cold start."""

import re
from dataclasses import replace

from monitor.aws.logs import LogGroupSource
from monitor.errors import NotFoundError, UsageError
from monitor.kernel.window import Window
from monitor.logs.follow.follow import history
from monitor.logs.workflow_reading import Reading
from monitor.logs.workflow_starts import start_of
from monitor.records.invocation import Invocation, cold_start
from monitor.records.pairing import pair
from monitor.records.record import Report

LATEST, SLOWEST_COLD = "latest", "slowest-cold"
_REQUEST_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII)
_PREFIX = re.compile(r"[0-9a-f]{8}[0-9a-f-]{0,27}", re.ASCII)
_NAMED = 5
# An on-demand init, which precedes START, takes at most 10 s; an invocation takes at most 15 minutes.
_BEFORE_MS, _AFTER_MS = 20_000, 15 * 60_000 + 20_000
_FIRST_SEARCH_MS = 10 * 60_000
_SEARCH_GROWTH = 6


def is_invocation_name(text: str) -> bool:
    """Whether `text` is a request id, the beginning of one, or a keyword."""
    lower = text.lower()
    return text in (LATEST, SLOWEST_COLD) or any(one.fullmatch(lower) for one in (_REQUEST_ID, _PREFIX))


def find_invocation(reading: Reading, which: str, window: Window) -> Invocation:
    """The invocation for `which`: a request id or its first eight or more characters, `latest` or `slowest-cold`.

    Raises:
        UsageError: `which` is not one of these, or several request ids begin with it.
        NotFoundError: no such invocation in the window.
    """
    if which == LATEST:
        return _latest(reading, window)
    if which == SLOWEST_COLD:
        return _slowest_cold(reading, window)
    if _REQUEST_ID.fullmatch(which.lower()):
        return by_request_id(reading, which.lower(), window)
    if _PREFIX.fullmatch(which.lower()):
        return by_request_id(reading, _full_request_id(reading, which.lower(), window), window)
    raise UsageError(f"{which!r} is not a request id", "give a request id, `latest` or `slowest-cold`")


def _full_request_id(reading: Reading, prefix: str, window: Window) -> str:
    """The only request id in the window that begins with `prefix`."""
    # A regular expression, because a term of a filter pattern only matches whole words.
    marked = [
        replace(one, filter_pattern=f"%{prefix}%") if isinstance(one, LogGroupSource) else one
        for one in reading.sources
    ]
    bounds = (window.start_ms, window.end_ms - 1) if reading.targets else (0, None)
    found = {one.request_id for one in pair(history(marked, *bounds)) if one.request_id.startswith(prefix)}
    if len(found) > 1:
        some = ", ".join(sorted(found)[:_NAMED])
        raise UsageError(f"{len(found)} request ids begin with {prefix}", f"give more characters: {some}")
    if not found:
        names = ", ".join(reading.names.values()) or "the log"
        raise NotFoundError(f"{names}: no request id begins with {prefix} in the window", "give a longer --since")
    return found.pop()


def _latest(reading: Reading, window: Window) -> Invocation:
    """The newest invocation with a REPORT, searched in increasing intervals before the end of the window."""
    length_ms = _FIRST_SEARCH_MS
    while True:
        start_ms = max(window.start_ms, window.end_ms - length_ms)
        ended = [
            one
            for one in pair(reading.events(replace(window, start_ms=start_ms)))
            if isinstance(one.report, Report) and one.request_id
        ]
        if ended:
            # By START: the init of an environment can be long before. Without times the last one that ended.
            newest = max(reversed(ended), key=lambda one: one.start_ms if isinstance(one.start_ms, int) else one.at_ms)
            return by_request_id(reading, newest.request_id, window)
        if start_ms <= window.start_ms:
            raise _nothing(reading, "invocation")
        length_ms *= _SEARCH_GROWTH


def _slowest_cold(reading: Reading, window: Window) -> Invocation:
    slowest: tuple[float, str] | None = None
    for invocation in pair(reading.events(window)):
        cold = cold_start(invocation)
        if cold is None or not cold.request_id:
            continue
        total_ms = cold.first_total_ms if cold.first_total_ms is not None else cold.init_ms or 0.0
        if slowest is None or total_ms > slowest[0]:
            slowest = (total_ms, cold.request_id)
    if slowest is None:
        raise _nothing(reading, "cold start")
    return by_request_id(reading, slowest[1], window)


def _nothing(reading: Reading, what: str) -> NotFoundError:
    names = ", ".join(reading.names.values()) or "the log"
    return NotFoundError(f"{names}: no {what} in the window", "give a longer --since")


def by_request_id(reading: Reading, request_id: str, window: Window) -> Invocation:
    """The invocation of a request, with all its events.

    Raises:
        NotFoundError: no event in the window contains the request id.
    """
    for source in reading.sources:
        if isinstance(source, LogGroupSource):
            marked = replace(source, filter_pattern=f'"{request_id}"')
            events = list(history([marked], window.start_ms, window.end_ms - 1))
            if not events:
                continue
            start_ms, end_ms = events[0].timestamp_ms - _BEFORE_MS, events[0].timestamp_ms + _AFTER_MS
            streams = tuple(sorted({event.stream for event in events}))
            around = history([replace(source, streams=streams)], start_ms, end_ms)
        else:
            around = history([source], 0, None)
        for invocation in pair(around, keep_events=True):
            if invocation.request_id == request_id:
                return start_of(source, invocation) if isinstance(source, LogGroupSource) else invocation
    names = ", ".join(reading.names.values()) or "the log"
    raise NotFoundError(f"{names}: no request {request_id} in the window", "give a longer --since, or another TARGET")

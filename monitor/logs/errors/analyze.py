"""Group failures by cause: exceptions, time-outs, crashes, out-of-memory kills and logged errors."""

import re
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from monitor.kernel.place import Place
from monitor.logs.analyze_select import severity
from monitor.logs.errors.model import FailureGroup
from monitor.records.application_json import each_record
from monitor.records.event import LogEvent
from monitor.records.frames import frame_of
from monitor.records.invocation import Failure, Invocation
from monitor.records.joining import Joiner, Logged
from monitor.records.levels import ERROR
from monitor.records.pairing import Pairing
from monitor.records.record import Application, ExceptionText, PlatformOther, Record, Report, Start
from monitor.records.stream import owner
from monitor.records.tracebacks import one_line

_MOST_GROUPS = 2_000
_MOST_REMEMBERED = 50_000
_MOST_STREAMS = 20_000
_LONGEST = 400
_LAMBDAS = ("Runtime.", "Extension.", "Function.", "Sandbox.")

# Parts that differ between two failures of one cause. Longest first, since a UUID contains numbers.
_VARYING: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"), "<id>"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b0x[0-9a-fA-F]+\b"), "<address>"),
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,64}\b"), "<id>"),
    (re.compile(r"\d+(?:\.\d+)?"), "<n>"),
)


def pattern_of(message: str) -> str:
    """A message on one line, with ids, times, addresses and numbers replaced."""
    text = one_line(message)[:_LONGEST]
    for varying, name in _VARYING:
        text = varying.sub(name, text)
    return text


@dataclass(slots=True)
class _Counted:
    group: FailureGroup
    count: int
    first_ms: int
    last_ms: int
    request_id: str
    function: str


Deployed = Callable[[str], int | None]
_NOWHERE = Place()


class Failures:
    """Counts the failures of one place by group.

    Beyond 2,000 groups the rarest and oldest are dropped; `dropped` counts those.
    An exception that is logged and then raised from the handler is one failure: an invocation counts once per group.
    """

    def __init__(self, place: Place = _NOWHERE) -> None:
        self.place = place
        self.dropped = 0
        # Events of web functions, which are not supported.
        self.unsupported = 0
        # Lines like Lambda's own, which a function printed.
        self.ignored = 0
        self._pairing = Pairing()
        self._joiner = Joiner()
        self._groups: dict[tuple[str, str, str, str], _Counted] = {}
        self._counted: OrderedDict[tuple[tuple[str, str, str, str], str], None] = OrderedDict()
        self._running: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._changed: set[tuple[str, str, str, str]] = set()

    def add(self, event: LogEvent, record: Record) -> None:
        """Add an event."""
        stream = (event.group, event.stream)
        if isinstance(record, Start):
            self._running[stream] = record.request_id
            if len(self._running) > _MOST_STREAMS:
                self._running.popitem(last=False)
        elif isinstance(record, PlatformOther):
            self.unsupported += record.of_web_function
        for invocation in self._pairing.add(event, record):
            self._failed(invocation)
        if self._pairing.unclaimed:
            self._alone()
        for logged in self._joiner.add(event, record, self._running.get(stream, "")):
            self._logged(logged)
        if isinstance(record, Report):
            self._running.pop(stream, None)

    def tick(self, now_ms: int) -> None:
        """Count invocations that ended a while ago and were not followed by another event."""
        for invocation in self._pairing.tick(now_ms):
            self._failed(invocation)
        for logged in self._joiner.tick(now_ms):
            self._logged(logged)

    def finish(self) -> None:
        """Count invocations that have not ended."""
        for invocation in self._pairing.finish():
            self._failed(invocation)
        self._alone()
        for logged in self._joiner.finish():
            self._logged(logged)

    def groups(self, since_ms: int | None, deployed: Deployed) -> list[FailureGroup]:
        """All groups, most frequent first; `deployed` gives the time of a function's last deployment."""
        return [
            self._group(one, since_ms, deployed)
            for one in sorted(self._groups.values(), key=lambda one: (-one.count, -one.last_ms))
        ]

    def changed(self, since_ms: int | None, deployed: Deployed) -> list[FailureGroup]:
        """The groups that grew since the last call."""
        keys, self._changed = self._changed, set()
        found = [self._groups[key] for key in keys if key in self._groups]
        return [self._group(one, since_ms, deployed) for one in sorted(found, key=lambda one: one.last_ms)]

    def _failed(self, invocation: Invocation) -> None:
        self.ignored += invocation.ignored
        failure = invocation.error
        if failure is None:
            return
        at_ms = invocation.end_ms if isinstance(invocation.end_ms, int) else invocation.at_ms
        kind, message = failure.kind.value, failure.message
        self._count(
            kind, _type_of(failure), message, failure.exception, invocation.function, at_ms, invocation.request_id
        )

    def _alone(self) -> None:
        """Count exceptions of which the log has neither START nor REPORT, as in the result of a filter for ERROR."""
        found, self._pairing.unclaimed = self._pairing.unclaimed, []
        for stream, at_ms, one in found:
            self._count("exception", one.type or "Error", one.message, one, stream.function, at_ms, "")

    def _logged(self, logged: Logged) -> None:
        for record in each_record(logged.record):
            self._logged_record(logged, record)

    def _logged_record(self, logged: Logged, record: Application) -> None:
        event = logged.event
        if record.unhandled or (severity(record) or 0) < ERROR:
            return
        exception = record.exception
        kind = "exception" if exception is not None and exception.type else "log"
        name = exception.type if exception is not None and exception.type else (record.level or "ERROR").upper()
        message = exception.message if exception is not None and exception.type else record.message or event.message
        function = owner(event.group, event.stream)[0]
        self._count(kind, name, message, exception, function, event.timestamp_ms, logged.request_id)

    def _count(
        self,
        kind: str,
        name: str,
        message: str,
        exception: ExceptionText | None,
        function: str,
        at_ms: int,
        request_id: str,
    ) -> None:
        pattern, frame = pattern_of(message), frame_of(exception)
        # Lambda's own account of an exception has its name without its module, and a group without its members.
        short = name if name.startswith(_LAMBDAS) else name.rpartition(".")[2]
        key = (function, short, pattern.partition(" sub-exception")[0], frame)
        if request_id and (key, request_id) in self._counted:
            return
        if request_id:
            self._counted[key, request_id] = None
            if len(self._counted) > _MOST_REMEMBERED:
                self._counted.popitem(last=False)
        self._changed.add(key)
        known = self._groups.get(key)
        if known is None:
            group = FailureGroup(kind, name, pattern, message[:_LONGEST], frame, function, 1, at_ms, at_ms, request_id)
            self._groups[key] = _Counted(group, 1, at_ms, at_ms, request_id, function)
            self._bound()
            return
        known.count += 1
        known.first_ms = min(known.first_ms, at_ms)
        if at_ms >= known.last_ms:
            known.last_ms, known.request_id = at_ms, request_id or known.request_id

    def _bound(self) -> None:
        if len(self._groups) > _MOST_GROUPS:
            rarest = min(self._groups, key=lambda key: (self._groups[key].count, self._groups[key].last_ms))
            del self._groups[rarest]
            self.dropped += 1

    def _group(self, one: _Counted, since_ms: int | None, deployed: Deployed) -> FailureGroup:
        group, deployed_ms = one.group, deployed(one.function)
        new = None
        if deployed_ms is not None and since_ms is not None and since_ms < deployed_ms:
            new = one.first_ms >= deployed_ms
        return FailureGroup(
            group.kind, group.type, group.pattern, group.message, group.frame, one.function,
            one.count, one.first_ms, one.last_ms, one.request_id, new, deployed_ms,
            self.place.profile, self.place.region,
        )  # fmt: skip


def _type_of(failure: Failure) -> str:
    if failure.exception is not None and failure.exception.type:
        return failure.exception.type
    names = {"timeout": "Timeout", "out-of-memory": "OutOfMemory", "exit": "Crash", "init": "InitFailed"}
    return failure.error_type or names.get(failure.kind.value, "Error")

"""Pair log lines into invocations, from the interleaved lines of many execution environments.

An execution environment writes one log stream, with one invocation after the other (managed instances run several at
once, told apart by request id). The state is the open invocations, those that ended in the last few seconds, and a
flag for each stream whose process died. It does not grow with the number of invocations.
"""

from collections.abc import Callable, Iterable, Iterator

from monitor.records.credibility import Survivors, is_of_another
from monitor.records.event import LogEvent
from monitor.records.invocation import Invocation
from monitor.records.message import parse_fact, parse_message
from monitor.records.open_invocations import OpenInvocation, Stream, finished
from monitor.records.record import (
    Application,
    End,
    ExceptionText,
    Exited,
    Extension,
    InitRecordEvent,
    InitReport,
    InitStart,
    Malformed,
    PlatformOther,
    Record,
    Report,
    RestoreReport,
    RestoreStart,
    RuntimeDone,
    Start,
    TimedOut,
    XrayLine,
)
from monitor.records.start_kinds import classify_failure, classify_init, ended_process
from monitor.records.stream import WEB_ADAPTERS, execution_of_line, has_hint, starts_server

# `Task timed out`, the runtime's exit and XRAY can follow REPORT. An invocation waits this long for them, in log time.
LINGER_MS = 5_000
_MOST_LINGERING = 10_000
_MOST_STREAMS = 50_000
_MOST_OPEN_IN_STREAM = 256
# An invocation lasts 15 minutes at most. What was printed in one is held until it ends.
_LONGEST_MS, _MOST_NESTED = 900_000, 1_000
# Without the name of the stream, the invocations of all environments are open at once.
_MOST_OPEN_WITHOUT_STREAM = 20_000
_MOST_EVENTS = 100_000


def pair(
    events: Iterable[LogEvent], *, keep_events: bool = False, pairing: "Pairing | None" = None
) -> Iterator[Invocation]:
    """Yield the invocations of `events`, each soon after it ends; those without a REPORT come last.

    Args:
        events: any number of streams and groups, interleaved; each stream in order.
        keep_events: each invocation includes its lines and those of its init. Every line is then parsed, which also
            separates the lines of simultaneous invocations on a managed instance.
        pairing: what pairs them, for callers that ask what else it saw.

    A missing value is a Missing with a reason, never a guess.
    """
    parse: Callable[[str], Record | None] = parse_message if keep_events else parse_fact
    pairing = pairing or Pairing(keep_events=keep_events)
    for event in events:
        record = parse(event.message)
        if record is not None or keep_events or has_hint(event.message):
            yield from pairing.add(event, record)
    yield from pairing.finish()


class Pairing:
    """Incremental pairing, for callers that have parsed the records or follow a log.

    `malformed` counts unreadable platform records that belong to no invocation.
    """

    def __init__(self, *, keep_events: bool = False) -> None:
        self.malformed = 0
        # Events of web functions, which are not paired into invocations.
        self.unsupported = 0
        # What was ignored between two invocations of a stream, for the next one.
        self._ignored: dict[tuple[str, str], list[str]] = {}
        # Exceptions without an invocation in the log, each with its stream and time; the caller takes them.
        self.unclaimed: list[tuple[Stream, int, ExceptionText]] = []
        self._keep_events = keep_events
        self._streams: dict[tuple[str, str], Stream] = {}
        # The time of the first START of each group whose lines do not name their streams.
        self._since: dict[str, int] = {}
        self._lingering: dict[int, OpenInvocation] = {}
        self._ready: list[Invocation] = []
        self._survivors = Survivors()

    def survived(self, group: str, stream: str, request_id: str) -> None:
        """An invocation of a stream ended well, which the caller counted itself."""
        self._survivors.add((group, stream), request_id, began=True)

    def began(self, group: str, at_ms: int) -> None:
        """An invocation of a group began, which the caller counted itself: its lines do not name their streams."""
        self._since.setdefault(group, at_ms)

    def awaits_server(self) -> bool:
        """Whether an environment is being initialized, so that a line can tell of a web server that starts there."""
        return any(stream.init.started for stream in self._streams.values())

    def add(self, event: LogEvent, record: Record | None) -> list[Invocation]:
        """Add an event and its record; return the invocations that are now complete."""
        key = (event.group, event.stream)
        stream = self._streams.get(key)
        if stream is None:
            since_ms = None if event.stream else self._since.get(event.group)
            stream = self._streams[key] = Stream(event.group, event.stream, since_ms)
            if len(self._streams) > _MOST_STREAMS:
                self._forget_oldest()
        belongs_to = self._take(stream, record, event.timestamp_ms)
        if has_hint(event.message):
            self._take_hint(stream, belongs_to, event.message)
        if self._keep_events:
            events = stream.held if belongs_to is None else belongs_to.events
            if len(events) < _MOST_EVENTS:
                events.append(event)
            elif belongs_to is not None:
                belongs_to.cut = True
        if stream.unclaimed:
            self._take_unclaimed(stream)
        if self._lingering:
            self._emit_ended(event.timestamp_ms)
        if not self._ready:
            return []
        ready, self._ready = self._ready, []
        return ready

    def settle(self, group: str, stream: str) -> list[Invocation] | None:
        """Whether the next invocation of a stream needs nothing that the state holds: a caller can count it itself.

        None if it does; otherwise what is complete. What another REPORT could change stays: a caller that meets one
        adds the last two invocations that it counted itself, and then the REPORT.
        """
        if (group, stream) in self._ignored:
            return None
        found = self._streams.get((group, stream))
        if found is None:
            return []
        if found.opened:
            return None
        for ended in found.ended():
            if not ended.may_go_on():
                self._emit(ended)
        ready, self._ready = self._ready, []
        if not found.idle(but_ended=True):
            # The rest waits for the next `add`.
            self._ready = ready
            return None
        return ready

    def ended(self, group: str, stream: str) -> list[str]:
        """The request ids of a stream's invocations that another REPORT could change, the last one first."""
        found = self._streams.get((group, stream))
        return [] if found is None else [one.request_id for one in reversed(found.ended())]

    def release(self, group: str, stream: str) -> list[Invocation]:
        """Emit the first of the invocations that `ended` names: the caller counted two others since."""
        found = self._streams.get((group, stream))
        if found is not None and found.ended():
            self._emit(found.ended()[0])
        ready, self._ready = self._ready, []
        return ready

    def finish(self) -> list[Invocation]:
        """At the end of the input: the invocations that are open or wait for a late line."""
        for stream in list(self._streams.values()):
            self._give_up(stream)
        for closed in list(self._lingering.values()):
            self._emit(closed)
        for stream in list(self._streams.values()):
            for ended in stream.ended():
                self._emit(ended)
            for opened in list(stream.opened.values()):
                self._emit(opened)
            self.malformed += stream.malformed
            self._take_unclaimed(stream, last=True)
        self._streams.clear()
        ready, self._ready = self._ready, []
        return ready

    def tick(self, now_ms: int) -> list[Invocation]:
        """The invocations that ended long enough ago, when time passes without new lines."""
        self._emit_ended(now_ms)
        ready, self._ready = self._ready, []
        return ready

    def _take(self, stream: Stream, record: Record | None, at_ms: int) -> OpenInvocation | None:
        """Record one line; return its invocation, or None if it belongs to the next one."""
        match record:
            case None:
                return stream.current()
            case Start():
                return self._start(stream, record, at_ms)
            case Report():
                return self._report(stream, record, at_ms)
            case InitStart() | InitReport() | RestoreStart() | RestoreReport():
                survived = self._survivors.last((stream.group, stream.name)) is not None
                return stream.take_init(record, at_ms, survived=survived)
            case InitRecordEvent(init_record=init_record):
                found = stream.find(init_record.request_id) or stream.current()
                if found is not None:
                    found.init_record = init_record
                return found
            case Extension():
                found = stream.current()
                init = stream.init if found is None else found.init
                init.extension = record if record.failed else init.extension
                init.web = init.web or record.name in WEB_ADAPTERS
                return found
            case PlatformOther():
                self.unsupported += record.of_web_function
                return stream.current()
            case Malformed(is_fact=True):
                return stream.take_malformed(record)
            case Application() | TimedOut() | Exited() | RuntimeDone() | End() | XrayLine():
                return stream.take_ending(record, at_ms)
            case _:
                return stream.current()

    def _take_hint(self, stream: Stream, found: OpenInvocation | None, message: str) -> None:
        """Record the durable execution that a line names, or that the init starts a web server."""
        if found is None and stream.init.started and starts_server(message):
            stream.init.web = True
        execution = execution_of_line(message, stream.function)
        if execution is None:
            return
        record = parse_message(message)
        if isinstance(record, Application) and record.request_id:
            found = stream.find(record.request_id) or found
        if found is not None:
            found.execution = found.execution or execution

    def _start(self, stream: Stream, record: Start, at_ms: int) -> OpenInvocation:
        opened = stream.opened.get(record.request_id)
        ended = stream.reported(record.request_id, at_ms - LINGER_MS) if opened is None else None
        if ended is not None and ended.may_go_on() and not ended.failed():
            # Lambda starts a request again only if it failed, and later.
            ended.ignore("a second START")
            return ended
        if opened is None:
            opened = stream.opened[record.request_id] = OpenInvocation(stream, record.request_id, at_ms)
            for what in self._ignored.pop((stream.group, stream.name), ()) if self._ignored else ():
                opened.ignore(what)
        elif opened.start_ms == at_ms:
            opened.notes.append("START twice")
        elif opened.start_ms is not None:
            opened.ignore("a second START")
            return opened
        opened.start_ms = at_ms if opened.start_ms is None else opened.start_ms
        if not stream.name and stream.since_ms is None:
            stream.since_ms = self._since[stream.group] = at_ms
        opened.version, opened.trace_id, opened.tenant_id = record.version, record.trace_id, record.tenant_id
        if stream.closed is not None and stream.closed.nested and self._may_end(stream, at_ms):
            stream.nested.append(stream.closed)
            stream.closed = None
        else:
            self._give_up(stream)
            if stream.closed is not None and not stream.closed.may_go_on():
                self._emit(stream.closed)
        if len(stream.opened) > (_MOST_OPEN_IN_STREAM if stream.name else _MOST_OPEN_WITHOUT_STREAM):
            self._emit(next(iter(stream.opened.values())))
        return opened

    def _report(self, stream: Stream, record: Report, at_ms: int) -> OpenInvocation | None:
        request_id, before = record.request_id or "", stream.closed
        reported = stream.reported(request_id, at_ms - LINGER_MS)
        key = (stream.group, stream.name)
        is_first = request_id == next(iter(stream.opened), None)
        opened = stream.opened.pop(request_id, None)
        if opened is None and reported is not None:
            return self._report_again(stream, reported, record, at_ms)
        if opened is None:
            running = stream.current()
            if running is not None and self._is_printed(record, running, stream, at_ms):
                running.ignore("a REPORT of another request")
                return running
            if running is None and stream.name and record.billed_ms is not None and self._survivors.began(key):
                # The process has ended another invocation that was read from its START on, and runs one at a time.
                self._ignore(stream, "a REPORT without a START")
                return None
            if stream.name and request_id and self._survivors.last(key) == request_id:
                # It was counted with the REPORT that the function printed long before this one.
                return running
            opened = OpenInvocation(stream, request_id, at_ms)
            if not opened.init.started or record.init_ms is not None:
                # Without a START, an exception before REPORT is the invocation's, if the init did not fail.
                opened.failure.exception, opened.init.exception = opened.init.exception, None
        opened.end(record, at_ms)
        if is_of_another(record, opened.init) and opened.start_ms is not None:
            for other in stream.opened.values():
                other.doubtful = True
        if before is not None and before.nested and stream.init.certain:
            stream.nested.append(before)
        elif before is not None and before.may_go_on() and opened.start_ms is not None:
            if stream.earlier is not None:
                self._emit(stream.earlier)
            stream.earlier = before
        elif before is not None:
            self._emit(before)
        if is_first:
            for _ in stream.nested:
                opened.ignore("START and REPORT of another request")
            stream.nested.clear()
        stream.closed = opened
        opened.nested = (
            bool(stream.opened) and not is_first and opened.start_ms is not None and is_of_another(record, opened.init)
        )
        if not opened.nested:
            self._lingering[id(opened)] = opened
        self._close(stream, opened, record)
        return opened

    def _report_again(self, stream: Stream, ended: OpenInvocation, record: Report, at_ms: int) -> OpenInvocation:
        """Take the second REPORT of an invocation: the platform writes its own after all that the function prints.

        So the last one counts, and what began since the one before it was printed too.
        """
        if ended.report == record:
            ended.notes.append("REPORT twice")
        else:
            ended.ignore("an earlier REPORT of the request")
            if ended.may_go_on():
                self._take_back(stream, ended)
        ended.end(record, at_ms)
        self._close(stream, ended, record)
        return ended

    def _take_back(self, stream: Stream, ended: OpenInvocation) -> None:
        """Give an invocation what was read since the REPORT that its function printed."""
        other = stream.closed
        if other is not None and other is not ended:
            ended.take_over(other)
            ended.ignore("START and REPORT of another request")
            self._lingering.pop(id(other), None)
            stream.closed, stream.earlier = ended, None
        for one in stream.opened.values():
            # If it is real after all, its own REPORT comes next.
            one.doubtful = True
        if stream.init.is_begun:
            ended.ignore("an init that cannot be inside an invocation")
        ended.take_held()

    def _is_printed(self, report: Report, running: OpenInvocation, stream: Stream, at_ms: int) -> bool:
        """Whether a REPORT without a START, while another invocation runs, cannot be the platform's."""
        if running.start_ms is None:
            return False
        if stream.name:
            return is_of_another(report, running.init)
        return report.billed_ms is not None and not stream.is_before(at_ms, report.duration_ms)

    def _may_end(self, stream: Stream, now_ms: int) -> bool:
        """Whether the invocation that began first can still end, so that what ended since was printed by it."""
        first = next(iter(stream.opened.values()))
        lasts_ms = now_ms - first.start_ms if first.start_ms else 0
        return first.doubtful and lasts_ms <= _LONGEST_MS and len(stream.nested) < _MOST_NESTED

    def _give_up(self, stream: Stream) -> None:
        """Wait no longer for the end of what began first: it was printed, and what ended since are invocations."""
        self._drop_doubtful(stream)
        nested, stream.nested = stream.nested, []
        for one in nested:
            self._emit(one)

    def _drop_doubtful(self, stream: Stream) -> None:
        """Leave out what began while another invocation ran and has not ended since."""
        for one in [one for one in stream.opened.values() if one.doubtful]:
            del stream.opened[one.request_id]
            self._ignore(stream, "a START without a REPORT")

    def _ignore(self, stream: Stream, what: str) -> None:
        """Note a line between two invocations that contradicts Lambda's order, with the one before it or after it."""
        if stream.closed is not None:
            stream.closed.ignore(what)
        elif len(self._ignored) < _MOST_STREAMS:
            self._ignored.setdefault((stream.group, stream.name), []).append(what)

    def _close(self, stream: Stream, opened: OpenInvocation, record: Report) -> None:
        """Judge how an invocation ended, and whether its process continues."""
        key = (stream.group, stream.name)
        ended = False
        if record.failed or opened.failure:
            kind = classify_init(opened.init, record, opened.init_record).kind
            ended = ended_process(classify_failure(opened.failure, opened.init, record, kind))
        stream.init.after_crash = ended
        if ended:
            self._survivors.discard(key)
        elif stream.name and not opened.nested:
            self._survivors.add(key, opened.request_id, began=opened.start_ms is not None)

    def _emit_ended(self, now_ms: int) -> None:
        """Emit the invocations that ended long enough ago."""
        while self._lingering:
            oldest = next(iter(self._lingering.values()))
            if now_ms - (oldest.end_ms or 0) <= LINGER_MS and len(self._lingering) <= _MOST_LINGERING:
                return
            self._emit(oldest)

    def _emit(self, opened: OpenInvocation) -> None:
        stream = opened.stream
        if stream.earlier is not None and stream.earlier is not opened:
            self._emit(stream.earlier)
        self._lingering.pop(id(opened), None)
        if stream.opened.get(opened.request_id) is opened:
            del stream.opened[opened.request_id]
        if stream.closed is opened:
            stream.closed = None
        if stream.earlier is opened:
            stream.earlier = None
        self._ready.append(finished(opened))
        key = (stream.group, stream.name)
        if stream.idle() and self._streams.get(key) is stream:
            del self._streams[key]

    def _take_unclaimed(self, stream: Stream, *, last: bool = False) -> None:
        if last:
            stream.give_up()
        self.unclaimed += [(stream, at_ms, exception) for at_ms, exception in stream.unclaimed]
        stream.unclaimed = []

    def _forget_oldest(self) -> None:
        """Drop the stream that was seen first, to bound the memory of open streams."""
        stream = self._streams.pop(next(iter(self._streams)))
        self._give_up(stream)
        for opened in list(stream.opened.values()):
            self._emit(opened)
        for ended in stream.ended():
            self._emit(ended)
        self.malformed += stream.malformed
        self._take_unclaimed(stream, last=True)

"""CloudWatch Logs on loopback, as it really is: late, out of order, throttling, failing, with empty pages.

Speaks what FilterLogEvents, DescribeLogGroups, DescribeLogStreams and StartLiveTail speak on the wire (JSON 1.1 and
event streams), for any client. Every event that was ever put in is in its ledger, so what a tail printed can be
counted against it. Nothing of the project is imported: `python ledger_server.py` serves prepared events alone.
"""

import bisect
import heapq
import json
import random
import socket
import struct
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE_BYTES, PAGE_EVENTS = 1_000_000, 10_000


@dataclass(frozen=True)
class Stored:
    """An event, when it becomes visible to FilterLogEvents, and when live tail delivers it (None: never)."""

    timestamp_ms: int
    id: str
    stream: str
    message: str
    visible_ms: int = 0
    live_ms: int | None = None

    @property
    def encoded(self) -> bytes:
        return json.dumps(
            {
                "logStreamName": self.stream,
                "timestamp": self.timestamp_ms,
                "message": self.message,
                "ingestionTime": max(self.visible_ms, self.timestamp_ms),
                "eventId": self.id,
            }
        ).encode()


@dataclass
class Faults:
    """How often (a share of the calls) and how it fails; `empty`: pages without events, but with a token."""

    throttle: float = 0.0
    error: float = 0.0
    reset: float = 0.0
    slow: float = 0.0
    slow_s: float = 1.5
    empty: float = 0.0


@dataclass
class Live:
    """How a live session behaves: its events an update before it samples, and when it ends."""

    per_update: int = 500
    update_s: float = 0.2
    ends_after_s: float = 3 * 3600.0
    cut_after_s: float = 3 * 3600.0


@dataclass
class Group:
    """One log group: what is visible, in FilterLogEvents' order, and what will be."""

    keys: list[tuple[int, str]] = field(default_factory=list)
    encoded: list[bytes] = field(default_factory=list)
    pending: list[tuple[int, str, Stored]] = field(default_factory=list)
    everything: list[Stored] = field(default_factory=list)
    group_class: str = "STANDARD"

    def put(self, events: Iterable[Stored]) -> None:
        for event in events:
            self.everything.append(event)
            heapq.heappush(self.pending, (event.visible_ms, event.id, event))

    def come_up(self, now_ms: int) -> None:
        batch = []
        while self.pending and self.pending[0][0] <= now_ms:
            batch.append(heapq.heappop(self.pending)[2])
        if len(batch) > 1000:
            both = sorted(
                [*zip(self.keys, self.encoded, strict=True), *(((e.timestamp_ms, e.id), e.encoded) for e in batch)]
            )
            self.keys, self.encoded = [key for key, _ in both], [text for _, text in both]
            return
        for event in batch:
            at = bisect.bisect(self.keys, (event.timestamp_ms, event.id))
            self.keys.insert(at, (event.timestamp_ms, event.id))
            self.encoded.insert(at, event.encoded)


class LedgerServer:
    """Serves its groups on 127.0.0.1 until closed; a context manager."""

    def __init__(
        self, faults: Faults | None = None, live: Live | None = None, seed: int = 1, page_events: int = PAGE_EVENTS
    ) -> None:
        self.groups: dict[str, Group] = {}
        self.faults, self.live, self.page_events = faults or Faults(), live or Live(), page_events
        self.calls: dict[str, int] = {}
        self.throttled = 0
        self.sessions = 0
        self._chance = random.Random(seed)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        handler = type("Handler", (_Handler,), {"ledger": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        # A client that was killed in the middle of an answer is no news.
        self._http.handle_error = lambda request, client_address: None  # type: ignore[method-assign]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> "LedgerServer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._http.shutdown()
        self._http.server_close()

    def put(self, group: str, events: Iterable[Stored]) -> None:
        with self._lock:
            self.groups.setdefault(group, Group()).put(events)

    def fault(self) -> str:
        """What happens to the next call: a kind of fault, or ""."""
        faults = self.faults
        with self._lock:
            drawn = self._chance.random()
            for name in ("throttle", "error", "reset", "slow", "empty"):
                drawn -= getattr(faults, name)
                if drawn < 0:
                    return name
        return ""

    def count(self, operation: str) -> None:
        with self._lock:
            self.calls[operation] = self.calls.get(operation, 0) + 1

    def filtered(self, asked: dict[str, Any], empty: bool) -> bytes | None:
        """The body of a FilterLogEvents answer; None where the group is not there."""
        name = str(asked.get("logGroupName") or str(asked.get("logGroupIdentifier")).partition("log-group:")[2])
        token = asked.get("nextToken")
        with self._lock:
            group = self.groups.get(name)
            if group is None:
                return None
            group.come_up(time.time_ns() // 1_000_000)
            if empty and not (token or "").startswith("e"):
                return json.dumps({"events": [], "nextToken": f"e{token or ''}"}).encode()
            token = token.removeprefix("e") if token else None
            at = bisect.bisect_left(group.keys, (int(asked.get("startTime", 0)), ""))
            if token:
                after_ms, _, after_id = token.partition("/")
                at = bisect.bisect_right(group.keys, (int(after_ms), after_id))
            end = len(group.keys)
            if "endTime" in asked:
                end = bisect.bisect_left(group.keys, (int(asked["endTime"]) + 1, ""))
            last = min(end, at + min(self.page_events, int(asked.get("limit", PAGE_EVENTS))))
            texts = group.encoded[at:last]
            keys = group.keys[at:last]
        size, fitting = 0, 0
        for text in texts:
            size += len(text)
            if size > PAGE_BYTES and fitting:
                break
            fitting += 1
        more = at + fitting < end and fitting
        following = f',"nextToken":"{keys[fitting - 1][0]}/{keys[fitting - 1][1]}"' if more else ""
        return b'{"events":[' + b",".join(texts[:fitting]) + b'],"searchedLogStreams":[]' + following.encode() + b"}"

    def updates(self, names: list[str]) -> Iterator[tuple[str, dict[str, Any]]]:
        """What a live session of these groups is sent: (event type, payload), until it ends."""
        began = time.monotonic()
        since_ms = time.time_ns() // 1_000_000
        with self._lock:
            self.sessions += 1
        yield "sessionStart", {"sessionId": "s", "requestId": "r", "logGroupIdentifiers": names}
        while not self._closing.wait(self.live.update_s):
            now_ms = time.time_ns() // 1_000_000
            with self._lock:
                found = [
                    (name, one)
                    for name in names
                    for one in self.groups.get(name, Group()).everything
                    if one.live_ms is not None and since_ms < one.live_ms <= now_ms
                ]
            since_ms = now_ms
            shown = found[-self.live.per_update :]
            results = [
                {
                    "logStreamName": one.stream,
                    "logGroupIdentifier": f"123456789012:{name}",
                    "message": one.message,
                    "timestamp": one.timestamp_ms,
                    "ingestionTime": now_ms,
                }
                for name, one in shown
            ]
            yield "sessionUpdate", {"sessionMetadata": {"sampled": len(shown) < len(found)}, "sessionResults": results}
            if time.monotonic() - began > self.live.ends_after_s:
                yield "SessionTimeoutException", {"message": "Session has timed out"}
                return
            if time.monotonic() - began > self.live.cut_after_s:
                return


def _message(kind: str, payload: dict[str, Any], exception: bool = False) -> bytes:
    headers = b""
    names = {":message-type": "exception" if exception else "event", ":content-type": "application/json"}
    names[":exception-type" if exception else ":event-type"] = kind
    for name, value in names.items():
        headers += bytes([len(name)]) + name.encode() + b"\x07" + struct.pack(">H", len(value)) + value.encode()
    body = json.dumps(payload).encode()
    prelude = struct.pack(">II", len(headers) + len(body) + 16, len(headers))
    whole = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + body
    return whole + struct.pack(">I", zlib.crc32(whole))


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True
    ledger: LedgerServer

    def log_message(self, *_: object) -> None:
        return

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or b"{}")
        operation = (self.headers.get("X-Amz-Target") or "").rpartition(".")[2]
        self.ledger.count(operation)
        with suppress(ConnectionError):
            {
                "FilterLogEvents": self._filter,
                "DescribeLogGroups": self._groups,
                "DescribeLogStreams": self._streams,
                "StartLiveTail": self._live,
            }.get(operation, self._unknown)(asked)

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/x-amz-json-1.1")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _refuse(self, status: int, code: str, message: str = "") -> None:
        self._answer(status, json.dumps({"__type": code, "message": message}).encode())

    def _unknown(self, asked: dict[str, Any]) -> None:
        self._refuse(400, "UnknownOperationException")

    def _filter(self, asked: dict[str, Any]) -> None:
        fault = self.ledger.fault()
        if fault == "throttle":
            self.ledger.throttled += 1
            self._refuse(400, "ThrottlingException", "Rate exceeded")
            return
        if fault == "error":
            self._refuse(503, "ServiceUnavailableException")
            return
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
            raise ConnectionResetError
        if fault == "slow":
            time.sleep(self.ledger.faults.slow_s)
        name = str(asked.get("logGroupName") or "")
        group = self.ledger.groups.get(name)
        if group is not None and group.group_class != "STANDARD":
            self._refuse(400, "InvalidOperationException", "The operation is not supported for this log group class")
            return
        body = self.ledger.filtered(asked, fault == "empty")
        if body is None:
            self._refuse(400, "ResourceNotFoundException", "The specified log group does not exist.")
        else:
            self._answer(200, body)

    def _groups(self, asked: dict[str, Any]) -> None:
        prefix = asked.get("logGroupNamePrefix", "")
        found = [
            {
                "logGroupName": name,
                "logGroupClass": group.group_class,
                "arn": f"arn:aws:logs:eu-west-1:123456789012:log-group:{name}:*",
                "logGroupArn": f"arn:aws:logs:eu-west-1:123456789012:log-group:{name}",
                "creationTime": 0,
            }
            for name, group in sorted(self.ledger.groups.items())
            if name.startswith(prefix)
        ]
        self._answer(200, json.dumps({"logGroups": found}).encode())

    def _streams(self, asked: dict[str, Any]) -> None:
        group = self.ledger.groups.get(str(asked.get("logGroupName")), Group())
        now_ms = time.time_ns() // 1_000_000
        streams: dict[str, list[int]] = {}
        for event in group.everything:
            if event.visible_ms <= now_ms:
                streams.setdefault(event.stream, []).append(event.timestamp_ms)
        found = [
            {
                "logStreamName": name,
                "firstEventTimestamp": min(times),
                "lastEventTimestamp": max(times),
                "lastIngestionTime": max(times),
                "creationTime": min(times),
                "storedBytes": 0,
            }
            for name, times in sorted(streams.items())
        ]
        self._answer(200, json.dumps({"logStreams": found}).encode())

    def _live(self, asked: dict[str, Any]) -> None:
        names = [str(arn).partition("log-group:")[2] for arn in asked["logGroupIdentifiers"]]
        self.send_response(200)
        self.send_header("Content-Type", "application/vnd.amazon.eventstream")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self._chunk(_message("initial-response", {}))
        for kind, payload in self.ledger.updates(names):
            self._chunk(_message(kind, payload, exception=kind.endswith("Exception")))
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _chunk(self, content: bytes) -> None:
        self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
        self.wfile.flush()


def schedule(
    began_ms: int,
    seconds: float,
    per_s: int,
    late_ms: int,
    *,
    streams: int = 20,
    future: bool = True,
    seed: int = 1,
    live_share: float = 1.0,
    same: bool = True,
) -> list[Stored]:
    """Events over some seconds from `began_ms`: late, out of order, many in a millisecond, one an hour ahead."""
    chance = random.Random(seed)
    events: list[Stored] = []
    for number in range(round(seconds * per_s)):
        at_ms = began_ms + round(number * 1000 / per_s)
        if number % 10 < 5:
            at_ms -= at_ms % 100
        visible_ms = at_ms + round(late_ms * chance.random() ** 2)
        live_ms = max(at_ms, began_ms) + chance.randrange(300) if chance.random() < live_share else None
        # Every seventh says the same as others of its stream and, often, its millisecond.
        text = "the same words" if same and number % 7 == 0 else f"event {number}"
        events.append(Stored(at_ms, f"{number:056d}", f"stream-{number % streams}", text, visible_ms, live_ms))
    if future:
        ahead_ms = began_ms + 3_600_000
        events.append(Stored(ahead_ms, f"{10**9:056d}", "stream-f", "an hour ahead", began_ms + 1000, began_ms + 1000))
    return events


if __name__ == "__main__":
    import sys

    count, group_name = int(sys.argv[1]), sys.argv[2]
    lines = [json.loads(line) for line in sys.stdin] if not sys.stdin.isatty() else []
    base_ms = time.time_ns() // 1_000_000 - count - 60_000
    with LedgerServer() as server:
        server.put(
            group_name,
            (
                Stored(base_ms + number, f"{number:056d}", line.get("stream", "s"), line["message"])
                for number, line in enumerate(lines[at % len(lines)] for at in range(count))
            ),
        )
        server.groups[group_name].come_up(base_ms + count + 60_000)
        sys.stdout.write(f"{server.url} {base_ms}\n")
        sys.stdout.flush()
        threading.Event().wait()

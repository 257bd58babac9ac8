"""Limits on the size and time of one call, and a note while it waits for an answer."""

import errno
import threading
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ConnectionClosedError, EndpointConnectionError, HTTPClientError, ReadTimeoutError
from urllib3.exceptions import HTTPError, ProtocolError
from urllib3.exceptions import ReadTimeoutError as UrllibReadTimeoutError

from monitor.aws.answers import UnreadableAnswerError
from monitor.aws.timed_headers import time_headers_of_botocore
from monitor.errors import UnreachableError
from monitor.kernel.budgets import ANSWER_BYTES, ANSWER_S, SILENT_ATTEMPTS, WAITING_NOTE_S

_CHUNK_BYTES = 1 << 16


class BoundedSession:
    """botocore's HTTP session, but for how an answer's body is read: up to a size, and within a time.

    botocore reads every body to its end, of whatever size and however slowly it comes.
    """

    def __init__(self, session: Any) -> None:
        self._session = session

    def send(self, request: Any) -> Any:
        """Send a request; an answer that is not a stream has been read."""
        if request.stream_output:
            return self._session.send(request)
        request.stream_output = True
        try:
            response = self._session.send(request)
        finally:
            request.stream_output = False
        try:
            response._content = read_body(response.raw, f"the response from {request.url.partition('?')[0]}")
        except UrllibReadTimeoutError as error:
            raise ReadTimeoutError(endpoint_url=request.url, error=error) from error
        except ProtocolError as error:
            raise ConnectionClosedError(error=error, request=request, endpoint_url=request.url) from error
        except (HTTPError, OSError) as error:
            raise HTTPClientError(error=error) from error
        return response

    def close(self) -> None:
        """Close the connections."""
        self._session.close()


def read_body(raw: Any, name: str) -> bytes:
    """The bytes of a body; `name` is for messages.

    Raises:
        UnreachableError: it is too large, or takes too long.
    """
    end_s = time.monotonic() + ANSWER_S
    parts: list[bytes] = []
    size = 0
    # Not `read` or `stream`: they return when a piece is full, however slowly the bytes come.
    while part := raw.read1(_CHUNK_BYTES):
        size += len(part)
        parts.append(part)
        if size > ANSWER_BYTES:
            raw.close()
            raise UnreachableError(
                f"{name} is larger than {ANSWER_BYTES >> 20} MB",
                "AWS sends no response that large: check --endpoint-url",
            )
        if time.monotonic() > end_s:
            raw.close()
            raise UnreachableError(f"{name} did not end within {ANSWER_S / 60:.0f} minutes", "try again")
    return b"".join(parts)


def bound(client: Any) -> None:
    """Bound what a client reads, and end its retries early where they cannot help."""
    time_headers_of_botocore()
    endpoint: Any = getattr(client, "_endpoint", None)
    # A botocore that keeps its session elsewhere reads without these limits.
    if hasattr(endpoint, "http_session"):
        endpoint.http_session = BoundedSession(endpoint.http_session)
    client.meta.events.register_first("needs-retry.*", _give_up)
    client.meta.events.register("before-parse.*", _refuse_page)


def _refuse_page(operation_model: Any, response_dict: dict[str, Any], **_: Any) -> None:
    """Refuse a successful response in another format: botocore takes a proxy's page for an object without members.

    The header does not tell: emulators send JSON as text/html.
    """
    body = response_dict["body"]
    if not isinstance(body, bytes) or response_dict["status_code"] >= 300:
        return
    start = body[:256].lstrip().lower()
    service = operation_model.service_model
    if start.startswith((b"<!doctype html", b"<html")):
        problem = "it is a page in HTML"
    elif start[:1] not in b"{[n" and service.resolved_protocol in ("json", "rest-json"):
        # A list or null is refused by what reads it.
        problem = "it is not JSON"
    else:
        return
    raise UnreadableAnswerError(f"{service.service_name}:{operation_model.name}", problem)


def _give_up(caught_exception: Exception | None = None, attempts: int = 1, **_: Any) -> None:
    """End a call that more attempts do not help: nobody listens there, or nobody answers.

    botocore would go on for a minute where the connection is refused, and for six minutes where nothing is answered.
    """
    error = caught_exception
    if isinstance(error, UnreachableError):
        raise error
    if isinstance(error, EndpointConnectionError) and _is_refused(error):
        raise error
    if isinstance(error, ReadTimeoutError) and attempts >= SILENT_ATTEMPTS:
        raise error


def _is_refused(error: BaseException | None) -> bool:
    """Whether a connection was refused, by the errors that led to this one."""
    seen = 0
    while error is not None and seen < 10:
        if isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
            return True
        seen += 1
        inner = getattr(error, "kwargs", {}).get("error")
        error = inner if isinstance(inner, BaseException) else error.__cause__ or error.__context__
    return False


class Waiting:
    """Tells once that a call is not answered yet. One thread for all connections, which starts with the first call."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._calls: dict[int, tuple[float, str, str, Callable[[str, str], None]]] = {}
        self._numbers = 0
        self._thread: threading.Thread | None = None

    def begin(self, call: str, hint: str, tell: Callable[[str, str], None]) -> int:
        """A call begins; the number is for `end`. `tell` gets a message and `hint` if it takes long."""
        with self._lock:
            self._numbers += 1
            self._calls[self._numbers] = (time.monotonic() + WAITING_NOTE_S, call, hint, tell)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="waiting", daemon=True)
                self._thread.start()
            return self._numbers

    def end(self, number: int) -> None:
        """A call ended."""
        with self._lock:
            self._calls.pop(number, None)

    def _watch(self) -> None:
        while True:
            time.sleep(WAITING_NOTE_S / 8)
            now_s = time.monotonic()
            with self._lock:
                late = [number for number, (due_s, *_) in self._calls.items() if due_s <= now_s]
                told = [self._calls.pop(number) for number in late]
            for _, call, hint, tell in told:
                tell(f"still waiting for {call}", hint)


WAITING = Waiting()

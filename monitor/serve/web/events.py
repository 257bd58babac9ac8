"""The live log as server-sent events: batches of lines and invocations, as fast as the reader takes them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from monitor.errors import UsageError
from monitor.serve.model import Position
from monitor.serve.web.answers import encoded
from monitor.serve.web.lines import batch_document
from monitor.serve.workflow_budget import Budget
from monitor.serve.workflow_live import Feed, Feeds

_EVERY_S = 0.2
# How often the counted calls are sent, which also shows that the connection is alive.
_STATE_EVERY_S = 2.0
_MOST_READERS = 24
_MANY = 1_000


class Streams:
    """The open streams. All of them end when `stop` is called."""

    def __init__(self, feeds: Feeds, budget: Budget) -> None:
        self._feeds, self._budget = feeds, budget
        self._readers = 0
        self._stopping = False

    def stop(self) -> None:
        """End all streams at their next batch."""
        self._stopping = True

    async def events(self, request: Request) -> Response:
        """The stream of one function, or of all (`fn` empty). `after` is the id of the last event that was received."""
        if self._readers >= _MOST_READERS:
            raise UsageError(f"{_MOST_READERS} tabs follow the log already", "close one of them")
        feed = await run_in_threadpool(self._feeds.feed, request.query_params.get("fn", ""))
        after = request.query_params.get("after") or request.headers.get("last-event-id") or ""
        return StreamingResponse(self._stream(feed, after), media_type="text/event-stream")

    async def _stream(self, feed: Feed, after: str) -> AsyncIterator[str]:
        self._readers += 1
        reader, told_s = _Reader(feed, after), -_STATE_EVERY_S
        clock = asyncio.get_running_loop().time
        try:
            with feed.watched():
                # A feed that ended, for whatever reason, ends the stream: the tab asks again, and gets a new one.
                while not self._stopping and feed.is_alive:
                    text = await run_in_threadpool(reader.batch)
                    if text:
                        yield text
                    if clock() - told_s >= _STATE_EVERY_S:
                        told_s = clock()
                        state = {"spending": self._budget.spending(), "readers": self._readers}
                        yield f"event: state\ndata: {encoded(state)}\n\n"
                    if not reader.is_behind:
                        await asyncio.sleep(_EVERY_S)
        finally:
            self._readers -= 1


class _Reader:
    """One tab's position in a feed. `is_behind`: more is waiting."""

    def __init__(self, feed: Feed, after: str) -> None:
        known = _position(feed, after)
        self._feed, self._position = feed, known or Position()
        # The first event of a new reading tells the tab to forget what it has.
        self._fresh = known is None
        self._notice = 0
        self._state: tuple[bool, str] | None = None
        self.is_behind = False

    def batch(self) -> str:
        """The next event of the stream, "" if nothing is new."""
        batch, self._notice, caught_up, problem = self._feed.after(self._position, self._notice)
        self._position, self.is_behind = batch.position, len(batch.lines) > _MANY
        changed = self._state != (caught_up, problem)
        if not (changed or self._fresh or batch.lines or batch.invocations or batch.notices):
            return ""
        document = {**batch_document(batch), "caught_up": caught_up, "problem": problem, "fresh": self._fresh}
        self._state, self._fresh = (caught_up, problem), False
        number = f"{self._feed.name}.{batch.position.line}.{batch.position.invocation}"
        return f"id: {number}\ndata: {encoded(document)}\n\n"


def _position(feed: Feed, after: str) -> Position | None:
    """The position that an id names; None if it is that of another reading."""
    name, _, numbers = after.partition(".")
    line, _, invocation = numbers.partition(".")
    if name != feed.name:
        return None
    with contextlib.suppress(ValueError):
        return Position(int(line), int(invocation))
    return None

"""The live page over a source that a test gives it, on a free port of 127.0.0.1."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from monitor.aws.connection import Connection
from monitor.aws.targets import Located
from monitor.console.settings import Settings
from monitor.kernel.clock import CancellableClock, SystemClock
from monitor.kernel.target import TargetSelection
from monitor.logs.workflow_reading import Reading
from monitor.records.event import Source
from monitor.serve.analyze_live import LiveLog
from monitor.serve.web.app import Site
from monitor.serve.web.lines import event_text, names_of
from monitor.serve.web.running import Running, feeds_of, running
from monitor.serve.workflow_account import Account
from monitor.serve.workflow_budget import Budget
from monitor.serve.workflow_live import Feed, Feeds


@dataclass
class Answered:
    """An answer of the page."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Page:
    """A page that answers, and what it is made of."""

    running: Running
    feeds: Feeds
    budget: Budget
    site: Site
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        return self.running.address

    def get(self, path: str, method: str = "GET", *, token: str | None = None, **headers: str) -> Answered:
        """A request; with the page's token, unless another is given ("" for none)."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        token = self.running.token if token is None else token
        if token:
            given.setdefault("Authorization", f"Bearer {token}")
        connection = http.client.HTTPConnection("127.0.0.1", self.running.port, timeout=30)
        try:
            connection.putrequest(method, path, skip_host="Host" in given)
            for name, value in given.items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            return Answered(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        finally:
            connection.close()


class EmptyAccount(Account):
    """An account without functions, which calls nothing."""

    def __init__(self) -> None:
        super().__init__(
            Connection(region="eu-west-1", endpoint_url="http://127.0.0.1:9", local=True), TargetSelection(every=True)
        )

    def _resolve(self) -> list[Located]:
        return []


@contextmanager
def page_of(
    connection: Connection | None = None,
    *,
    source: Source | None = None,
    hour_limit: int = 100_000,
    clock: CancellableClock | None = None,
) -> Iterator[Page]:
    """The page of a connection's functions; with `source`, its live log is that of the source instead."""
    account = EmptyAccount() if connection is None else Account(connection, TargetSelection(every=True))
    budget = Budget(SystemClock(), hour_limit, 1.0, free=True)
    account.connection.on_call = budget.spend
    if source is None:
        feeds = feeds_of(account, None)
    else:
        reading = Reading((source,), (), ())
        feeds = Feeds(lambda _target: Feed(lambda: reading, LiveLog(event_text(None), names_of({})), clock))
    site = Site(account, feeds, budget, Settings(local=True), utc=True)
    try:
        with running(site, feeds, 0) as page:
            yield Page(page, feeds, budget, site)
    finally:
        account.connection.on_call = None

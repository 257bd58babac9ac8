"""Puts the page together, and runs it."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import tzinfo

from monitor.serve.analyze_live import LiveLog
from monitor.serve.web.app import Site
from monitor.serve.web.gate import Gate
from monitor.serve.web.lines import event_text, names_of
from monitor.serve.web.server import Server, listen
from monitor.serve.workflow_account import Account
from monitor.serve.workflow_live import Feed, Feeds


@dataclass(frozen=True, slots=True)
class Running:
    """A page that answers. Only who has the `token` gets data."""

    port: int
    token: str
    server: Server

    @property
    def address(self) -> str:
        """The address to open. What follows # is never sent: it is in no log and in no Referer header."""
        return f"http://127.0.0.1:{self.port}/#token={self.token}"


def feeds_of(account: Account, zone: tzinfo | None) -> Feeds:
    """The live logs of an account's functions."""

    def feed(target: str) -> Feed:
        names = {group: name for (_, group), name in account.reading(target).names.items()}
        return Feed(lambda: account.reading(target), LiveLog(event_text(zone), names_of(names)))

    return Feeds(feed)


@contextmanager
def running(site: Site, feeds: Feeds, port: int) -> Iterator[Running]:
    """Serve the page on 127.0.0.1, on a free port for 0.

    Raises:
        UsageError: the port is in use or not permitted.
    """
    token = secrets.token_urlsafe(32)
    listener = listen(port)
    port = listener.getsockname()[1]
    server = Server(Gate(site.app(), port, token), listener)
    try:
        server.start()
        yield Running(port, token, server)
    finally:
        site.streams.stop()
        feeds.stop()
        server.stop()
        listener.close()

"""The page's server ends with the error of a thread that nobody waits for, so that the command ends with a code."""

from typing import Any

import pytest

from monitor.serve.web import server
from monitor.serve.web.server import Server, listen


async def nothing(*_: Any) -> None:
    """No application."""


def test_an_error_of_a_reading_ends_the_wait_once_pages_could_show_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "_LOOK_EVERY_S", 0.01)
    monkeypatch.setattr(server, "_SHOWN_AFTER_S", 0.05)
    listener = listen(0)
    page = Server(nothing, listener)
    page.start()
    seen = iter([None, RecursionError("too deep")])
    with pytest.raises(RecursionError, match="too deep"):
        page.wait(lambda: next(seen))
    page.stop()
    listener.close()


def test_an_error_of_the_server_itself_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any) -> None:
        raise OSError("the socket is gone")

    monkeypatch.setattr(server, "serve", fail)
    listener = listen(0)
    page = Server(nothing, listener)
    page.start()
    with pytest.raises(OSError, match="the socket is gone"):
        page.wait(lambda: None)
    listener.close()

"""Sends datagrams to the X-Ray daemon. Source of the format: AWS, "Sending trace data to X-Ray"."""

from __future__ import annotations

import _socket  # `socket` itself takes 2 ms to import
import os

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Iterable

_HEADER = b'{"format": "json", "version": 1}\n'
_ADDRESS = "127.0.0.1:2000"


def send(bodies: Iterable[bytes]) -> None:
    """Send these to the daemon: one datagram each, behind the daemon's header, and none is waited for.

    The socket is closed again: an application finds no open file of the runtime's. Raises OSError for the first
    datagram that cannot be sent (a full buffer, no daemon), and sends no more.
    """
    host, port = address()
    sending = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
    try:
        sending.setblocking(False)
        for body in bodies:
            sending.sendto(_HEADER + body, (host, port))
    finally:
        sending.close()


def address() -> tuple[str, int]:
    """Where the daemon listens: `AWS_XRAY_DAEMON_ADDRESS`, as `host:port` or `tcp:host:port udp:host:port`."""
    text = os.environ.get("AWS_XRAY_DAEMON_ADDRESS") or _ADDRESS
    for part in text.split():
        if part.startswith("udp:"):
            text = part[len("udp:") :]
    host, _, port = text.rpartition(":")
    return (host, int(port)) if port.isdecimal() and host else ("127.0.0.1", 2000)

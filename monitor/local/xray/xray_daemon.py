"""The UDP side of the X-Ray daemon: receives segment documents from the SDKs, and OpenTelemetry spans."""

import asyncio
import base64
import json
import socket
from collections.abc import Callable

from monitor.local.xray.otlp_spans import segment_documents

_BUFFER_BYTES = 8 * 1024 * 1024
# How AWS's exporters mark OTLP (aws-opentelemetry-distro, otlp_udp_exporter.py). X-Ray stores sampled spans only.
_SAMPLED_SPANS, _UNSAMPLED_SPANS = "T1S", "T1U"


class XRayDaemon(asyncio.DatagramProtocol):
    """Accepts `{"format": "json", "version": 1}\\n` + one document or OTLP spans; drops other datagrams."""

    def __init__(self, on_document: Callable[[str], None]) -> None:
        self._on_document = on_document
        self._transport: asyncio.DatagramTransport | None = None

    async def start(self) -> str:
        """Listen on a free loopback port. Returns host:port, the value of AWS_XRAY_DAEMON_ADDRESS."""
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self._transport = transport
        # A cold start sends many datagrams at once, and those that do not fit in the buffer are lost.
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER_BYTES)
        host, port = transport.get_extra_info("sockname")[:2]
        return f"{host}:{port}"

    def datagram_received(self, data: bytes, addr: object) -> None:  # noqa: ARG002 - asyncio's signature
        text = read_datagram(data)
        if text is None:
            return
        for document in read_spans(text) if text.startswith((_SAMPLED_SPANS, _UNSAMPLED_SPANS)) else [text]:
            self._on_document(document)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


def read_datagram(data: bytes) -> str | None:
    """The document of a datagram, or None when its header is not the daemon's."""
    header, newline, body = data.partition(b"\n")
    try:
        fields = json.loads(header)
        if not newline or not isinstance(fields, dict):
            return None
        if fields.get("format") != "json" or fields.get("version") != 1:
            return None
        return body.decode("utf-8")
    except (ValueError, RecursionError):
        return None


def read_spans(text: str) -> list[str]:
    """The documents of a datagram with OTLP spans; none for unsampled or unreadable ones."""
    if not text.startswith(_SAMPLED_SPANS):
        return []
    try:
        return segment_documents(base64.b64decode(text[len(_SAMPLED_SPANS) :], validate=True))
    except ValueError:
        return []

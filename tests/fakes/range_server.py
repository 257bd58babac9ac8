"""A loopback server of one folder's files, with HTTP Range as S3 has it, or without."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass
class Served:
    """Where it is, and what was asked for."""

    url: str
    ranges: list[str] = field(default_factory=list)
    sent_bytes: int = 0


@contextmanager
def serving(path: Path, *, ranges: bool = True) -> Iterator[Served]:
    """Serve the file `path`; the URL has a query that looks like a signature."""
    served = Served("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            size = path.stat().st_size
            header = self.headers.get("Range", "")
            match = _RANGE.fullmatch(header) if ranges else None
            first, last = 0, size - 1
            if match is not None:
                served.ranges.append(header)
                if match[1]:
                    first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
                else:
                    first = max(0, size - int(match[2]))
            self.send_response(206 if match else 200)
            self.send_header("Content-Length", str(last - first + 1))
            self.send_header("ETag", '"one"')
            if match is not None:
                self.send_header("Content-Range", f"bytes {first}-{last}/{size}")
            self.end_headers()
            with path.open("rb") as file:
                file.seek(first)
                body = file.read(last - first + 1)
            served.sent_bytes += len(body)
            try:
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_address[1]}/code.zip?X-Amz-Signature=verysecret"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

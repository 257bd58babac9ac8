"""OTLP requests -> segment documents for the trace store."""

import gzip
import io
import json

from monitor.kernel.json_fields import load_object
from monitor.records.xray.otlp import documents_of, is_request, parse_protobuf

_MAX_BYTES = 16 * 1024 * 1024
_GZIP = b"\x1f\x8b"


def segment_documents(body: bytes) -> list[str]:
    """The documents of an OTLP request in protobuf or JSON, gzip or not. Raises ValueError for anything else."""
    if body.startswith(_GZIP):
        body = _unpacked(body)
    if body.lstrip()[:1] == b"{" and not body.startswith(b"\n"):
        value = load_object(body.decode("utf-8", "replace"))
        if isinstance(value, str) or not is_request(value):
            raise ValueError("not an OTLP request")
        request = value
    else:
        request = dict(parse_protobuf(body))
    return [json.dumps(document) for document in documents_of([request], live=True)]


def _unpacked(body: bytes) -> bytes:
    try:
        data = gzip.GzipFile(fileobj=io.BytesIO(body)).read(_MAX_BYTES + 1)
    except (OSError, EOFError) as error:
        raise ValueError("not gzip") from error
    if len(data) > _MAX_BYTES:
        raise ValueError("larger than 16 MB")
    return data

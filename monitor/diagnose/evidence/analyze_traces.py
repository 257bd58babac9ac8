"""Traces as evidence: their shape and times, without what an application wrote into them."""

import re
from dataclasses import replace

from monitor.records.xray.trace import Http, Span, Trace

_CREDENTIALS = re.compile(r"//[^/@]*@")


def lightened(trace: Trace) -> Trace:
    """The trace without messages, stacks, queries, annotations and metadata, and with addresses to their path.

    No rule looks at them, and any of them may hold a password or a signed URL: evidence is saved and passed on.
    """
    return replace(trace, roots=tuple(map(_span, trace.roots)))


def _span(span: Span) -> Span:
    http = span.http and Http(span.http.method, _address(span.http.url), span.http.status)
    return replace(
        span,
        name=_address(span.name) if "://" in span.name else span.name,
        cause_message="",
        exceptions=tuple(replace(one, message="", stack=()) for one in span.exceptions),
        http=http,
        sql=None,
        annotations={},
        metadata={},
        children=tuple(map(_span, span.children)),
    )


def _address(url: str) -> str:
    return _CREDENTIALS.sub("//", re.split(r"[?#;]", url, maxsplit=1)[0], count=1)

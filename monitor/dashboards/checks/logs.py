"""Log widgets beyond the schema: where a query reads from, and whether its commands exist.

Source: CloudWatch Logs User Guide, "CloudWatch Logs Insights query syntax".
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from monitor.dashboards.body.pointer import join
from monitor.dashboards.model import Problem, Severity

COMMANDS = frozenset(
    {
        "source", "fields", "filter", "stats", "sort", "limit", "parse", "display", "dedup", "pattern", "diff",
        "unmask", "unnest", "filterindex", "anomaly", "lookup", "join", "subqueries", "appendcols", "eval",
    }
)  # fmt: skip
# What a bar has no meaning in: texts in three kinds of quotes, and a regular expression after `like`, `=~` or `parse`.
_OPAQUE = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`|(?<=[\s(~])/(?:\\.|[^/\\\n])+/[a-z]*""", re.DOTALL)
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_SOURCE = re.compile(r"\s*source\s+('[^']+'|\"[^\"]+\"|`[^`]+`|[^\s|]+|loggroups\s*\(.*)", re.IGNORECASE | re.DOTALL)
_MAX_GROUPS = 50


def check(properties: dict[str, Any], pointer: str) -> Iterator[Problem]:
    """What is wrong with a log widget's properties; `pointer` is theirs."""
    query = properties.get("query")
    if not isinstance(query, str) or not query.strip():
        return
    place = join(pointer, "query")
    if properties.get("queryLanguage", "CWLI") != "CWLI":
        return
    if _is_encoded(query):
        yield Problem(
            Severity.WARNING,
            "query-encoded",
            place,
            "the query is base64 of JSON: CloudWatch keeps it, and documents no such form",
            "write SOURCE 'group' | fields …, as a text",
        )
        return
    bare = _OPAQUE.sub("''", _COMMENT.sub("", query))
    if any(quote in bare.replace("''", "") for quote in "\"'`"):
        yield Problem(Severity.ERROR, "query-quotes", place, "a quotation mark of the query is not closed", "close it")
        return
    parts = [part for part in bare.split("|") if part.strip()]
    sources = [part for part in parts if part.split()[0].lower() == "source"]
    if not sources and "${" not in query:
        yield Problem(
            Severity.ERROR,
            "query-source",
            place,
            "the query names no log group",
            "begin it with SOURCE '/aws/lambda/NAME' |",
        )
    elif len(sources) > _MAX_GROUPS:
        yield Problem(
            Severity.ERROR, "query-source", place, f"{len(sources)} log groups are named, more than 50", "use a prefix"
        )
    yield from _commands(parts, place)


def _commands(parts: list[str], place: str) -> Iterator[Problem]:
    for part in parts:
        # A line break parts commands as a bar does only after SOURCE; elsewhere it is a blank.
        command = part.split()[0].partition("(")[0]
        if command.lower() == "source":
            if not _SOURCE.match(part):
                yield Problem(
                    Severity.ERROR,
                    "query-source",
                    place,
                    "SOURCE is not followed by a log group",
                    "write SOURCE 'name'",
                )
            continue
        if command.lower() in COMMANDS or "${" in command:
            continue
        near = get_close_matches(command.lower(), COMMANDS, n=1)
        yield Problem(
            Severity.WARNING,
            "query-command",
            place,
            f"{command!r} is no documented command of Logs Insights",
            f"did you mean {near[0]!r}?" if near else f"known are {', '.join(sorted(COMMANDS))}",
        )


def _is_encoded(query: str) -> bool:
    try:
        return isinstance(json.loads(base64.b64decode(query, validate=True)), dict)
    except (binascii.Error, ValueError):
        return False

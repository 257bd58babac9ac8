"""Checks of log widgets beyond the schema: the log groups of a query, and its commands.

Source: CloudWatch Logs User Guide, "CloudWatch Logs Insights query syntax".
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any

from monitor.dashboards.model import Problem, Severity
from monitor.kernel.json_fields import texts_of
from monitor.kernel.pointer import join

COMMANDS = frozenset(
    {
        "source", "fields", "filter", "stats", "sort", "limit", "parse", "display", "dedup", "pattern", "diff",
        "unmask", "unnest", "filterindex", "anomaly", "lookup", "join", "subqueries", "appendcols", "eval",
    }
)  # fmt: skip
# Text in which a bar does not separate commands: three kinds of quotes, and regular expressions.
_OPAQUE = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`[^`]*`|(?<=[\s(~])/(?:\\.|[^/\\\n])+/[a-z]*""", re.DOTALL)
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_SOURCE = re.compile(r"\s*source\s+('[^']+'|\"[^\"]+\"|`[^`]+`|[^\s|]+|loggroups\s*\(.*)", re.IGNORECASE | re.DOTALL)
_MAX_GROUPS = 50


def check(properties: dict[str, Any], pointer: str) -> Iterator[Problem]:
    """The problems in the properties of a log widget; `pointer` is that of the properties."""
    query = properties.get("query")
    if not isinstance(query, str):
        return
    place = join(pointer, "query")
    if properties.get("queryLanguage", "CWLI") != "CWLI":
        return
    if _is_encoded(query):
        yield Problem(
            Severity.WARNING,
            "query-encoded",
            place,
            "the query is JSON in base64, a format that is not documented",
            "write it as text: SOURCE 'group' | fields …",
        )
        return
    bare = _without_texts(query)
    if any(quote in bare.replace("''", "") for quote in "\"'`"):
        yield Problem(Severity.ERROR, "query-quotes", place, "the query has an unclosed quotation mark", "close it")
        return
    parts = _parts(bare)
    sources = _sources(parts)
    if not sources and "${" not in query and not _has_prefixes(properties):
        yield Problem(
            Severity.ERROR,
            "query-source",
            place,
            "the query names no log group",
            _source_hint(properties),
        )
    elif len(sources) > _MAX_GROUPS:
        yield Problem(
            Severity.ERROR,
            "query-source",
            place,
            f"the query names {len(sources)} log groups, more than 50",
            "use a prefix",
        )
    yield from _commands(parts, place)


def _has_prefixes(properties: dict[str, Any]) -> bool:
    """Whether the widget names its log groups by prefix beside the query, as the console writes it."""
    prefixes = properties.get("logGroupPrefixes")
    return isinstance(prefixes, dict) and bool(_texts(prefixes.get("logGroupPrefix")))


def _source_hint(properties: dict[str, Any]) -> str:
    """How to name the log groups; other tools write them beside the query, where CloudWatch does not read them."""
    listed = next((texts for name in ("logGroupNames", "logGroupName") if (texts := _texts(properties.get(name)))), ())
    sources = " | ".join(f"SOURCE '{name}'" for name in listed[:3] if "'" not in name)
    sources = sources or "SOURCE '/aws/lambda/NAME'"
    return f"start the query with {sources} |"


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else texts_of(value)


def names_log_group(query: str) -> bool:
    """Whether a query of Logs Insights has a SOURCE; one in an undocumented form or with placeholders passes."""
    return bool(_is_encoded(query) or "${" in query or _sources(_parts(_without_texts(query))))


def _without_texts(query: str) -> str:
    return _OPAQUE.sub("''", _COMMENT.sub("", query))


def _parts(bare: str) -> list[str]:
    return [part for part in bare.split("|") if part.strip()]


def _sources(parts: list[str]) -> list[str]:
    return [part for part in parts if part.split()[0].lower() == "source"]


def _commands(parts: list[str], place: str) -> Iterator[Problem]:
    for part in parts:
        # A line break separates commands only after SOURCE; elsewhere it is white space.
        command = part.split()[0].partition("(")[0]
        if command.lower() == "source":
            if not _SOURCE.match(part):
                yield Problem(
                    Severity.ERROR,
                    "query-source",
                    place,
                    "SOURCE has no log group",
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
            f"{command!r} is not a documented Logs Insights command",
            f"did you mean {near[0]!r}?" if near else f"commands: {', '.join(sorted(COMMANDS))}",
        )


def _is_encoded(query: str) -> bool:
    try:
        return isinstance(json.loads(base64.b64decode(query, validate=True)), dict)
    except (binascii.Error, ValueError):
        return False

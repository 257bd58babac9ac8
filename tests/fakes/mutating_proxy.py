"""A loopback proxy that damages the answers on their way: missing, null, of another type, huge, hostile, cut off."""

import copy
import json
import random
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

from tests.fakes.loopback_proxy import LoopbackProxy, kept_headers
from tests.fakes.mutated import HUGE, paths

HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e\x9b31m\r\n{{7*7}}<script>alert(1)</script>$(id)"
VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1.5, -1e300, 1e300, HUGE, -HUGE, 10**17, 10**25, float("nan"), float("inf")),
    *("", "x", HOSTILE, "\ud800\udfff\ud800", "1", "-1", "NaN", "x" * 3000, "é" * 70_000, [], {}, [[]], [None]),
    *({"": None}, {"id": {}}, [{}], [[[[1]]]], {"a": {"b": [1, None, "x"]}}, "2026-13-45T99:99:99Z", "{", "[" * 5000),
)
BODIES = (
    *(b"", b"null", b"[]", b"0", b"NaN", b'"text"', b"{", b"<html><h1>Bad gateway</h1></html>", b"\x00\xff\xfe" * 50),
    *(b"[" * 100_000, b'{"a":' * 50_000, b"9" * 6000, b'{"__type": 5}', b'{"__type": "\\ud800"}', b"{}"),
)


def damaged(value: Any, chance: random.Random, depth: int = 0) -> Any:
    """A document with one part replaced or removed, perhaps inside a text that is JSON itself."""
    places = paths(value)
    path = chance.choice(places)
    if not path:
        return copy.deepcopy(chance.choice(VALUES))
    place = value
    for key in path[:-1]:
        place = place[key]
    found = place[path[-1]]
    if isinstance(found, str) and found[:1] in ("{", "[") and depth < 3 and chance.random() < 0.8:
        try:
            inner = json.loads(found)
        except ValueError:
            inner = None
        if isinstance(inner, dict | list):
            place[path[-1]] = json.dumps(damaged(inner, chance, depth + 1))
            return value
    if chance.random() < 0.25:
        del place[path[-1]]
    elif isinstance(found, str) and chance.random() < 0.3:
        at = chance.randrange(len(found) + 1)
        place[path[-1]] = found[:at] + HOSTILE + found[at:]
    else:
        # Copied: a later change may go into it.
        place[path[-1]] = copy.deepcopy(chance.choice(VALUES))
    return value


_TEXTS = ("", "-1", "NaN", "x" * 3000, "\u202e\x9b31m<script>", "{", "2026-13-45T99:99Z")


def damaged_xml(content: bytes, chance: random.Random) -> bytes:
    """A document of the query protocol with elements removed, doubled, renamed, or with another text."""
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError:
        return content[: len(content) // 2]
    for _ in range(chance.choice((1, 1, 2, 4))):
        parents = [one for one in root.iter() if len(one)]
        if not parents:
            break
        parent = chance.choice(parents)
        child = chance.choice(list(parent))
        match chance.randrange(5):
            case 0:
                parent.remove(child)
            case 1:
                parent.extend([copy.deepcopy(child) for _ in range(chance.choice((1, 50)))])
            case 2:
                child.tag = chance.choice(("NextToken", "member", "x"))
            case 3:
                parent.append(copy.deepcopy(root))
            case _:
                child.text = chance.choice(
                    ("", "-1", "NaN", "x" * 3000, "\u202e\x9b31m<script>", "{", "2026-13-45T99:99Z")
                )
    return ElementTree.tostring(root)


# What a header of an answer may be; its name stays.
_HEADERS = (
    "",
    "-1",
    "NaN",
    "x" * 3000,
    "1" * 400,
    "***",
    "abc",
    "\xff\xfe",
    "{",
    "null",
    "\x9b31m<script>",
    "Mon, 99 Foo 2026",
)


class MutatingProxy(LoopbackProxy):
    """Passes requests on to `upstream`; `begin(seed)` decides which answers of the next command are damaged, and how.

    `told` lists what was done to each answer since. `stacks` are stacks of CloudFormation with the names of their
    functions by logical ID: the embedded stack creates none.
    """

    def __init__(self, upstream: str, stacks: Mapping[str, Mapping[str, str]] | None = None) -> None:
        super().__init__(upstream)
        self._stacks = stacks or {}
        self.told: list[str] = []
        self.damages: Counter[str] = Counter()
        self._chance = self._header_chance = random.Random(0)
        self._left = 0
        self._lock = threading.Lock()

    def begin(self, seed: int | None) -> None:
        """The answers of one command: the first few come as they are, then damage begins. None damages nothing."""
        with self._lock:
            self._chance, self._header_chance = random.Random(seed), random.Random(f"headers {seed}")
            self._left = sys.maxsize if seed is None else self._chance.choice((0, 0, 1, 2, 3, 5))
            self.told = []

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """One request."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        connection, answer = self.ask(handler, body)
        content = self._resources(body) or answer.read()
        connection.close()
        call = handler.headers.get("X-Amz-Target", "").rpartition(".")[2] or urlsplit(handler.path).path
        with self._lock:
            status = 200 if self._resources(body) else answer.status
            status, content, cut, how = self._damage(status, content)
            headers, changed = self._headers(kept_headers(answer))
            self.told.append(f"{call}: {how}{changed}")
            self.damages[how.partition(" ")[0]] += 1
        handler.send_response(status)
        for name, value in headers:
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(content) + cut))
        handler.end_headers()
        handler.wfile.write(content)
        handler.wfile.flush()
        handler.close_connection = bool(cut)

    def _resources(self, body: bytes) -> bytes:
        """CloudFormation's answer about a stack of ours."""
        asked = parse_qs(body.decode("latin-1"))
        if asked.get("Action") != ["ListStackResources"] or asked.get("StackName", [""])[0] not in self._stacks:
            return b""
        found = "".join(
            f"<member><LogicalResourceId>{logical}</LogicalResourceId><PhysicalResourceId>{name}</PhysicalResourceId>"
            "<ResourceType>AWS::Lambda::Function</ResourceType><ResourceStatus>CREATE_COMPLETE</ResourceStatus>"
            "<LastUpdatedTimestamp>2026-11-23T10:00:00Z</LastUpdatedTimestamp></member>"
            for logical, name in self._stacks[asked["StackName"][0]].items()
        )
        return (
            '<ListStackResourcesResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">'
            f"<ListStackResourcesResult><StackResourceSummaries>{found}</StackResourceSummaries>"
            "</ListStackResourcesResult></ListStackResourcesResponse>"
        ).encode()

    def _headers(self, headers: list[tuple[str, str]]) -> tuple[list[tuple[str, str]], str]:
        """The headers, one of them perhaps with another value, and what was done."""
        chance = self._header_chance
        if self._left > 0 or not headers or chance.random() > 0.15:
            return headers, ""
        at = chance.randrange(len(headers))
        name, value = headers[at][0], chance.choice(_HEADERS)
        return [*headers[:at], (name, value), *headers[at + 1 :]], f", {name}: {value[:20]!r}"

    def _damage(self, status: int, content: bytes) -> tuple[int, bytes, int, str]:
        """Status, body, how many bytes of it are promised but missing, and what was done."""
        chance = self._chance
        if self._left > 0:
            self._left -= 1
            return status, content, 0, "unchanged"
        kind = chance.random()
        if kind < 0.15:
            return status, content, 0, "unchanged"
        if kind < 0.27:
            body = chance.choice(BODIES)
            return status, body, 0, f"body {body[:30]!r}"
        if kind < 0.32:
            return status, content[: len(content) // 2], len(content) - len(content) // 2 or 1, "cut off"
        if kind < 0.37:
            code = chance.choice((200, 301, 400, 403, 404, 413, 418, 429))
            body = chance.choice((*BODIES, content))
            return code, body, 0, f"status {code} {body[:30]!r}"
        try:
            document = json.loads(content)
        except ValueError:
            if content[:1] == b"<" and chance.random() < 0.8:
                return status, damaged_xml(content, chance), 0, "elements damaged"
            at = chance.randrange(len(content) + 1)
            return status, content[:at] + HOSTILE.encode() + content[at:], 0, "text with hostile bytes"
        for _ in range(chance.choice((1, 1, 2, 4))):
            document = damaged(document, chance)
        return status, json.dumps(document).encode(), 0, "document damaged"

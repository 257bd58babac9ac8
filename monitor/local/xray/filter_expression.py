"""X-Ray filter expressions (developer guide, "Using filter expressions"), as far as they can be answered here.

Evaluated: ok, fault, error, throttle, partial; responsetime, duration; http.status/url/method/useragent/clientip;
annotation.KEY and annotation[KEY]; user; name; service() with a name or id(), and its { … } block; AND, OR, NOT, !,
parentheses. Anything else raises BadExpressionError rather than match wrongly.
"""

import re
from collections.abc import Callable
from typing import Any

from monitor.local.xray.trace_facts import ServiceFacts, TraceFacts

MAX_EXPRESSION_CHARS = 2000
Subject = TraceFacts | ServiceFacts
Test = Callable[[Subject], bool]

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<string>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*') |
      (?P<number>-?\d+(?:\.\d+)?(?![\w.])) |
      (?P<op><=|>=|!=|=|<|>|\(|\)|\{|\}|\[|\]|!|,|:) |
      (?P<word>[A-Za-z_][\w.\-/]*) |
      (?P<other>\S)
    )""",
    re.VERBOSE,
)
_HTTP = {"status": "status", "url": "url", "method": "method", "useragent": "user_agent", "clientip": "client_ip"}
_NOT_HERE = ("edge", "group", "rootcause", "insight", "links", "availabilityzone", "instance", "coldstart", "inferred")


class BadExpressionError(Exception):
    """Not an expression, or one that this stack does not evaluate."""


def compile_expression(text: str) -> Callable[[TraceFacts], bool]:
    """A function that says whether a trace matches. Raises BadExpressionError."""
    if len(text) > MAX_EXPRESSION_CHARS:
        raise BadExpressionError(f"a filter expression has at most {MAX_EXPRESSION_CHARS} characters")
    if not text.strip():
        return lambda _: True
    return _Parser(text).parse()


class _Parser:
    """Recursive descent: OR over AND over NOT over predicates."""

    def __init__(self, text: str) -> None:
        self._tokens = [(m.lastgroup or "", m.group(m.lastgroup or 0)) for m in _TOKEN.finditer(text) if m.lastgroup]
        self._at = 0
        self._depth = 0

    def parse(self) -> Test:
        test = self._either()
        if self._at < len(self._tokens):
            raise self._unexpected()
        return test

    def _either(self) -> Test:
        tests = [self._both()]
        while self._keyword("OR"):
            tests.append(self._both())
        return tests[0] if len(tests) == 1 else lambda subject: any(test(subject) for test in tests)

    def _both(self) -> Test:
        tests = [self._single()]
        while self._keyword("AND"):
            tests.append(self._single())
        return tests[0] if len(tests) == 1 else lambda subject: all(test(subject) for test in tests)

    def _single(self) -> Test:
        self._depth += 1
        if self._depth > 100:
            raise BadExpressionError("the expression is nested too deeply")
        try:
            if self._keyword("NOT") or self._op("!"):
                test = self._single()
                return lambda subject: not test(subject)
            if self._op("("):
                test = self._either()
                self._need(")")
                return test
            return self._predicate()
        finally:
            self._depth -= 1

    def _predicate(self) -> Test:
        kind, word = self._next()
        if kind != "word":
            self._at -= 1
            raise self._unexpected()
        lower = word.lower()
        if lower in _FLAGS:
            return self._flag(_FLAGS[lower])
        if lower in ("responsetime", "duration"):
            return self._compare(lambda subject: [_seconds(subject, lower)])
        if lower.startswith("http."):
            field = _HTTP.get(lower.removeprefix("http."))
            if field is None:
                raise BadExpressionError(f"no keyword {word}")
            return self._compare(lambda subject: [dict(one.http).get(field) for one in _services(subject)])
        if lower.startswith("annotation.") or lower == "annotation":
            key = word.partition(".")[2] or self._bracketed()
            return self._annotation(key)
        if lower == "user":
            return self._compare(lambda subject: [user for one in _services(subject) for user in one.users])
        if lower == "name":
            return self._compare(lambda subject: [one.name for one in _services(subject)])
        if lower == "service":
            return self._service()
        if lower.partition(".")[0] in _NOT_HERE:
            raise BadExpressionError(f"the embedded stack does not evaluate {word} in filter expressions")
        raise BadExpressionError(f"no keyword {word}")

    def _flag(self, test: Test) -> Test:
        """A keyword by itself, or `= TRUE`, `!= FALSE` …"""
        operator = next((op for op in ("=", "!=") if self._op(op)), "")
        if not operator:
            return test
        wanted = self._keyword("TRUE")
        if not wanted and not self._keyword("FALSE"):
            raise self._unexpected()
        positive = wanted == (operator == "=")
        return test if positive else lambda subject: not test(subject)

    def _annotation(self, key: str) -> Test:
        def values(subject: Subject) -> list[Any]:
            return [value for one in _services(subject) for name, value in one.annotations if name == key]

        return self._compare(values, alone=True)

    def _service(self) -> Test:
        self._need("(")
        matches = self._service_id()
        self._need(")")
        inner: Test | None = None
        if self._op("{"):
            inner = self._either()
            self._need("}")
        return lambda subject: any(matches(one) and (inner is None or inner(one)) for one in _services(subject))

    def _service_id(self) -> Callable[[ServiceFacts], bool]:
        if self._keyword("id"):
            self._need("(")
            wanted: dict[str, str] = {}
            while not self._op(")"):
                _, name = self._next()
                if name not in ("name", "type", "account.id"):
                    raise BadExpressionError(f"id() takes name, type and account.id, not {name}")
                self._need(":")
                wanted[name] = self._string()
                self._op(",")
            fields = {"name": "name", "type": "type", "account.id": "account"}
            return lambda one: all(getattr(one, fields[name]) == value for name, value in wanted.items())
        if self._peek() == ("op", ")"):
            return lambda _: True
        text = self._string()
        return lambda one: one.name == text

    def _compare(self, values: Callable[[Subject], list[Any]], *, alone: bool = False) -> Test:
        """`op value` over any of the values; `alone`: a keyword without an operator asks whether there is one."""
        kind, text = self._peek()
        operator = text.upper() if kind == "word" else text
        if operator not in _OPERATORS:
            if alone:
                return lambda subject: bool(values(subject))
            raise self._unexpected()
        self._at += 1
        kind, text = self._next()
        wanted: Any
        if kind == "string":
            wanted = _unquoted(text)
        elif kind == "number":
            wanted = float(text)
        elif kind == "word" and text.upper() in ("TRUE", "FALSE"):
            wanted = text.upper() == "TRUE"
        else:
            self._at -= 1
            raise self._unexpected()
        test = _OPERATORS[operator]
        return lambda subject: any(_same_kind(one, wanted) and test(one, wanted) for one in values(subject))

    def _bracketed(self) -> str:
        self._need("[")
        _, key = self._next()
        self._need("]")
        return _unquoted(key) if key[:1] in "\"'" else key

    def _string(self) -> str:
        kind, text = self._next()
        if kind != "string":
            self._at -= 1
            raise self._unexpected()
        return _unquoted(text)

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._at += 1
        return token

    def _keyword(self, word: str) -> bool:
        kind, text = self._peek()
        found = kind == "word" and text.upper() == word.upper()
        self._at += found
        return found

    def _op(self, text: str) -> bool:
        found = self._peek() == ("op", text)
        self._at += found
        return found

    def _need(self, text: str) -> None:
        if not self._op(text):
            raise self._unexpected()

    def _unexpected(self) -> BadExpressionError:
        kind, text = self._peek()
        return BadExpressionError("the expression ends too early" if kind == "end" else f"unexpected {text!r}")


def _services(subject: Subject) -> tuple[ServiceFacts, ...]:
    return subject.services if isinstance(subject, TraceFacts) else (subject,)


def _root(subject: Subject) -> ServiceFacts:
    return subject.root if isinstance(subject, TraceFacts) else subject


def _seconds(subject: Subject, keyword: str) -> float:
    return subject.duration_s if keyword == "duration" else _root(subject).duration_s


def _is_ok(subject: Subject) -> bool:
    root = _root(subject)
    return not (root.fault or root.error or root.throttle)


_FLAGS: dict[str, Test] = {
    "ok": _is_ok,
    "fault": lambda subject: _root(subject).fault,
    "error": lambda subject: _root(subject).error,
    "throttle": lambda subject: _root(subject).throttle,
    "partial": lambda subject: any(one.in_progress for one in _services(subject)),
}
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda one, wanted: bool(one == wanted),
    "!=": lambda one, wanted: bool(one != wanted),
    "<": lambda one, wanted: bool(one < wanted),
    "<=": lambda one, wanted: bool(one <= wanted),
    ">": lambda one, wanted: bool(one > wanted),
    ">=": lambda one, wanted: bool(one >= wanted),
    "CONTAINS": lambda one, wanted: str(wanted) in str(one),
    "BEGINSWITH": lambda one, wanted: str(one).startswith(str(wanted)),
    "ENDSWITH": lambda one, wanted: str(one).endswith(str(wanted)),
}


def _same_kind(one: Any, wanted: Any) -> bool:
    if isinstance(wanted, bool) or isinstance(one, bool):
        return isinstance(one, bool) and isinstance(wanted, bool)
    if isinstance(wanted, float):
        return isinstance(one, int | float)
    return isinstance(one, str)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])

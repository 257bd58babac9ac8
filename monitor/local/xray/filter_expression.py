"""X-Ray filter expressions (developer guide, "Using filter expressions"), as far as the stack supports them.

Supported: ok, fault, error, throttle, partial; responsetime, duration; http.status/url/method/useragent/clientip;
annotation.KEY and annotation[KEY]; user; name; service() with a name or id(), and its { … } block; AND, OR, NOT, !,
parentheses. Other expressions raise BadExpressionError.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from monitor.kernel.expressions.grammar import Grammar, GrammarError, Parts, shortened
from monitor.local.xray.trace_facts import ServiceFacts, TraceFacts

MAX_EXPRESSION_CHARS = 2000
Subject = TraceFacts | ServiceFacts
Test = Callable[[Subject], bool]


class BadExpressionError(Exception):
    """An invalid expression, or one that this stack does not evaluate."""


@dataclass(frozen=True, slots=True)
class Flag:
    """`fault`."""

    keyword: str


@dataclass(frozen=True, slots=True)
class Compares:
    """`http.status = 502`."""

    keyword: str
    operator: str
    wanted: str | float | bool


@dataclass(frozen=True, slots=True)
class Annotated:
    """`annotation.size > 3`; without an operator, the annotation exists."""

    key: str
    operator: str = ""
    wanted: str | float | bool = ""


@dataclass(frozen=True, slots=True)
class Service:
    """`service("a") { … }`, `service(id(name: "a", type: "b"))`: a service's fields, and conditions on it."""

    fields: tuple[tuple[str, str], ...]
    inside: "Condition | None" = None


@dataclass(frozen=True, slots=True)
class Inverted:
    """`NOT fault`, `!fault`."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by AND, or with `is_any` by OR."""

    conditions: "tuple[Condition, ...]"
    is_any: bool = False


Condition = Flag | Compares | Annotated | Service | Inverted | Group

_RULES = r"""
start: either
?either: both (_OR both)*
?both: single (_AND single)*
?single: predicate | NOT+ predicate -> inverted
?predicate: FLAG [EQUALITY TRUTH] -> flag
    | KEYWORD operator value -> compares
    | ANNOTATION_KEY [operator value] -> annotated
    | _ANNOTATION "[" (WORD | NUMBER | STRING) "]" [operator value] -> annotated
    | _SERVICE "(" [service] ")" ["{" either "}"] -> in_service
    | "(" either ")"
?service: STRING -> named
    | _ID "(" (FIELD ":" STRING ","?)* ")" -> identified
?operator: EQUALITY | ORDER | PART
value: STRING | NUMBER | TRUTH

_OR.2: /OR(?![\w.\-\/])/i
_AND.2: /AND(?![\w.\-\/])/i
NOT.2: /!(?!=)|NOT(?![\w.\-\/])/i
FLAG.2: /(?:ok|fault|error|throttle|partial)(?![\w.\-\/])/i
KEYWORD.2: /(?:responsetime|duration|user|name|http\.(?:status|url|method|useragent|clientip))(?![\w.\-\/])/i
ANNOTATION_KEY.2: /annotation\.[\w.\-\/]+/i
_ANNOTATION.2: /annotation\.?(?![\w.\-\/])/i
_SERVICE.2: /service(?![\w.\-\/])/i
_ID.2: /id(?![\w.\-\/])/i
FIELD.2: /(?:name|type|account\.id)(?![\w.\-\/])/
PART.2: /(?:CONTAINS|BEGINSWITH|ENDSWITH)(?![\w.\-\/])/i
TRUTH.2: /(?:TRUE|FALSE)(?![\w.\-\/])/i
EQUALITY: /!?=/
ORDER: /[<>]=?/
STRING: /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'/
NUMBER: /-?\d+(?:\.\d+)?(?![\w.])/
WORD: /[A-Za-z_][\w.\-\/]*/
%ignore /\s+/
"""
_NAMES = {
    "FLAG": "a keyword such as fault",
    **dict.fromkeys(("EQUALITY", "ORDER", "PART", "_AND"), "an operator"),
    "TRUTH": "TRUE or FALSE",
    "NUMBER": "a number",
    "STRING": "a text in quotation marks",
    "_ID": "id(…)",
    "FIELD": "name, type or account.id",
}
_NOT_HERE = ("edge", "group", "rootcause", "insight", "links", "availabilityzone", "instance", "coldstart", "inferred")


class _Builder:
    def start(self, parts: Parts) -> Condition:
        found: Condition = parts[0]
        return found

    def either(self, parts: Parts) -> Condition:
        return Group(tuple(parts), is_any=True)

    def both(self, parts: Parts) -> Condition:
        return Group(tuple(parts))

    def inverted(self, parts: Parts) -> Condition:
        *signs, condition = parts
        return Inverted(condition) if len(signs) % 2 else condition

    def flag(self, parts: Parts) -> Condition:
        keyword, sign, truth = parts
        flag = Flag(keyword.lower())
        holds = truth is None or (truth.upper() == "TRUE") is (sign == "=")
        return flag if holds else Inverted(flag)

    def compares(self, parts: Parts) -> Condition:
        keyword, sign, wanted = parts
        return Compares(keyword.lower(), sign.upper(), wanted)

    def annotated(self, parts: Parts) -> Condition:
        name, sign, wanted = parts
        key = name.partition(".")[2] if name.type == "ANNOTATION_KEY" else _unquoted(name)
        return Annotated(key) if sign is None else Annotated(key, sign.upper(), wanted)

    def in_service(self, parts: Parts) -> Condition:
        fields, inside = parts
        return Service(fields or (), inside)

    def named(self, parts: Parts) -> tuple[tuple[str, str], ...]:
        return (("name", _unquoted(parts[0])),)

    def identified(self, parts: Parts) -> tuple[tuple[str, str], ...]:
        return tuple(dict(zip(map(str, parts[::2]), map(_unquoted, parts[1::2]), strict=True)).items())

    def value(self, parts: Parts) -> str | float | bool:
        (token,) = parts
        if token.type == "TRUTH":
            return bool(token.upper() == "TRUE")
        return float(token) if token.type == "NUMBER" else _unquoted(token)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[0] in "\"'" else str(text)


_GRAMMAR = Grammar(_RULES, _Builder(), _NAMES, longest=MAX_EXPRESSION_CHARS)


def parse_expression(text: str) -> Condition:
    """The tree of an expression. Raises BadExpressionError."""
    try:
        found: Condition = _GRAMMAR.parse(text)
    except GrammarError as error:
        if error.kind == "WORD" and "FLAG" in error.accepted:
            word = shortened(error.found)
            if word.lower().partition(".")[0] in _NOT_HERE:
                said = f"the embedded stack does not evaluate {word} in filter expressions"
                raise BadExpressionError(said) from None
            raise BadExpressionError(f"no keyword {word}") from None
        raise BadExpressionError(f"the expression cannot be read: {error}") from None
    return found


@lru_cache(maxsize=256)
def compile_expression(text: str) -> Callable[[TraceFacts], bool]:
    """A function that tests whether a trace matches. Raises BadExpressionError."""
    return _tested(parse_expression(text)) if text.strip() else lambda _: True


def _tested(condition: Condition) -> Test:
    match condition:
        case Flag(keyword):
            return _FLAGS[keyword]
        case Inverted(inner):
            holds = _tested(inner)
            return lambda subject: not holds(subject)
        case Group(conditions, is_any):
            tests = [_tested(one) for one in conditions]
            combine = any if is_any else all
            return lambda subject: combine(test(subject) for test in tests)
        case Annotated(key, "", _):
            return lambda subject: bool(_annotations(subject, key))
        case Annotated(key, sign, wanted):
            return _comparison(lambda subject: _annotations(subject, key), sign, wanted)
        case Compares(keyword, sign, wanted):
            return _comparison(_values_of(keyword), sign, wanted)
        case Service(fields, inside):
            return _service_test(fields, _tested(inside) if inside else None)


def _comparison(values: Callable[[Subject], list[Any]], sign: str, wanted: str | float | bool) -> Test:
    test = _OPERATORS[sign]
    return lambda subject: any(_same_kind(one, wanted) and test(one, wanted) for one in values(subject))


def _values_of(keyword: str) -> Callable[[Subject], list[Any]]:
    match keyword:
        case "responsetime" | "duration":
            return lambda subject: [_seconds(subject, keyword)]
        case "user":
            return lambda subject: [user for one in _services(subject) for user in one.users]
        case "name":
            return lambda subject: [one.name for one in _services(subject)]
    field = _HTTP[keyword.removeprefix("http.")]
    return lambda subject: [dict(one.http).get(field) for one in _services(subject)]


def _annotations(subject: Subject, key: str) -> list[Any]:
    return [value for one in _services(subject) for name, value in one.annotations if name == key]


def _service_test(fields: tuple[tuple[str, str], ...], inside: Test | None) -> Test:
    wanted = [(_FIELDS[name], value) for name, value in fields]

    def holds(one: ServiceFacts) -> bool:
        return all(getattr(one, name) == value for name, value in wanted) and (inside is None or inside(one))

    return lambda subject: any(holds(one) for one in _services(subject))


def _services(subject: Subject) -> tuple[ServiceFacts, ...]:
    return subject.services if isinstance(subject, TraceFacts) else (subject,)


def _root(subject: Subject) -> ServiceFacts:
    return subject.root if isinstance(subject, TraceFacts) else subject


def _seconds(subject: Subject, keyword: str) -> float:
    return subject.duration_s if keyword == "duration" else _root(subject).duration_s


def _is_ok(subject: Subject) -> bool:
    root = _root(subject)
    return not (root.fault or root.error or root.throttle)


_HTTP = {"status": "status", "url": "url", "method": "method", "useragent": "user_agent", "clientip": "client_ip"}
_FIELDS = {"name": "name", "type": "type", "account.id": "account"}
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

"""CloudWatch Logs filter patterns: text terms and JSON selectors (user guide, "Filter pattern syntax").

Terms are case-sensitive and match anywhere in the message. Space-delimited patterns (`[ip, user, …]`) are not supported
and are refused.
"""

import json
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import translate
from functools import lru_cache
from typing import Any

from monitor.kernel.expressions.grammar import Grammar, GrammarError, Parts, shortened
from monitor.kernel.patterns import regular_expression

MAX_PATTERN_CHARS = 1024
Matcher = Callable[[str], bool]
_Test = Callable[[Any], bool]


class BadPatternError(Exception):
    """A pattern that CloudWatch refuses, or that this stack does not evaluate."""


@dataclass(frozen=True, slots=True)
class Regex:
    """`%timed out%`."""

    source: str


@dataclass(frozen=True, slots=True)
class Term:
    """A text in the message. `sign` is "" (required), "?" (one of several is required) or "-" (excluded)."""

    text: str | Regex
    sign: str = ""


@dataclass(frozen=True, slots=True)
class Terms:
    """A text pattern."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """`$.a EXISTS`, `$.a NOT EXISTS`."""

    selector: str
    is_there: bool = True


@dataclass(frozen=True, slots=True)
class Is:
    """`$.a IS TRUE`, FALSE or NULL."""

    selector: str
    wanted: bool | None


@dataclass(frozen=True, slots=True)
class Compares:
    """`$.a = 1`: compares with a number, a text with the wildcard *, or a regular expression."""

    selector: str
    operator: str
    wanted: float | str | Regex


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by AND, or with `is_any` by OR."""

    conditions: "tuple[Condition, ...]"
    is_any: bool = False


Condition = Exists | Is | Compares | Group

_RULES = r"""
start: "{" either "}" -> condition | TERM* -> terms
?either: both ("||" both)*
?both: single ("&&" single)*
?single: SELECTOR EXISTS -> exists
    | SELECTOR NOT EXISTS -> exists
    | SELECTOR IS STATE -> is_state
    | SELECTOR EQUALITY (WORD | QUOTED | REGEX) -> compares
    | SELECTOR ORDER WORD -> compares
    | "(" either ")"

TERM: /[?-]?(?:"(?:\\.|[^"\\])*"|%[^%]+%|\w+)(?=\s|$)/
SELECTOR: /\$(?:(?:\.[\w-]+|\.?\[(?:\d+|\*|'[^']*'|"[^"]*")\])+|\.?\*)/
EXISTS: /EXISTS(?![\w.*+:\/@-])/
NOT: /NOT(?![\w.*+:\/@-])/
IS: /IS(?![\w.*+:\/@-])/
STATE: /(?:TRUE|FALSE|NULL)(?![\w.*+:\/@-])/
EQUALITY: /!?=/
ORDER: /[<>]=?/
QUOTED: /"(?:\\.|[^"\\])*"/
REGEX: /%[^%]+%/
WORD: /[\w.*+:\/@-]+/
%ignore /\s+/
"""
_NAMES = {
    "SELECTOR": "a selector such as $.level",
    **dict.fromkeys(("EXISTS", "IS", "EQUALITY", "ORDER"), "an operator"),
    "STATE": "TRUE, FALSE or NULL",
    **dict.fromkeys(("WORD", "QUOTED"), "a value"),
}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_STATES = {"TRUE": True, "FALSE": False, "NULL": None}


class _Builder:
    def terms(self, parts: Parts) -> Terms:
        return Terms(tuple(self._term(str(part)) for part in parts))

    def _term(self, text: str) -> Term:
        sign = text[0] if text[0] in "?-" else ""
        bare = text.removeprefix(sign)
        if bare[0] == "%":
            return Term(Regex(bare[1:-1]), sign)
        return Term(_unquoted(bare) if bare[0] == '"' else bare, sign)

    def condition(self, parts: Parts) -> Condition:
        found: Condition = parts[0]
        return found

    def either(self, parts: Parts) -> Condition:
        return Group(tuple(parts), is_any=True)

    def both(self, parts: Parts) -> Condition:
        return Group(tuple(parts))

    def exists(self, parts: Parts) -> Condition:
        return Exists(str(parts[0]), len(parts) == 2)

    def is_state(self, parts: Parts) -> Condition:
        return Is(str(parts[0]), _STATES[parts[2]])

    def compares(self, parts: Parts) -> Condition:
        selector, sign, wanted = parts
        if wanted.type == "REGEX":
            return Compares(str(selector), str(sign), Regex(wanted[1:-1]))
        if wanted.type == "QUOTED":
            return Compares(str(selector), str(sign), _unquoted(wanted))
        if _NUMBER.fullmatch(wanted):
            return Compares(str(selector), str(sign), float(wanted))
        if sign.type == "ORDER":
            raise BadPatternError(f"{sign} compares numbers, not {str(wanted)!r}")
        return Compares(str(selector), str(sign), str(wanted))


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])


_GRAMMAR = Grammar(_RULES, _Builder(), _NAMES, longest=MAX_PATTERN_CHARS)


def parse_pattern(pattern: str) -> Terms | Condition:
    """The tree of a pattern. Raises BadPatternError."""
    if len(pattern) > MAX_PATTERN_CHARS:
        raise BadPatternError(f"a filter pattern has at most {MAX_PATTERN_CHARS} characters")
    text = pattern.strip()
    if not text:
        # Most requests have no pattern and do not need the grammar.
        return Terms(())
    if text.startswith("["):
        raise BadPatternError("the embedded stack does not support space-delimited filter patterns ([…])")
    try:
        found: Terms | Condition = _GRAMMAR.parse(text)
    except GrammarError as error:
        if text.startswith("{"):
            raise BadPatternError(f"Invalid filter pattern: {error}") from None
        term = shortened(text[error.position :].split()[0])
        raise BadPatternError(f"Invalid character(s) in term {term!r}") from None
    return found


@lru_cache(maxsize=256)
def compile_pattern(pattern: str) -> Matcher:
    """A function that tests whether a message matches; cached by pattern. Raises BadPatternError."""
    tree = parse_pattern(pattern)
    return _text_matcher(tree) if isinstance(tree, Terms) else _json_matcher(_tested(tree))


def _text_matcher(pattern: Terms) -> Matcher:
    tests: dict[str, list[Matcher]] = {"": [], "?": [], "-": []}
    for term in pattern.terms:
        tests[term.sign].append(_term_test(term.text))
    needed, optional, excluded = tests[""], tests["?"], tests["-"]

    def matches(message: str) -> bool:
        if any(test(message) for test in excluded) or not all(test(message) for test in needed):
            return False
        # Optional terms have no effect beside other terms.
        return bool(needed or excluded or not optional) or any(test(message) for test in optional)

    return matches


def _term_test(wanted: str | Regex) -> Matcher:
    if isinstance(wanted, Regex):
        found = _regex(wanted.source)
        return lambda message: found.search(message) is not None
    term = wanted.strip()
    return lambda message: term in message


def _regex(source: str) -> re.Pattern[str]:
    # CloudWatch's subset has no groups, back-references or look-around.
    if re.search(r"(?<!\\)\(", source):
        raise BadPatternError(f"no groups in a regular expression: %{source}%")
    try:
        return regular_expression(source)
    except re.error as error:
        raise BadPatternError(f"not a regular expression: %{source}% ({error})") from None


def _json_matcher(test: _Test) -> Matcher:
    def matches(message: str) -> bool:
        stripped = message.strip()
        if not stripped.startswith("{"):
            return False
        try:
            value = json.loads(stripped)
        except (ValueError, RecursionError):
            return False
        return test(value)

    return matches


def _tested(condition: Condition) -> _Test:
    if isinstance(condition, Group):
        tests = [_tested(one) for one in condition.conditions]
        combine = any if condition.is_any else all
        return lambda value: combine(test(value) for test in tests)
    path = _path(condition.selector)
    match condition:
        case Exists(is_there=is_there):
            return lambda value: bool(_select(value, path)) is is_there
        case Is(wanted=wanted):
            return lambda value: any(one is wanted for one in _select(value, path))
        case Compares(operator=sign, wanted=wanted):
            test = _comparison(sign, wanted)
            return lambda value: any(test(one) for one in _select(value, path))


def _comparison(sign: str, wanted: float | str | Regex) -> _Test:
    if isinstance(wanted, float):
        compare = _COMPARE[sign]
        return lambda one: isinstance(one, int | float) and not isinstance(one, bool) and compare(float(one), wanted)
    is_equal = sign == "="
    if isinstance(wanted, Regex):
        pattern = _regex(wanted.source)
        return lambda one: _is_scalar(one) and (pattern.search(_text(one)) is not None) is is_equal
    fits = _wildcard(wanted)
    return lambda one: _is_scalar(one) and fits(one) is is_equal


_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def _is_scalar(one: Any) -> bool:
    return isinstance(one, str | int | float) and not isinstance(one, bool)


def _wildcard(text: str) -> _Test:
    if "*" not in text:
        return lambda one: _text(one) == text
    # Only the asterisk is special: fnmatch's other wildcards are escaped by brackets.
    pattern = re.compile(translate(re.sub(r"([?\[])", r"[\1]", text)))
    return lambda one: pattern.match(_text(one)) is not None


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _path(selector: str) -> list[str | int]:
    steps: list[str | int] = []
    for match in re.finditer(r"\.?\[(?:(\d+)|(\*)|'([^']*)'|\"([^\"]*)\")\]|\.([\w*-]+)", selector[1:]):
        index, star, single, double, name = match.groups()
        if index is not None:
            steps.append(int(index))
        elif star is not None:
            steps.append("[*]")
        else:
            steps.append(next(one for one in (single, double, name) if one is not None))
    return steps


def _select(value: Any, path: list[str | int]) -> list[Any]:
    """All values at the path: several through [*], none when the path does not exist."""
    found = [value]
    for step in path:
        found = [inner for one in found for inner in _step(one, step)]
    return found


def _step(value: Any, step: str | int) -> list[Any]:
    if isinstance(value, list):
        if step == "[*]":
            return value
        return value[step : step + 1] if isinstance(step, int) else []
    return [value[step]] if isinstance(value, dict) and step in value else []

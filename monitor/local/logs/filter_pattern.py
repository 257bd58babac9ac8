"""CloudWatch Logs filter patterns: text terms and JSON selectors (user guide, "Filter pattern syntax").

Terms are case-sensitive and looked for anywhere in the message. Space-delimited patterns (`[ip, user, …]`)
are refused: better no answer than a wrong one.
"""

import json
import re
from collections.abc import Callable
from fnmatch import translate
from typing import Any

MAX_PATTERN_CHARS = 1024
Matcher = Callable[[str], bool]
_Test = Callable[[Any], bool]
_MISSING = object()


class BadPatternError(Exception):
    """A pattern that CloudWatch would refuse, or that this stack does not evaluate."""


def compile_pattern(pattern: str) -> Matcher:
    """A function that says whether a message matches. Raises BadPatternError."""
    if len(pattern) > MAX_PATTERN_CHARS:
        raise BadPatternError(f"a filter pattern has at most {MAX_PATTERN_CHARS} characters")
    text = pattern.strip()
    if text.startswith("{"):
        return _json_matcher(text)
    if text.startswith("["):
        raise BadPatternError("the embedded stack has no space-delimited filter patterns ([…])")
    return _text_matcher(text)


def _text_matcher(text: str) -> Matcher:
    needed: list[Matcher] = []
    optional: list[Matcher] = []
    excluded: list[Matcher] = []
    position = 0
    for match in _TERM.finditer(text):
        if text[position : match.start()].strip():
            break
        position = match.end()
        test = _term_test(match)
        {"": needed, "?": optional, "-": excluded}[match.group("sign")].append(test)
    if text[position:].strip():
        raise BadPatternError(f"Invalid character(s) in term '{text[position:].split()[0]}'")

    def matches(message: str) -> bool:
        if any(test(message) for test in excluded) or not all(test(message) for test in needed):
            return False
        # Beside other terms the optional ones mean nothing.
        return bool(needed or excluded or not optional) or any(test(message) for test in optional)

    return matches


_TERM = re.compile(r'(?P<sign>[?-]?)(?:"(?P<quoted>(?:\\.|[^"\\])*)"|%(?P<regex>[^%]+)%|(?P<bare>\w+))(?=\s|$)')


def _term_test(match: re.Match[str]) -> Matcher:
    if match.group("regex") is not None:
        found = _regex(match.group("regex"))
        return lambda message: found.search(message) is not None
    quoted = match.group("quoted")
    term = match.group("bare") if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
    return lambda message: term.strip() in message


def _regex(source: str) -> re.Pattern[str]:
    # CloudWatch's subset has no groups, back-references or look-around: nothing that backtracks for ever.
    if re.search(r"(?<!\\)\(", source):
        raise BadPatternError(f"no groups in a regular expression: %{source}%")
    try:
        return re.compile(source)
    except re.error as error:
        raise BadPatternError(f"not a regular expression: %{source}% ({error})") from None


_TOKEN = re.compile(
    r"""\s*(?:
      (?P<op>&&|\|\||!=|<=|>=|=|<|>|\(|\)) |
      (?P<selector>\$(?:\.[\w-]+|\.?\[(?:\d+|\*|'[^']*'|"[^"]*")\])+ | \$\.?\*) |
      (?P<string>"(?:\\.|[^"\\])*") | %(?P<regex>[^%]+)% |
      (?P<word>[\w.*+:/@-]+) |
      (?P<other>\S)
    )""",
    re.VERBOSE,
)


def _json_matcher(text: str) -> Matcher:
    if not text.endswith("}"):
        raise BadPatternError("a JSON filter pattern ends with }")
    parser = _JsonParser(text[1:-1])
    test = parser.parse()

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


class _JsonParser:
    """Recursive descent over `selector op value`, IS, EXISTS, &&, || and parentheses."""

    def __init__(self, text: str) -> None:
        self._tokens = [(match.lastgroup or "", match) for match in _TOKEN.finditer(text) if match.lastgroup]
        self._at = 0

    def parse(self) -> _Test:
        test = self._either(0)
        if self._at < len(self._tokens):
            raise self._unexpected()
        return test

    def _either(self, depth: int) -> _Test:
        tests = [self._both(depth)]
        while self._take("op", "||"):
            tests.append(self._both(depth))
        return lambda value: any(test(value) for test in tests)

    def _both(self, depth: int) -> _Test:
        tests = [self._single(depth)]
        while self._take("op", "&&"):
            tests.append(self._single(depth))
        return lambda value: all(test(value) for test in tests)

    def _single(self, depth: int) -> _Test:
        if depth > 50:
            raise BadPatternError("too many parentheses")
        if self._take("op", "("):
            test = self._either(depth + 1)
            if not self._take("op", ")"):
                raise self._unexpected()
            return test
        selector = self._next("selector")
        path = _path(selector.group("selector"))
        if self._take("word", "NOT"):
            self._need_word("EXISTS")
            return lambda value: not _select(value, path)
        if self._take("word", "EXISTS"):
            return lambda value: bool(_select(value, path))
        if self._take("word", "IS"):
            wanted = {"TRUE": True, "FALSE": False, "NULL": None}.get(self._next("word").group("word"), _MISSING)
            if wanted is _MISSING:
                raise BadPatternError("IS is followed by TRUE, FALSE or NULL")
            return lambda value: any(one is wanted for one in _select(value, path))
        operator = self._next("op").group("op")
        test = self._comparison(operator)
        return lambda value: any(test(one) for one in _select(value, path))

    def _comparison(self, operator: str) -> _Test:
        if self._at >= len(self._tokens):
            raise self._unexpected()
        kind, match = self._tokens[self._at]
        self._at += 1
        if kind == "regex" and operator in ("=", "!="):
            pattern = _regex(match.group("regex"))
            return _equality(operator, lambda one: pattern.search(_text(one)) is not None)
        if kind == "string" and operator in ("=", "!="):
            text = re.sub(r"\\(.)", r"\1", match.group("string")[1:-1])
            return _equality(operator, _wildcard(text))
        if kind == "word":
            return _word_comparison(operator, match.group("word"))
        self._at -= 1
        raise self._unexpected()

    def _take(self, kind: str, text: str) -> bool:
        if self._at < len(self._tokens):
            found, match = self._tokens[self._at]
            if found == kind and match.group(kind) == text:
                self._at += 1
                return True
        return False

    def _next(self, kind: str) -> re.Match[str]:
        if self._at >= len(self._tokens) or self._tokens[self._at][0] != kind:
            raise self._unexpected()
        self._at += 1
        return self._tokens[self._at - 1][1]

    def _need_word(self, text: str) -> None:
        if not self._take("word", text):
            raise self._unexpected()

    def _unexpected(self) -> BadPatternError:
        if self._at >= len(self._tokens):
            return BadPatternError("Invalid filter pattern: it ends too early")
        return BadPatternError(f"Invalid filter pattern at {self._tokens[self._at][1].group(0).strip()!r}")


def _word_comparison(operator: str, word: str) -> _Test:
    try:
        number = float(word)
    except ValueError:
        if operator in ("=", "!="):
            return _equality(operator, _wildcard(word))
        raise BadPatternError(f"{operator} compares numbers, not {word!r}") from None
    compare: dict[str, Callable[[float], bool]] = {
        "=": lambda one: one == number,
        "!=": lambda one: one != number,
        "<": lambda one: one < number,
        "<=": lambda one: one <= number,
        ">": lambda one: one > number,
        ">=": lambda one: one >= number,
    }
    if operator not in compare:
        raise BadPatternError(f"Invalid filter pattern at {operator!r}")
    test = compare[operator]
    return lambda one: isinstance(one, int | float) and not isinstance(one, bool) and test(float(one))


def _equality(operator: str, test: _Test) -> _Test:
    def scalar(one: Any) -> bool:
        return isinstance(one, str | int | float) and not isinstance(one, bool)

    if operator == "=":
        return lambda one: scalar(one) and test(one)
    return lambda one: scalar(one) and not test(one)


def _wildcard(text: str) -> _Test:
    if "*" not in text:
        return lambda one: _text(one) == text
    # Only the asterisk is special: fnmatch's other characters are put in brackets.
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
    """Every value at the path; several through [*], none when it is not there."""
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

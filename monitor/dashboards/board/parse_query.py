"""Logs Insights' query language, as far as monitor evaluates it itself: text -> Query.

Source: CloudWatch Logs User Guide, "CloudWatch Logs Insights query syntax". Read are SOURCE 'group', fields,
display, filter, stats, sort, limit and dedup.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.dashboards.board.model_query import (
    Bin,
    Binary,
    Call,
    Column,
    Command,
    Dedup,
    Expression,
    Fields,
    Filter,
    In,
    Like,
    Limit,
    Literal,
    Name,
    Query,
    Sort,
    Stats,
    Unary,
)

_TOKEN = re.compile(
    r"""[ \t\r\n]*(?:(?P<text>'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|`(?P<quoted>[^`]*)`"""
    r"""|(?P<span>\d+(?:ms|mo|[smhdw])(?![\w.]))|(?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"""
    r"""|(?P<name>[@A-Za-z_][\w@]*(?:\.[\w@]+)*)|(?P<sign>=~|!=|<=|>=|[-+*/%^()\[\],<>=|]))""",
    re.DOTALL,
)
_COMMENT = re.compile(r"^\s*#.*$", re.MULTILINE)
_ALIAS = re.compile(r"[ \t\r\n]*(?:`([^`]+)`|([\w@.]+))")
_REGEX = re.compile(r"[ \t\r\n]*/((?:\\.|[^/\\\n])+)/([a-z]*)")
_UNITS_MS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_WORDS = frozenset({"and", "or", "not", "like", "in", "as", "by", "asc", "desc"})
_COMPARE = frozenset({"=", "!=", "<", "<=", ">", ">="})
_MAX_DEPTH = 60


class QueryError(ValueError):
    """The query cannot be read here; the message says what in it."""


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    start: int
    end: int


def parse_query(text: str) -> Query:
    """The query in `text`.

    Raises:
        QueryError: it has a command, or a form of one, that is not evaluated here.
    """
    return _Parser(_COMMENT.sub("", text)).query()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._position = 0
        self._depth = 0

    def query(self) -> Query:
        groups: list[str] = []
        commands: list[Command] = []
        while self._peek().kind != "end":
            if self._takes("|"):
                continue
            word = self._next().text.lower()
            if word == "source":
                # A line break after it does what a bar does.
                groups.append(self._group())
                continue
            commands.append(self._command(word))
            following = self._peek()
            if following.kind != "end" and following.text != "|":
                raise QueryError(f"{following.text!r} in `{word}` is not understood here")
        return Query(tuple(dict.fromkeys(groups)), tuple(commands))

    def _group(self) -> str:
        token = self._next()
        if token.kind == "text":
            return _unquoted(token.text)
        raise QueryError("SOURCE is read here with a log group's name in quotes only")

    def _command(self, word: str) -> Command:
        if word in ("fields", "display"):
            return Fields(tuple(self._columns()), word == "display")
        if word == "filter":
            return Filter(self._expression())
        if word == "stats":
            columns = tuple(self._columns())
            return Stats(columns, tuple(self._columns()) if self._takes("by") else ())
        if word == "sort":
            return Sort(tuple(self._keys()))
        if word in ("limit", "head"):
            token = self._next()
            if token.kind != "number":
                raise QueryError("`limit` takes a number")
            return Limit(int(float(token.text)))
        if word == "dedup":
            return Dedup(tuple(column.expression for column in self._columns()))
        raise QueryError(f"the command `{word[:30]}` is not evaluated here")

    def _columns(self) -> Iterator[Column]:
        while True:
            start = self._peek().start
            expression = self._expression()
            name = expression.text if isinstance(expression, Name) else self._text[start : self._position].strip()
            if self._takes("as"):
                name = self._alias()
            yield Column(name, expression)
            if not self._takes(","):
                return

    def _alias(self) -> str:
        # An alias may begin with a digit, which no field does: `pct(@duration, 50) as 50perc`.
        match = _ALIAS.match(self._text, self._position)
        if not match:
            raise QueryError(f"{self._peek().text!r} is no name for a column")
        self._position = match.end()
        return match[1] or match[2]

    def _keys(self) -> Iterator[tuple[Expression, bool]]:
        while True:
            expression = self._expression()
            descending = self._takes("desc")
            if not descending:
                self._takes("asc")
            yield expression, descending
            if not self._takes(","):
                return

    def _expression(self) -> Expression:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise QueryError("the query is nested too deeply")
        found = self._both()
        while self._takes("or"):
            found = Binary("or", found, self._both())
        self._depth -= 1
        return found

    def _both(self) -> Expression:
        found = self._negated()
        while self._takes("and"):
            found = Binary("and", found, self._negated())
        return found

    def _negated(self) -> Expression:
        count = 0
        while self._takes("not"):
            count += 1
        found = self._comparison()
        return Unary("not", found) if count % 2 else found

    def _comparison(self) -> Expression:
        left = self._sum()
        sign = self._peek().text
        if sign in _COMPARE:
            self._next()
            return Binary(sign, left, self._sum())
        negated = self._takes("not")
        if self._takes("like") or self._takes("=~"):
            found: Expression = Like(left, self._pattern())
        elif self._takes("in"):
            found = In(left, tuple(self._list("[", "]")))
        elif negated:
            raise QueryError("`not` stands where an operator should")
        else:
            return left
        return Unary("not", found) if negated else found

    def _sum(self) -> Expression:
        found = self._product()
        while (sign := self._peek().text) in ("+", "-"):
            self._next()
            found = Binary(sign, found, self._product())
        return found

    def _product(self) -> Expression:
        found = self._power()
        while (sign := self._peek().text) in ("*", "/", "%"):
            self._next()
            found = Binary(sign, found, self._power())
        return found

    def _power(self) -> Expression:
        found = self._operand()
        return Binary("^", found, self._operand()) if self._takes("^") else found

    def _operand(self) -> Expression:
        token = self._next()
        if token.kind == "number":
            return Literal(float(token.text))
        if token.kind == "text":
            return Literal(_unquoted(token.text))
        if token.text == "-":
            return Unary("-", self._operand())
        if token.text == "(":
            found = self._expression()
            self._expect(")")
            return found
        if token.kind in ("name", "quoted") and token.text.lower() not in _WORDS:
            if token.kind == "name" and self._peek().text == "(":
                return self._call(token.text.lower())
            return Name(token.text)
        raise QueryError(f"{token.text or 'the end'!r} comes where a field or a value should")

    def _call(self, function: str) -> Expression:
        if function in ("bin", "datefloor"):
            self._expect("(")
            token = self._next()
            if token.kind != "span" or token.text[-2:] == "mo":
                raise QueryError(f"{function}() is read here with a length such as 5m only")
            self._expect(")")
            unit = token.text.lstrip("0123456789")
            return Bin(int(token.text.removesuffix(unit)) * _UNITS_MS[unit])
        mark = self._position
        self._expect("(")
        if self._takes("*"):
            self._expect(")")
            return Call(function, ())
        self._position = mark
        return Call(function, tuple(self._list("(", ")")))

    def _list(self, opening: str, closing: str) -> Iterator[Expression]:
        self._expect(opening)
        if self._takes(closing):
            return
        while True:
            yield self._expression()
            if not self._takes(","):
                break
        self._expect(closing)

    def _pattern(self) -> re.Pattern[str]:
        match = _REGEX.match(self._text, self._position)
        try:
            if match:
                self._position = match.end()
                return re.compile(match[1], re.IGNORECASE if "i" in match[2] else 0)
            token = self._next()
            if token.kind == "text":
                # A text is looked for as it is; % and * have no meaning in it that monitor would evaluate.
                return re.compile(re.escape(_unquoted(token.text)))
        except re.error as error:
            raise QueryError(f"the pattern /{match[1] if match else ''}/ cannot be read here: {error}") from error
        raise QueryError("`like` takes a text or a /pattern/")

    def _takes(self, text: str) -> bool:
        token = self._peek()
        if token.kind in ("text", "quoted") or token.text.lower() != text:
            return False
        self._position = token.end
        return True

    def _expect(self, text: str) -> None:
        if not self._takes(text):
            raise QueryError(f"{self._peek().text or 'the end'!r} comes where {text!r} should")

    def _next(self) -> _Token:
        token = self._peek()
        self._position = token.end
        return token

    def _peek(self) -> _Token:
        match = _TOKEN.match(self._text, self._position)
        if match and match.lastgroup:
            return _Token(match.lastgroup, match[match.lastgroup], match.start(match.lastgroup), match.end())
        rest = self._text[self._position :].strip()
        if rest:
            raise QueryError(f"{rest[:1]!r} is not understood here")
        return _Token("end", "", len(self._text), len(self._text))


def _unquoted(text: str) -> str:
    return re.sub(r"\\(['\"\\])", r"\1", text[1:-1])

"""The search in a SEARCH expression or a dashboard variable: `{AWS/Lambda,FunctionName} MetricName="Errors"`.

Source: CloudWatch User Guide, "CloudWatch search expression syntax",
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/search-expression-syntax.html.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from monitor.kernel.expressions.grammar import Grammar, GrammarError, Parts

MOST_CHARS = 1024


class ExpressionError(ValueError):
    """CloudWatch does not accept the search or expression; `instead` says what to write."""

    def __init__(self, message: str, instead: str = "") -> None:
        super().__init__(message)
        self.instead = instead


@dataclass(frozen=True, slots=True)
class Term:
    """A term that matches a whole value (`is_exact`) or a part of it, of the named property or of any property."""

    text: str
    is_exact: bool = False
    property: str = ""


@dataclass(frozen=True, slots=True)
class Inverted:
    """`NOT x`."""

    condition: "Condition"


@dataclass(frozen=True, slots=True)
class Group:
    """`x y`, `x AND y`; with `is_any` `x OR y`."""

    conditions: "tuple[Condition, ...]"
    is_any: bool = False


Condition = Term | Inverted | Group


@dataclass(frozen=True, slots=True)
class Search:
    """A namespace, the dimensions of the metric (empty and None: any), and the other conditions."""

    namespace: str = ""
    dimensions: tuple[str, ...] | None = None
    condition: Condition | None = None

    def finds(self, namespace: str, metric: str, dimensions: dict[str, str]) -> bool:
        """Whether it finds a metric. A partial match is one of any part of a value, whatever its case.

        CloudWatch matches words of a value, which it splits at capitals and signs; that is narrower.
        """
        if self.dimensions is not None and (namespace != self.namespace or set(self.dimensions) != set(dimensions)):
            return False
        values = {**dimensions, "MetricName": metric, "Namespace": namespace}
        return self.condition is None or _holds(self.condition, values)


_RULES = r"""
start: [schema ","?] [either]
schema: "{" name ("," name)* "}"
?name: BARE -> bare | QUOTED -> exact
?either: both (_OR both)*
?both: inverted (_AND? inverted)*
?inverted: term | NOT+ term
?term: value
    | WORD "=" value -> designated
    | QUOTED "=" value -> designated
?value: WORD -> bare | QUOTED -> exact | "(" either ")"

_OR.3: /OR(?![^\s()={}"])/
_AND.3: /AND(?![^\s()={}"])/
NOT.3: /NOT(?![^\s()={}"])/
QUOTED.2: /"(?:\\.|[^"\\])*"/
BARE: /[^\s{},"()=](?:[^{},"()=]*[^\s{},"()=])?/
WORD.1: /[^\s()={}",][^\s()={}"]*/
%ignore /\s+/
"""
_NAMES = {
    "BARE": "a namespace or a dimension",
    "WORD": "a term",
}


@lru_cache(maxsize=256)
def parse_search(text: str) -> Search:
    """The search in a text.

    Raises:
        ExpressionError: it is not one.
    """
    try:
        found: Search = _GRAMMAR.parse(text)
    except GrammarError as error:
        raise ExpressionError(
            f"the search cannot be read: {error}", 'write e.g. {AWS/Lambda,FunctionName} MetricName="Errors"'
        ) from None
    return found


class _Builder:
    def start(self, parts: Parts) -> Search:
        schema, condition = parts
        if schema is None:
            return Search(condition=condition)
        return Search(schema[0], schema[1:], condition)

    def schema(self, parts: Parts) -> tuple[str, ...]:
        return tuple(term.text for term in parts)

    def bare(self, parts: Parts) -> Term:
        return Term(str(parts[0]))

    def exact(self, parts: Parts) -> Term:
        return Term(_unquoted(parts[0]), is_exact=True)

    def either(self, parts: Parts) -> Condition:
        return Group(tuple(parts), is_any=True)

    def both(self, parts: Parts) -> Condition:
        return Group(tuple(parts))

    def inverted(self, parts: Parts) -> Condition:
        *signs, condition = parts
        return Inverted(condition) if len(signs) % 2 else condition

    def designated(self, parts: Parts) -> Condition:
        name, condition = parts
        return _designated(_unquoted(name) if name.type == "QUOTED" else str(name), condition)


def _designated(name: str, condition: Condition) -> Condition:
    """`name=(…)`: terms in the brackets without a property get this one."""
    match condition:
        case Term(property=""):
            return Term(condition.text, condition.is_exact, name)
        case Inverted(inner):
            return Inverted(_designated(name, inner))
        case Group(inner, is_any):
            return Group(tuple(_designated(name, one) for one in inner), is_any)
    return condition


def _holds(condition: Condition, values: Mapping[str, str]) -> bool:
    match condition:
        case Inverted(inner):
            return not _holds(inner, values)
        case Group(inner, is_any):
            combine = any if is_any else all
            return combine([_holds(one, values) for one in inner])
        case Term(text, is_exact, name):
            # A search without a property also finds the names of dimensions.
            candidates = [values.get(name, "")] if name else [*values, *values.values()]
            return text in candidates if is_exact else any(text.lower() in one.lower() for one in candidates)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)


_GRAMMAR = Grammar(_RULES, _Builder(), _NAMES, longest=MOST_CHARS)

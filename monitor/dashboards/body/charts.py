"""The queries of `chart` widgets and PromQL alarms.

Source: CloudWatch API reference, "Properties of a Chart Widget Object", and the dashboards that AWS publishes: `data`
has `queries`, each with an id, a type, a language, a query, a step in seconds and a label. Queries in other places are
found too, since the console writes more than is documented.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from monitor.kernel.json_fields import text_of, whole_of
from monitor.kernel.pointer import join

PROMQL = "PromQL"
_QUERY_MEMBERS = ("query", "Query", "expr", "expression", "queryString", "promql", "promQL")
_LANGUAGE_MEMBERS = ("language", "queryLanguage", "dialect")
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class Query:
    """A query: its text, the JSON pointer of the text, and the members that set how its series are shown."""

    text: str
    pointer: str
    language: str = PROMQL
    label: str = ""
    color: str = ""
    step_s: int | None = None
    is_visible: bool = True

    @property
    def is_promql(self) -> bool:
        """Whether the query is in PromQL."""
        return self.language.lower() == PROMQL.lower()


def queries(properties: Any, pointer: str = "", language: str = PROMQL, depth: int = 0) -> Iterator[Query]:
    """The queries in the properties of a `chart` widget, in the order of the text.

    A query without a language has that of the object around it.
    """
    if depth > _DEEPEST:
        return
    if isinstance(properties, list):
        for index, item in enumerate(properties):
            yield from queries(item, join(pointer, index), language, depth + 1)
    if not isinstance(properties, dict):
        return
    language = next((found for name in _LANGUAGE_MEMBERS if (found := text_of(properties.get(name)))), language)
    for name, value in properties.items():
        if isinstance(value, dict | list):
            yield from queries(value, join(pointer, name), language, depth + 1)
        elif isinstance(value, str) and name in _QUERY_MEMBERS:
            yield Query(
                value,
                join(pointer, name),
                language,
                text_of(properties.get("label")) or "",
                text_of(properties.get("color")) or "",
                whole_of(properties.get("step")),
                properties.get("visible") is not False,
            )

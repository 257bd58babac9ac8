"""Checks of `chart` widgets and PromQL alarms beyond the schema: their queries."""

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.dashboards.body.charts import queries
from monitor.dashboards.model import Problem, Severity
from monitor.kernel.promql import mistake


def is_chart(properties: dict[str, Any]) -> bool:
    """Whether the properties are those of a `chart` widget, whatever type its widget has."""
    if properties.keys() & {"metrics", "annotations", "insightRule"}:
        return False
    return any(query.is_promql for query in queries(properties.get("data")))


def check(properties: dict[str, Any], pointer: str, patterns: Sequence[str] = ()) -> Iterator[Problem]:
    """The problems in the properties of a `chart` widget; `pointer` is that of the properties."""
    if not any(queries(properties)):
        message = "no query found in the chart widget"
        instead = 'write "data": {"queries": [{"id": "a", "language": "PromQL", "query": "…"}]}'
        yield Problem(Severity.WARNING, "promql", pointer, message, instead)
    yield from check_queries(properties, pointer, patterns)


def check_queries(value: Any, pointer: str, patterns: Sequence[str] = ()) -> Iterator[Problem]:
    """The problems in the PromQL queries of a widget's properties or of an alarm's criteria.

    Queries with placeholders, or with the text of a dashboard variable, are not checked: nobody knows what replaces it.
    """
    for query in queries(value, pointer):
        if not query.is_promql or "${" in query.text or any(pattern in query.text for pattern in patterns):
            continue
        if wrong := mistake(query.text):
            message = f"not valid PromQL: {wrong}"
            yield Problem(Severity.ERROR, "promql", query.pointer, message, "correct the query")

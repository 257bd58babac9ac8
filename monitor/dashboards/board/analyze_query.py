"""Evaluate a Logs Insights query over log events, with the rows that Logs Insights returns."""

from collections.abc import Iterable, Iterator

from monitor.dashboards.board.analyze_query_value import (
    TIMESTAMP,
    Row,
    UnsupportedError,
    evaluate,
    is_time,
    number,
    text,
    time_text,
)
from monitor.dashboards.board.analyze_query_value import truth as holds
from monitor.dashboards.board.model_query import (
    Binary,
    Call,
    Column,
    Command,
    Dedup,
    Expression,
    Fields,
    Filter,
    Limit,
    Literal,
    Name,
    Parse,
    Query,
    Sort,
    Stats,
    Unary,
    Value,
)
from monitor.kernel.statistics import percentile
from monitor.records.query_result import LogResult

# The number of rows of a query without a limit, and the maximum with one.
_DEFAULT_ROWS = 10_000
# How much of a field `parse` looks at: a pattern of somebody else's can take long on a long text.
_LONGEST_PARSED = 10_000
_STATISTICS = frozenset(
    {"count", "count_distinct", "sum", "avg", "min", "max", "pct", "percentile", "median", "stddev", "latest"}
    | {"earliest"}
)


def run(query: Query, events: Iterable[Row]) -> LogResult:
    """The result of the query. `events` are the discovered fields of each event, in ascending time.

    Raises:
        UnsupportedError: a function is not supported, or statistics are nested.
    """
    rows: Iterable[dict[str, Value]] = map(dict, events)
    shown: list[Column] = []
    ordered = False
    times = {TIMESTAMP, "@ingestionTime"}
    for command in query.commands:
        if isinstance(command, Fields):
            shown = list(command.columns) if command.only else _merged(shown, command.columns)
        elif isinstance(command, Stats):
            # A second `stats` sees only the columns of the first.
            shown = [*command.by, *command.columns]
        times |= {column.name for column in shown if is_time(column.expression)}
        ordered = ordered or isinstance(command, Sort | Stats)
        rows = _apply(command, rows)
    kept = list(rows)
    if not ordered:
        # Without `sort` or `stats`, Logs Insights returns the latest events first.
        kept.sort(key=lambda row: number(row.get(TIMESTAMP)) or 0.0, reverse=True)
    names = [column.name for column in shown] or [TIMESTAMP, "@message"]
    return LogResult(
        tuple(names),
        tuple(tuple(_written(name, row.get(name), times) for name in names) for row in kept[:_DEFAULT_ROWS]),
    )


def _merged(shown: list[Column], more: tuple[Column, ...]) -> list[Column]:
    known = {column.name for column in shown}
    return shown + [column for column in more if column.name not in known]


def _written(name: str, value: Value, times: set[str]) -> str | None:
    if value is None:
        return None
    if name in times and isinstance(value, float):
        return time_text(value)
    return text(value)


def _apply(command: Command, rows: Iterable[dict[str, Value]]) -> Iterable[dict[str, Value]]:
    match command:
        case Fields(columns):
            return (row | {one.name: evaluate(one.expression, row) for one in columns} for row in rows)
        case Filter(condition):
            return (row for row in rows if holds(evaluate(condition, row)))
        case Parse():
            return (row | _parsed(command, row) for row in rows)
        case Stats():
            return _stats(command, rows)
        case Sort(keys):
            return _sorted(list(rows), keys)
        case Limit(count):
            return _limited(rows, count)
        case Dedup(columns):
            return _first_of_each(rows, columns)


def _parsed(command: Parse, row: Row) -> dict[str, Value]:
    """The fields that `parse` extracts. Where the pattern does not match, the row has none of them."""
    source = evaluate(command.operand, row)
    found = command.pattern.search(text(source)[:_LONGEST_PARSED]) if source is not None else None
    return dict(zip(command.names, found.groups(), strict=True)) if found else {}


def _limited(rows: Iterable[dict[str, Value]], count: int) -> Iterator[dict[str, Value]]:
    # Not islice: without `sort`, the first rows are the latest events.
    held = rows if isinstance(rows, list) else sorted(rows, key=lambda row: -(number(row.get(TIMESTAMP)) or 0.0))
    yield from held[:count]


def _sorted(rows: list[dict[str, Value]], keys: tuple[tuple[Expression, bool], ...]) -> list[dict[str, Value]]:
    for expression, descending in reversed(keys):
        rows.sort(key=lambda row, e=expression: _key(evaluate(e, row)), reverse=descending)  # type: ignore[misc]
    return rows


def _key(value: Value) -> tuple[int, float, str]:
    known = number(value)
    if known is not None:
        return (1, known, "")
    return (0, 0.0, "") if value is None else (2, 0.0, text(value))


def _first_of_each(rows: Iterable[dict[str, Value]], columns: tuple[Expression, ...]) -> Iterator[dict[str, Value]]:
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        key = tuple(text(evaluate(column, row)) for column in columns)
        if key not in seen:
            seen.add(key)
            yield row


def _stats(command: Stats, rows: Iterable[dict[str, Value]]) -> list[dict[str, Value]]:
    groups: dict[tuple[str, ...], tuple[dict[str, Value], list[dict[str, Value]]]] = {}
    for row in rows:
        by = {column.name: evaluate(column.expression, row) for column in command.by}
        groups.setdefault(tuple(map(text, by.values())), (by, []))[1].append(row)
    if not groups and not command.by:
        groups[()] = ({}, [])
    return [
        by | {column.name: _statistic(column.expression, group) for column in command.columns}
        for by, group in groups.values()
    ]


def _statistic(expression: Expression, rows: list[dict[str, Value]]) -> Value:
    """The value of a statistic for a group of rows. It may be part of arithmetic and contain any expression."""
    if not isinstance(expression, Call) or expression.function not in _STATISTICS:
        return evaluate(_substituted(expression, rows), {})
    if expression.function == "count" and not expression.arguments:
        return float(len(rows))
    if not expression.arguments:
        raise UnsupportedError(f"{expression.function}() needs an argument")
    values = [value for row in rows if (value := evaluate(expression.arguments[0], row)) is not None]
    match expression.function:
        case "count":
            return float(len(values))
        case "count_distinct":
            return float(len(set(map(text, values))))
        case "earliest" | "latest":
            return values[0 if expression.function == "earliest" else -1] if values else None
    share = 0.5
    if expression.function in ("pct", "percentile"):
        given = number(evaluate(expression.arguments[1], {})) if len(expression.arguments) == 2 else None
        if given is None or not 0 <= given <= 100:
            raise UnsupportedError("pct() needs a field and a percentage")
        share = given / 100
    return _of_numbers(expression.function, [known for value in values if (known := number(value)) is not None], share)


def _of_numbers(function: str, values: list[float], share: float) -> Value:
    if function == "sum":
        return sum(values)
    if not values:
        return None
    match function:
        case "avg":
            return sum(values) / len(values)
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "stddev":
            mean = sum(values) / len(values)
            return float((sum((value - mean) ** 2 for value in values) / len(values)) ** 0.5)
    return percentile(sorted(values), share)


def _substituted(expression: Expression, rows: list[dict[str, Value]]) -> Expression:
    """`expression` with its statistics replaced by their values, so that it can be evaluated without a row."""
    match expression:
        case Call(function) if function in _STATISTICS:
            value = number(_statistic(expression, rows))
            return Name("") if value is None else Literal(value)
        case Call(function, arguments):
            return Call(function, tuple(_substituted(one, rows) for one in arguments))
        case Binary(operator, left, right):
            return Binary(operator, _substituted(left, rows), _substituted(right, rows))
        case Unary(operator, operand):
            return Unary(operator, _substituted(operand, rows))
        case Literal():
            return expression
    raise UnsupportedError("`stats` needs a statistic such as count(*)")

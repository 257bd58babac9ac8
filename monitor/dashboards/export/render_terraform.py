"""An export as Terraform's language."""

import re
from collections.abc import Iterator
from typing import Any

from monitor.dashboards.export.model import GIVEN, Export, ExportItem, ExportParameter, names, parts, quoted, snake
from monitor.errors import UsageError

_DATA = {
    "region": ("aws_region", "id"),
    "account": ("aws_caller_identity", "account_id"),
    "partition": ("aws_partition", "partition"),
}
# Parameters of PutMetricAlarm whose attribute has another name than in snake case.
_NAMES = {
    "EvaluateLowSampleCountPercentile": "evaluate_low_sample_count_percentiles",
    "OKActions": "ok_actions",
}
_ATTRIBUTES = {
    "alarm_name", "alarm_description", "actions_enabled", "ok_actions", "alarm_actions", "insufficient_data_actions",
    "threshold", "comparison_operator", "treat_missing_data", "metric_name", "namespace", "statistic",
    "extended_statistic", "period", "unit", "evaluation_periods", "datapoints_to_alarm",
    "evaluate_low_sample_count_percentiles", "threshold_metric_id",
}  # fmt: skip


def render_terraform(export: Export) -> str:
    """Variables, data sources and resources."""
    blocks = [_variable(one) for one in export.parameters]
    used = {name for item in export.items for name in (*names(item.name), *names(item.document))}
    blocks += [f'data "{_DATA[name][0]}" "current" {{}}' for name in GIVEN if name in used]
    for item in export.items:
        blocks.append("\n".join(_alarm(item, export) if item.is_alarm else _dashboard(item, export)))
    return "\n\n".join(blocks)


def _variable(one: ExportParameter) -> str:
    rows = [("type", "number" if one.is_number else "string"), ("description", _quoted(one.description))]
    if one.default is not None:
        rows.append(("default", _literal(one.default)))
    lines = [f"  {name.ljust(11 if len(rows) else 0)} = {value}" for name, value in rows]
    return "\n".join([f'variable "{snake(one.name)}" {{', *lines, "}"])


def _dashboard(item: ExportItem, export: Export) -> Iterator[str]:
    yield f'resource "aws_cloudwatch_dashboard" "{_label(item)}" {{'
    yield f"  dashboard_name = {_text(item.name, export)}"
    body = _expression(item.document, export, 2)
    yield f"  dashboard_body = jsonencode({body})"
    yield "}"


def _label(item: ExportItem) -> str:
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", item.id)
    return snake(words.removesuffix("_Dashboard").removesuffix("_Alarm"))


def _alarm(item: ExportItem, export: Export) -> Iterator[str]:
    rows: list[tuple[str, str]] = []
    blocks: list[str] = []
    for key, value in item.document.items():
        name = _NAMES.get(key, re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower())
        if key == "Dimensions":
            blocks += _dimensions(value, export, "  ")
        elif key == "Metrics":
            blocks += [line for one in value for line in _query(one, export)]
        elif name not in _ATTRIBUTES:
            raise UsageError(
                f"{item.id}: {key} has no attribute in aws_cloudwatch_metric_alarm", "use --as cloudformation"
            )
        elif key.endswith("Actions"):
            rows.append((name, f"compact([{', '.join(_text(one, export) for one in value)}])"))
        else:
            rows.append((name, _expression(value, export, 2)))
    yield f'resource "aws_cloudwatch_metric_alarm" "{_label(item)}" {{'
    yield from _aligned(rows, "  ")
    yield from blocks
    yield "}"


def _dimensions(value: Any, export: Export, pad: str) -> list[str]:
    rows = [(str(one["Name"]), _text(str(one["Value"]), export)) for one in value]
    return ["", f"{pad}dimensions = {{", *_aligned(rows, f"{pad}  "), f"{pad}}}"]


def _query(query: dict[str, Any], export: Export) -> Iterator[str]:
    rows = [
        (name, _expression(query[key], export, 4))
        for key, name in (
            ("Id", "id"), ("Expression", "expression"), ("Label", "label"), ("Period", "period"),
            ("ReturnData", "return_data"),
        )
        if key in query
    ]  # fmt: skip
    yield ""
    yield "  metric_query {"
    yield from _aligned(rows, "    ")
    if stat := query.get("MetricStat"):
        metric = stat["Metric"]
        inner = [
            (name, _expression(value, export, 6))
            for name, value in (
                ("namespace", metric["Namespace"]),
                ("metric_name", metric["MetricName"]),
                ("period", stat["Period"]),
                ("stat", stat["Stat"]),
                ("unit", stat.get("Unit")),
            )
            if value is not None
        ]
        yield ""
        yield "    metric {"
        yield from _aligned(inner, "      ")
        if metric.get("Dimensions"):
            yield from _dimensions(metric["Dimensions"], export, "      ")
        yield "    }"
    yield "  }"


def _aligned(rows: list[tuple[str, str]], pad: str) -> Iterator[str]:
    width = max((len(name) for name, _ in rows), default=0)
    yield from (f"{pad}{name.ljust(width)} = {value}" for name, value in rows)


def _expression(value: Any, export: Export, column: int) -> str:
    pad = " " * column
    if isinstance(value, dict) and value:
        inner = [f"{pad}  {_key(key, export)} = {_expression(item, export, column + 2)}" for key, item in value.items()]
        return "\n".join(["{", *inner, f"{pad}}}"])
    if isinstance(value, list) and value:
        inner = [f"{pad}  {_expression(item, export, column + 2)}," for item in value]
        return "\n".join(["[", *inner, f"{pad}]"])
    return _text(value, export) if isinstance(value, str) else _literal(value)


def _key(key: str, export: Export) -> str:
    return key if re.fullmatch(r"[A-Za-z_]\w*", key) else _text(key, export)


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return _quoted(value)
    return quoted(value)


def _text(text: str, export: Export) -> str:
    found = list(parts(text))
    if len(found) == 1 and found[0][0]:
        return _reference(found[0][1], export)
    pieces = [f"${{{_reference(one, export)}}}" if is_it else _quoted(one)[1:-1] for is_it, one in found]
    # `$${` would be a literal `${`: dollar signs before a reference are an expression of their own.
    return '"' + re.sub(r"(\$+)(?=\n)", r'${"\1"}', "\n".join(pieces)).replace("\n", "") + '"'


def _reference(name: str, export: Export) -> str:
    if name in GIVEN:
        kind, attribute = _DATA[name]
        return f"data.{kind}.current.{attribute}"
    if export.reference and name == "function_name":
        return f"{export.reference}.function_name"
    return f"var.{snake(name)}"


def _quoted(text: str) -> str:
    escaped = re.sub(r"([$%])\{", r"\1\1{", quoted(text))
    # `$$${` is read in two ways: the signs before an escape are an expression of their own.
    return re.sub(r"([$%]*\$+(?=\$\$\{)|[$%]*%+(?=%%\{))", r'${"\1"}', escaped)

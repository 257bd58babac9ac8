"""CloudWatch's embedded metric format: a JSON log line that holds metrics.

`_aws.CloudWatchMetrics[]{Namespace, Dimensions[[…]], Metrics[{Name, Unit, StorageResolution}]}`, the values
being members of the line itself, a number or a list of them. An old form has no `_aws` and the directives
at the top. Source: AWS's "Specification: Embedded metric format"; limits: 100 metrics a directive, 30
dimensions a set, 100 values a metric.
"""

from collections.abc import Iterator
from typing import Any

from monitor.kernel.json_fields import number_of, text_of, whole_of
from monitor.kernel.values import dataclass

_MOST_METRICS = 100
_MOST_VALUES = 100
_MOST_DIMENSIONS = 30
# Far more than CloudWatch takes from a line, few enough that a hostile line cannot multiply itself.
_MOST_DATA = 3_000
_SIZES = frozenset(f"{scale}{unit}" for scale in ("", "Kilo", "Mega", "Giga", "Tera") for unit in ("bytes", "bits"))
_COUNTED = frozenset(size.capitalize() for size in _SIZES) | {"Count"}
_UNITS = _COUNTED | {f"{unit}/Second" for unit in _COUNTED}
_UNITS |= {"Seconds", "Milliseconds", "Microseconds", "Percent", "None"}
_NOTHING: dict[str, Any] = {}
_REQUEST_ID_KEYS = ("function_request_id", "requestId", "request_id", "AWSRequestId")

Dimensions = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class MetricDatum:
    """One metric of one dimension set, as CloudWatch takes it from an EMF line.

    `dimensions` are (name, value) pairs in the order of the line, empty where it has none; `unit` is
    CloudWatch's spelling, "None" where the line gives none; `resolution_s` is 1 (high resolution) or 60.
    """

    namespace: str
    name: str
    unit: str
    values: tuple[float, ...]
    dimensions: Dimensions = ()
    resolution_s: int = 60


@dataclass(slots=True)
class Definition:
    """One metric of a directive with its values, and the dimension sets that it is recorded under.

    `refused` says why CloudWatch does not extract it, though its values can be read; "" where it does.
    """

    namespace: str
    name: str
    unit: str
    values: tuple[float, ...]
    resolution_s: int
    dimension_sets: list[Dimensions]
    refused: str = ""

    def data(self) -> Iterator[MetricDatum]:
        """One datum for each dimension set."""
        for dimensions in self.dimension_sets:
            yield MetricDatum(self.namespace, self.name, self.unit, self.values, dimensions, self.resolution_s)


def emf_timestamp_ms(line: dict[str, Any]) -> int | None:
    """The time that an EMF line gives its metrics, in epoch milliseconds."""
    return whole_of(_head(line).get("Timestamp"))


def emf_request_id(line: dict[str, Any]) -> str | None:
    """The request id, where an EMF line happens to hold one."""
    for key in _REQUEST_ID_KEYS:
        if key in line and (value := text_of(line[key])):
            return value
    return None


def read_emf(line: dict[str, Any]) -> tuple[list[Definition], int] | None:
    """The metrics of an EMF line, and how many definitions could not be read; None for a line that is not EMF.

    Not read: a metric without a name or a number, a dimension set that names an absent member, a directive without
    a namespace.
    """
    directives = _head(line).get("CloudWatchMetrics")
    if type(directives) is not list:
        return None
    found: list[Definition] = []
    size = skipped = 0
    for directive in directives:
        get = directive.get if type(directive) is dict else _NOTHING.get
        namespace, metrics = get("Namespace"), get("Metrics")
        if type(namespace) is not str or not namespace or type(metrics) is not list:
            skipped += 1
            continue
        sets, unusable = _dimension_sets(get("Dimensions"), line)
        skipped += unusable
        refused = f"more than {_MOST_METRICS} metrics" if len(metrics) > _MOST_METRICS else ""
        for metric in metrics:
            definition = _definition(namespace, metric, line, sets) if type(metric) is dict else None
            if definition is None or size + len(sets) > _MOST_DATA:
                skipped += 1
                continue
            if refused:
                definition.refused = refused
            size += len(sets)
            found.append(definition)
    return found, skipped


def _head(line: dict[str, Any]) -> dict[str, Any]:
    """The object that holds the directives: `_aws`, or in the old form the line itself."""
    head = line.get("_aws", line)
    return head if type(head) is dict else {}


def _definition(
    namespace: str, metric: dict[str, Any], line: dict[str, Any], sets: list[Dimensions]
) -> Definition | None:
    get = metric.get
    name = get("Name")
    if type(name) is not str or name not in line:
        return None
    value = line[name]
    listed = value if type(value) is list else [value]
    numbers = map(number_of, listed[:_MOST_VALUES])
    values = tuple([one for one in numbers if one is not None])
    if not values:
        return None
    given, resolution, refused = get("Unit") or "None", get("StorageResolution", 60), ""
    unit = given if type(given) is str else "None"
    if len(values) != len(listed):
        refused = f"more than {_MOST_VALUES} values" if len(listed) > _MOST_VALUES else "a value is not a number"
    elif unit not in _UNITS or unit is not given:
        refused = "unknown unit"
    elif resolution != 60 and resolution != 1:
        refused = "StorageResolution is neither 1 nor 60"
    return Definition(namespace, name, unit, values, 1 if resolution == 1 else 60, sets, refused)


def _dimension_sets(sets: object, line: dict[str, Any]) -> tuple[list[Dimensions], int]:
    """Every set with its values, and how many sets could not be used; no set at all means one without any."""
    if type(sets) is not list or not sets:
        return [()], 0
    usable: list[Dimensions] = []
    for names in sets[:_MOST_DATA]:
        pairs = _pairs(names, line)
        if pairs is not None:
            usable.append(pairs)
    return usable, len(sets) - len(usable)


def _pairs(names: object, line: dict[str, Any]) -> Dimensions | None:
    if type(names) is not list or len(names) > _MOST_DIMENSIONS:
        return None
    pairs: list[tuple[str, str]] = []
    for name in names:
        value = line.get(name) if type(name) is str else None
        if type(value) is not str:
            value = _text(value)
        # CloudWatch has no dimension with an empty value.
        if not value:
            return None
        pairs.append((name, value))
    return tuple(pairs)


def _text(value: object) -> str:
    """A number, true or false as text; "" for what is none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else ""

"""SeriesStyle up the functions that a dashboard shows."""

from collections.abc import Iterable, Iterator

from monitor.aws.connection import Connection
from monitor.aws.functions import describe
from monitor.aws.metrics import find_metrics
from monitor.dashboards.model import FunctionFacts
from monitor.errors import RefusedError

# Written by the entry point and by Powertools: either one gives the namespace of the function's own metrics.
_OWN_METRICS = ("ObservedInitDuration", "ColdStart")


def gather(
    connection: Connection, functions: Iterable[str], *, own_metrics: bool
) -> tuple[tuple[FunctionFacts, ...], tuple[str, ...]]:
    """The facts of each function, and a note for each value that is assumed.

    `own_metrics`: whether to look up the namespace and service of the function's own metrics.

    A function that does not exist or cannot be read is not an error: its dashboard can be deployed first.
    """
    found = [_one(connection, name, own_metrics) for name in dict.fromkeys(functions)]
    return tuple(facts for facts, _ in found), tuple(note for _, notes in found for note in notes)


def _one(connection: Connection, name: str, own_metrics: bool) -> tuple[FunctionFacts, list[str]]:
    notes: list[str] = []
    group, own, memory_mb, timeout_s = f"/aws/lambda/{name}", True, None, None
    try:
        info = describe(connection, name)
    except RefusedError as error:
        notes.append(f"{error.message}; assuming the log group {group}" + (f" ({error.hint})" if error.hint else ""))
    else:
        group, own, memory_mb, timeout_s = info.log_group, info.has_own_log_group, info.memory_mb, info.timeout_s
    known = len(notes)
    namespace, service = next(_own_metrics(connection, name, notes), (None, None)) if own_metrics else (None, None)
    if namespace is None and own_metrics and len(notes) == known:
        notes.append(
            f"{name} has not written ColdStart or ObservedInitDuration yet: using the default namespace and service; "
            "change them with --set namespace=… and --set service=…"
        )
    return FunctionFacts(name, group, own, namespace, service, memory_mb, timeout_s), notes


def _own_metrics(connection: Connection, name: str, notes: list[str]) -> Iterator[tuple[str, str]]:
    for metric in _OWN_METRICS:
        try:
            found = find_metrics(connection, metric, (("function_name", name),))
        except RefusedError as error:
            notes.append(
                f"{error.message}: using the default namespace and service for the metrics of {name} ({error.hint})"
            )
            return
        for namespace, dimensions in sorted(found):
            if set(names := dict(dimensions)) == {"function_name", "service"}:
                yield namespace, names["service"]

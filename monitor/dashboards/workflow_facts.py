"""What the account knows of the functions that a dashboard is about."""

from collections.abc import Iterable, Iterator

from monitor.aws.connection import Connection
from monitor.aws.functions import describe
from monitor.aws.metrics import find_metrics
from monitor.dashboards.model import FunctionFacts
from monitor.errors import RefusedError

# Written by the entry point and by Powertools: either tells where the function's own metrics are.
_OWN_METRICS = ("ObservedInitDuration", "ColdStart")


def gather(
    connection: Connection, functions: Iterable[str], *, own_metrics: bool
) -> tuple[tuple[FunctionFacts, ...], tuple[str, ...]]:
    """Each function's facts, and a note for each thing that had to be assumed.

    `own_metrics`: whether the namespace and service of its own metrics are wanted.

    A function that does not exist, or may not be asked for, is no error: its dashboard can come first.
    """
    found = [_one(connection, name, own_metrics) for name in dict.fromkeys(functions)]
    return tuple(facts for facts, _ in found), tuple(note for _, notes in found for note in notes)


def _one(connection: Connection, name: str, own_metrics: bool) -> tuple[FunctionFacts, list[str]]:
    notes: list[str] = []
    group, own, memory_mb, timeout_s = f"/aws/lambda/{name}", True, None, None
    try:
        info = describe(connection, name)
    except RefusedError as error:
        notes.append(f"{error.message}; assuming its log group {group}" + (f" ({error.hint})" if error.hint else ""))
    else:
        group, own, memory_mb, timeout_s = info.log_group, info.has_own_log_group, info.memory_mb, info.timeout_s
    known = len(notes)
    namespace, service = next(_own_metrics(connection, name, notes), (None, None)) if own_metrics else (None, None)
    if namespace is None and own_metrics and len(notes) == known:
        notes.append(
            f"{name} has written no ColdStart or ObservedInitDuration yet: their namespace and service are assumed; "
            "--set namespace=… and --set service=… say otherwise"
        )
    return FunctionFacts(name, group, own, namespace, service, memory_mb, timeout_s), notes


def _own_metrics(connection: Connection, name: str, notes: list[str]) -> Iterator[tuple[str, str]]:
    for metric in _OWN_METRICS:
        try:
            found = find_metrics(connection, metric, (("function_name", name),))
        except RefusedError as error:
            notes.append(
                f"{error.message}: the namespace and service of {name}'s own metrics are assumed ({error.hint})"
            )
            return
        for namespace, dimensions in sorted(found):
            if set(names := dict(dimensions)) == {"function_name", "service"}:
                yield namespace, names["service"]

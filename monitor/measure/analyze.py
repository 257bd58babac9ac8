"""The variable that forces a cold start, the figures of each memory size, and where more memory stops helping."""

import re
from collections.abc import Sequence
from typing import Any

from monitor.coldstarts.analyze_compare import FEWEST, durations_differ
from monitor.errors import RefusedError, UsageError
from monitor.instrument.analyze_settings import MAX_ENVIRONMENT_BYTES, environment_bytes, read_wrapping
from monitor.kernel.missing import Missing
from monitor.kernel.statistics import Quantiles, distribution
from monitor.measure.model import Mark, SizeResult, Start

VARIABLE = "MONITOR_MEASURE"
LEAST_MB, MOST_MB = 128, 10_240
# A smaller gain is not worth the price of the next size.
_GAIN = 0.05
_MARK = re.compile(r"run=([0-9a-f]{16}) start=(\d{1,9}) memory=(\d{1,5}) was=(\d{1,5})")


def mark_text(mark: Mark) -> str:
    """The mark as the value of the variable."""
    return f"run={mark.run} start={mark.start} memory={mark.memory_mb} was={mark.memory_before_mb}"


def read_mark(variables: dict[str, str]) -> Mark | None:
    """The mark among the variables of a function, None without one.

    Raises:
        RefusedError: the variable has a value that monitor did not write.
    """
    text = variables.get(VARIABLE)
    if text is None:
        return None
    found = _MARK.fullmatch(text)
    if found is None:
        raise RefusedError(
            f"the variable {VARIABLE} of the function was not set by monitor measure", "remove or rename the variable"
        )
    return Mark(found[1], *(int(word) for word in found.groups()[1:]))


def variables_of(configuration: dict[str, Any]) -> dict[str, str]:
    """All variables of a function. Raises RefusedError if they cannot be read: an update would lose them."""
    return read_wrapping(configuration).variables


def has_room(variables: dict[str, str]) -> bool:
    """Whether the longest mark still fits into the environment."""
    longest = mark_text(Mark("0" * 16, 10**9 - 1, MOST_MB, MOST_MB))
    return environment_bytes({**variables, VARIABLE: longest}) <= MAX_ENVIRONMENT_BYTES


def marked(configuration: dict[str, Any], mark: Mark) -> dict[str, Any]:
    """The parameters of the update that forces a cold start at the mark's memory size."""
    variables = {**variables_of(configuration), VARIABLE: mark_text(mark)}
    return {"MemorySize": mark.memory_mb, "Environment": {"Variables": variables}}


def unmarked(configuration: dict[str, Any], mark: Mark) -> dict[str, Any]:
    """The parameters of the update that restores the function: the memory only if it is still what the run set."""
    kept = {name: value for name, value in variables_of(configuration).items() if name != VARIABLE}
    parameters: dict[str, Any] = {"Environment": {"Variables": kept}}
    if configuration.get("MemorySize") == mark.memory_mb != mark.memory_before_mb:
        parameters["MemorySize"] = mark.memory_before_mb
    return parameters


def parse_sizes(text: str) -> tuple[int, ...]:
    """The memory sizes of --memory, ascending, each once.

    Raises:
        UsageError: one is not a size that Lambda has.
    """
    words = [word.strip() for word in text.split(",")]
    for word in words:
        if not re.fullmatch(r"[0-9]{1,5}", word) or not LEAST_MB <= int(word) <= MOST_MB:
            raise UsageError(
                f"--memory {text!r}: {word!r} is not a memory size",
                f"give sizes from {LEAST_MB} to {MOST_MB} MB, such as --memory 512,1024,1769",
            )
    return tuple(sorted({int(word) for word in words}))


def size_result(memory_mb: int, starts: Sequence[Start]) -> SizeResult:
    """The figures of one memory size."""
    cold = [start for start in starts if start.total_ms is not None]
    totals = distribution(start.total_ms or 0.0 for start in cold)
    costs = [start.cost_usd for start in cold if start.cost_usd is not None]
    return SizeResult(
        memory_mb=memory_mb,
        starts=len(starts),
        cold_starts=len(cold),
        failed_calls=sum(start.function_error is not None for start in cold),
        init_ms=distribution(start.init_ms or 0.0 for start in cold).p50,
        first_call_ms=distribution(start.first_call_ms or 0.0 for start in cold).p50,
        total_ms=totals.p50,
        total_min_ms=totals.min,
        total_max_ms=totals.max,
        max_memory_mb=max((start.max_memory_mb or 0 for start in cold), default=None),
        cost_usd_per_million=sum(costs) / len(costs) * 1_000_000 if costs else None,
        extension_init_ms=_median([start.extensions.init_ms for start in cold]),
        extension_after_response_ms=_median([start.extensions.after_response_ms for start in cold]),
    )


def _median(values: Sequence[float | Missing]) -> float | Missing:
    known = [value for value in values if not isinstance(value, Missing)]
    if known:
        return distribution(known).p50 or 0.0
    return next((value for value in values if isinstance(value, Missing)), Missing("there was no cold start"))


def enough_memory(starts: Sequence[Start], *, local: bool) -> int | Missing:
    """The smallest size that no larger one beats by 5% and by more than noise (Mann-Whitney, 1%)."""
    if local:
        return Missing(
            "the embedded stack gives every memory size the same CPU, so memory has no effect on the duration"
        )
    by_size: dict[int, Quantiles] = {}
    for start in starts:
        if start.total_ms is not None:
            by_size.setdefault(start.memory_mb, Quantiles()).add(start.total_ms)
    sizes = sorted(by_size)
    if len(sizes) < 2:
        return Missing("one memory size was measured: give --memory several")
    enough = sizes[0]
    for larger in sizes[1:]:
        found = durations_differ(by_size[enough], by_size[larger])
        if found.p_value is None or found.before is None or found.after is None:
            return Missing(f"a size has fewer than {FEWEST} cold starts: give --starts {FEWEST} or more")
        if found.is_more_than_noise and found.after < found.before * (1 - _GAIN):
            enough = larger
    if enough == sizes[-1]:
        return Missing(f"the largest size, {enough} MB, was still faster than the others: measure larger ones")
    return enough


def check_alias(name: str) -> None:
    """Refuse a name that Lambda does not accept for an alias.

    Raises:
        UsageError: it is a number, has other characters, or is too long.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", name, re.ASCII) or name.isdigit():
        raise UsageError(f"--alias {name!r} is not a name of an alias", "use letters, digits, - and _, such as measure")

"""What differs between the same handler bare and wrapped, beyond the records that are the runtime's own."""

import itertools
import json
import re
import sys
from collections.abc import Iterator
from typing import Any

from tests.differential.modes import Outcome
from tests.fakes.runtime_api import FUNCTION_NAME, Run

# Peak memory that the runtime may add. tracemalloc keeps a record of every allocation in a table that doubles when it
# is full: then a part of the whole is allowed.
MEMORY_KB, TRACED_PART = 8 * 1024, 8
# What the handler's own subsegment has at its first invocation.
_OF_RUNTIME = {"ColdStart": True, "Service": FUNCTION_NAME}
_DEEPEST, _NEAR_THE_LIMIT = 20_000, 900
# Identity and time.
_VARYING_KEYS = {"timestamp", "Timestamp", "id", "parent_id", "start_time", "end_time", "xray_trace_id", "request_id"}
_VARYING_TEXT = re.compile(
    r"0x[0-9a-f]{6,}|\b[0-9a-f]{16}\b|\b[0-9a-f]{64}\b|\[\d{13}\]|\b\d{10}\.\d+|\b1\d{12}\b|\b\d{8}T\d{6}Z"
    r"|\d{4}-\d\d-\d\d[T ][\d:.,+Z-]+|127\.0\.0\.1:\d+|'127\.0\.0\.1',? (?:port=)?\d+|/tmp/(?:tmp|monitor-state-)\w+"
    r"|\[Previous line repeated \d+ more times\]|\d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT"
    r"|\b(?!00000000)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
)
# Where an object was made: tracemalloc and asyncio name all callers, the runtime client's and the runtime's among them.
_MADE_AT = re.compile(r"(?m)^(?:Object allocated|Coroutine created) at \(most recent call last\):?\n(?:  .*\n)+")
_CALLER = re.compile(
    r'(?m)^[ >] File "\S+/(?:awslambdaric/\w+|monitor/runtime/\w+|differential/probe)\.py(?: <[\w.]+>)?", '
    r"line.*\n(?:    .*\n|\n)*"
)
# loguru prints the call stack from the main module on, where Python begins a traceback at the frame that caught it.
_CALL_STACK = re.compile(
    r'(?m)^[ >] File "\S+/differential/probe\.py", line \d+, in <module>\n(?:[ >] File .*\n|    .*\n|\n)*'
)
# A loop that nobody closed: whether its socket is collected first depends on where the collector's generations part.
_LOOP_COLLECTED = re.compile(
    r"(?m)^Exception ignored in: <function BaseEventLoop\.__del__ at #>\nTraceback \(most recent call last\):\n"
    r"(?:  .*\n)+ValueError: Invalid file descriptor: -1\n"
)
# The warning of a socket that nobody closed names the line at which the collector ran, which is any line.
_SOCKET_COLLECTED = re.compile(
    r"(?m)^(Exception ignored in: <socket\.socket .*>\nTraceback \(most recent call last\):\n)"
    r"(?:  .*\n)+(?=ResourceWarning: unclosed )"
)
_CALLERS = {"__main__.py", "bootstrap.py", "probe.py", "invoke.py <importlib._bootstrap>"}
# How long a step of an event loop took, which asyncio logs in its debug mode where it was long.
_STOPWATCH = re.compile(r"Executing <.* took \d+\.\d+ seconds")
_OWN_RECORD = re.compile(r'\{"level":"INFO","message":"monitor\.|\{"_aws":')
# No module of the standard library is loaded for the runtime where an application could see it.
ADDED_MODULES = re.compile(r"monitor(\..*)?")
# Variables that tell the runtime what to do, or that it corrects for the application.
_OUR_VARIABLES = {"MONITOR_HANDLER"}


def differences(bare: Outcome, wrapped: Outcome) -> list[str]:
    """One line for each thing that the runtime changed."""
    limit = sys.getrecursionlimit()
    # Answers can be nested as deep as JSON allows.
    sys.setrecursionlimit(_DEEPEST)
    try:
        return [*_differences(bare, wrapped)]
    finally:
        sys.setrecursionlimit(limit)


def _differences(bare: Outcome, wrapped: Outcome) -> Iterator[str]:
    one, other = bare.run, wrapped.run
    if one.timed_out or other.timed_out:
        # Two runs that were cut short say nothing.
        yield f"ended before all events were answered: bare {one.timed_out}, wrapped {other.timed_out}"
        return
    yield from _unequal("results", _steady(one.results), _steady(other.results))
    yield from _unequal("init error", _steady(one.init_error), _steady(other.init_error))
    yield from _unequal("errors", _steady(one.errors), _steady(other.errors))
    if one.init_error is not None or (one.returncode or 0) >= 0:
        yield from _unequal("exit code", one.returncode, other.returncode)
    yield from _unequal("stderr", _stderr(one), _stderr(other))
    yield from _unequal("log", application_log(one), application_log(other))
    wrapped_spans = application_spans(other, bare_spans=len(one.datagrams), patched=wrapped.patched)
    yield from _unequal("subsegments", application_spans(one, patched=wrapped.patched), wrapped_spans)
    yield from _own_records(other)
    traced = any("PYTHONTRACEMALLOC" in state["environment"] for state in bare.states[:1])
    allowed_kb = max(MEMORY_KB, one.peak_kb // TRACED_PART) if traced else MEMORY_KB
    if one.peak_kb and other.peak_kb > one.peak_kb + allowed_kb:
        yield f"peak memory: {one.peak_kb // 1024} MB bare, {other.peak_kb // 1024} MB wrapped"
    for number, (before, after) in enumerate(zip(bare.states, wrapped.states, strict=False), 1):
        found = list(_state_differences(before, after))
        yield from (f"state after invocation {number}: {text}" for text in found)
        if found:
            break


def _unequal(what: str, one: Any, other: Any) -> Iterator[str]:
    if one != other:
        yield f"{what}: {_short(one, other)}"


def _short(one: Any, other: Any) -> str:
    """Both values, from where they begin to differ."""
    if isinstance(one, list) and isinstance(other, list):
        missing = [item for item in one if item not in other]
        added = [item for item in other if item not in one]
        if missing or added:
            return f"bare {_clip(missing)} wrapped {_clip(added)}"
    return f"bare {_clip(one)} wrapped {_clip(other)}"


def _clip(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 700 else f"{text[:700]}…"


def _stderr(run: Run) -> str:
    """What was written to stderr."""
    text = _SOCKET_COLLECTED.sub(r"\1", _LOOP_COLLECTED.sub("", steady_text(run.stderr)))
    return _without_caller_lines(_MADE_AT, _without_caller_lines(_CALL_STACK, text))


def _without_caller_lines(stack: re.Pattern[str], text: str) -> str:
    return stack.sub(lambda found: _CALLER.sub("", found[0]), text)


def steady_text(text: str) -> str:
    """Text without what differs from run to run."""
    return _VARYING_TEXT.sub("#", text)


def _steady(value: Any, depth: int = 0) -> Any:
    if depth > _NEAR_THE_LIMIT:
        # How often a cycle is followed depends on Python's limit, and the handler's frame is one deeper (decision 040).
        return ...
    if isinstance(value, dict):
        return {key: _steady(inner, depth + 1) for key, inner in value.items() if key not in _VARYING_KEYS}
    if isinstance(value, str):
        return steady_text(value)
    return [_steady(inner, depth + 1) for inner in value] if isinstance(value, list) else value


def _without_own_records(stdout: str) -> str:
    """The log without the runtime's records, also where one follows a line that the application has not ended.

    On Lambda both are log events of their own: the runtime client's log records go through a pipe in frames.
    """
    decoder = json.JSONDecoder()
    kept, position = "", 0
    for match in _OWN_RECORD.finditer(stdout):
        if match.start() < position:
            continue
        try:
            document, end = decoder.raw_decode(stdout, match.start())
        except ValueError:
            continue
        if is_own_record(document):
            kept += stdout[position : match.start()]
            position = end + 1  # its newline
    return kept + stdout[position:]


def _documents(stdout: str) -> Iterator[Any]:
    """The log's JSON objects, also those over several lines, and its lines of text."""
    decoder = json.JSONDecoder()
    position = 0
    while position < len(stdout):
        if stdout[position] == "{":
            try:
                document, position = decoder.raw_decode(stdout, position)
                yield document
                continue
            except ValueError:
                pass
        line, _, _ = stdout[position:].partition("\n")
        position += len(line) + 1
        if line.strip():
            yield line


def is_own_record(document: Any) -> bool:
    """Whether the runtime writes it by design: its records and the metrics of a start."""
    if not isinstance(document, dict):
        return False
    return not {"monitor_init", "monitor_imports", "monitor_metrics"}.isdisjoint(document)


def application_log(run: Run) -> list[Any]:
    """All that was logged but the runtime's own records."""
    documents = _documents(_without_caller_lines(_CALL_STACK, _without_own_records(run.stdout)))
    return [_steady(one) for one in documents if not _STOPWATCH.search(str(one))]


def application_spans(run: Run, bare_spans: int | None = None, *, patched: bool = False) -> list[Any]:
    """The subsegments as the application has them, each with its parent's name.

    A function that traces nothing by itself (`bare_spans` is 0) may get its handler's subsegment and those of AWS
    calls, and under MONITOR_PATCH (`patched`) those of the libraries that it names.
    """
    names = {span.get("id"): span.get("name", "") for span in run.datagrams}
    own = [span for span in run.datagrams if not span.get("name", "").startswith("init: ")]
    if bare_spans == 0:
        own = [span for span in own if not span.get("name", "").startswith("## ") and span.get("namespace") != "aws"]
    elif bare_spans is not None:
        # Until a handler makes its Tracer, the runtime traces the handler and its AWS calls.
        of_runtime = {span.get("id") for span in own if span.get("annotations") == _OF_RUNTIME}
        own = [
            span
            for span in own
            if span.get("id") not in of_runtime
            and (span.get("namespace") != "aws" or span.get("parent_id") not in of_runtime)
        ]
    if patched:
        own = [span for span in own if span.get("namespace") not in {"remote", "aws"}]
    return [
        _steady(_without_callers(span)) | {"parent": names.get(span.get("parent_id"), "the segment")} for span in own
    ]


def _without_callers(span: dict[str, Any]) -> dict[str, Any]:
    """The subsegment without the handler's callers: the X-Ray SDK notes the call stack beside an exception."""
    cause = span.get("cause")
    if not isinstance(cause, dict):
        return span
    exceptions = [
        one | {"stack": list(itertools.dropwhile(lambda frame: frame["path"] in _CALLERS, one.get("stack") or ()))}
        for one in cause["exceptions"]
    ]
    return span | {"cause": cause | {"exceptions": exceptions}}


def _own_records(run: Run) -> Iterator[str]:
    """A record of each start, of at most 32 KB a line."""
    if run.durations_ms or run.init_error is not None:
        lines = [line for line in run.stdout.splitlines() if '"monitor_init":' in line]
        if not lines:
            yield "there is no init record"
        if any(len(line.encode()) > 32 * 1024 for line in lines):
            yield "an init record is larger than 32 KB"


def _state_differences(bare: dict[str, Any], wrapped: dict[str, Any]) -> Iterator[str]:
    for what in bare:
        if what == "modules":
            yield from _module_differences(bare[what], wrapped[what])
        elif what == "environment":
            names = set(bare[what]) | set(wrapped[what])
            for name in sorted(names - _OUR_VARIABLES):
                one, other = bare[what].get(name), wrapped[what].get(name)
                if not (name == "AWS_LAMBDA_RUNTIME_API" or "XRAY_DAEMON" in name):
                    yield from _unequal(f"variable {name}", one, other)
        elif what == "logging":
            yield from _logging_differences(bare[what], wrapped[what])
        elif isinstance(bare[what], list):
            one, other = ([_steady(item) for item in state[what]] for state in (bare, wrapped))
            yield from _unequal(what, one, other)
        else:
            yield from _unequal(what, _steady(bare[what]), _steady(wrapped[what]))


def _module_differences(bare: dict[str, str], wrapped: dict[str, str]) -> Iterator[str]:
    added = sorted(name for name in wrapped.keys() - bare.keys() if not ADDED_MODULES.fullmatch(name))
    if added:
        yield f"modules loaded for the runtime: {', '.join(added[:12])}" + (" …" if len(added) > 12 else "")
    for name, kind in bare.items():
        if name not in wrapped:
            yield f"module {name} is missing"
        elif wrapped[name] != kind:
            yield f"module {name} is a {wrapped[name]}, bare a {kind}"


def _logging_differences(bare: dict[str, Any], wrapped: dict[str, Any]) -> Iterator[str]:
    yield from _unequal("root logger", bare["root"], wrapped["root"])
    yield from _unequal("logging.disable", bare["disabled"], wrapped["disabled"])
    one, other = bare["loggers"], wrapped["loggers"]
    for name in sorted(one.keys() | other.keys()):
        if name.split(".")[0] != "monitor":
            yield from _unequal(f"logger {name}", one.get(name), other.get(name))

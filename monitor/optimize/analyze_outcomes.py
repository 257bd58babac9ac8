"""What differs between two runs of the same events: answers, output, log records, exceptions, X-Ray segments."""

import json
import re
from collections.abc import Collection, Container, Iterator
from typing import Any

from monitor.optimize.model import Outcome

# Identity and time, which differ from run to run.
_VARYING_KEYS = {"timestamp", "Timestamp", "id", "parent_id", "start_time", "end_time", "xray_trace_id", "trace_id"}
_VARYING_TEXT = re.compile(
    r"0x[0-9a-f]{6,}|(?<!\d\.)\b[0-9a-f]{16}\b|\d{4}-\d\d-\d\d[T ]\d\d:\d\d[\d:.,+Z-]*|127\.0\.0\.1:\d+|/tmp/[\w./-]+"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"
)
_IDENTITY = re.compile(r"00000000-0000-4000-8000-\d{12}")
_LAZY = re.compile(r"\b__lazy__\.|def __lazy_\d+__\(\): global [\w, ]+; ")
_USE = re.compile(r"\((?:__import__\('[\w.]+'\) and )+((?:__lazy__\.)?\w+)\)")
_CARETS = re.compile(r"\n[ ~^]+(?=\n)")
# What a program measures with a clock, by the name of the value or the words and units beside it.
_CLOCK_WORDS = {
    "time", "times", "timing", "timings", "latency", "latencies", "duration", "durations", "elapsed", "took", "seconds",
    "secs", "sec", "ms", "millis", "milliseconds", "us", "ns", "uptime", "age", "timestamp", "ts", "epoch", "now",
    "start", "started", "end", "ended", "finished", "clock", "cpu",
}  # fmt: skip
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_NUMBER = r"\d+(?:\.\d+)?(?:[eE]-?\d+)?"
_CLOCK_TEXT = re.compile(
    rf"(?<![\d.])(?:(?:{_NUMBER})(?=\s?(?:s|secs?|seconds?|m?sec|ms|milli(?:second)?s|[uµ]s|microseconds?|ns|min(?:ute)?s?)\b)"
    r"|1[5-9]\d{8}(?:\d{3}|\d{6}|\d{9})?(?:\.\d+)?(?!\d))"
    rf"|(?P<word>(?:time|latency|duration|elapsed|took|uptime)\w*\W{{1,4}}(?:(?:in|of|was|is)\s)?){_NUMBER}",
    re.IGNORECASE,
)


def steady(value: Any, root: str, hidden: Collection[str] = ()) -> Any:
    """A value without what differs from run to run; the folder of the package becomes /var/task.

    The values of the keys `hidden` are left out.
    """
    if isinstance(value, dict):
        return {key: "#" if key in hidden else steady(inner, root, hidden) for key, inner in value.items()}
    if isinstance(value, list):
        return [steady(one, root, hidden) for one in value]
    if isinstance(value, str):
        return steady_text(value, root)
    return value


def steady_text(text: str, root: str) -> str:
    """A text without what differs from run to run, and without the marks of lazy imports in shown source lines."""
    text = text.replace(root, "/var/task")
    text = _CARETS.sub("", _LAZY.sub("", _USE.sub(r"\1", text)))
    return _VARYING_TEXT.sub(lambda match: match[0] if _IDENTITY.fullmatch(match[0]) else "#", text)


def parts(outcome: Outcome, root: str) -> dict[str, Any]:
    """An outcome as a flat table: a path such as `response 1.body.total`, and the steady value there."""
    found: dict[str, Any] = {}
    for number, (kind, document) in enumerate(outcome.answers, 1):
        found[f"response {number}"] = kind
        _flatten(f"response {number}", _opened(steady(document, root)), found)
    if outcome.init_error is not None:
        _flatten("init error", steady(outcome.init_error, root), found)
    for name, text in (("stdout", outcome.stdout), ("stderr", outcome.stderr)):
        for number, record in enumerate(_records(steady_text(text, root)), 1):
            _flatten(f"{name} {number}", steady(record, root, _VARYING_KEYS), found)
    for number, segment in enumerate(outcome.segments, 1):
        _flatten(f"segment {number}", steady(segment, root, _VARYING_KEYS), found)
    found["exit code"] = outcome.returncode
    return found


def _opened(value: Any) -> Any:
    """An answer whose body is JSON in a text, as API Gateway wants it, with the body as a document."""
    if isinstance(value, dict) and isinstance(value.get("body"), str):
        try:
            return {**value, "body": json.loads(value["body"])}
        except ValueError:
            return value
    return value


def _flatten(path: str, value: Any, into: dict[str, Any]) -> None:
    if isinstance(value, dict) and value:
        # The order of keys is part of what the caller gets.
        into[f"{path} keys"] = list(value)
        for key, inner in value.items():
            _flatten(f"{path}.{key}", inner, into)
    elif isinstance(value, list) and value:
        into[f"{path} length"] = len(value)
        for number, inner in enumerate(value):
            _flatten(f"{path}[{number}]", inner, into)
    else:
        into[path] = value


def clockless(path: str, value: Any) -> Any:
    """The value at a path without what is measured with a clock: a number by its name, in a text by words and units."""
    if isinstance(value, str):
        return _CLOCK_TEXT.sub(lambda match: (match["word"] or "") + "#", value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        words = {word.lower() for word in _WORD.findall(path.partition(".")[2])}
        return "#" if words & _CLOCK_WORDS else value
    return value


def is_clock(path: str, one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether the values at a path differ only in what is measured with a clock."""
    return path in one and path in other and _same(clockless(path, one[path]), clockless(path, other[path]))


def _records(text: str) -> Iterator[Any]:
    for line in text.splitlines():
        if line.startswith("{"):
            try:
                yield json.loads(line)
                continue
            except ValueError:
                pass
        yield line


def varying(one: dict[str, Any], other: dict[str, Any]) -> tuple[str, ...]:
    """The paths whose values differ between two runs of the same package."""
    return tuple(path for path in {**one, **other} if not _same(one.get(path, _ABSENT), other.get(path, _ABSENT)))


_ABSENT = object()


def _same(one: Any, other: Any) -> bool:
    # True == 1 == 1.0, but not in JSON; NaN != NaN, but the same answer.
    return type(one) is type(other) and (one == other or repr(one) == repr(other))


def is_identity(path: str) -> bool:
    """Whether a path is of an id or a time by its name: if it differs from run to run, nobody is asked."""
    return path.rpartition(".")[2].partition("[")[0] in _VARYING_KEYS


def is_ignored(path: str, ignored: Collection[str]) -> bool:
    """Whether a path, or a part that it lies in, is ignored."""
    return any(path == one or path.startswith((f"{one}.", f"{one}[", f"{one} ")) for one in ignored)


def differences(
    before: dict[str, Any],
    after: dict[str, Any],
    ignored: Collection[str] = (),
    most: int = 5,
    *,
    timed: Container[str] = (),
) -> tuple[str, ...]:
    """One line for each path with another value, at most `most`; what a clock says in the paths `timed` is left out."""
    found = [
        path
        for path in varying(before, after)
        if not is_ignored(path, ignored) and not (path in timed and is_clock(path, before, after))
    ]
    return tuple(f"{path}: {_short(before, path)} before, {_short(after, path)} after" for path in found[:most])


def _short(table: dict[str, Any], path: str) -> str:
    text = repr(table[path]) if path in table else "nothing"
    return text if len(text) <= 120 else f"{text[:119]}…"

"""Cold starts out of a log: read, pair, sum up; one pass, in memory that does not grow with the log."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from monitor.aws import functions
from monitor.aws.logs import LogGroupSource
from monitor.coldstarts.analyze_tally import By, FunctionFacts, Tally
from monitor.coldstarts.model import ColdStartGroup, ColdStartSummary
from monitor.errors import MonitorError, RefusedError, UnreachableError, UsageError
from monitor.kernel.missing import Unavailable
from monitor.kernel.window import Window
from monitor.logs.follow.follow import history
from monitor.logs.workflow_reading import FileSource, Reading
from monitor.records.cold_start import ColdStart
from monitor.records.event import LogEvent
from monitor.records.imports import ImportRow
from monitor.records.lines import parse_lines
from monitor.records.pairing import pair
from monitor.records.quick_lines import QuickLines, read_blocks

Seen = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ColdStartReport:
    """What `monitor coldstarts` shows: a summary a function, each cold start, and where init went by package.

    `engine` is how it was read, `reason` why so. `cold_starts` holds the first 2,000 at most, in order of time;
    `imports` is empty where no init record was logged, `groups` where none were asked for.
    `unavailable` could not be read.
    """

    engine: str
    summaries: tuple[ColdStartSummary, ...]
    cold_starts: tuple[ColdStart, ...]
    imports: tuple[ImportRow, ...]
    groups: tuple[ColdStartGroup, ...] = ()
    reason: str = ""
    unavailable: tuple[Unavailable, ...] = ()


def report_of(tally: Tally, engine: str, reason: str = "") -> ColdStartReport:
    """All that a tally came to."""
    return ColdStartReport(
        engine=engine,
        summaries=tally.summaries(),
        cold_starts=tally.listed(),
        imports=tally.import_rows(),
        groups=tally.groups(),
        reason=reason,
        unavailable=tuple(tally.unavailable),
    )


def facts_of(reading: Reading, by: By | None = None) -> dict[str, FunctionFacts]:
    """What is known of the functions beside their log; their aliases where it is grouped by them."""
    found: dict[str, FunctionFacts] = {}
    for target, source in zip(reading.targets, reading.sources, strict=False):
        if target.function is None:
            continue
        aliases: dict[str, str] = {}
        if by is By.ALIAS and isinstance(source, LogGroupSource):
            try:
                aliases = functions.aliases_by_version(source.connection, target.function)
            except RefusedError as error:
                source.connection.warn_denied(error, "versions are shown by their numbers")
        architecture = target.info.architecture if target.info else None
        found[target.function] = FunctionFacts(target.region, architecture, aliases)
    return found


def read_tally(
    reading: Reading,
    window: Window | None,
    seen: Seen,
    by: By | None = None,
    assumed: FunctionFacts | None = None,
) -> Tally:
    """The tally of all that `reading` holds in the window (None: all of it).

    `seen` gets the number of lines read; `assumed` is taken to hold of a file's functions, of which nothing is known.
    """
    tally = Tally(window=window, functions=facts_of(reading, by), by=by, assumed=assumed)
    source = reading.sources[0] if len(reading.sources) == 1 else None
    if isinstance(source, FileSource):
        _read_file(source, tally, seen)
        return tally
    errors: list[MonitorError] = []
    for one in reading.sources:
        # One after the other, not merged by time: no figure needs an order across groups.
        start_ms, end_ms = (0, None) if window is None else (window.start_ms, window.end_ms - 1)
        try:
            for invocation in pair(_counted(history((one,), start_ms, end_ms), seen)):
                tally.add(invocation)
        except (RefusedError, UnreachableError) as error:
            errors.append(error)
            tally.unavailable.append(Unavailable(one.name, error.message, error.hint))
    if errors and len(errors) == len(reading.sources):
        raise errors[0]
    return tally


def cold_starts(
    reading: Reading,
    window: Window | None,
    seen: Seen,
    by: By | None = None,
    assumed: FunctionFacts | None = None,
) -> ColdStartReport:
    """The cold starts of all that `reading` holds in the window (None: all of it)."""
    return report_of(read_tally(reading, window, seen, by, assumed), "scan")


def _counted(events: Iterator[LogEvent], seen: Seen) -> Iterator[LogEvent]:
    for event in events:
        seen(1)
        yield event


def _read_file(source: FileSource, tally: Tally, seen: Seen) -> None:
    with _binary(source) as file:
        blocks = read_blocks(file)
        first = next((lines for lines in blocks if any(line.strip() for line in lines)), [])
        if source.window is not None or _is_document(next((line for line in first if line.strip()), b"")):
            texts = (line.decode("utf-8", "replace") + "\n" for lines in chain((first,), blocks) for line in lines)
            for invocation in pair(_counted(source.within(parse_lines(texts)), seen)):
                tally.add(invocation)
            return
        quick = QuickLines(tally)
        quick.take(first)
        seen(len(first))
        for lines in blocks:
            quick.take(lines)
            seen(len(lines))
        quick.finish()


def _is_document(line: bytes) -> bool:
    """Whether a JSON document over several lines begins here (see parse_lines)."""
    return line.strip() in (b"{", b"[") or line.lstrip().startswith(b'{"events"')


@contextmanager
def _binary(source: FileSource) -> Iterator[BinaryIO]:
    if source.path == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(source.path).open("rb") as file:
            yield file
    except OSError as error:
        raise UsageError(
            f"{source.path} cannot be read: {error.strerror}", "give a readable file, or - for stdin"
        ) from error

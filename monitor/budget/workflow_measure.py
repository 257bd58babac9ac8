"""Measures what a budget limits: starts of packages on the embedded stack, and saved logs."""

import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.aws.connection import Connection
from monitor.budget.analyze_check import scaled
from monitor.budget.model import FunctionBudget, ImportedPackage, Measure, Measured
from monitor.console.event_file import read_event
from monitor.console.temporary import temporary_folder
from monitor.errors import UsageError
from monitor.kernel.encodings import decode_text
from monitor.logs.model_saved import SavedFiles
from monitor.packages.workflow_measure import Started, StartFailedError, profile_tree, start_in_turns
from monitor.records.imports import every_node, import_table

_MB = 1 << 20
_MOST_IMPORTS = 8
_OF_STARTS = {Measure.INIT, Measure.FIRST_CALL}
# The reference package: it imports what Python brings, which takes about as long as a small function does.
_REFERENCE = """import asyncio, decimal, email.message, http.client
import logging.config, sqlite3, unittest.mock, xml.dom.minidom


def lambda_handler(event, context):
    return {}
"""
_REFERENCE_HANDLER = "lambda_function.lambda_handler"


@dataclass(frozen=True, slots=True)
class Subject:
    """A budget with its package and the reference package as zips, and the payload of its first call."""

    budget: FunctionBudget
    package: Path
    reference: Path
    payload: bytes

    @property
    def measures(self) -> set[Measure]:
        """What its budget limits."""
        return {limit.measure for limit in self.budget.limits}


@contextmanager
def zipped(budgets: Sequence[FunctionBudget], folder: Path) -> Iterator[list[Subject]]:
    """The budgets of packages with their zips; a folder is zipped as it is. Paths are relative to `folder`.

    Raises:
        UsageError: a package or an event cannot be read.
    """
    with temporary_folder() as temporary:
        subjects = []
        reference = temporary / "reference.zip"
        with zipfile.ZipFile(reference, "w") as archive:
            archive.writestr("lambda_function.py", _REFERENCE)
        for number, one in enumerate(budgets):
            path = folder / one.package
            if path.is_dir():
                path = _zip_of(path, temporary / f"{number}.zip")
            elif not path.is_file():
                raise UsageError(
                    f"[{one.name}] names the package {one.package}, which does not exist", "build it first"
                )
            subjects.append(Subject(one, path, reference, _event(folder / one.event) if one.event else b"{}"))
        yield subjects


def _event(path: Path) -> bytes:
    return read_event(str(path))


def _opening(path: Path) -> str:
    with path.open("rb") as file:
        return decode_text(file.read(1_600), "replace")


def _zip_of(folder: Path, out: Path) -> Path:
    from monitor.packages.building.archive import write
    from monitor.packages.building.entry import Entry

    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.is_symlink())
    write((Entry(path.relative_to(folder).as_posix(), path) for path in files), out, bytecode=False)
    return out


def needs_start(subject: Subject) -> bool:
    """Whether a limit is of what only a start shows."""
    return bool(subject.measures & {*_OF_STARTS, Measure.MODULES})


def sizes(subject: Subject, connect: Callable[[], Connection]) -> dict[Measure, tuple[float, ...]]:
    """The package's sizes in MB (1,048,576 bytes)."""
    from monitor.packages.workflow import ReadOptions, read_package

    report = read_package(str(subject.package), ReadOptions(connect))
    return {
        Measure.ZIPPED: (report.zipped_bytes / _MB,),
        Measure.UNZIPPED: (report.unzipped_bytes / _MB,),
    }


def starts(connection: Connection, subject: Subject, rounds: int, done: Callable[[], None]) -> Measured:
    """The imports of one start, and the times of `rounds` further ones if the budget limits them.

    The reference package starts in turns with the package. Durations are scaled by it if the budget says so.
    """
    budget = subject.budget
    environment = dict(budget.environment)
    values: dict[Measure, tuple[float, ...]] = {}
    imports: tuple[ImportedPackage, ...] = ()
    references: tuple[float, ...] = ()
    try:
        tree = profile_tree(connection, subject.package, budget.handler, environment)
        values[Measure.MODULES] = (float(sum(1 for _ in every_node(tree))),)
        rows = sorted(import_table([tree]), key=lambda row: -row.self_ms)[:_MOST_IMPORTS]
        imports = tuple(ImportedPackage(row.package, row.modules, row.self_ms) for row in rows)
        if subject.measures & _OF_STARTS:
            must_succeed = Measure.FIRST_CALL in subject.measures
            started = Started(subject.package, budget.handler, subject.payload, environment, must_succeed)
            reference = Started(subject.reference, _REFERENCE_HANDLER, b"{}", {})
            times, others = start_in_turns(connection, [started, reference], rounds=rounds, done=done)
            references = tuple(one.init_ms for one in others)
            for measure, taken in (
                (Measure.INIT, [one.init_ms for one in times]),
                (Measure.FIRST_CALL, [one.first_call_ms for one in times]),
            ):
                values[measure] = scaled(taken, references, budget.reference_ms)
    except StartFailedError as error:
        return Measured(values, imports, error.message)
    return Measured(values, imports, reference_ms=references)


def logged(budget: FunctionBudget, folder: Path) -> Measured:
    """The figures of a saved log, or of evidence that `monitor diagnose --save` wrote.

    Raises:
        UsageError: it cannot be read, or is something else.
    """
    from monitor.diagnose.evidence.workflow_file import read_file as read_evidence

    path = folder / budget.log
    if not path.exists():
        raise UsageError(f"[{budget.name}] names the log {budget.log}, which does not exist", "save it first")
    files = SavedFiles((str(path),))
    evidence = read_evidence(files, None, lambda _state: None)
    begun = evidence.judged_starts
    values: dict[Measure, tuple[float, ...]] = {
        Measure.INIT: tuple(one.init_ms for one in begun if one.init_ms is not None),
        Measure.FIRST_CALL: tuple(one.first_total_ms for one in begun if one.first_total_ms is not None),
    }
    if any(limit.measure is Measure.COST for limit in budget.limits):
        values[Measure.COST] = _costs(budget, path)
    return Measured(values)


def _costs(budget: FunctionBudget, path: Path) -> tuple[float, ...]:
    from monitor.diagnose.evidence.parse import is_evidence
    from monitor.logs.workflow_reading import open_saved
    from monitor.records.cost import invocation_cost_usd, price
    from monitor.records.pairing import pair
    from monitor.records.record import Report

    if path.is_file() and is_evidence(_opening(path)):
        hint = "name a saved log: monitor tail NAME --since 1d --no-follow -o raw > api.log"
        raise UsageError(f"[{budget.name}] sets {Measure.COST.value}, which saved evidence does not show", hint)
    at = price(budget.region, budget.architecture)
    if at is None:
        raise UsageError(f"monitor knows no price of Lambda in {budget.region}", "check region in the budget file")
    found = pair(open_saved(SavedFiles((str(path),)), None, known_only=True).all_events())
    costs = (invocation_cost_usd(one.report, one.kind, at) for one in found if isinstance(one.report, Report))
    return tuple(cost * 1_000_000 for cost in costs if cost is not None)

"""Compares the cold and warm traces of a function. Imports come from init records if X-Ray has none."""

from collections.abc import Sequence

from monitor.errors import RefusedError
from monitor.kernel.window import Window
from monitor.logs.workflow_reading import open_target
from monitor.records.init_record import InitRecord
from monitor.records.pairing import pair
from monitor.records.xray.trace import TraceFilter
from monitor.traces.analyze_compare import TraceComparison
from monitor.traces.analyze_imports import lacks_imports, with_imports
from monitor.traces.analyze_invocations import choose_figures, has_qualifier, measure
from monitor.traces.model import Comparison, Figures
from monitor.traces.workflow_find import list_traces
from monitor.traces.workflow_source import TraceSource

_BATCH = 25
_MOST_RECORDS = 2_000
# The init record is logged once a cold start, by the first invocation.
_INIT_RECORDS = '"monitor_init"'
FROM_LOG = "the imports of {count} cold traces come from init records in the log, since X-Ray has none"
NO_IMPORTS = "imports are not known: neither X-Ray nor the log has them; monitor's entry point logs them"


def compare_cold(source: TraceSource, window: Window, *, most: int, examine: int) -> Comparison:
    """The newest `most` cold and `most` warm traces among the newest `examine`, step by step."""
    listed = list_traces(source, window, TraceFilter(), limit=examine)
    notes = [note for note in listed.notes if "--examine" not in note]
    if listed.found > len(listed.items):
        notes.append(f"the newest {len(listed.items):,} of {listed.found:,} traces; --examine N reads more")
    # Failed and suppressed inits are left out: their traces have no separate step for init.
    sound = [one for one in listed.items if one.figures and not (one.figures.kind and one.figures.kind.inside)]
    wanted = {
        cold: [one.summary.id for one in sound if one.figures and one.figures.cold is cold][:most]
        for cold in (True, False)
    }
    comparison = TraceComparison(source.function)
    records: dict[str, InitRecord] | None = None
    joined = lacking = 0
    ids = [*wanted[True], *wanted[False]]
    for first in range(0, len(ids), _BATCH):
        for trace in source.traces(ids[first : first + _BATCH], window):
            measured = whole = measure(trace)
            figures = _mine(measured.figures, source)
            if figures is None:
                continue
            if figures.cold and lacks_imports(measured.parts):
                records = _init_records(source, window) if records is None else records
                record = records.get(figures.request_id)
                whole = with_imports(measured, record, figures.request_id) if record else measured
                joined, lacking = joined + (whole is not measured), lacking + (whole is measured)
            comparison.add(whole, figures)
    if joined:
        notes.append(FROM_LOG.format(count=joined))
    elif lacking:
        notes.append(NO_IMPORTS)
    return comparison.result(tuple(notes))


def _mine(figures: Sequence[Figures], source: TraceSource) -> Figures | None:
    mine = [one for one in figures if one.function == source.function]
    if source.qualifiers:
        mine = [one for one in mine if has_qualifier(one, source.qualifiers)]
    return choose_figures(mine)


def _init_records(source: TraceSource, window: Window) -> dict[str, InitRecord]:
    """The first 2,000 init records in the window by request id; none if the log cannot be read."""
    found: dict[str, InitRecord] = {}
    try:
        reading = open_target(source.connection, source.target, _INIT_RECORDS)
        for invocation in pair(reading.events(window)):
            record = invocation.init_record
            request_id = record.request_id or invocation.request_id if record else ""
            if record is not None and request_id:
                found[request_id] = record
            if len(found) >= _MOST_RECORDS:
                break
    except RefusedError as error:
        source.connection.warn_denied(error, "without init records, imports are not compared")
        return {}
    return found

"""Several diagnoses as a table, each with the command that opens its report; and as JSON."""

import shlex
from collections.abc import Sequence

from rich.table import Column
from rich.text import Text

from monitor.console.text import Style, clean, format_count, format_ms, new_table, to_text
from monitor.diagnose.analyze_fleet import to_save_ms, waited_ms
from monitor.diagnose.model import Diagnosis
from monitor.diagnose.report.finding_view import likely_text
from monitor.diagnose.report.paragraphs import wrap
from monitor.diagnose.report.view import verdict_text
from monitor.kernel.jsonable import Json, jsonable
from monitor.kernel.place import Place, place_names

_WIDE = 100


def render_fleet(found: Sequence[Diagnosis], style: Style) -> str:
    """A row for each function, worst first; below it the first finding and the command for the whole report."""
    names = place_names([(one.evidence.name, Place(region=one.evidence.region)) for one in found])
    columns = ["cold starts", "first call", "saves"] + (["waited", "to save"] if style.width >= _WIDE else [])
    table = new_table(Column("function", overflow="fold"), *(Column(name, justify="right") for name in columns))
    for name, one in zip(names, found, strict=True):
        headline, first = one.headline, next(iter(one.findings), None)
        cells = [format_count(headline.starts), format_ms(headline.first_total_p50_ms)]
        cells.append("fails" if first and first.urgent else (likely_text(first) if first else "") or "-")
        if style.width >= _WIDE:
            cells += [format_ms(waited_ms(one)), format_ms(to_save_ms(one))]
        table.add_row(Text(clean(name)), *cells)
    lines = [to_text(table, style), ""]
    for name, one in zip(names, found, strict=True):
        first = next(iter(one.findings), None)
        said = first.title if first else verdict_text(one)
        lines += wrap(clean(f"{name}: {said}"), style.width)
        lines.append(f"  {open_command(one)}")
    return "\n".join(lines)


def open_command(one: Diagnosis) -> str:
    """The command that prints the whole report of a function."""
    return one.evidence.origin.carried(f"monitor diagnose {shlex.quote(one.evidence.name)}")


def fleet_document(found: Sequence[Diagnosis], failed: Sequence[tuple[str, str]]) -> Json:
    """The headline, the findings and the command of each function, worst first, and those that could not be read."""
    rows: list[Json] = [
        {
            "function": one.evidence.name,
            "region": one.evidence.region,
            "headline": jsonable(one.headline),
            "to_save_ms": to_save_ms(one),
            "findings": jsonable(one.findings),
            "command": open_command(one),
        }
        for one in found
    ]
    return {"functions": rows, "unavailable": [{"function": name, "reason": reason} for name, reason in failed]}

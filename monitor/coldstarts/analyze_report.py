"""The report of `monitor coldstarts`, from the tallies of one or several profiles and regions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from monitor.coldstarts.analyze_tally import MOST_LISTED, Tally, grouped
from monitor.coldstarts.model import ColdStartReport
from monitor.kernel.place import Place, place_names
from monitor.records.invocation import ColdStart


def report_of(tallies: Sequence[Tally], engine: str, reason: str = "") -> ColdStartReport:
    """One row for each function in each place. `engine` names how the logs were read, `reason` why."""
    listed = sorted(
        (one for tally in tallies for one in tally.listed()), key=lambda one: (one.at_ms, one.region, one.request_id)
    )
    summaries = tuple(summary for tally in tallies for summary in tally.summaries())
    return ColdStartReport(
        engine=engine,
        summaries=summaries,
        cold_starts=tuple(listed[:MOST_LISTED]),
        imports=tallies[0].imports.result() if tallies else (),
        groups=grouped(tallies),
        reason=reason,
        unsupported=sum(tally.unsupported for tally in tallies),
        unavailable=tuple(one for tally in tallies for one in tally.unavailable),
    )


def runtime_changes(found: Sequence[ColdStart]) -> dict[str, tuple[tuple[str, int], ...]]:
    """The runtime versions of INIT_START and the time of the first start of each, by function, oldest first.

    Only functions with more than one: AWS updates a managed runtime without a deployment.
    """
    first: dict[str, dict[str, int]] = {}
    for one in sorted(found, key=lambda one: one.at_ms):
        if one.runtime_version:
            first.setdefault(one.function, {}).setdefault(one.runtime_version, one.at_ms)
    return runtime_versions([first])


def runtime_versions(first: Iterable[Mapping[str, Mapping[str, int]]]) -> dict[str, tuple[tuple[str, int], ...]]:
    """The versions of the runtime by function, for those with more than one, by their first start in any window."""
    found: dict[str, dict[str, int]] = {}
    for window in first:
        for function, versions in window.items():
            held = found.setdefault(function, {})
            for version, at_ms in versions.items():
                held[version] = min(at_ms, held.get(version, at_ms))
    return {
        function: tuple(sorted(versions.items(), key=lambda one: one[1]))
        for function, versions in found.items()
        if len(versions) > 1
    }


def named(report: ColdStartReport) -> ColdStartReport:
    """The report with each function named by its place too, if there are several, for tables."""
    names = place_names([(one.function, one.place) for one in report.summaries])
    by_key = {(one.function, one.place): name for one, name in zip(report.summaries, names, strict=True)}
    starts = (
        replace(one, function=by_key.get((one.function, Place(one.profile, one.region)), one.function))
        for one in report.cold_starts
    )
    summaries = (replace(one, function=name) for one, name in zip(report.summaries, names, strict=True))
    return replace(report, summaries=tuple(summaries), cold_starts=tuple(starts))

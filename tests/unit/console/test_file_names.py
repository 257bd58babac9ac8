"""Whose an invocation is, in a file where few lines name a function."""

import json
from pathlib import Path

from monitor.coldstarts.analyze_tally import Tally
from monitor.coldstarts.model import By
from monitor.coldstarts.workflow import read_tallies
from monitor.logs.workflow_reading import open_file

_FIGURES = "Billed Duration: 5 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB"


def lines(stream: str, request_id: str, name: str = "") -> list[str]:
    head = f"2026-11-23T02:48:41.886000+00:00 2026/11/23/[$LATEST]{stream} "
    record = {"monitor_init": {"version": 1, "observed_init_ms": 300.0}, "function_name": name}
    init = "\tInit Duration: 400 ms" if name else ""
    return [
        f"{head}START RequestId: {request_id} Version: 7",
        *([head + json.dumps(record)] if name else []),
        f"{head}END RequestId: {request_id}",
        f"{head}REPORT RequestId: {request_id}\tDuration: 5 ms\t{_FIGURES}{init}\t",
    ]


def tally(tmp_path: Path, *parts: list[str]) -> Tally:
    path = tmp_path / "log"
    path.write_text("\n".join(line for part in parts for line in part) + "\n", encoding="utf-8")
    return read_tallies(open_file(str(path)), None, lambda count: None, By.FUNCTION)[0]


def test_the_only_name_is_everyones_in_groups_too(tmp_path: Path) -> None:
    found = tally(tmp_path, lines("a", "1"), lines("b", "2", "billing"), lines("b", "3"), lines("c", "4"))
    (summary,), (group,) = found.summaries(), found.groups()
    assert (summary.function, summary.invocations, summary.cold_starts) == ("billing", 4, 1)
    assert summary.warm_duration.count == 3
    assert (group.label, group.invocations, group.cold_starts) == ("billing", 4, 1)


def test_with_two_names_a_stream_belongs_to_the_one_it_named(tmp_path: Path) -> None:
    found = tally(
        tmp_path,
        *(lines("a", "1", "billing"), lines("n", "2"), lines("b", "3", "images")),
        *(lines("a", "4"), lines("a", "5"), lines("b", "6"), lines("n", "7")),
    )
    assert [(one.function, one.invocations) for one in found.summaries()] == [("", 2), ("billing", 3), ("images", 2)]
    assert [(one.label, one.invocations) for one in found.groups()] == [("", 2), ("billing", 3), ("images", 2)]


def test_cold_starts_seen_before_the_name_bear_it_in_the_end(tmp_path: Path) -> None:
    cold = [line.replace("60 MB\t", "60 MB\tInit Duration: 900 ms\t") for line in lines("a", "1")]
    found = tally(tmp_path, cold, lines("b", "2", "billing"))
    (summary,) = found.summaries()
    assert [(one.function, one.init_ms) for one in summary.slowest] == [("billing", 900.0), ("billing", 400.0)]
    assert {one.function for one in found.listed()} == {"billing"}
    assert (summary.init.count, summary.init.max) == (2, 900.0)

"""An import profile in a log is that of init: what the first invocation imports is not in it."""

import pytest

from monitor.coldstarts.workflow_imports import LoggedProfiles
from monitor.packages.workflow_measure import _imports_of_init
from monitor.records.event import LogEvent
from monitor.records.imports import ImportProfiles
from monitor.records.message import parse_fact
from monitor.records.record import Start

HEADING = "import time: self [us] | cumulative | imported package"
INIT = ["import time:      5000 |       5000 | json", "import time:      2000 |       2000 | app"]
LATE = "import time:     90000 |      90000 | pandas"
STARTS = [
    "START RequestId: r1 Version: $LATEST",
    '{"time":"2026-11-23T09:00:00.000Z","type":"platform.start","record":{"requestId":"r1","version":"$LATEST"}}',
]


def events(*messages: str, stream: str = "s") -> list[LogEvent]:
    return [LogEvent(1_000 + at, message, stream, "/aws/lambda/f") for at, message in enumerate(messages)]


def packages(given: list[LogEvent]) -> list[list[str]]:
    """The packages of each profile, as `coldstarts --imports` and `diagnose` read them."""
    lines, found = LoggedProfiles(), []
    for event in given:
        if isinstance(parse_fact(event.message), Start):
            found += list(lines.start(event))
        elif event.message.startswith("import time:"):
            found += list(lines.take(event))
    found += list(lines.rest())
    return [sorted(node.module for node in tree) for tree in found]


@pytest.mark.parametrize("start", STARTS)
def test_what_the_first_invocation_imports_is_not_of_init(start: str) -> None:
    given = events(HEADING, *INIT, start, LATE)
    assert packages(given) == [["app", "json"]]
    assert [line.module for line in _imports_of_init(given)] == ["json", "app"]


@pytest.mark.parametrize("start", STARTS)
def test_each_process_of_a_stream_has_a_profile_of_its_own(start: str) -> None:
    assert packages(events(HEADING, *INIT, start, LATE, HEADING, *INIT, start, LATE)) == [["app", "json"]] * 2


def test_an_init_inside_the_invocation_counts_whole() -> None:
    given = events(STARTS[0], HEADING, *INIT)
    assert packages(given) == [["app", "json"]]
    assert [line.module for line in _imports_of_init(given)] == ["json", "app"]


def test_streams_do_not_end_each_other_s_init() -> None:
    one, other = events(HEADING, *INIT, STARTS[0], LATE), events(HEADING, *INIT, STARTS[0], stream="t")
    mixed = [event for pair in zip(one, other, strict=False) for event in pair] + [one[-1]]
    assert packages(mixed) == [["app", "json"]] * 2


def test_the_mean_profile_is_of_inits_alone() -> None:
    lines, profiles = LoggedProfiles(), ImportProfiles()
    for event in events(HEADING, *INIT, STARTS[0], LATE):
        is_start = isinstance(parse_fact(event.message), Start)
        for tree in lines.start(event) if is_start else lines.take(event):
            profiles.add(tree)
    assert profiles.result("f", "import profiles").total_ms == 7.0

"""The two engines on the same events: Logs Insights being a fake on loopback, in the shapes of botocore's model."""

import json
import random
from dataclasses import replace

import pytest

from monitor.aws.connection import Connection
from monitor.coldstarts.analyze_tally import Tally
from monitor.coldstarts.model import By, ColdStartSummary
from monitor.coldstarts.workflow import Scan, choose, facts_of, foresee, read_cold_starts, read_tallies
from monitor.coldstarts.workflow_insights import tally_by_insights
from monitor.errors import UsageError
from monitor.kernel.place import Place
from monitor.kernel.target import LogTarget
from monitor.kernel.window import Window
from monitor.logs.workflow_reading import Reading, open_located
from monitor.records.event import LogEvent
from tests.fakes.aws_json import AwsError, FakeAws
from tests.fakes.insights import FakeInsights
from tests.fakes.ledger import FakeClock

START_MS = 1_795_000_000_000
WINDOW = Window(START_MS, START_MS + 3_600_000, open_ended=False)
REGION = "eu-west-1"
HOUR_MS = 3_600_000
GROUPS = ("/aws/lambda/text", "/aws/lambda/json", "/shared")


def platform(kind: str, record: dict[str, object]) -> str:
    return json.dumps({"time": "2026-11-23T02:48:41.886Z", "type": f"platform.{kind}", "record": record})


def environment(group: str, function: str, number: int, chance: random.Random) -> list[LogEvent]:
    """One execution environment's lines: a cold start (or one that hides), then warm invocations."""
    name = function if group == "/shared" else ""
    stream = f"2026/11/23/{name}[{1 + number % 2}]{number:032x}"
    at_ms, lines = START_MS + number * 40_000, []
    hidden = number % 5 == 4
    for turn in range(8):
        rid = f"{number:08x}-0000-4000-8000-{turn:012x}"
        duration, init = round(chance.lognormvariate(3, 0.5), 2), round(chance.lognormvariate(6, 0.2), 2)
        cold = turn == 0
        timed_out = hidden and turn == 3
        again = hidden and turn == 4
        if cold or again:
            lines.append((at_ms, "INIT_START Runtime Version: python:3.12.v5\tRuntime Version ARN: arn:x"))
        start_ms = at_ms + (round(init) if cold and not hidden else 1)
        end_ms = start_ms + round(duration)
        has_init = cold and not hidden
        if group == "/aws/lambda/json":
            lines = [line for line in lines if not line[1].startswith("INIT_START")]
            if cold or again:
                record = {"initializationType": "on-demand", "phase": "init", "runtimeVersion": "python:3.12.v5"}
                lines.append((at_ms, platform("initStart", record)))
            metrics = {"durationMs": duration, "billedDurationMs": 5, "memorySizeMB": 512, "maxMemoryUsedMB": 90 + turn}
            metrics |= {"initDurationMs": init} if has_init else {}
            status = "timeout" if timed_out else "success"
            lines += [
                (start_ms, platform("start", {"requestId": rid, "version": str(1 + number % 2)})),
                (start_ms, '{"level":"INFO","message":"hello"}'),
                (end_ms, platform("report", {"requestId": rid, "metrics": metrics, "status": status})),
            ]  # fmt: skip
        else:
            tail = f"\tInit Duration: {init} ms" if has_init else "\tStatus: timeout" if timed_out else ""
            lines += [
                (start_ms, f"START RequestId: {rid} Version: {1 + number % 2}"),
                (start_ms, "hello"),
                (end_ms, f"END RequestId: {rid}"),
                (end_ms, f"REPORT RequestId: {rid}\tDuration: {duration} ms\tBilled Duration: {int(duration) + 1} ms"
                         f"\tMemory Size: 512 MB\tMax Memory Used: {90 + turn} MB{tail}\t"),
            ]  # fmt: skip
        at_ms = end_ms + 2_000
    return [LogEvent(at, message, stream, group, f"{stream}{at}{n}") for n, (at, message) in enumerate(lines)]


@pytest.fixture(scope="module")
def events() -> list[LogEvent]:
    chance = random.Random(7)
    found = []
    for number in range(24):
        group = GROUPS[number % 3]
        function = group.rpartition("/")[2] if group != "/shared" else ("one", "other")[number % 2]
        found += environment(group, function, number, chance)
    return sorted(found, key=lambda event: event.timestamp_ms)


def scan_operations(events: list[LogEvent], denied: str = "") -> dict[str, object]:
    def filter_events(params: dict[str, object]) -> dict[str, object]:
        if params["logGroupName"] == denied:
            raise AwsError("AccessDeniedException", f"not authorized to perform: logs:FilterLogEvents on {denied}")
        return {
            "events": [
                {"timestamp": one.timestamp_ms, "message": one.message, "logStreamName": one.stream,
                 "eventId": one.event_id, "ingestionTime": one.timestamp_ms}
                for one in events
                if one.group == params["logGroupName"] and params["startTime"] <= one.timestamp_ms <= params["endTime"]  # type: ignore[operator]
            ]
        }  # fmt: skip

    return {"logs:FilterLogEvents": filter_events}


def reading(endpoint: str, extra: tuple[LogTarget, ...] = ()) -> Reading:
    connection = Connection(region=REGION, endpoint_url=endpoint, local=True)
    targets = [
        LogTarget("text", GROUPS[0], REGION, "text"),
        LogTarget("json", GROUPS[1], REGION, "json"),
        LogTarget("one", GROUPS[2], REGION, "one", shared=True),
        *extra,
    ]
    return open_located([(connection, target) for target in targets])


def comparable(summary: ColdStartSummary) -> ColdStartSummary:
    """All that both engines must agree on: warm percentiles are the server's, and start lines it does not send."""
    warm = replace(summary.warm_duration, p50=None, p90=None, p95=None, p99=None, exact=True)
    mean = None if warm.mean is None else round(warm.mean, 6)
    return replace(summary, warm_duration=replace(warm, mean=mean), first_ms=None, last_ms=None)


def test_insights_as_a_loopback_fake_in_botocore_s_shapes_agrees_with_scan(events: list[LogEvent]) -> None:
    insights = FakeInsights(events, page=7)
    with FakeAws({**insights.operations, **scan_operations(events)}) as fake:
        where = reading(fake.endpoint)
        scanned = read_tallies(where, WINDOW, lambda _: None, By.VERSION)[0]
        clock = FakeClock(0, HOUR_MS)
        asked = tally_by_insights(
            where,
            Tally(window=WINDOW, functions=facts_of(where), by=By.VERSION, place=Place(region=REGION)),
            lambda _: None,
            clock=clock,
        )
    ours, theirs = asked.tally.summaries(), scanned.summaries()
    assert [one.function for one in ours] == ["json", "one", "text"]
    assert sum(one.cold_starts for one in theirs) > 15
    assert {kind.value for one in theirs for kind in one.by_kind} == {"on-demand", "suppressed"}
    for our, their in zip(ours, theirs, strict=True):
        assert comparable(our) == comparable(their)
        assert our.warm_duration.p50 == pytest.approx(their.warm_duration.p50, rel=0.05)
    assert asked.tally.groups() == scanned.groups()
    assert [one.request_id for one in asked.tally.listed()] == [one.request_id for one in scanned.listed()]
    assert asked.scanned_bytes == 2e6 * fake.calls["logs:StartQuery"]


def test_a_group_without_permission_among_many_is_named_and_the_rest_shown(events: list[LogEvent]) -> None:
    many = tuple(LogTarget(f"f{n}", f"/aws/lambda/f{n}", REGION, f"f{n}") for n in range(50))
    insights = FakeInsights(events, denied="/aws/lambda/f25")
    operations = {**insights.operations, **scan_operations(events, denied="/aws/lambda/f25")}
    with FakeAws(operations) as fake:
        where = reading(fake.endpoint, many)
        asked = tally_by_insights(
            where, Tally(window=WINDOW, functions=facts_of(where)), lambda _: None, clock=FakeClock(0, HOUR_MS)
        ).tally
        scanned = read_tallies(where, WINDOW, lambda _: None)[0]
    for tally in (asked, scanned):
        (one,) = tally.unavailable
        assert "f25" in one.name
        assert one.message.startswith("access denied: logs:")
        assert sum(summary.invocations for summary in tally.summaries()) == 8 * 8 * 2 + 4 * 8
    # 53 groups are two batches; finding the one in 50 takes two queries a halving at most.
    assert fake.calls["logs:StartQuery"] <= 2 * (2 + 2 * 6)


def test_auto_scans_what_is_small_and_asks_insights_for_what_is_large_and_says_why() -> None:
    def groups(params: dict[str, object]) -> dict[str, object]:
        name = params["logGroupNamePrefix"]
        size = {"/aws/lambda/big": 9 * 10**11, "/aws/lambda/small": 10**6}.get(str(name), 10)
        kind = "INFREQUENT_ACCESS" if name == "/aws/lambda/rare" else "STANDARD"
        return {"logGroups": [{"logGroupName": name, "storedBytes": size, "creationTime": START_MS - 86_400_000 * 30,
                               "logGroupClass": kind}]}  # fmt: skip

    with FakeAws({"logs:DescribeLogGroups": groups}) as fake:

        def chosen(*names: str) -> tuple[str, str]:
            connection = Connection(region=REGION, endpoint_url=fake.endpoint, local=True)
            targets = [(connection, LogTarget(name, f"/aws/lambda/{name}", REGION, name)) for name in names]
            # As AWS is: the embedded stack is always scanned.
            connection.client("logs")
            connection.local = False
            return choose(open_located(targets), WINDOW)

        assert chosen("small") == ("scan", "")
        assert chosen("small", "big") == ("insights", "used Logs Insights, since the window has about 1,248 MB of logs")
        assert chosen("rare")[0] == "insights"
        assert chosen(*(f"f{n}" for n in range(21)))[1] == "used Logs Insights, since there are 21 log groups"


def test_the_report_says_what_was_scanned_and_what_it_cost(events: list[LogEvent]) -> None:
    with FakeAws(dict(FakeInsights(events, running_polls=0).operations)) as fake:
        report = read_cold_starts(reading(fake.endpoint), WINDOW, "insights", lambda _: None)
    assert report.engine == "insights"
    assert report.reason == "Logs Insights scanned 6.0 MB, about $0.0000"


def test_what_insights_is_to_scan_is_foreseen_by_stored_bytes_and_window_in_one_listing() -> None:
    def groups(params: dict[str, object]) -> dict[str, object]:
        assert params["logGroupNamePrefix"] == "/aws/lambda/f"
        names = [f"/aws/lambda/f{n}" for n in range(40)] + ["/aws/lambda/f-not-asked-for"]
        held = {"storedBytes": 10**9, "creationTime": WINDOW.end_ms - 10 * 3_600_000}
        return {"logGroups": [{"logGroupName": name, **held} for name in names]}

    with FakeAws({"logs:DescribeLogGroups": groups}) as fake:
        connection = Connection(region=REGION, endpoint_url=fake.endpoint, local=True)
        targets = [(connection, LogTarget(f"f{n}", f"/aws/lambda/f{n}", REGION, f"f{n}")) for n in range(30)]
        assert foresee(open_located(targets), WINDOW) is None  # the embedded stack bills nothing
        connection.client("logs")
        connection.local = False
        foreseen = foresee(open_located(targets), WINDOW)
    # 30 groups of 1 GB in 10 hours, one hour of them, scanned twice: 6 GB.
    assert foreseen == Scan(pytest.approx(6e9))
    assert foreseen.cost_usd == pytest.approx(0.03)
    assert fake.calls["logs:DescribeLogGroups"] == 1


def test_nothing_is_asked_of_insights_when_nobody_agrees(events: list[LogEvent]) -> None:
    group = {"logGroupName": GROUPS[0], "storedBytes": 10**12, "creationTime": START_MS}
    operations = {**FakeInsights(events).operations, "logs:DescribeLogGroups": lambda _: {"logGroups": [group]}}

    def refuse(scan: Scan) -> None:
        assert scan.cost_usd == pytest.approx(10.0)
        raise UsageError("too dear")

    with FakeAws(operations) as fake:
        where = reading(fake.endpoint)
        where.connections[0].client("logs")
        where.connections[0].local = False
        with pytest.raises(UsageError, match="too dear"):
            read_cold_starts(where, WINDOW, "insights", lambda _: None, agree=refuse)
    assert fake.calls["logs:StartQuery"] == 0

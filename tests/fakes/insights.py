"""A fake of Logs Insights on a FakeAws: answers this project's three questions from a list of events.

It does not read the query language; it tells the questions apart by their text and answers each by code of its own.
That the queries mean to AWS what they mean here can only be seen on AWS.
"""

import json
import re
import statistics
from datetime import UTC, datetime
from typing import Any

from monitor.records.event import LogEvent
from tests.fakes.aws_json import AwsError

ACCOUNT = "123456789012"
_FACT = re.compile(
    r"^(INIT_START|INIT_REPORT|RESTORE_START|RESTORE_REPORT) |Task timed out after|Runtime exited|Process exited"
    r'|"monitor_init"|"platform\.(initStart|initReport|restoreStart|restoreReport|fault)"'
)
_LINE = re.compile(
    r"^(START |REPORT |INIT_|RESTORE_|RequestId: |XRAY |\[ERROR\] )|Task timed out"
    r'|"platform\.|"monitor_init"|"errorType"'
)


class FakeInsights:
    """StartQuery, GetQueryResults and StopQuery over `events`; `denied` groups are refused."""

    def __init__(self, events: list[LogEvent], *, denied: str = "", running_polls: int = 1, page: int = 10_000) -> None:
        self.events, self.denied, self.running_polls, self.page = events, denied, running_polls, page
        self.queries: dict[str, list[list[dict[str, str]]]] = {}
        self.polls: dict[str, int] = {}
        self.stopped: list[str] = []

    def start(self, params: dict[str, Any]) -> dict[str, Any]:
        groups = params["logGroupNames"]
        assert len(groups) <= 50
        if self.denied in groups:
            raise AwsError("AccessDeniedException", f"not authorized to perform: logs:StartQuery on {self.denied}")
        text = params["queryString"]
        bounds = [int(number) for number in re.findall(r"toMillis\(@timestamp\) [<>]=? (\d+)", text)]
        held = [event for event in self.events if event.group in groups and bounds[0] <= event.timestamp_ms < bounds[1]]
        named = re.search(r'@logStream (not )?in \[((?:"[^"]*"(?:, )?)*)\]', text)
        streams = set(re.findall(r'"([^"]*)"', named[2])) if named else set()
        if "stats count(*)" in text:
            rows = warm_rows([event for event in held if event.stream not in streams])
        elif named:
            rows = [row(event) for event in held if event.stream in streams and _LINE.search(event.message)]
        else:
            rows = [row(event) for event in held if _FACT.search(event.message) or cold_or_failed(event.message)]
        query_id = f"q{len(self.queries)}"
        self.queries[query_id] = rows
        return {"queryId": query_id}

    def results(self, params: dict[str, Any]) -> dict[str, Any]:
        query_id = params["queryId"]
        self.polls[query_id] = self.polls.get(query_id, 0) + 1
        if self.polls[query_id] <= self.running_polls:
            return {"status": "Running", "results": []}
        rows, first = self.queries[query_id], int(params.get("nextToken", "0"))
        answer = {"status": "Complete", "results": rows[first : first + self.page],
                  "statistics": {"bytesScanned": 2e6, "recordsScanned": 1.0, "recordsMatched": 1.0}}  # fmt: skip
        return answer | ({"nextToken": str(first + self.page)} if first + self.page < len(rows) else {})

    def stop(self, params: dict[str, Any]) -> dict[str, Any]:
        self.stopped.append(params["queryId"])
        return {"success": True}

    @property
    def operations(self) -> dict[str, Any]:
        return {"logs:StartQuery": self.start, "logs:GetQueryResults": self.results, "logs:StopQuery": self.stop}


def row(event: LogEvent) -> list[dict[str, str]]:
    time = datetime.fromtimestamp(event.timestamp_ms / 1000, UTC)
    fields = {"@timestamp": f"{time:%Y-%m-%d %H:%M:%S}.{event.timestamp_ms % 1000:03d}", "@message": event.message,
              "@logStream": event.stream, "@log": f"{ACCOUNT}:{event.group}", "@ptr": "x"}  # fmt: skip
    return [{"field": name, "value": value} for name, value in fields.items()]


def report_figures(message: str) -> tuple[float, float, float] | None:
    """Duration, memory used and memory size of a REPORT in either format."""
    if message.startswith("REPORT "):
        found = re.search(r"\tDuration: ([\d.]+) ms.*Memory Size: (\d+) MB\tMax Memory Used: (\d+) MB", message)
        return (float(found[1]), float(found[3]), float(found[2])) if found else None
    if '"platform.report"' in message:
        metrics = json.loads(message)["record"]["metrics"]
        return metrics["durationMs"], metrics["maxMemoryUsedMB"], metrics["memorySizeMB"]
    return None


def cold_or_failed(message: str) -> bool:
    if message.startswith("REPORT "):
        return bool(re.search("Init Duration:|Restore Duration:|Status: ", message))
    if '"platform.report"' in message:
        record = json.loads(message)["record"]
        return "initDurationMs" in record["metrics"] or record["status"] != "success"
    return False


def warm_rows(events: list[LogEvent]) -> list[list[dict[str, str]]]:
    found: dict[tuple[str, str, str], list[tuple[int, tuple[float, float, float]]]] = {}
    for event in events:
        figures = report_figures(event.message)
        if figures is not None and not cold_or_failed(event.message):
            parts = re.match(r"\d+/\d+/\d+/([^\[]*)\[([^\]]*)\]", event.stream)
            assert parts
            found.setdefault((event.group, parts[1], parts[2]), []).append((event.timestamp_ms, figures))
    rows = []
    for (group, function, version), values in found.items():
        durations = sorted(figures[0] for _, figures in values)
        cuts = statistics.quantiles(durations, n=100, method="inclusive") if len(durations) > 1 else durations * 99
        fields = {
            "@log": f"{ACCOUNT}:{group}", "fn": function, "ver": version, "n": len(values), "low": durations[0],
            "p50": cuts[49], "p90": cuts[89], "p95": cuts[94], "p99": cuts[98], "high": durations[-1],
            "mean": statistics.fmean(durations), "most": max(figures[1] for _, figures in values),
            "small": min(figures[2] for _, figures in values), "large": max(figures[2] for _, figures in values),
            "first": min(at for at, _ in values), "last": max(at for at, _ in values),
        }  # fmt: skip
        rows.append([{"field": name, "value": str(value)} for name, value in fields.items()])
    return rows

"""Writes log events in each form in which people save them, as each tool does: columns, orders, dates, colors."""

import base64
import csv
import gzip
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby

from monitor.records.event import LogEvent
from tests.fakes.table_writers import cli_table, markdown, yaml_of, yaml_stream

Writer = Callable[[Sequence[LogEvent]], str]
GROUP = "/aws/lambda/shop-orders"


@dataclass(frozen=True)
class Written:
    """A variant of a form: what it is called here, the form's name, and which columns it has."""

    name: str
    form: str
    write: Writer
    streams: bool = True
    times: bool = True
    # The form's times have whole seconds only.
    seconds: bool = False


def moment(event: LogEvent) -> datetime:
    return datetime.fromtimestamp(event.timestamp_ms / 1000, UTC)


def ended(event: LogEvent) -> str:
    """The message as the log group has it: Lambda's own lines end with a line break."""
    return event.message if event.message[:1] == "{" else event.message + "\n"


def z(event: LogEvent) -> str:
    return f"{moment(event):%Y-%m-%dT%H:%M:%S}.{event.timestamp_ms % 1000:03d}Z"


def headed(head: Callable[[LogEvent], str]) -> Writer:
    return lambda events: "".join(f"{head(event)}{event.message}\n" for event in events)


def _iso(event: LogEvent) -> str:
    return moment(event).isoformat()


def _green(text: str) -> str:
    return f"\x1b[32m{text}\x1b[0m"


def _local(pattern: str) -> Callable[[LogEvent], str]:
    return lambda event: moment(event).strftime(pattern).replace("%MS", f"{event.timestamp_ms % 1000:03d}")


def _pretty_json(event: LogEvent) -> str:
    return "\n" + json.dumps(json.loads(event.message), indent=4) if event.message[:1] == "{" else event.message


def api_event(event: LogEvent) -> dict[str, object]:
    return {
        "logStreamName": event.stream,
        "timestamp": event.timestamp_ms,
        "message": ended(event),
        "ingestionTime": event.timestamp_ms + 900,
        "eventId": f"39{event.timestamp_ms:054d}",
    }


def _document(indent: int | None, *, order: Sequence[str] = (), crossed: bool = False) -> Writer:
    def write(events: Sequence[LogEvent]) -> str:
        rows = [api_event(event) for event in events]
        if order:
            rows = [{name: row[name] for name in order} for row in rows]
        page: dict[str, object] = {"events": rows, "searchedLogStreams": [], "nextToken": "Bxkq6kVGFtq2y"}
        if crossed:
            page = dict(reversed(page.items()))
        return json.dumps(page, indent=indent, ensure_ascii=crossed) + "\n"

    return write


def _pages(events: Sequence[LogEvent]) -> str:
    half = len(events) // 2
    return _document(4)(events[:half]) + _document(4)(events[half:])


def _rows(make: Callable[[LogEvent], object], *, lines: bool = False, indent: int | None = None) -> Writer:
    def write(events: Sequence[LogEvent]) -> str:
        rows = [make(event) for event in events]
        if lines:
            return "".join(json.dumps(row) + "\n" for row in rows)
        return json.dumps(rows, indent=indent)

    return write


def payloads(events: Sequence[LogEvent]) -> list[dict[str, object]]:
    """A subscription's payloads: runs of events of one stream."""
    found: list[dict[str, object]] = [
        {"messageType": "CONTROL_MESSAGE", "owner": "CloudwatchLogs", "logGroup": "", "logStream": "", "logEvents": []}
    ]
    for stream, run in groupby(events, key=lambda event: event.stream):
        found.append(
            {
                "messageType": "DATA_MESSAGE",
                "owner": "123456789012",
                "logGroup": GROUP,
                "logStream": stream,
                "subscriptionFilters": ["all"],
                "logEvents": [
                    {"id": f"39{one.timestamp_ms:054d}", "timestamp": one.timestamp_ms, "message": ended(one)}
                    for one in run
                ],
            }
        )
    return found


def _packed(payload: object) -> str:
    return base64.b64encode(gzip.compress(json.dumps(payload).encode())).decode()


def _kinesis(events: Sequence[LogEvent]) -> str:
    records = [{"kinesis": {"data": _packed(one), "partitionKey": "1"}, "eventID": "s:1"} for one in payloads(events)]
    return json.dumps({"Records": records}, indent=2)


def _lambda_events(events: Sequence[LogEvent]) -> str:
    return "".join(json.dumps({"awslogs": {"data": _packed(one)}}) + "\n" for one in payloads(events))


def _late_names(events: Sequence[LogEvent]) -> str:
    return "".join(json.dumps(dict(reversed(one.items()))) for one in payloads(events))


def _insights_row(event: LogEvent) -> dict[str, str]:
    return {
        "@timestamp": f"{moment(event):%Y-%m-%d %H:%M:%S}.{event.timestamp_ms % 1000:03d}",
        "@message": ended(event),
        "@logStream": event.stream,
        "@log": f"123456789012:{GROUP}",
        "@ptr": "CmEKJgoi",
    }


def _query_results(events: Sequence[LogEvent]) -> str:
    rows = [[{"field": key, "value": value} for key, value in _insights_row(one).items()] for one in events]
    return json.dumps({"statistics": {"recordsMatched": 5.0}, "results": rows, "status": "Complete"}, indent=4)


def _csv(columns: Sequence[str], separator: str = ",", *, newest_first: bool = False, quote: bool = False) -> Writer:
    def write(events: Sequence[LogEvent]) -> str:
        file = io.StringIO()
        quoting = csv.QUOTE_ALL if quote else csv.QUOTE_MINIMAL
        writer = csv.writer(file, delimiter=separator, lineterminator="\n", quoting=quoting)
        writer.writerow(columns)
        for event in reversed(events) if newest_first else events:
            row = _insights_row(event) | {
                "timestamp": str(event.timestamp_ms),
                "message": ended(event),
                "logStreamName": event.stream,
                "Timestamp (UTC)": z(event),
                "Message": ended(event),
            }
            writer.writerow([row[name] for name in columns])
        return file.getvalue()

    return write


def _text_events(events: Sequence[LogEvent]) -> str:
    return "".join(
        f"EVENTS\t39{one.timestamp_ms:054d}\t{one.timestamp_ms + 9}\t{one.stream}\t{ended(one)}\t{one.timestamp_ms}\n"
        for one in events
    )


def _text_get(events: Sequence[LogEvent]) -> str:
    tokens = "b/35000000000000000000000000000000000000000000000000000000/s\tf/350000000000000000000000000000000/s\n"
    return tokens + "".join(f"EVENTS\t{one.timestamp_ms + 9}\t{ended(one)}\t{one.timestamp_ms}\n" for one in events)


def _prefixed(prefix: Callable[[LogEvent], str]) -> Writer:
    return lambda events: "".join(f"{prefix(one)}{line}\n" for one in events for line in one.message.split("\n"))


def _container(event: LogEvent) -> str:
    """A container is one environment, as a stream is."""
    return f"lambda-{event.stream[-6:]}"


def _log_result(events: Sequence[LogEvent]) -> str:
    data = "".join(event.message + "\n" for event in events).encode()
    return json.dumps({"StatusCode": 200, "LogResult": base64.b64encode(data).decode(), "ExecutedVersion": "$LATEST"})


def _page(events: Sequence[LogEvent]) -> dict[str, object]:
    searched = [{"logStreamName": "2026/11/27/[1]ab", "searchedCompletely": True}]
    return {"events": [api_event(event) for event in events], "nextToken": "Bxkq6", "searchedLogStreams": searched}


def _cli_tables(events: Sequence[LogEvent]) -> str:
    page = _page(events)
    return cli_table("FilterLogEvents", [{"nextToken": "Bxkq6", "x": 1}]) + cli_table(
        "events",
        page["events"],
        level=1,  # type: ignore[arg-type]
    )


def _insights_table(*columns: str, frame: bool = False) -> Writer:
    return lambda events: markdown(
        columns, [[_insights_row(event)[name].rstrip("\n") for name in columns] for event in events], frame=frame
    )


def _breaks(events: Sequence[LogEvent]) -> str:
    rows = [
        [_insights_row(one)["@timestamp"], one.stream, one.message.replace("|", "\\|").replace("\n", "<br>")]
        for one in events
    ]
    return markdown(["@timestamp", "@logStream", "@message"], rows)


def _monitor_json(event: LogEvent) -> dict[str, object]:
    return {
        "timestamp": z(event), "timestamp_ms": event.timestamp_ms, "ingestion_ms": None, "group": GROUP,
        "stream": event.stream, "event_id": "", "message": ended(event), "late": False,
        "record": {"record_kind": "text", "text": ended(event)},
    }  # fmt: skip


def _numbered(events: Sequence[LogEvent], column: str = "{}:") -> str:
    lines = [line for event in events for line in event.message.split("\n")]
    return "".join(f"{column.format(at)}{line}\n" for at, line in enumerate(lines, start=1))


def _collected(member: str, rest: Callable[[LogEvent], dict[str, object]]) -> Writer:
    """Objects of one line each, as a collector of a container's output writes them."""
    return lambda events: "".join(
        json.dumps({member: line, **rest(event)}) + "\n" for event in events for line in event.message.split("\n")
    )


def _search_hits(events: Sequence[LogEvent]) -> str:
    rows = [{"@timestamp": z(e), "@message": ended(e), "@log_group": GROUP, "@log_stream": e.stream} for e in events]
    return json.dumps({"took": 3, "hits": {"total": {"value": len(rows)}, "hits": [{"_source": row} for row in rows]}})


def _viewed(events: Sequence[LogEvent]) -> str:
    rows = [{"timestamp": z(e), "service": "shop", "message": ended(e), "tags": ["a"]} for e in events]
    return json.dumps({"data": [{"id": str(at), "type": "log", "attributes": row} for at, row in enumerate(rows)]})


def _live_tail(events: Sequence[LogEvent]) -> str:
    rows = [
        {
            "logStreamName": e.stream,
            "logGroupIdentifier": f"1:{GROUP}",
            "message": ended(e),
            "timestamp": e.timestamp_ms,
        }
        for e in events
    ]
    return "".join(json.dumps({"sessionUpdate": {"sessionResults": [row]}}) + "\n" for row in rows)


WRITTEN = (
    Written("aws logs tail", "aws-tail", headed(lambda e: f"{_iso(e)} {e.stream} ")),
    Written("aws logs tail, colored", "aws-tail", headed(lambda e: f"{_green(_iso(e))} \x1b[36m{e.stream}\x1b[0m ")),
    Written(
        "aws logs tail --format json",
        "aws-tail",
        lambda events: "".join(f"{_iso(e)} {e.stream} {_pretty_json(e)}\n" for e in events),
    ),
    Written("aws logs tail --format short", "aws-tail-short", headed(lambda e: f"{moment(e):%Y-%m-%dT%H:%M:%S} "),
            streams=False, seconds=True),
    Written("aws logs tail of another zone", "aws-tail",
            headed(lambda e: f"{moment(e).isoformat().replace('+00:00', '')}+00:00 {e.stream} ")),
    Written("sam logs", "sam", headed(lambda e: f"{e.stream} {moment(e).replace(tzinfo=None).isoformat()} ")),
    Written("sam logs, colored", "sam", headed(
        lambda e: f"\x1b[36m{e.stream}\x1b[0m \x1b[33m{moment(e).replace(tzinfo=None).isoformat()}\x1b[0m ")),
    Written("sam logs --output json", "aws-logs", _rows(api_event, lines=True)),
    Written("awslogs", "awslogs", headed(lambda e: f"{GROUP} {e.stream} "), times=False),
    Written("awslogs --timestamp", "awslogs", headed(lambda e: f"{GROUP} {e.stream} {z(e)} ")),
    Written("awslogs --timestamp --ingestion-time", "awslogs", headed(lambda e: f"{GROUP} {e.stream} {z(e)} {z(e)} ")),
    Written("awslogs, padded and colored", "awslogs",
            headed(lambda e: f"\x1b[32m{GROUP}\x1b[0m     \x1b[36m{e.stream}\x1b[0m     "), times=False),
    Written("awslogs --no-group", "awslogs", headed(lambda e: f"{e.stream} "), times=False),
    Written("awslogs --no-group --timestamp", "sam", headed(lambda e: f"{e.stream} {z(e)} ")),
    Written("awslogs --no-stream --timestamp", "awslogs-group", headed(lambda e: f"{GROUP} {z(e)} "), streams=False),
    Written("saw", "saw", headed(lambda e: f"[{moment(e):%Y-%m-%dT%H:%M:%SZ}] ({e.stream}) "), seconds=True),
    Written("saw in another zone", "saw", headed(
        lambda e: f"[{moment(e):%Y-%m-%dT%H:%M:%S}+00:00] ({e.stream}) "), seconds=True),
    Written("saw, colored", "saw", headed(
        lambda e: f"\x1b[37m[\x1b[0m\x1b[32m{moment(e):%Y-%m-%dT%H:%M:%SZ}\x1b[0m\x1b[37m]\x1b[0m "
        f"\x1b[37m(\x1b[0m{e.stream}\x1b[37m)\x1b[0m "), seconds=True),
    Written("cw tail", "cw", headed(lambda e: f"{e.stream} - "), times=False),
    Written("export to S3", "s3-export", headed(lambda e: f"{z(e)} "), streams=False),
    Written("console, copied", "console", lambda events: "Timestamp (UTC)                        Message\n" + "".join(
        f"{z(e)}               {e.message}\n" for e in events), streams=False),
    Written("console, copied with tabs", "console", headed(lambda e: f"{z(e)}\t"), streams=False),
    Written("console, rows of two lines", "console", headed(lambda e: f"{z(e)}\n"), streams=False),
    Written("console, day first", "console", headed(_local("%d/%m/%Y, %H:%M:%S\t")), streams=False, seconds=True),
    Written("console, month first", "console", headed(_local("%m/%d/%Y, %I:%M:%S %p\t")), streams=False, seconds=True),
    Written("console, German", "console", headed(_local("%d.%m.%Y %H:%M:%S\t")), streams=False, seconds=True),
    Written("filter-log-events", "aws-logs", _document(4)),
    Written("filter-log-events, compact", "aws-logs", _document(None)),
    Written("filter-log-events, other orders", "aws-logs", _document(
        None, order=("message", "timestamp", "eventId", "logStreamName", "ingestionTime"), crossed=True)),
    Written("filter-log-events, pages", "aws-logs", _pages),
    Written("get-log-events", "aws-logs", lambda events: json.dumps({"nextForwardToken": "f/1", "events": [
        {"timestamp": e.timestamp_ms, "message": ended(e), "ingestionTime": 1} for e in events]}, indent=4),
        streams=False),
    Written("--query events", "aws-logs", _rows(api_event, indent=4)),
    Written("jq -c .events[]", "aws-logs", _rows(api_event, lines=True)),
    Written("--query events[].message", "aws-logs", _rows(ended, indent=4), streams=False, times=False),
    Written("--query with pairs", "aws-logs", _rows(lambda e: [e.timestamp_ms, ended(e)], indent=4), streams=False),
    Written("--query with triples", "aws-logs", _rows(lambda e: [e.stream, ended(e), e.timestamp_ms])),
    Written("--query with names", "aws-logs",
            _rows(lambda e: {"when": e.timestamp_ms, "what": ended(e), "where": e.stream}, indent=2)),
    Written("--output text", "aws-text", _text_events),
    Written("get-log-events --output text", "aws-text", _text_get, streams=False),
    Written("--query messages --output text", "aws-text-messages",
            lambda events: "\t".join(ended(event) for event in events) + "\n", streams=False, times=False),
    Written("--query pairs --output text", "aws-text-columns",
            lambda events: "".join(f"{e.timestamp_ms}\t{ended(e)}\n" for e in events), streams=False),
    Written("--query triples --output text", "aws-text-columns",
            lambda events: "".join(f"{e.stream}\t{e.timestamp_ms}\t{ended(e)}\n" for e in events)),
    Written("--query, time last, --output text", "aws-text-columns",
            lambda events: "".join(f"{e.stream}\t{ended(e)}\t{e.timestamp_ms}\n" for e in events)),
    Written("get-query-results", "insights", _query_results),
    Written("Insights, JSON of the console", "insights", _rows(_insights_row, indent=2)),
    Written("Insights, newest first", "insights", lambda events: json.dumps([_insights_row(e) for e in events][::-1])),
    Written("Insights, CSV", "csv", _csv(["@timestamp", "@message", "@logStream", "@log"])),
    Written("Insights, CSV, newest first", "csv", _csv(["@timestamp", "@message", "@logStream"], newest_first=True)),
    Written("console's CSV", "csv", _csv(["timestamp", "message"]), streams=False),
    Written("console's CSV, other columns", "csv", _csv(["logStreamName", "message", "timestamp"], quote=True)),
    Written("CSV with semicolons", "csv", _csv(["timestamp", "message", "logStreamName"], ";")),
    Written("CSV with tabs", "csv", _csv(["Timestamp (UTC)", "Message"], "\t"), streams=False),
    Written("--output yaml", "aws-yaml", lambda events: yaml_of(_page(events))),
    Written("--output yaml, quoted", "aws-yaml", lambda events: yaml_of(_page(events), default_style='"', width=60)),
    Written("--output yaml-stream", "aws-yaml",
            lambda events: yaml_stream([_page(events[: len(events) // 2]), _page(events[len(events) // 2 :])])),
    Written("--query events --output yaml", "aws-yaml", lambda events: yaml_of([api_event(e) for e in events])),
    Written("--query messages --output yaml", "aws-yaml",
            lambda events: yaml_of([ended(e) for e in events]), streams=False, times=False),
    Written("--query pairs --output yaml", "aws-yaml",
            lambda events: yaml_of([[e.timestamp_ms, ended(e)] for e in events]), streams=False),
    Written("get-query-results --output yaml", "aws-yaml", lambda events: yaml_of(json.loads(_query_results(events)))),
    Written("--output table", "table", _cli_tables),
    Written("--query pairs --output table", "table",
            lambda events: cli_table("FilterLogEvents", [[e.timestamp_ms, ended(e)] for e in events]), streams=False),
    Written("--query names --output table", "table",
            lambda events: cli_table("FilterLogEvents", [{"t": e.timestamp_ms, "m": ended(e)} for e in events]),
            streams=False),
    Written("--query messages --output table", "table",
            lambda events: cli_table("FilterLogEvents", [[ended(e)] for e in events]), streams=False, times=False),
    Written("Insights, Markdown", "table", _insights_table("@timestamp", "@logStream", "@message")),
    Written("Insights, Markdown, message first", "table", _insights_table("@message", "@timestamp", "@logStream")),
    Written("Insights, Markdown, breaks", "table", _breaks),
    Written("Insights, ASCII", "table", _insights_table("@timestamp", "@message", "@logStream", frame=True)),
    Written("subscription, lines", "subscription",
            lambda events: "".join(json.dumps(one) + "\n" for one in payloads(events))),
    Written("subscription, joined by Firehose", "subscription", _late_names),
    Written("subscription, a list", "subscription", lambda events: json.dumps(payloads(events), indent=2)),
    Written("subscription, Kinesis event", "subscription", _kinesis),
    Written("subscription, Lambda events", "subscription", _lambda_events),
    Written("subscription, base64", "base64",
            lambda events: "".join(_packed(one) + "\n" for one in payloads(events))),
    Written("docker logs", "messages", headed(lambda e: ""), streams=False, times=False),
    Written("docker logs -t", "timed-lines",
            _prefixed(lambda e: f"{moment(e):%Y-%m-%dT%H:%M:%S}.{e.timestamp_ms % 1000:03d}000000Z "), streams=False),
    Written("docker compose logs", "docker-compose",
            _prefixed(lambda e: f"{_container(e)}  | "), streams=False, times=False),
    Written("docker compose logs, colored", "docker-compose",
            _prefixed(lambda e: f"\x1b[36m{_container(e)}  | \x1b[0m"), streams=False, times=False),
    Written("docker compose logs of version 1", "docker-compose",
            _prefixed(lambda e: f"{_container(e).replace('-', '_')}    | "), streams=False, times=False),
    Written("docker compose logs -t", "docker-compose", _prefixed(
        lambda e: f"{_container(e)}  | {moment(e):%Y-%m-%dT%H:%M:%S}.{e.timestamp_ms % 1000:03d}000000Z "),
        streams=False),
    Written("kubectl logs --prefix", "kubectl",
            _prefixed(lambda e: f"[pod/fn-{_container(e)}/main] "), streams=False, times=False),
    Written("zappa tail", "bracketed-time", headed(lambda e: f"[{e.timestamp_ms}] "), streams=False),
    Written("chalice logs", "learned-columns",
            headed(lambda e: f"{moment(e):%Y-%m-%d %H:%M:%S}.{e.timestamp_ms % 1000:03d}000 3fa9c1 "), streams=False),
    Written("containers' runtime interface", "learned-columns", _prefixed(
        lambda e: f"{z(e)[:-1]}000000Z stdout F "), streams=False),
    Written("logcli", "learned-columns",
            headed(lambda e: f'{moment(e):%Y-%m-%dT%H:%M:%SZ} {{group="{GROUP}"}} '), streams=False, seconds=True),
    Written("a viewer with columns", "learned-columns", headed(lambda e: f"| shop-api   | {e.stream} | {z(e)} | ")),
    Written("a name before each line", "learned-columns", _prefixed(lambda e: "(shop) "), streams=False, times=False),
    Written("a collector that names its source", "learned-json",
            _rows(lambda e: {"message": e.message, "source_type": "logs", "timestamp": z(e)}, lines=True),
            streams=False),
    Written("columns between bars", "learned-columns", headed(lambda e: f"{z(e)}|{e.stream}|")),
    Written("grep -n", "learned-columns", _numbered, streams=False, times=False),
    Written("cat -n", "learned-columns", lambda events: _numbered(events, "{:6d}\t"), streams=False, times=False),
    Written("a quotation", "learned-columns", _prefixed(lambda e: "> "), streams=False, times=False),
    Written("docker's json-file", "aws-logs",
            _collected("log", lambda e: {"stream": "stdout", "time": z(e)}), streams=False),
    Written("journalctl -o json", "aws-logs",
            _collected("MESSAGE", lambda e: {"__REALTIME_TIMESTAMP": f"{e.timestamp_ms}000"}), streams=False),
    Written("a search engine's hits", "learned-json", _search_hits),
    Written("a log viewer's export", "learned-json", _viewed, streams=False),
    Written("aws logs start-live-tail", "learned-json", _live_tail),
    Written("LogResult", "invoke", _log_result, streams=False, times=False),
    Written("monitor tail -o json", "aws-logs", _rows(_monitor_json, lines=True)),
)  # fmt: skip

"""The account of the option pairs: functions whose logs, metrics and traces tell each option's effect apart."""

import io
import json
import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from monitor.aws.connection import Connection
from monitor.aws.deploy import wait_until_active

ROLE = "arn:aws:iam::000000000000:role/lambda-monitor-local"
ALPHA, BETA = "pairs-alpha", "pairs-beta"
TRACE = "1-6ac7d63e-397ed61b0123456789abcdef"

# What PYTHONPROFILEIMPORTTIME=1 makes Python write.
IMPORT_TIMES = """import time: self [us] | cumulative | imported package
import time:       100 |        100 |     botocore.session
import time:      7000 |       7100 |   botocore
import time:     {boto3} |     {boto3} | boto3
import time:       300 |        300 | json
import time:      2300 |       2300 | orjson
import time:      1300 |       1300 | yaml
"""


@dataclass(frozen=True)
class Invoked:
    """One invocation in the log. Each property is true of others, so that no two options choose the same ones."""

    number: int
    start_ms: int

    @property
    def request_id(self) -> str:
        return str(uuid.UUID(int=0x5B86D4D40C1F4D2C9A0E3F7E5B8F6000 + self.number * 0x100000001000000010000001))

    @property
    def cold(self) -> bool:
        return bool(self.number & 1) or self.number == 0

    @property
    def failed(self) -> bool:
        return bool(self.number & 2)

    @property
    def slow(self) -> bool:
        return bool(self.number & 4)

    @property
    def trace_id(self) -> str:
        return TRACE if self.number % 3 == 0 else f"1-6ac7d63e-{self.number:024x}"

    @property
    def chosen(self) -> bool:
        return self.number in (1, 2, 4, 6, 9, 11, 12)

    def lines(self) -> Iterator[tuple[int, str]]:
        """Each line, with how many milliseconds after the start it is."""
        one, words = self.request_id, [word for word, every in _WORDS.items() if self.number % every < 2]
        level = "WARNING" if self.number % 7 < 3 else "INFO"
        if self.cold:
            arn = "arn:aws:lambda:ap-southeast-1::runtime:0abc"
            yield 0, f"INIT_START Runtime Version: python:3.13.v20\tRuntime Version ARN: {arn}\n"
            yield 0, IMPORT_TIMES.format(boto3=90_000 + 1000 * self.number)
        yield 1, f"START RequestId: {one} Version: $LATEST\n"
        yield 2, f"[{level}]\t2026-11-29T10:00:00.000Z\t{one}\tfirst {self.number}\n"
        document = {"level": level, "message": " ".join(words), "tenant": f"t{self.number}", "amount": self.number}
        yield 3, json.dumps({**document, "function_request_id": one}) + "\n"
        if self.failed:
            where = f'Traceback (most recent call last):\n  File "/var/task/a.py", line {self.number}\n'
            what = "KeyError: lime" if self.number & 1 else "ValueError: kiwi"
            yield 4, f"[ERROR] {what}\n{where}"
        yield 5, f"END RequestId: {one}\n"
        took = 912.5 if self.slow else 12.5 + self.number
        init = f"Init Duration: {2300 if self.number == 9 else 300 + self.number}.00 ms\t" if self.cold else ""
        fields = (
            f"Duration: {took} ms\tBilled Duration: 913 ms\tMemory Size: 512 MB\tMax Memory Used: {80 + self.number} MB"
        )
        trace = f"XRAY TraceId: {self.trace_id}\tSegmentId: 0123456789abcdef\tSampled: true\t\n"
        yield 6, f"REPORT RequestId: {one}\t{fields}\t{init}\n{trace}"


_WORDS = {"apple": 4, "pear": 3, "plum": 5, "berry": 6, "needle": 7}


def invoked(now_s: int, count: int = 16) -> list[Invoked]:
    """Over the last 16 minutes, the last one just now."""
    return [Invoked(number, (now_s - 1 - 60 * (count - 1 - number)) * 1000) for number in range(count)]


def log_text(now_s: int, count: int = 16) -> str:
    """The same log as `aws logs tail` prints it, for --from."""
    lines = []
    for stream, events in streams(invoked(now_s, count)).items():
        for at_ms, message in events:
            moment = datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f+00:00")
            lines.append((at_ms, f"{moment} {stream} {message.rstrip(chr(10))}\n"))
    return "".join(text for _, text in sorted(lines, key=lambda one: one[0]))


def streams(found: list[Invoked]) -> dict[str, list[tuple[int, str]]]:
    """The events of each log stream: a cold start begins a new one."""
    by_stream: dict[str, list[tuple[int, str]]] = {}
    name = ""
    for one in found:
        if one.cold:
            name = f"2026/11/29/[$LATEST]{one.number:032x}"
        by_stream.setdefault(name, []).extend((one.start_ms + after, text) for after, text in one.lines())
    return by_stream


def fill(connection: Connection, now_s: int) -> None:
    """Make the functions and their logs."""
    for name, tags in ((ALPHA, {"team": "one"}), (BETA, {"team": "one", "stage": "two"})):
        create(connection, name, Tags=tags)
    found = invoked(now_s)
    for name, part in ((ALPHA, found), (BETA, found[3:9])):
        put_log(connection, f"/aws/lambda/{name}", streams(part))
    for at_s in range(now_s - 900, now_s, 120):
        put_metrics(connection, at_s)
    documents = [json.dumps(one) for number in range(12) for one in segments(number, now_s - 60 * (12 - number))]
    for first in range(0, len(documents), 20):
        connection.call("xray", "PutTraceSegments", TraceSegmentDocuments=documents[first : first + 20])


def saved_traces(now_s: int) -> bytes:
    """The same traces as `aws xray batch-get-traces` prints them."""
    traces = []
    for number in range(12):
        parts = segments(number, now_s - 60 * (12 - number))
        documents = [{"Id": one["id"], "Document": json.dumps(one)} for one in parts]
        traces.append({"Id": parts[0]["trace_id"], "Duration": 1.0, "Segments": documents})
    return json.dumps({"Traces": traces}).encode()


def segments(number: int, at_s: int) -> list[dict[str, Any]]:
    """The documents of one trace: cold, faulty, slow and annotated in every combination."""
    cold, faulty, slow = bool(number & 1) or number == 0, bool(number & 2), bool(number & 4)
    length_s = 2.5 + number / 100 if slow else 0.5 + number / 100
    trace_id = f"1-{at_s:08x}-{number:024x}"
    request_id = Invoked(number, 0).request_id
    annotations = {"tenant": "acme" if number % 3 == 0 else "other", "stage": "gold" if number % 5 < 2 else "tin"}
    calls = [
        {
            "id": f"{number:04x}{at:012x}",
            "name": f"Call{at}",
            "namespace": "remote",
            "start_time": at_s + 0.3 + at / 1000,
            "end_time": at_s + 0.3005 + at / 1000,
        }
        for at in range(80)
    ]
    init = [{"id": f"{number:04x}f00000000002", "name": "Init", "start_time": at_s + 0.05, "end_time": at_s + 0.25}]
    service = {
        "id": f"{number:04x}f00000000000",
        "trace_id": trace_id,
        "name": ALPHA,
        "origin": "AWS::Lambda",
        "resource_arn": f"arn:aws:lambda:ap-southeast-1:123456789012:function:{ALPHA}",
        "start_time": at_s,
        "end_time": at_s + length_s,
        "aws": {"request_id": request_id},
        "http": {"response": {"status": 500 if faulty else 200}},
        **({"fault": True} if faulty else {}),
    }
    function = {
        "id": f"{number:04x}f00000000001",
        "trace_id": trace_id,
        "parent_id": service["id"],
        "name": ALPHA,
        "origin": "AWS::Lambda::Function",
        "start_time": at_s + 0.02,
        "end_time": at_s + length_s - 0.01,
        "annotations": annotations,
        "subsegments": [*(init if cold else []), *calls],
    }
    return [service, function]


def put_metrics(connection: Connection, at_s: int) -> None:
    """A minute of both functions, and of the shop's own metrics."""
    for name, errors in ((ALPHA, 1), (BETA, 3)):
        own = [{"Name": "FunctionName", "Value": name}]
        values = {"Invocations": 7, "Errors": errors, "Duration": 12.5, "ConcurrentExecutions": 2, "Throttles": 0}
        put(connection, "AWS/Lambda", at_s, own, values)
        put(connection, "Shop", at_s, [{"Name": "service", "Value": name}], {"Orders": 3})
    put(connection, "Shop", at_s, [{"Name": "service", "Value": "orders"}], {"Refunds": 2})
    put(connection, "Depot", at_s, [{"Name": "service", "Value": ALPHA}], {"Parcels": 2})


def put(
    connection: Connection, namespace: str, at_s: int, dimensions: list[dict[str, str]], values: dict[str, float]
) -> None:
    """One value of each metric."""
    data = [
        {"MetricName": name, "Dimensions": dimensions, "Timestamp": datetime.fromtimestamp(at_s, UTC), "Value": value}
        for name, value in values.items()
    ]
    connection.call("cloudwatch", "PutMetricData", Namespace=namespace, MetricData=data)


def create(connection: Connection, name: str, **more: object) -> None:
    """A function that answers 1."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("lambda_function.py", "def lambda_handler(event, context):\n    return 1\n")
    connection.call(
        "lambda", "CreateFunction", FunctionName=name, Handler="lambda_function.lambda_handler", Role=ROLE,
        Runtime="python3.11", Code={"ZipFile": out.getvalue()}, **more,
    )  # fmt: skip
    wait_until_active(connection, name)


def put_log(connection: Connection, group: str, content: dict[str, list[tuple[int, str]]]) -> None:
    """A log group with these streams."""
    try:
        connection.call("logs", "CreateLogGroup", logGroupName=group)
    except Exception as error:
        if "exists" not in str(error):
            raise
    for stream, events in content.items():
        connection.call("logs", "CreateLogStream", logGroupName=group, logStreamName=stream)
        documents = [{"timestamp": at_ms, "message": text} for at_ms, text in sorted(events)]
        connection.call("logs", "PutLogEvents", logGroupName=group, logStreamName=stream, logEvents=documents)

"""Log lines of every form, made by hypothesis: those of real logs, odd ones, and hostile ones."""

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

REQUEST = "5b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f6a11"
TIME = "2026-11-23T02:48:41.886Z"

odd_texts = st.text(max_size=20) | st.sampled_from(
    ["", " ", "\x1b[31mred", "a\tb", "x\r\ny", "\ud800", "\u202e", "đã hỏng", "a\u00a0b", "a\u2028b", "\\t", "9" * 400]
)
request_ids = st.uuids().map(str) | st.sampled_from([REQUEST, "12ms", "a\u00a0b", "x", "", "-" * 36, "٣" * 36])
numbers = st.one_of(
    st.integers(0, 10**7).map(str),
    st.integers(0, 10**9).map(lambda hundredths: f"{hundredths / 100:.2f}"),
    st.sampled_from(["1e999", "-3", "inf", "٣.٥", "9" * 15, "9" * 16, "0.1234567891", "1.", ".5", "", "nan", "1,5"]),
)


@st.composite
def reports(draw: st.DrawFn) -> str:
    """A REPORT line: mostly as Lambda writes it, else with fields moved, lost, doubled, or apart by something else."""
    names = ["Duration", "Billed Duration", "Memory Size", "Max Memory Used"]
    units = ["ms", "ms", "MB", "MB"]
    fields = [f"{name}: {draw(numbers)} {unit}" for name, unit in zip(names, units, strict=True)]
    if draw(st.booleans()):
        fields.append(f"Init Duration: {draw(numbers)} ms")
    more = [
        "Status: timeout",
        "Restore Duration: 3.1 ms",
        "XRAY TraceId: 1-5e-a",
        "Duration: 7 ms",
        "Runtime Duration: 1 ms",
    ]
    apart = "\t"
    if draw(st.integers(0, 3)) == 0:
        fields = draw(st.permutations(fields + draw(st.lists(st.sampled_from(more), max_size=2))))
        fields = fields[: draw(st.integers(0, len(fields)))]
        apart = draw(st.sampled_from(["\t", " ", "", "\\t", "\n", "  ", "\u00a0", "\t\t"]))
    end = draw(
        st.sampled_from(["\t\n", "", "\t", "\n", "\r", "\u00a0", "\tx", "\nXRAY TraceId: 1-5e\tSampled: true\t\n"])
    )
    return apart.join([f"REPORT RequestId: {draw(request_ids)}", *fields]) + end


starts = st.builds(
    "START RequestId: {}{}Version: {}{}".format,
    request_ids,
    st.sampled_from([" ", " ", "\t", "", "\u00a0"]),
    st.sampled_from(["$LATEST", "7", "12", "prod", "$LATEST\u00a0", "٣", "9" * 20, "\\"]),
    st.sampled_from(["\n", "", "\r\n", " x", "\\n"]),
)
ends = st.builds("{}END RequestId: {}\n".format, st.sampled_from(["", "", "", "printed", "\x1b[0m"]), request_ids)
runtime_lines = st.builds(
    "[{}]{}{}{}{}{}{}".format,
    st.sampled_from(["INFO", "ERROR", "DEBUG", "note", ""]),
    st.sampled_from(["\t", "\t", "  ", " "]),
    st.sampled_from([TIME, "2026-11-23T02:48:41Z", "noon"]),
    st.just("\t"),
    request_ids,
    st.just("\t"),
    odd_texts | st.just('failed\nTraceback (most recent call last):\n  File "a.py", line 1, in f\nValueError: no'),
)
scalars = st.none() | st.booleans() | st.integers() | st.floats() | odd_texts
big = st.sampled_from([2**63, 2**64, -(2**70), 10**400, 1e22, 5e-324, 0.1 + 0.2])


def nested(depth: int) -> Any:
    """A list in a list, that deep."""
    value: Any = 1
    for _ in range(depth):
        value = [value]
    return value


json_values = (
    scalars
    | big
    | st.lists(scalars, max_size=3)
    | st.sampled_from([{"a": [1]}, {}])
    | st.sampled_from([nested(200), nested(249), nested(250), nested(600)])
)
_MEMBERS = (
    "level", "message", "timestamp", "service", "location", "function_request_id", "width", "ж", "error", "exception",
    "type", "time", "record", "log_level", "monitor_init", "errorType", "_aws", "CloudWatchMetrics",
)  # fmt: skip
json_lines = st.builds(
    lambda level, message, more: {"level": level, "message": message} | more,
    st.sampled_from(["INFO", "ERROR", "warning", None, 20]),
    odd_texts | json_values,
    st.dictionaries(st.sampled_from(_MEMBERS[2:]), json_values, max_size=4),
).map(json.dumps)

_metric = st.fixed_dictionaries(
    {"Name": st.sampled_from(["Seen", "Took", "absent", "", 3])},
    optional={
        "Unit": st.sampled_from(["Count", "Milliseconds", "Parsecs", "", None, 7, ["Count"]]),
        "StorageResolution": st.sampled_from([1, 60, 30, "1", None]),
    },
)
_directive = st.fixed_dictionaries(
    {},
    optional={
        "Namespace": st.sampled_from(["Shop", "Shop", "", 7, None]),
        "Dimensions": st.lists(
            st.lists(st.sampled_from(["service", "size", "absent", "flag", "empty", 3]), max_size=3)
            | st.just(["service"] * 31),
            max_size=3,
        )
        | st.none(),
        "Metrics": st.lists(_metric, max_size=4) | st.just([{"Name": "Seen"}] * 101) | st.sampled_from([None, [7]]),
    },
) | st.just({"Namespace": "Shop", "Dimensions": [["service"]], "Metrics": [{"Name": "Seen", "Unit": "Count"}]})
_metric_values = st.one_of(
    st.floats(), st.integers(), big, st.lists(st.floats() | st.integers(), max_size=4), st.just([1.0] * 101),
    st.lists(json_values, max_size=3), json_values,
)  # fmt: skip


@st.composite
def emf_lines(draw: st.DrawFn) -> str:
    """A line in embedded metric format, in the present or the old form, with what may be wrong in one."""
    directives: Any = draw(st.lists(_directive, max_size=3) | st.sampled_from([7, {}, None]))
    head = {"Timestamp": draw(st.integers(0, 2**43) | scalars), "CloudWatchMetrics": directives}
    line: dict[str, Any] = {"_aws": head} if draw(st.integers(0, 5)) else head
    line |= {"service": draw(odd_texts | st.just("s")), "size": 640, "flag": True, "empty": ""}
    line |= {"Seen": draw(_metric_values), "Took": draw(_metric_values)}
    line |= draw(st.dictionaries(st.sampled_from(_MEMBERS[:-2]), json_values, max_size=1))
    return json.dumps(line)


others = st.sampled_from(
    [
        "INIT_START Runtime Version: python:3.12.v5\tRuntime Version ARN: arn:aws:lambda\n",
        "INIT_REPORT Init Duration: 9804.1 ms\tPhase: init\tStatus: timeout\n",
        "INIT_REPORT Init Duration: 12.00 ms\tPhase: invoke\n",
        "RESTORE_START Runtime Version: java:21\tRuntime Version ARN: arn:x\n",
        "RESTORE_REPORT Restore Duration: 315.26 ms\n",
        "XRAY TraceId: 1-5e34a614-10bd\tSegmentId: 07f5\tSampled: true\n",
        "EXTENSION\tName: agent\tState: Ready\tEvents: [INVOKE, SHUTDOWN]\n",
        "TELEMETRY\tName: agent\tState: Subscribed\tTypes: [Platform]\n",
        f"{TIME} {REQUEST} Task timed out after 3.00 seconds\n\n",
        f"RequestId: {REQUEST} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n",
        "[ERROR] ValueError: no\rTraceback (most recent call last):\r  File \"x\", line 1, in f",
        "LAMBDA_WARNING: Unhandled exception.\r{\"errorType\": \"E\", \"errorMessage\": \"m\"}",
        f"{TIME}\t{REQUEST}\tERROR\tInvoke Error\t{{\"errorType\": \"E\"}}",
        "import time:      1402 |      28034 |   boto3",
        f'{{"time":"{TIME}","type":"platform.start","record":{{"requestId":"{REQUEST}","version":"7"}}}}',
        f'{{"time":"{TIME}","type":"platform.report","record":{{"requestId":"{REQUEST}","metrics":{{"durationMs":3.2}}}}}}',
        f'{{"time":"{TIME}","type":"platform.runtimeDone","record":{{"requestId":"{REQUEST}","status":"success"}}}}',
        '{"time": "t", "type": "platform.initStart", "record": 7}',
        '{"errorType": "ValueError", "errorMessage": "x", "stackTrace": []}',
        '{"monitor_init": {"version": 1, "observed_init_ms": 3.0}, "function_name": "f"}',
        '{"monitor_imports": {"imports": {"total_ms": 3}}}',
        '{"level": "INFO", "message": "m", "value": NaN}',
        '{"level": "INFO", "level": "ERROR", "message": "twice"}',
        '{"level": "INFO", "message": "cut',
        '{"_aws": {"Timestamp": 1790000000000, "CloudWatchMet',
        f"2026/11/23/[7]ab {TIME} REPORT RequestId: {REQUEST}\tDuration: 1.5 ms",
        f"{TIME}[    analyzer-dev] END RequestId: {REQUEST}",
        "Some text", "Input", "X-Ray", "Tail", "Late", "imports", "2026", "plain \x1b[31mred\x1b[0m text\r\n", "", "\n",
    ]
)  # fmt: skip
messages = st.one_of(
    reports(), starts, ends, runtime_lines, json_lines, emf_lines(), others, odd_texts, st.text(max_size=60)
)


FORMS = (
    "tailed", "tailed short", "tailed short and whole", "tailed with names", "json lines", "bare",
    "bare, one after the other",
)  # fmt: skip


class Environment:
    """Writes what one execution environment would, one message a turn."""

    def __init__(self, chance: random.Random, number: int) -> None:
        self.chance, self.left, self.fresh = chance, 12, True
        version = chance.choice(["7", "$LATEST"])
        self.stream = (
            f"2026/11/23/{chance.choice(['', 'billing'])}[{version}]{chance.getrandbits(64):016x}{number:016x}"
        )
        self.waiting: list[str] = []

    def turn(self) -> str | None:
        """The next message; None when it has ended."""
        if not self.waiting:
            if not self.left:
                return None
            self.left -= 1
            self.waiting = self.invocation()
        return self.waiting.pop(0)

    def invocation(self) -> list[str]:
        """The messages of one invocation."""
        chance = self.chance
        rid = f"{chance.getrandbits(32):08x}-1111-4222-8333-{chance.getrandbits(48):012x}"
        kind = chance.choices(
            ["warm", "timeout", "crash", "error", "traced", "cut", "late", "old", "no start", "json"],
            [60, 3, 3, 3, 8, 3, 3, 3, 2, 4],
        )[0]
        lines = []
        if self.fresh:
            lines.append("INIT_START Runtime Version: python:3.12.v5\tRuntime Version ARN: arn:x")
            if chance.random() < 0.2:
                lines.append("INIT_REPORT Init Duration: 900.5 ms\tPhase: init\tStatus: error\tError Type: Runtime.X")
        if kind != "no start":
            lines.append(f"START RequestId: {rid} Version: 7")
        lines.append('{"level":"INFO","message":"xin chào","timestamp":"2026-11-23T02:48:42.886Z"}')
        lines.append(f"[INFO]\t2026-11-23T02:48:41.886Z\t{rid}\thello")
        if chance.random() < 0.3:
            lines.append("just a line, START and REPORT in it")
        if kind == "error":
            lines.append('[ERROR] ValueError: no\rTraceback (most recent call last):\r  File "x", line 1, in f')
        if kind == "json":
            lines.append('{"errorType":"ValueError","errorMessage":"x","stackTrace":[]}')
        if kind in ("timeout", "crash"):
            lines.append(f"2026-11-23T02:48:41.886Z {rid} Task timed out after 3.00 seconds")
        lines.append(f"END RequestId: {rid}")
        duration = chance.randrange(1, 100_000) / 100
        init = "\tInit Duration: 400.25 ms" if self.fresh and chance.random() < 0.7 else ""
        end = {"traced": "\tXRAY TraceId: 1-5e34a614-10bd\tSegmentId: 07f5\tSampled: true"}.get(kind, "")
        end = "\tStatus: timeout" if kind == "timeout" else end
        memory = chance.choice([128, 1024])
        lines.append(
            f"REPORT RequestId: {rid}\tDuration: {duration} ms\tBilled Duration: {int(duration) + 1} ms"
            f"{' ' if kind == 'old' else ''}\tMemory Size: {memory} MB\tMax Memory Used: {memory // 2} MB{init}\t{end}"
        )
        if kind == "late":
            lines.append(f"RequestId: {rid} Error: Runtime exited with error: signal: killed")
        if kind == "traced" and chance.random() < 0.5:
            lines.append("XRAY TraceId: 1-5e34a614-10bd\tSegmentId: 07f5\tSampled: true")
        if kind == "cut":
            lines = lines[: chance.randrange(1, len(lines))]
        self.fresh = kind in ("timeout", "crash") and chance.random() < 0.7
        return lines


def _named(one: Environment, message: str) -> str:
    """Where an environment logs JSON, one in three has an init record there that names its function."""
    if not message.startswith("{") or int(one.stream[-1], 16) % 3:
        return message
    return json.dumps({"monitor_init": {"version": 1, "observed_init_ms": 3.0}, "function_name": f"f{one.stream[-1]}"})


def saved_log(chance: random.Random, form: str, environments: int = 4, pause_ms: int = 3) -> str:
    """What several environments log at once, in the form that it was saved in."""
    many = 1 if form == "bare, one after the other" else environments
    running = [Environment(chance, number) for number in range(many)]
    at_ms, lines = 1_795_000_000_000, []
    while running:
        one = chance.choice(running)
        message = one.turn()
        if message is None:
            running.remove(one)
            continue
        at_ms += chance.randrange(pause_ms)
        time = datetime.fromtimestamp(at_ms / 1000, UTC)
        if form == "tailed":
            stamp = time.isoformat(timespec="microseconds")
            lines.append(f"{stamp} {one.stream} {message}")
        elif form == "tailed short":
            lines.append(f"{time:%Y-%m-%dT%H:%M:%S} {message}")
        elif form == "json lines":
            lines.append(json.dumps({"timestamp_ms": at_ms, "message": message, "stream": one.stream}))
        elif form == "tailed short and whole":
            lines.append(f"{time:%Y-%m-%dT%H:%M:%S} {_named(one, message)}")
        elif form == "tailed with names":
            lines.append(f"{time.isoformat(timespec='microseconds')} {one.stream} {_named(one, message)}")
        else:
            lines.append(message)
    return ("\r\n" if chance.randrange(5) == 0 else "\n").join(lines)


def real_messages(corpus: Path) -> Iterator[str]:
    """The messages of the corpus, and of our own samples."""
    samples = Path(__file__).resolve().parents[1] / "samples" / "log_records.jsonl"
    for path in (corpus / "report_lines.jsonl", samples):
        yield from (json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines())
    for line in (corpus / "platform_events.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.dumps(json.loads(line)["event"])
    for path in sorted((corpus / "emf").glob("*.json")):
        yield json.dumps(json.loads(path.read_text(encoding="utf-8"))["emf"])

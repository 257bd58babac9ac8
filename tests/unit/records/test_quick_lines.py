"""The fast reader of files comes to what the full one comes to, whatever the lines are."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.coldstarts.analyze_tally import By, Tally
from monitor.coldstarts.workflow_scan import read_tally
from monitor.kernel.jsonable import jsonable
from monitor.logs.workflow_reading import open_file
from monitor.records.lines import parse_lines
from monitor.records.pairing import pair

ENVIRONMENTS = 4


class Environment:
    """Writes what one execution environment would, one message a turn."""

    def __init__(self, chance: random.Random, number: int, seed: int) -> None:
        self.chance, self.left, self.fresh = chance, 12, True
        version = chance.choice(["7", "$LATEST"])
        self.stream = f"2026/11/23/{chance.choice(['', 'billing'])}[{version}]{seed:016x}{number:016x}"
        self.waiting: list[str] = []

    def turn(self) -> str | None:
        if not self.waiting:
            if not self.left:
                return None
            self.left -= 1
            self.waiting = self.invocation()
        return self.waiting.pop(0)

    def invocation(self) -> list[str]:
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
        duration = round(chance.lognormvariate(3, 1), 2)
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


def named(one: Environment, message: str) -> str:
    """Where an environment logs JSON, one in three has an init record there that names its function."""
    if not message.startswith("{") or int(one.stream[-1], 16) % 3:
        return message
    return json.dumps({"monitor_init": {"version": 1, "observed_init_ms": 3.0}, "function_name": f"f{one.stream[-1]}"})


def log(seed: int, form: str) -> str:
    chance = random.Random(seed)
    many = 1 if form == "bare, one after the other" else ENVIRONMENTS
    running = [Environment(chance, number, seed) for number in range(many)]
    at_ms, lines = 1_795_000_000_000, []
    while running:
        one = chance.choice(running)
        message = one.turn()
        if message is None:
            running.remove(one)
            continue
        at_ms += chance.randrange(3)
        time = datetime.fromtimestamp(at_ms / 1000, UTC)
        if form == "tailed":
            stamp = time.isoformat(timespec="microseconds")
            lines.append(f"{stamp} {one.stream} {message}")
        elif form == "tailed short":
            lines.append(f"{time:%Y-%m-%dT%H:%M:%S} {message}")
        elif form == "json lines":
            lines.append(json.dumps({"timestamp_ms": at_ms, "message": message, "stream": one.stream}))
        elif form == "tailed short and whole":
            lines.append(f"{time:%Y-%m-%dT%H:%M:%S} {named(one, message)}")
        elif form == "tailed with names":
            lines.append(f"{time.isoformat(timespec='microseconds')} {one.stream} {named(one, message)}")
        else:
            lines.append(message)
    return ("\r\n" if seed % 5 == 0 else "\n").join(lines)


@pytest.mark.parametrize(
    "form",
    ["tailed", "tailed short", "tailed short and whole", "tailed with names", "json lines", "bare",
     "bare, one after the other"],
)  # fmt: skip
def test_both_readers_agree(form: str, tmp_path: Path) -> None:
    path = tmp_path / "log"
    invocations = 0
    for seed in range(25):
        text = log(seed, form)
        path.write_text(text, encoding="utf-8", newline="")
        by = list(By)[seed % len(By)]
        full = Tally(by=by)
        for invocation in pair(parse_lines(text.split("\n"))):
            full.add(invocation)
        quick = read_tally(open_file(str(path)), None, lambda count: None, by)
        for name in ("summaries", "groups", "listed"):
            got, expected = jsonable(getattr(quick, name)()), jsonable(getattr(full, name)())
            assert got == expected, (seed, name)
        invocations += sum(summary.invocations for summary in full.summaries())
    assert invocations > 250


def test_lines_in_blocks_of_any_size_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "log"
    path.write_text(log(3, "tailed"), encoding="utf-8", newline="")
    expected = jsonable(read_tally(open_file(str(path)), None, lambda count: None).summaries())
    for size in (1, 7, 64, 1000):
        monkeypatch.setattr("monitor.records.quick_lines._BLOCK_BYTES", size)
        assert jsonable(read_tally(open_file(str(path)), None, lambda count: None).summaries()) == expected


def test_streams_that_end_without_a_word_are_let_go_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.records.quick_lines._MOST_LANES", 4)
    path = tmp_path / "log"
    lines = []
    for number in range(50):
        head = f"2026-11-23T02:48:{number:02d}.000000+00:00 2026/11/23/[7]{number:032x} "
        lines += [
            f"{head}START RequestId: r{number} Version: 7",
            f"{head}REPORT RequestId: r{number}\tDuration: 5 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB"
            "\tMax Memory Used: 60 MB",
        ]
    path.write_text("\n".join(lines), encoding="utf-8")
    (summary,) = read_tally(open_file(str(path)), None, lambda count: None).summaries()
    assert (summary.invocations, summary.warm_duration.count, summary.max_memory_mb) == (50, 50, 60)


def test_lines_that_name_no_function_are_taken_for_the_only_one_named(tmp_path: Path) -> None:
    path = tmp_path / "log"
    record = {"monitor_init": {"version": 1, "observed_init_ms": 300.0}, "function_name": "billing"}
    report = "\tDuration: 5 ms\tBilled Duration: 5 ms\tMemory Size: 128 MB\tMax Memory Used: 60 MB"
    path.write_text(
        f"START RequestId: a Version: 7\nREPORT RequestId: a{report}\n"
        f"START RequestId: b Version: 7\n{json.dumps(record)}\nREPORT RequestId: b{report}\tInit Duration: 400 ms\n"
        f"START RequestId: c Version: 7\nREPORT RequestId: c{report}\n",
        encoding="utf-8",
    )
    (summary,) = read_tally(open_file(str(path)), None, lambda count: None).summaries()
    assert (summary.function, summary.invocations, summary.cold_starts) == ("billing", 3, 1)

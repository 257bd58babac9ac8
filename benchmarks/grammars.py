"""What the grammars cost: the library's import, each language's tables, its texts, and a page of FilterLogEvents.

    python benchmarks/grammars.py [--events 10000]

Processor time, the least of several runs: other work on the machine only ever makes it longer. An import is measured
in processes of its own, beside jinja2's, which the same dashboards load. The page is read through the embedded
stack's FilterLogEvents with and without a pattern, the emulator's answer being given.
"""

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable

import orjson

from monitor.dashboards.board import parse_query
from monitor.kernel import metric_math, metric_search
from monitor.local.logs import filter_log_events, filter_pattern
from monitor.local.xray import filter_expression

STANDARD = "import re, dataclasses, typing, functools, json, copy"
LANGUAGES = [
    ("metric math", metric_math, "SLICE(SORT(METRICS(), AVG, DESC), 0, 10) / FILL(m1, 0) * 100"),
    ("metric search", metric_search, '{AWS/Lambda,FunctionName} MetricName="Errors" NOT (test OR FunctionName="a")'),
    ("filter pattern", filter_pattern, '{ $.level = "ERROR" && ($.n > 100 || $.a[*].b = "x*") }'),
    ("filter expression", filter_expression, 'service("f") { fault } AND responsetime > 3 OR annotation.size > 2'),
    ("log query", parse_query, "fields a | filter a = 1 and b like /x/ | stats count(*) by bin(5m) | sort a desc"),
]
PATTERNS = ["", "ERROR", '?ERROR ?WARN -"not me"', r"%hello \d+%", LANGUAGES[2][2]]


def import_ms(code: str) -> float:
    """The processor time of a process that runs the code, at best."""
    best = 1e9
    for _ in range(15):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        best = min(best, (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) * 1000)
    return best


def best_ms(run: Callable[[], object], times: int) -> float:
    best = 1e9
    for _ in range(times):
        began = time.process_time()
        run()
        best = min(best, (time.process_time() - began) * 1000)
    return best


class Answer:
    """What the emulator answers: one page of events."""

    status = 200

    def __init__(self, count: int) -> None:
        events = [
            {"timestamp": 1000 + number // 3, "message": message(number), "logStreamName": "s", "eventId": str(number)}
            for number in range(count - 1)
        ]
        self.body = orjson.dumps({"events": events})

    async def json(self, *_: object) -> "Answer":
        return self


def message(number: int) -> str:
    level = "ERROR" if number % 10 < 2 else "INFO"
    if number % 2:
        return json.dumps({"level": level, "n": number, "a": [{"b": "x"}], "msg": f"hello {number}"})
    return f"2026 request {number} {level} some text that is logged here"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000)
    answer = Answer(parser.parse_args().events)

    base = import_ms(STANDARD)
    lark, jinja = (import_ms(f"{STANDARD}, {name}") - base for name in ("lark", "jinja2"))
    print(f"import lark {lark:.0f} ms, jinja2 {jinja:.0f} ms: {lark / jinja:.2f}")
    for name, module, text in LANGUAGES:
        grammar = module._GRAMMAR
        tables = best_ms(lambda grammar=grammar: grammar._lark, 1)
        first = best_ms(lambda grammar=grammar, text=text: grammar.parse(text), 1)
        later = best_ms(lambda grammar=grammar, text=text: grammar.parse(text), 20)
        print(f"{name}: tables {tables:.0f} ms, first text {first:.1f} ms, a later one {later:.2f} ms")

    def page(pattern: str) -> object:
        fields = {"logGroupName": "g", "filterPattern": pattern}
        return asyncio.run(filter_log_events.filter_log_events(answer, None, fields))  # type: ignore[arg-type]

    floor = best_ms(lambda: page(""), 15)
    for pattern in PATTERNS:
        taken = best_ms(lambda pattern=pattern: page(pattern), 15)
        print(f"a page with {pattern or 'no pattern'}: {taken:.1f} ms, {taken / floor:.2f} of one without a pattern")


if __name__ == "__main__":
    main()

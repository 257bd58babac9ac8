"""Traces: a trace of 5,000 subsegments, and a list over 100,000 summaries.

    python benchmarks/traces.py

Prints medians and ratios; needs no network. The floor of the first is `json.loads` of the same documents; the second
is measured against itself with a tenth of the summaries: memory must not grow, time per summary must not either.
"""

import json
import statistics
import time
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from monitor.console.text import Style
from monitor.kernel.window import Window
from monitor.records.xray.documents import parse_traces
from monitor.records.xray.trace import TraceFilter
from monitor.traces.analyze_invocations import measure
from monitor.traces.analyze_waterfall import lay_out
from monitor.traces.model import ShownTrace
from monitor.traces.render import render_waterfall
from monitor.traces.render_html import render_html
from monitor.traces.render_otlp import render_otlp
from monitor.traces.workflow_find import list_traces
from monitor.traces.workflow_source import open_source

SUBSEGMENTS, SUMMARIES, ROUNDS = 5_000, 100_000, 7
BASE_S = 1_790_000_000


def saved() -> str:
    """5,000 calls in four levels, in a function's segment, as `aws xray batch-get-traces` prints it."""
    below: list[dict[str, Any]] = []
    for number in range(SUBSEGMENTS):
        start = BASE_S + number / 1000
        call = {"id": f"{number + 10:016x}", "name": f"DynamoDB {number % 7}", "namespace": "aws"}
        call |= {"start_time": start, "end_time": start + 0.0008, "aws": {"operation": "GetItem", "table_name": "t"}}
        level = number % 4
        parent = below
        for _ in range(level):
            parent = parent[-1].setdefault("subsegments", []) if parent else parent
        parent.append(call)
    function = {"id": f"{1:016x}", "name": "f", "origin": "AWS::Lambda::Function", "start_time": BASE_S}
    document = json.dumps({**function, "end_time": BASE_S + SUBSEGMENTS / 1000, "subsegments": below})
    return json.dumps({"Traces": [{"Id": "1-6ab13b80-0c01d0000000000000000001", "Segments": [{"Document": document}]}]})


def parsed(text: str) -> None:
    """The floor: what no reader can do without."""
    for trace in json.loads(text)["Traces"]:
        for segment in trace["Segments"]:
            json.loads(segment["Document"])


def shown(text: str, render: Callable[[ShownTrace], str]) -> None:
    """From the saved text to what is printed."""
    (trace,) = parse_traces(text)
    assert sum(1 for _ in trace.spans()) == SUBSEGMENTS + 1
    assert render(lay_out(measure(trace)))


def waterfall(one: ShownTrace) -> str:
    """Every row, as `traces show --all` prints it."""
    return render_waterfall(one.waterfall, one.figures, Style(160, color=True))


class Summaries:
    """A connection that answers any number of summaries, made as they are asked for."""

    region = where = "eu-west-1"

    def __init__(self, count: int) -> None:
        self.count = count

    def call(self, _service: str, operation: str, /, **_: Any) -> dict[str, Any]:
        """No trace's documents are there: the list alone is measured."""
        if operation == "BatchGetTraces":
            return {"Traces": [], "UnprocessedTraceIds": []}
        return {"Destination": "XRay"}

    def pages(self, *_: str, **__: Any) -> Iterator[dict[str, Any]]:
        """Pages of a hundred."""
        for first in range(0, self.count, 100):
            yield {"TraceSummaries": [summary(number) for number in range(first, min(first + 100, self.count))]}


def summary(number: int) -> dict[str, Any]:
    """One as X-Ray has them, with an annotation and three services."""
    at_s = BASE_S - 1 - number % 3500
    return {
        "Id": f"1-{at_s:08x}-{number:024x}",
        "StartTime": datetime.fromtimestamp(at_s, UTC),
        "Duration": 0.25,
        "Http": {"HttpURL": f"https://example.com/{number}", "HttpMethod": "POST", "HttpStatus": 200},
        "Annotations": {"ColdStart": [{"AnnotationValue": {"BooleanValue": number % 20 == 0}, "ServiceIds": []}]},
        "ServiceIds": [{"Name": name, "Type": "AWS::Lambda"} for name in ("f", "g", "h")],
    }


def listed(count: int) -> tuple[float, int]:
    """Seconds and peak bytes of the newest twenty of `count`."""
    window = Window((BASE_S - 3600) * 1000, BASE_S * 1000)
    source = open_source(Summaries(count), "f")  # type: ignore[arg-type]
    began = time.process_time()
    found = list_traces(source, window, TraceFilter(), limit=20)
    seconds = time.process_time() - began
    assert (found.found, len(found.items)) == (count, 20)
    tracemalloc.start()
    list_traces(source, window, TraceFilter(), limit=20)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, peak


def timed(work: Callable[[], None]) -> float:
    """Seconds of this process's CPU: other work on the machine does not count."""
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    """Measure and print."""
    text = saved()
    contestants: dict[str, Callable[[], None]] = {
        "json.loads alone": lambda: parsed(text),
        "text, every row": lambda: shown(text, waterfall),
        "html": lambda: shown(text, render_html),
        "otlp": lambda: shown(text, lambda one: render_otlp(one.trace)),
        "parsed, laid out": lambda: shown(text, lambda one: one.trace.id),
    }
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(ROUNDS):
        for name, work in contestants.items():
            times[name].append(timed(work))
    floor = statistics.median(times["json.loads alone"])
    print(f"a trace of {SUBSEGMENTS:,} subsegments ({len(text) / 1e6:.1f} MB), CPU, medians of {ROUNDS}")
    for name, found in times.items():
        middle = statistics.median(found)
        print(f"  {name:18} {middle:7.3f} s   {middle / floor:6.1f} × json.loads   goal < 1 s")
    small, large = listed(SUMMARIES // 10), listed(SUMMARIES)
    print(f"the newest 20 of {SUMMARIES // 10:,} and of {SUMMARIES:,} summaries")
    print(f"  time  {small[0]:.2f} s and {large[0]:.2f} s: {large[0] / small[0]:.1f} × for 10 ×")
    print(f"  peak  {small[1] / 1e3:.0f} KB and {large[1] / 1e3:.0f} KB: {large[1] / small[1]:.2f} ×")


if __name__ == "__main__":
    main()

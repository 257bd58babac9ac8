"""100 dashboards of 100 widgets: how long their validation takes.

    python benchmarks/dashboards.py

The widgets are of the kinds that dashboards in use have: graphs with shorthand rows, metric math and SEARCH, log
queries, texts, alarms. `json.loads` of the same texts is the floor. The issue's goal: validated in under 10 s.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from monitor.dashboards.checks.validate import check_text

DASHBOARDS, WIDGETS, ROUNDS = 100, 100, 3
GOAL_S = 10.0


def widget(number: int, dashboard: int) -> dict[str, Any]:
    """One of five kinds, in turn."""
    function = f"function-{dashboard}-{number}"
    place = {"x": number % 4 * 6, "y": number // 4 * 6, "width": 6, "height": 6}
    shared = {"title": function, "region": "ap-southeast-1"}
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("metric", {"period": 300, "stat": "Sum", "metrics": [
            ["AWS/Lambda", "Invocations", "FunctionName", function, {"id": "all"}],
            [".", "Errors", ".", ".", {"id": "bad", "visible": False}],
            [{"expression": "100 * FILL(bad, 0) / all", "label": "Errors (%)", "id": "rate"}]]}),
        ("metric", {"metrics": [["AWS/Lambda", "Duration", "FunctionName", function, {"stat": "p50"}],
            ["...", {"stat": "p90"}], ["...", {"stat": "p99"}]],
            "annotations": {"horizontal": [{"label": "target", "value": 1000}]}}),
        ("metric", {"metrics": [[{
            "expression": "SEARCH('{AWS/Lambda,FunctionName} MetricName=\"Errors\"', 'Sum', 300)", "id": "e1"}]]}),
        ("log", {"query": f"SOURCE '/aws/lambda/{function}' | filter @type = 'REPORT'\n"
            "| stats max(@initDuration) as slowest, pct(@duration, 99) as p99 by bin(5m)", "view": "timeSeries"}),
        ("text", {"markdown": f"# {function}\nWhat to look at first."}),
    ]  # fmt: skip
    kind, properties = kinds[number % len(kinds)]
    return {"type": kind, **place, "properties": properties if kind == "text" else {**shared, **properties}}


def timed(work: Callable[[], int]) -> tuple[float, int]:
    """Seconds that `work` takes, and what it counted."""
    start = time.perf_counter()
    counted = work()
    return time.perf_counter() - start, counted


def main() -> int:
    """Print the medians; 1 where the goal is missed."""
    bodies = [{"widgets": [widget(number, one) for number in range(WIDGETS)]} for one in range(DASHBOARDS)]
    texts = [json.dumps(body, indent=2) for body in bodies]
    floor: list[float] = []
    checked: list[float] = []
    problems = 0
    for _ in range(ROUNDS):
        floor.append(timed(lambda: sum(len(json.loads(text)) for text in texts))[0])
        seconds, problems = timed(
            lambda: sum(len(check_text(text, file=f"{n}.json", name=str(n))) for n, text in enumerate(texts))
        )
        checked.append(seconds)
    size_mb = sum(map(len, texts)) / 1e6
    median_s = statistics.median(checked)
    print(f"{DASHBOARDS} dashboards of {WIDGETS} widgets, {size_mb:.1f} MB; {ROUNDS} rounds, medians")
    print(f"json.loads        {statistics.median(floor):6.2f} s")
    print(f"validated         {median_s:6.2f} s   {median_s / DASHBOARDS / WIDGETS * 1000:.3f} ms a widget")
    print(f"problems found    {problems}   goal: under {GOAL_S:.0f} s: {'met' if median_s < GOAL_S else 'MISSED'}")
    return 0 if median_s < GOAL_S and not problems else 1


if __name__ == "__main__":
    sys.exit(main())

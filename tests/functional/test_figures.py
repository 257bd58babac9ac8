"""Figures of a function that ran on the stack, against what the Runtime API recorded of it."""

import json
from pathlib import Path

from tests.functional.conftest import COLD, Driven, Run


def test_by_kind_and_by_memory_have_the_recorded_counts(monitor: Run, driven: Driven) -> None:
    by_kind = monitor("--local", "coldstarts", driven.function, "--since", "1h", "--by", "kind", "-o", "json")
    assert by_kind.code == 0, by_kind.err
    inits = sorted(result.report.init_ms for result in driven.cold if result.report and result.report.init_ms)
    (group,) = by_kind.json["groups"]
    assert (group["label"], group["cold_starts"]) == ("on-demand", COLD)
    assert (group["init"]["min"], group["init"]["max"]) == (inits[0], inits[-1])


def test_imports_come_from_the_init_records_as_tree_and_flame_graph(
    monitor: Run, driven: Driven, tmp_path: Path
) -> None:
    scope, saved = tmp_path / "scope.json", tmp_path / "saved.json"
    files = ("--speedscope", str(scope), "--save", str(saved))
    tree = monitor("--local", "coldstarts", driven.function, "--since", "1h", "--tree", *files)
    assert tree.code == 0, tree.err
    assert f"mean of {COLD} cold starts, init records" in tree.out
    assert "fastapi" in tree.out
    names = {frame["name"] for frame in json.loads(scope.read_text(encoding="utf-8"))["shared"]["frames"]}
    assert "fastapi" in names
    same = monitor("--local", "coldstarts", driven.function, "--since", "1h", "--diff", str(saved))
    assert "(+0 ms)" in same.out


def test_memory_is_the_greatest_that_was_recorded(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "metrics", driven.function, "--since", "1h", "--memory", "-o", "json")
    assert done.code == 0, done.err
    (row,) = done.json
    assert row["memory_max_mb"] == max(result.report.max_memory_mb for result in driven.results if result.report)


def test_a_pipeline_fails_over_the_recorded_figure_and_not_below(monitor: Run, driven: Driven) -> None:
    slowest = max(result.report.init_ms for result in driven.cold if result.report and result.report.init_ms)
    arguments = ("--local", "coldstarts", driven.function, "--since", "1h", "--fail-over")
    over = monitor(*arguments, f"max_init_ms > {slowest - 1}")
    assert (over.code, "max_init_ms is" in over.err) == (1, True)
    assert monitor(*arguments, f"max_init_ms > {slowest + 1}").code == 0


def test_business_metrics_that_the_example_emits_are_listed(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "metrics", driven.function, "--since", "1h", "--custom", "-o", "json")
    assert done.code == 0, done.err
    assert {one["name"] for one in done.json[driven.function]} >= {"ColdStart"}


def test_what_never_ran_or_is_not_there_is_named(monitor: Run, driven: Driven) -> None:
    absent = monitor("--local", "coldstarts", "no-such-function", "--since", "1h")
    assert (absent.code, "no-such-function" in absent.err) == (3, True)
    future = monitor("--local", "coldstarts", driven.function, "--since", "2999-01-01")
    assert (future.code, "future" in future.err) == (2, True)
    malformed = monitor("--local", "metrics", driven.function, "--fail-over", "p99_init_ms >")
    assert (malformed.code, "is not a condition" in malformed.err) == (2, True)

"""Import trees and the table by package, from init records and from CPython's own profile."""

import subprocess
import sys
from dataclasses import replace

import pytest

from monitor.diagnose.report.colors import by_package
from monitor.records.application import parse_import_time
from monitor.records.imports import RUNTIME, ImportNode, ImportRow, import_table, tree_of_profile, tree_of_record
from monitor.records.init_record import ImportedModule, InitImports, InitRecord
from monitor.records.record import ImportTime


def test_a_profile_becomes_a_tree_with_parents_above_their_children() -> None:
    profile = [
        ImportTime(1_000, 1_000, 2, "a.b.c"),
        ImportTime(2_000, 3_000, 1, "a.b"),
        ImportTime(500, 500, 1, "z"),
        ImportTime(4_000, 7_500, 0, "a"),
        ImportTime(10, 10, 0, "last"),
    ]
    leaf = ImportNode("a.b.c", 1.0, 1.0)
    middle = ImportNode("a.b", 2.0, 3.0, "", (leaf,))
    assert tree_of_profile(profile) == (
        ImportNode("a", 4.0, 7.5, "", (middle, ImportNode("z", 0.5, 0.5))),
        ImportNode("last", 0.01, 0.01),
    )


def test_a_profile_that_is_cut_keeps_the_children_whose_parent_is_missing() -> None:
    tree = tree_of_profile([ImportTime(1_000, 1_000, 2, "orphan"), ImportTime(5, 5, 3, "deeper")])
    assert {node.module for node in tree} == {"orphan", "deeper"}


def test_pythons_own_profile_adds_up() -> None:
    command = [sys.executable, "-X", "importtime", "-c", "import json, html"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    profile = [found for line in text.splitlines() if (found := parse_import_time(line))]
    tree = tree_of_profile(profile)
    nodes = []
    left = list(tree)
    while left:
        node = left.pop()
        nodes.append(node)
        left += node.children
        inside = node.self_ms + sum(child.cumulative_ms for child in node.children)
        # CPython rounds each figure to a microsecond of its own.
        assert node.cumulative_ms == pytest.approx(inside, abs=0.001 * (len(node.children) + 2))
    assert sorted(node.module for node in nodes) == sorted([RUNTIME, *(line.module for line in profile)])
    assert "json.decoder" in {child.module for node in nodes if node.module == "json" for child in node.children}


@pytest.mark.parametrize("last", ["site", "awslambdaric.bootstrap"])
def test_what_python_and_the_runtime_import_before_the_handler_is_one_row(last: str) -> None:
    """`re`, `json` and simplejson before the handler are not what a user can change; `re._more` after it is."""
    before = [
        ImportTime(4_000, 4_000, 0, "encodings"),
        ImportTime(3_000, 3_000, 1, "re"),
        ImportTime(1_000, 1_000, 1, "a.b"),
        ImportTime(2_000, 6_000, 0, last),
    ]
    own = [ImportTime(500, 500, 1, "re._more"), ImportTime(1_500, 2_000, 0, "app")]
    tree = tree_of_profile([*before, *own])
    assert [(node.module, node.cumulative_ms) for node in tree] == [(RUNTIME, 10.0), ("app", 2.0)]
    rows = import_table([tree])
    assert [(row.package, row.self_ms, row.modules) for row in rows] == [
        (RUNTIME, 10.0, 4),
        ("app", 1.5, 1),
        ("re", 0.5, 1),
    ]
    assert {name: sum(parts.values()) for name, parts in by_package(tree).items()} == {
        row.package: row.self_ms for row in rows
    }


def test_the_tree_of_an_init_record_names_its_roots() -> None:
    record = InitRecord(
        version=1,
        observed_init_ms=10.0,
        roots=("/var/task", "/opt/python"),
        imports=InitImports(
            2,
            9.0,
            1.0,
            0,
            (ImportedModule("app.main", 0, 1.0, 2.0, 9.0, (ImportedModule("boto3", 7, 2.0, 7.0, 7.0),)),),
        ),
    )
    assert tree_of_record(record) == (
        ImportNode("app.main", 2.0, 9.0, "/var/task", (ImportNode("boto3", 7.0, 7.0, ""),)),
    )
    assert tree_of_record(InitRecord(version=1, observed_init_ms=1.0)) == ()


def test_the_table_by_top_level_package_over_three_cold_starts() -> None:
    first = (ImportNode("boto3", 10.0, 40.0, "/var/task", (ImportNode("boto3.session", 30.0, 30.0, "/var/task"),)),)
    second = (ImportNode("boto3", 60.0, 60.0, "/var/task"), ImportNode("json", 20.0, 20.0))
    boto3, other = import_table([first, second, ()])
    assert boto3.p95_ms == pytest.approx(59.0)
    assert boto3.share == pytest.approx(100 / 120)
    assert replace(boto3, p95_ms=0.0, share=0.0) == ImportRow(
        "boto3", 50.0, 0.0, 2, 3, 50.0, 0.0, 60.0, 2, "/var/task", 50.0
    )
    assert other == ImportRow("json", 20.0, 20 / 120, 1, 3, 20.0, 20.0, 20.0, 1, "", 20.0)
    assert import_table([]) == ()


def test_a_package_s_total_counts_its_topmost_modules_once() -> None:
    inner = ImportNode("fast.routing", 1.0, 6.0, "", (ImportNode("star", 5.0, 5.0),))
    back = ImportNode("typed", 2.0, 5.0, "", (ImportNode("fast.params", 3.0, 3.0),))
    tree = (ImportNode("fast", 4.0, 15.0, "", (inner, back)), ImportNode("fast.late", 2.0, 2.0))
    rows = {row.package: row for row in import_table([tree])}
    assert (rows["fast"].self_ms, rows["fast"].total_ms) == (10.0, 17.0)
    assert (rows["typed"].self_ms, rows["typed"].total_ms) == (2.0, 5.0)
    assert (rows["star"].self_ms, rows["star"].total_ms) == (5.0, 5.0)


def test_a_total_is_a_mean_over_the_starts_that_imported_the_package() -> None:
    rows = {row.package: row for row in import_table([(ImportNode("a", 2.0, 4.0),), (), (ImportNode("a", 4.0, 8.0),)])}
    assert (rows["a"].total_ms, rows["a"].seen, rows["a"].of) == (6.0, 2, 3)

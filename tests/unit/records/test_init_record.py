"""The init record: whole, cut, hostile."""

import base64
import json
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.kernel.jsonable import jsonable
from monitor.records.init_record import (
    ImportedModule,
    InitError,
    InitImports,
    InitPhase,
    InitRecord,
    PackageImports,
)
from monitor.records.message import parse_fact, parse_message
from monitor.records.record import InitRecordEvent, LateImports, Malformed, Record, Text
from monitor.runtime import tree
from monitor.runtime.imports import Import
from tests.examples import examples

BODY: dict[str, Any] = {
    "version": 1,
    "initialization_type": "on-demand",
    "started_at_ms": 1790000000000.123,
    "observed_init_ms": 265.1,
    "phases": [
        {"name": "runtime", "start_ms": 0.0, "duration_ms": 28.0},
        {"name": "application", "start_ms": 30, "duration_ms": 200.5},
    ],
    "imports": {
        "count": 561,
        "total_ms": 210.3,
        "threshold_ms": 1.0,
        "dropped": 12,
        "tree": [
            {
                "module": "app.main",
                "root": 0,
                "start_ms": 30.1,
                "self_ms": 1.2,
                "cumulative_ms": 200.0,
                "children": [
                    {"module": "boto3", "root": -1, "start_ms": 31, "self_ms": 9, "cumulative_ms": 9, "children": []}
                ],
            }
        ],
    },
    "roots": ["/var/task", "/opt/python"],
    "python": "3.11.7",
    "libraries": {"aws_xray_sdk": "2.15.0", "odd": None},
    "memory_mb": 512,
    "architecture": "x86_64",
    "start": "proactive",
    "invoked_after_ms": 61234.5,
}
LINE: dict[str, Any] = {
    "level": "INFO",
    "message": "monitor.init",
    "timestamp": "2026-11-23T02:48:41.886Z",
    "service": "analyzer",
    "function_name": "ai-image-analyzer-fastapi",
    "function_request_id": "6f0d1c9e",
    "xray_trace_id": "1-6ac7c67a-1c0aa43118a5d54708c0da61",
    "monitor_init": BODY,
}


def read(**body: Any) -> Record:
    return parse_message(json.dumps({**LINE, "monitor_init": {**BODY, **body}}))


def test_a_whole_record() -> None:
    expected = InitRecord(
        version=1,
        observed_init_ms=265.1,
        initialization_type="on-demand",
        started_at_ms=1790000000000.123,
        service="analyzer",
        function_name="ai-image-analyzer-fastapi",
        request_id="6f0d1c9e",
        trace_id="1-6ac7c67a-1c0aa43118a5d54708c0da61",
        phases=(InitPhase("runtime", 0.0, 28.0), InitPhase("application", 30.0, 200.5)),
        imports=InitImports(
            561,
            210.3,
            1.0,
            12,
            (ImportedModule("app.main", 0, 30.1, 1.2, 200.0, (ImportedModule("boto3", -1, 31.0, 9.0, 9.0),)),),
        ),
        roots=("/var/task", "/opt/python"),
        python="3.11.7",
        libraries={"aws_xray_sdk": "2.15.0"},
        memory_mb=512,
        architecture="x86_64",
        start="proactive",
        invoked_after_ms=61234.5,
    )
    message = json.dumps(LINE)
    assert parse_message(message) == InitRecordEvent(expected)
    assert parse_fact(message) == InitRecordEvent(expected)


def test_the_least_record_and_one_of_a_failed_init() -> None:
    least = parse_message('{"monitor_init": {"version": 1, "observed_init_ms": 3}}')
    assert least == InitRecordEvent(InitRecord(version=1, observed_init_ms=3.0))
    failed = read(error={"type": "ModuleNotFoundError", "message": "No module named 'x'", "module": "x"})
    assert isinstance(failed, InitRecordEvent)
    assert failed.init_record.error == InitError("ModuleNotFoundError", "No module named 'x'", "x")


def deep(levels: int) -> dict[str, Any]:
    node: dict[str, Any] = {"module": "m", "root": 0, "start_ms": 0, "self_ms": 0, "cumulative_ms": 0}
    for _ in range(levels - 1):
        node = {**node, "children": [node]}
    return node


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"version": 3}, "version 3 of the init record is not known, only 1 and 2"),
        ({"version": None}, "version None of the init record is not known, only 1 and 2"),
        ({"observed_init_ms": "265"}, "observed_init_ms is not a number"),
        ({"observed_init_ms": True}, "observed_init_ms is not a number"),
        ({"phases": {}}, "phases is not a list"),
        ({"phases": [1]}, "a phase is not an object"),
        ({"phases": [{"name": "x"}]}, "start_ms is not a number"),
        ({"imports": []}, "imports is not an object"),
        ({"imports": {"total_ms": 1, "tree": [{"module": 5}]}}, "module is not a string"),
        ({"imports": {"total_ms": 1, "tree": [deep(121)]}}, "imports nested more than 120 deep"),
        ({"error": "boom"}, "error is not an object"),
    ],
)
def test_a_record_that_is_not_as_agreed_is_kept_with_the_reason(body: dict[str, Any], reason: str) -> None:
    record = read(**body)
    assert isinstance(record, Malformed)
    assert (record.kind, record.reason) == ("init_record", reason)


def test_the_deepest_tree_is_read() -> None:
    assert isinstance(read(imports={"total_ms": 1, "tree": [deep(120)]}), InitRecordEvent)


def test_more_modules_than_a_record_can_hold_are_refused() -> None:
    record = read(imports={"total_ms": 1, "tree": [deep(1)] * 20_001})
    assert isinstance(record, Malformed)
    assert record.reason == "more than 20000 modules"


def test_a_cut_record_is_kept_with_the_reason() -> None:
    message = json.dumps(LINE)
    record = parse_message(message[: len(message) // 2])
    assert isinstance(record, Malformed)
    assert record.kind == "init_record"
    assert record == parse_fact(message[: len(message) // 2])
    assert parse_message('{"monitor_init": 7}').record_kind == "malformed"


def test_json_nested_beyond_all_measure_does_not_raise() -> None:
    for text in ('{"monitor_init": ' + "[" * 200_000, '{"a":' * 100_000):
        assert parse_message(text).record_kind in ("malformed", "text")
    for levels in (251, 900, 5_000, 50_000):
        whole = '{"message":' * levels + "1" + "}" * levels
        assert parse_message(whole) == Text(whole)


def test_the_deepest_line_that_is_read_can_be_written_again() -> None:
    record = parse_message('{"message":' * 250 + "1" + "}" * 250)
    assert record.record_kind == "application"
    assert json.dumps(jsonable(record)).count("{") > 250


def test_what_the_first_invocation_imported_is_told_apart_from_the_init() -> None:
    line = {
        "message": "monitor.imports",
        "function_request_id": "5b86",
        "monitor_imports": {
            "version": 1,
            "imports": {
                "count": 17,
                "total_ms": 8.6,
                "threshold_ms": 1.0,
                "dropped": 0,
                "tree": [
                    {
                        "module": "boto3",
                        "root": 0,
                        "start_ms": 430.0,
                        "self_ms": 1.0,
                        "cumulative_ms": 8.0,
                        "children": [],
                    }
                ],
            },
            "roots": ["/var/task"],
        },
    }
    record = parse_message(json.dumps(line))
    assert isinstance(record, LateImports)
    assert (record.request_id, record.imports.count, record.imports.tree[0].module) == ("5b86", 17, "boto3")


def test_late_imports_that_cannot_be_read_say_why() -> None:
    record = parse_message('{"message": "monitor.imports", "monitor_imports": []}')
    assert isinstance(record, Malformed)
    assert record.reason == "monitor_imports is not an object"


FLAT: dict[str, Any] = {
    "count": 4,
    "total_us": 200_000,
    "threshold_us": 0,
    "listed": 3,
    "packages": [["boto3", 1, 3, 150_000, 190_000, 1, 20_000], ["app", 0, 1, 10_000, 200_000]],
    # depth, characters shared with the name before, rest of the name, delay, cumulative time, own time
    "tree": [
        *(0, 0, "app", 30_000, 200_000, 10_000),
        *(1, 0, "boto3", 1_000, 190_000, 90_000),
        *(2, 5, ".session", 500, 80_000, 40_000),
    ],
}
TREE = (
    ImportedModule(
        "app",
        0,
        30.0,
        10.0,
        200.0,
        (ImportedModule("boto3", 1, 31.0, 90.0, 190.0, (ImportedModule("boto3.session", 1, 31.5, 40.0, 80.0),)),),
    ),
)


def packed(values: object) -> str:
    return base64.b64encode(zlib.compress(json.dumps(values).encode())).decode()


@pytest.mark.parametrize("tree", [FLAT["tree"], packed(FLAT["tree"])], ids=["plain", "packed"])
def test_a_record_with_totals_by_package(tree: object) -> None:
    record = read(version=2, imports={**FLAT, "tree": tree})
    assert isinstance(record, InitRecordEvent)
    assert record.init_record.imports == InitImports(
        4,
        200.0,
        0.0,
        1,
        TREE,
        (PackageImports("boto3", 1, 3, 150.0, 190.0, 1, 20.0), PackageImports("app", 0, 1, 10.0, 200.0)),
    )
    assert record.init_record.imports.left_out_ms == 20.0


@pytest.mark.parametrize(
    ("imports", "reason"),
    [
        ({"tree": [1, 2, 3]}, "the tree is not a list of six values a module"),
        ({"tree": {}}, "the tree is not a list of six values a module"),
        ({"tree": [0, 0, 5, 0, 0, 0]}, "a module in the tree is not a name and five numbers"),
        ({"tree": [0, 0, "a", None, 0, 0]}, "a module in the tree is not a name and five numbers"),
        ({"tree": "not base64!"}, "the packed tree cannot be read"),
        ({"tree": base64.b64encode(b"not zlib").decode()}, "the packed tree cannot be read"),
        ({"tree": packed("a text")}, "the tree is not a list of six values a module"),
        ({"tree": packed([0, 0, "a", 0, 0, 0])[:8]}, "the packed tree is cut off or too large"),
        ({"tree": packed([0, 0, "x" * 5_000_000, 0, 0, 0])}, "the packed tree is cut off or too large"),
        ({"tree": [0, 0, "a", 0, 0, 0] * 20_001}, "more than 20000 modules"),
        ({"packages": [["a"]]}, "a package's row is not a name and four to six numbers"),
        ({"packages": [["a", 0, 1, "b", 2]]}, "a package's row is not a name and four to six numbers"),
        ({"total_us": None}, "total_us is not a number"),
    ],
)
def test_totals_that_are_not_as_agreed_are_malformed_with_the_reason(imports: dict[str, Any], reason: str) -> None:
    record = read(version=2, imports={**FLAT, **imports})
    assert isinstance(record, Malformed)
    assert record.reason == reason


def test_a_chain_deeper_than_any_real_import_is_read() -> None:
    tree = [value for depth in range(500) for value in (depth, 0, f"m{depth}", 1, 1000, 1)]
    record = read(version=2, imports={**FLAT, "tree": tree})
    assert isinstance(record, InitRecordEvent)
    assert record.init_record.imports is not None
    assert record.init_record.imports.dropped == 0


MODULES = st.recursive(
    st.just([]),
    lambda below: st.lists(
        st.tuples(
            st.sampled_from(["app", "boto3", "boto3.session", "google.cloud.storage", "đ"]), st.integers(0, 9), below
        ),
        max_size=4,
    ),
    max_leaves=30,
)


@settings(max_examples=examples(100), deadline=None)
@given(MODULES)
def test_what_the_runtime_writes_is_what_is_read(modules: list[Any]) -> None:
    made: list[Import] = []

    def make(items: list[Any], parent: Import | None, start_ns: int) -> int:
        for name, own_ms, below in items:
            one = Import(name, parent, start_ns)
            made.append(one)
            start_ns = make(below, one, start_ns + own_ms * 1_000_000)
            one.end_ns = start_ns
        return start_ns

    make(modules, None, 1_000_000_000)
    written = tree.record(tree.entries(made, 1_000_000_000, 0), 32_000)
    record = read(version=2, **json.loads(json.dumps(written)))
    assert isinstance(record, InitRecordEvent)
    imports = record.init_record.imports
    assert imports is not None

    def check(nodes: tuple[ImportedModule, ...], items: list[Any]) -> float:
        assert [node.module for node in nodes] == [name for name, _, _ in items]
        for node, (_, own_ms, below) in zip(nodes, items, strict=True):
            assert node.self_ms == own_ms
            assert node.cumulative_ms == own_ms + check(node.children, below)
        return sum(node.cumulative_ms for node in nodes)

    assert check(imports.tree, modules) == imports.total_ms
    assert sum(package.self_ms for package in imports.packages) == imports.total_ms

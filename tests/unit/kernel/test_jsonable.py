"""The JSON form of models."""

import json

import pytest

from monitor.kernel.jsonable import jsonable
from monitor.kernel.missing import Missing
from monitor.records.init_record import ImportedModule
from monitor.records.invocation import InitKind, Invocation
from monitor.records.record import Report, Start
from monitor.records.stream import owner


def test_a_record_says_its_kind_and_every_field_even_an_absent_one() -> None:
    assert jsonable(Start("6f0d", None)) == {
        "record_kind": "start",
        "request_id": "6f0d",
        "version": None,
        "trace_id": None,
        "tenant_id": None,
    }


def test_an_invocation_keeps_its_reasons_and_nests_its_report() -> None:
    invocation = Invocation(
        request_id="6f0d",
        function="ảnh",
        version="7",
        stream="s",
        group="g",
        at_ms=5,
        start_ms=Missing("START outside the window"),
        end_ms=9,
        report=Report("6f0d", 1.5),
        cold=True,
        kind=InitKind.ON_DEMAND,
        init_ms=2.5,
        error=None,
        trace_id=None,
        init_record=None,
        notes=("a", "b"),
    )
    document = jsonable(invocation)
    assert isinstance(document, dict)
    assert document["start_ms"] == {"missing": "START outside the window"}
    assert document["kind"] == "on-demand"
    assert document["notes"] == ["a", "b"]
    report = document["report"]
    assert isinstance(report, dict)
    assert report["duration_ms"] == 1.5
    assert set(document) == set(Invocation.__slots__)
    assert json.loads(json.dumps(document)) == document


def test_keys_that_are_enums_become_their_values_and_nan_null() -> None:
    assert jsonable({InitKind.SUPPRESSED: 2, 5: float("nan")}) == {"suppressed": 2, "5": None}


def test_the_deepest_import_tree_can_be_written() -> None:
    node = ImportedModule("m", 0, 0.0, 0.0, 0.0)
    for _ in range(119):
        node = ImportedModule("m", 0, 0.0, 0.0, 0.0, (node,))
    assert json.dumps(jsonable(node)).count('"module"') == 120


def test_what_is_no_model_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        jsonable(object())


@pytest.mark.parametrize(
    ("group", "stream", "expected"),
    [
        ("/aws/lambda/ai-image", "2026/11/23/[$LATEST]0123abcd", ("ai-image", "$LATEST")),
        ("/aws/lambda/ai-image", "2026/11/23/[12]0123abcd", ("ai-image", "12")),
        ("/shop/all", "2026/11/23/ai-image[12]0123abcd", ("ai-image", "12")),
        ("/shop/all", "2026/11/23/ai-image[$LATEST][0123abcd]", ("ai-image", "$LATEST")),
        ("/aws/lambda/shared", "2026/11/23/other[1]0123abcd", ("other", "1")),
        ("/shop/all", "whatever", ("", None)),
        ("", "", ("", None)),
    ],
)
def test_whose_a_stream_is(group: str, stream: str, expected: tuple[str, str | None]) -> None:
    assert owner(group, stream) == expected

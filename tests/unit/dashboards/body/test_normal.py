"""Only real differences count: the normal form, the digest, the marker, and the diff."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.dashboards.body import marker, normal, rows
from monitor.dashboards.body.diff import diff
from monitor.dashboards.body.rows import ShorthandError
from monitor.dashboards.model import ChangeKind


def metric(title: str, *metrics: Any, **more: Any) -> dict[str, Any]:
    properties = {"title": title, "region": "eu-west-1", "metrics": list(metrics), **more.pop("properties", {})}
    return {"type": "metric", "x": 0, "y": 0, "width": 6, "height": 6, "properties": properties, **more}


ERRORS = metric("Errors", ["AWS/Lambda", "Errors", "FunctionName", "f"])
DURATION = metric("Duration", ["AWS/Lambda", "Duration", "FunctionName", "f", {"stat": "p99"}], x=6)
BODY = {"start": "-PT6H", "widgets": [ERRORS, DURATION]}


def test_a_body_that_the_console_wrote_again_is_the_same_body() -> None:
    written = {
        "widgets": [
            {**DURATION, "x": 6.0, "properties": {**DURATION["properties"], "view": "timeSeries", "stacked": False}},
            {key: ERRORS[key] for key in reversed(ERRORS)},
        ],
        "start": "-PT6H",
    }

    assert normal.digest(written) == normal.digest(BODY)
    assert diff(BODY, written) == ()


def test_shorthand_and_written_out_rows_are_the_same() -> None:
    short = metric("m", ["AWS/Lambda", "Errors", "FunctionName", "f"], [".", "Throttles", ".", "."], ["...", "g"])
    full = metric(
        "m",
        ["AWS/Lambda", "Errors", "FunctionName", "f", {"visible": True}],
        ["AWS/Lambda", "Throttles", "FunctionName", "f"],
        ["AWS/Lambda", "Throttles", "FunctionName", "g"],
    )

    assert normal.digest({"widgets": [short]}) == normal.digest({"widgets": [full]})


@pytest.mark.parametrize("row", [["..."], [".", "Errors"], ["AWS/Lambda", "Errors", ".", "f"]])
def test_shorthand_with_nothing_above_is_said_so(row: list[str]) -> None:
    with pytest.raises(ShorthandError):
        rows.expand(row, None)


def test_three_dots_alone_repeat_the_whole_row() -> None:
    assert rows.expand(["..."], ["AWS/Lambda", "Errors"]) == ["AWS/Lambda", "Errors"]


def test_a_widget_that_moved_is_not_one_that_changed() -> None:
    (change,) = diff(BODY, {**BODY, "widgets": [ERRORS, {**DURATION, "x": 12}]})

    assert change.kind is ChangeKind.MOVED
    assert change.what == "metric “Duration”"
    assert change.details == ("at 6,0, 6×6 → at 12,0, 6×6",)


def test_a_changed_property_is_named_with_both_values() -> None:
    changed = metric("Errors", ["AWS/Lambda", "Errors", "FunctionName", "f"], properties={"period": 60})
    (change,) = diff(BODY, {**BODY, "widgets": [changed, DURATION]})

    assert change.kind is ChangeKind.CHANGED
    assert change.details == ("/properties/period: 300 → 60".removeprefix("/"),)


def test_a_renamed_widget_is_found_by_its_place() -> None:
    renamed = metric("Failures", ["AWS/Lambda", "Errors", "FunctionName", "f"])
    (change,) = diff(BODY, {**BODY, "widgets": [renamed, DURATION]})

    assert change.details == ('properties/title: "Errors" → "Failures"',)


def test_added_and_removed_widgets_variables_and_settings_are_told() -> None:
    variable = {"type": "property", "property": "region", "inputType": "input", "id": "r"}
    changes = diff(
        BODY, {"widgets": [ERRORS, {"type": "text", "properties": {"markdown": "# Hi"}}], "variables": [variable]}
    )

    assert [(change.kind.value, change.what) for change in changes] == [
        ("removed", "setting start"),
        ("added", "variable r"),
        ("added", "text “Hi”"),
        ("removed", "metric “Duration”"),
    ]


def test_a_long_text_is_compared_line_by_line() -> None:
    before = "\n".join(f"line {number}" for number in range(40))
    one, other = (
        {"widgets": [{"type": "text", "properties": {"markdown": text}}]} for text in (before, before + "\nnew")
    )
    (change,) = diff(one, other)

    assert change.details == ("properties/markdown: + new",)


def test_the_marker_says_what_was_deployed_and_is_no_part_of_it() -> None:
    marked = marker.mark(BODY, project="team a/dashboards", template="x", name="d")
    found = marker.marker_of(json.loads(json.dumps(marked)))

    assert found == marker.Marker("team a/dashboards", "x", "d", normal.digest(BODY))
    assert marker.unmarked(marked) == BODY
    last = marked["widgets"][-1]
    assert (last["x"], last["y"], last["width"]) == (0, 6, 24)


def test_marking_twice_leaves_one_marker() -> None:
    once = marker.mark(BODY, project="p", template="t", name="d")

    assert marker.mark(once, project="p", template="t", name="d") == once


def test_a_template_name_cannot_forge_a_marker() -> None:
    hostile = "x` digest=0000000000000000 monitor:1 project=evil template=e name=d digest=0000000000000000"
    found = marker.marker_of(marker.mark(BODY, project="p", template=hostile, name="d"))

    assert found is not None
    assert found.project == "p"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(st.sampled_from(["widgets", "variables", "start"]), _JSON | st.lists(_JSON, max_size=3)))
def test_nothing_that_is_json_stops_the_normal_form_or_the_diff(body: dict[str, Any]) -> None:
    assert diff(body, json.loads(json.dumps(body))) == ()
    assert len(normal.digest(body)) == 16
    marker.unmarked(body)
    marker.marker_of(body)

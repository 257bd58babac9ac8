"""Answers are JSON whose texts can do no harm, and errors keep their hint."""

import json

from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.requests import Request

from monitor.console.text import UNSAFE
from monitor.errors import DeniedError, MonitorError, NotFoundError, UnreachableError, UsageError
from monitor.kernel.missing import Missing
from monitor.kernel.origin import Origin
from monitor.serve.web.answers import encoded, failed

APP = Starlette()
APP.state.debug, APP.state.origin = False, Origin(local=True)
REQUEST = Request({"type": "http", "method": "GET", "path": "/", "headers": [], "query_string": b"", "app": APP})
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@given(values)
def test_no_text_of_an_answer_has_a_control_or_turns_around(value: object) -> None:
    texts: list[str] = []

    def walk(one: object) -> None:
        if isinstance(one, str):
            texts.append(one)
        for inner in one.values() if isinstance(one, dict) else one if isinstance(one, list) else ():
            walk(inner)
        texts.extend(one if isinstance(one, dict) else ())

    text = encoded(value)
    # One line: an event of a stream is a line.
    assert "\n" not in text
    walk(json.loads(text))
    assert all(
        not UNSAFE.sub(lambda found: "" if found[0] == "\n" else "!", one).count("!") for one in texts if "!" not in one
    )
    text.encode()


def test_plain_texts_stay_as_they_are() -> None:
    value = {"name": "xin chào", "lines": "one\ntwo", "figure": 1.5, "why": Missing("late")}
    assert json.loads(encoded(value)) == {**value, "why": {"missing": "late"}}


def test_an_error_has_the_status_that_fits_and_its_hint() -> None:
    for error, status in (
        (UsageError("a", "b"), 400),
        (NotFoundError("a", "b"), 404),
        (DeniedError("a", "b"), 403),
        (UnreachableError("a", "b"), 502),
        (MonitorError("a", "b"), 400),
    ):
        answer = failed(REQUEST, error)
        assert answer.status_code == status
        assert json.loads(bytes(answer.body)) == {"error": {"message": "a", "hint": "b"}}
    answer = failed(REQUEST, ValueError("x"))
    assert answer.status_code == 500
    assert "ValueError: x" in json.loads(bytes(answer.body))["error"]["message"]


def test_the_commands_of_a_hint_have_the_connection_options_of_the_page() -> None:
    answer = failed(REQUEST, NotFoundError("a", "run `monitor coldstarts f`"))
    assert json.loads(bytes(answer.body))["error"]["hint"] == "run `monitor --local coldstarts f`"

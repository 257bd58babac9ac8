"""Wrapping and unwrapping as values: what goes on comes off, and nothing else does."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.errors import RefusedError
from monitor.instrument.analyze_settings import (
    STATE_VARIABLE,
    Wrapping,
    changes,
    environment_bytes,
    is_wrapped,
    parameters,
    read_wrapping,
    unwrap,
    wrap,
)
from monitor.instrument.workflow_contents import is_async
from monitor.kernel.entry_point import ENTRY_POINT, HANDLER_VARIABLE

LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:lambda-monitor:3"
NAMES = st.text("ABCXYZ_", min_size=1, max_size=6) | st.just(HANDLER_VARIABLE)
LAYERS = st.lists(st.sampled_from([f"layer:{number}" for number in range(6)] + [LAYER]), unique=True, max_size=5)
WRAPPINGS = st.builds(
    Wrapping,
    handler=st.from_regex(r"[a-z_/]{1,9}\.[a-z_]{1,9}", fullmatch=True),
    variables=st.dictionaries(NAMES, st.text(max_size=20), max_size=6),
    layers=LAYERS.map(tuple),
    tracing=st.sampled_from(["Active", "PassThrough"]),
)


@given(before=WRAPPINGS, layer=st.sampled_from([None, LAYER]), tracing=st.booleans())
def test_undo_restores_exactly(before: Wrapping, layer: str | None, tracing: bool) -> None:
    wrapped = wrap(before, layer=layer, tracing=tracing)
    assert is_wrapped(wrapped)
    assert wrapped.handler == ENTRY_POINT
    assert wrapped.variables[HANDLER_VARIABLE] == before.handler
    assert unwrap(wrapped) == before


@given(before=WRAPPINGS, since=st.dictionaries(st.text("DEF", min_size=1, max_size=4), st.text(max_size=5), max_size=3))
def test_what_is_changed_between_stays(before: Wrapping, since: dict[str, str]) -> None:
    wrapped = wrap(before, layer=LAYER, tracing=True)
    changed = replace(
        wrapped, variables={**wrapped.variables, **since}, layers=("layer:first", *wrapped.layers, "layer:last")
    )
    after = unwrap(changed)
    assert after.variables == {**before.variables, **since}
    assert after.layers == ("layer:first", *before.layers, "layer:last")
    assert (after.handler, after.tracing) == (before.handler, before.tracing)


def test_tracing_that_was_turned_off_since_is_not_turned_on() -> None:
    wrapped = wrap(Wrapping("a.b", {}, (), "Active"), layer=None, tracing=True)
    assert unwrap(replace(wrapped, tracing="PassThrough")).tracing == "PassThrough"


def test_a_removed_handler_variable_does_not_lose_the_handler() -> None:
    wrapped = wrap(Wrapping("a.b", {}, (), "Active"), layer=None, tracing=True)
    variables = {STATE_VARIABLE: wrapped.variables[STATE_VARIABLE]}
    assert unwrap(replace(wrapped, variables=variables)).handler == "a.b"


@pytest.mark.parametrize("state", ["", "{", "[]", "5", "null", '{"v": 1}', '{"v": 99, "handler": "a.b"}'])
def test_a_state_that_was_changed_by_hand_is_refused(state: str) -> None:
    with pytest.raises(RefusedError, match=STATE_VARIABLE):
        unwrap(Wrapping(ENTRY_POINT, {STATE_VARIABLE: state}, (), "Active"))


def test_variables_that_cannot_be_decrypted_are_never_overwritten() -> None:
    error = {"ErrorCode": "AccessDeniedException", "Message": "Lambda was unable to decrypt"}
    with pytest.raises(RefusedError, match="cannot be read: AccessDeniedException") as raised:
        read_wrapping({"Handler": "a.b", "Environment": {"Error": error}})
    assert "kms:Decrypt" in raised.value.hint


def test_only_what_changes_is_sent_and_only_monitor_s_variables_are_shown() -> None:
    before = Wrapping("a.b", {"SECRET": "s3cret"}, ("x",), "Active")
    after = wrap(before, layer=None, tracing=False)
    assert set(parameters(before, after)) == {"Handler", "Environment"}
    assert parameters(before, after)["Environment"]["Variables"]["SECRET"] == "s3cret"
    shown = changes(before, after)
    assert [change.setting for change in shown] == ["Handler", "Environment", "Environment"]
    assert "s3cret" not in repr(shown) + repr(before) + repr(after)


def test_an_environment_is_measured_as_lambda_measures_it() -> None:
    assert environment_bytes({"A": "1", "TÊN": "ả"}) == len('{"A":"1","TÊN":"ả"}'.encode())


SOURCES = {
    "async def": ("async def handler(e, c): return 1", True),
    "plain": ("def handler(e, c): return 1", False),
    "redefined as plain": ("async def handler(e, c): return 1\ndef handler(e, c): return 1", False),
    "decorated": ("@adapter\nasync def handler(e, c): return 1", False),
    "wrapped by assignment": ("async def handler(e, c): return 1\nhandler = adapter(handler)", False),
    "another name": ("async def other(e, c): return 1\nhandler = Mangum(app)", False),
    "imported": ("from app import handler", False),
    "does not parse": ("async def handler(", False),
    "a null byte": ("async def handler(e, c): return '\0'", False),
}


@pytest.mark.parametrize(("source", "expected"), SOURCES.values(), ids=SOURCES.keys())
def test_only_a_certain_async_def_is_told(source: str, expected: bool) -> None:
    assert is_async(source, "handler") is expected

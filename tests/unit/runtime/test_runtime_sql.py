"""Statements under MONITOR_PATCH: each is one subsegment, whichever of two traced libraries executes it."""

import pytest

from monitor.runtime import segments, sql_calls


def test_a_statement_that_one_library_executes_for_another_is_traced_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segments, "current_trace", lambda: segments.Trace("Root=1-2-3;Parent=4;Sampled=1"))
    by_sqlalchemy, by_driver = sql_calls._begin("postgresql"), sql_calls._begin("postgresql")
    outer = by_sqlalchemy(None, ("select 1",), {})
    assert outer is not None
    segments.enter(outer)
    assert by_driver(None, ("select 1",), {}) is None
    segments.leave(outer)
    assert by_driver(None, ("select 1",), {}) is not None

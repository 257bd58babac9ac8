"""Rows of `monitor.api`: a sequence, JSON objects, and a DataFrame."""

import builtins
from typing import Any

import pytest

from monitor.api.model import Rows
from monitor.errors import RefusedError
from monitor.kernel.statistics import distribution
from monitor.logs.errors.model import FailureGroup

GROUP = FailureGroup("exception", "KeyError", "'id'", "'id'", "app.py:3", "shop", 2, 1_000, 2_000, "r-1")


def test_rows_are_a_sequence_with_notes() -> None:
    rows = Rows((GROUP, GROUP), ("one group could not be read",))
    assert len(rows) == 2
    assert rows[0] is GROUP
    assert list(rows[1:]) == [GROUP]
    assert rows.notes


def test_rows_become_a_data_frame_with_a_column_for_each_nested_field() -> None:
    pytest.importorskip("pandas")
    frame = Rows((GROUP,)).to_pandas()
    assert frame.loc[0, "type"] == "KeyError"
    assert frame.loc[0, "count"] == 2
    assert "init.p95" in Rows(({"init": distribution([1.0, 2.0])},)).to_pandas().columns


def test_without_pandas_the_hint_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "pandas":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(RefusedError) as refused:
        Rows((GROUP,)).to_pandas()
    assert refused.value.hint == "pip install pandas"

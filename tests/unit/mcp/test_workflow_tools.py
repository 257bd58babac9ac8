"""The tools of `monitor mcp`: described, read-only, and an error is an answer."""

import inspect

import pytest

from monitor.api import Account
from monitor.mcp.workflow_tools import INSTRUCTIONS, tools

ACCOUNT = Account(local=True)


def test_every_tool_says_what_it_does_and_types_its_parameters() -> None:
    for tool in tools(ACCOUNT, plans=True):
        assert inspect.getdoc(tool.call), tool.name
        parameters = inspect.signature(tool.call).parameters.values()
        assert all(one.annotation in (str, int, bool) for one in parameters), tool.name


def test_a_plan_is_offered_only_when_it_is_allowed() -> None:
    without = {tool.name for tool in tools(ACCOUNT)}
    assert {tool.name for tool in tools(ACCOUNT, plans=True)} - without == {"plan_instrument"}
    assert not any(word in name for name in without for word in ("apply", "deploy", "delete", "put"))


def test_an_error_is_an_answer_with_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_LOCAL_ENDPOINT", "http://127.0.0.1:1")
    monkeypatch.setenv("MONITOR_LOCAL_ACCESS_KEY", "key")
    (tail,) = (tool for tool in tools(ACCOUNT) if tool.name == "tail")
    found = tail.call("my-function")
    assert found["exit_code"] == 4
    assert "monitor local up" in found["hint"]


def test_the_instructions_name_only_tools_that_are_there() -> None:
    names = {tool.name for tool in tools(ACCOUNT)}
    quoted = set(INSTRUCTIONS.split("`")[1::2])
    assert {word for word in quoted if word.isidentifier()} - {"data", "not_seen"} <= names

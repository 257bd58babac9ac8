"""The lines for a CDK app, run in a construct tree of our own."""

import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest.mock import MagicMock

import pytest

from monitor.instrument.model_write import Wish
from monitor.instrument.render_cdk import render_cdk
from monitor.kernel.entry_point import ENTRY_POINT


class Construct:
    """A node of the tree; `aspects` are those that were added to it."""

    def __init__(self, path: str, *children: "Construct") -> None:
        self.children, self.aspects = children, list[Any]()
        self.default_child = SimpleNamespace(handler="app.handler")
        self.node = SimpleNamespace(path=path, default_child=self.default_child, find_all=lambda: list(self.walk()))
        self.role, self.add_environment, self.add_layers = MagicMock(), MagicMock(), MagicMock()

    def walk(self) -> Iterator["Construct"]:
        yield self
        for child in self.children:
            yield from child.walk()


class Stage(Construct):
    """An app, or a stage of it."""


class Function(Construct):
    """A function."""


def synthesize(root: Construct, inherited: tuple[Any, ...] = ()) -> None:
    """What the CDK does with aspects: they are not handed on to another stage."""
    aspects = (*inherited, *root.aspects)
    for one in aspects:
        one.visit(root)
    for child in root.children:
        synthesize(child, () if isinstance(child, Stage) else aspects)


@pytest.fixture
def cdk(monkeypatch: pytest.MonkeyPatch) -> None:
    jsii, module = ModuleType("jsii"), MagicMock()
    jsii.implements = lambda _interface: lambda kind: kind  # type: ignore[attr-defined]
    module.Stage.is_stage = lambda one: isinstance(one, Stage)
    module.Aspects.of = lambda one: SimpleNamespace(add=one.aspects.append)
    module.aws_lambda.Function = Function
    monkeypatch.setitem(sys.modules, "jsii", jsii)
    monkeypatch.setitem(sys.modules, "aws_cdk", module)


@pytest.mark.usefixtures("cdk")
def test_functions_of_stages_are_wrapped_once() -> None:
    near, far, other = Function("Shop/Api"), Function("Prod/Shop/Api"), Function("Shop/Other")
    app = Stage("", Construct("Shop", near, other), Stage("Prod", Construct("Prod/Shop", far)))
    code = render_cdk(["Shop/Api", "Prod/Shop/Api"], Wish("arn:layer"), in_python=True)
    exec(compile(code, "app.py", "exec"), {"app": app})
    synthesize(app)
    assert [one.default_child.handler for one in (near, far, other)] == [ENTRY_POINT, ENTRY_POINT, "app.handler"]
    for one in (near, far):
        one.add_environment.assert_called_once_with("MONITOR_HANDLER", "app.handler")
    other.add_layers.assert_not_called()

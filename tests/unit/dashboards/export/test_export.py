"""An exported dashboard, evaluated with values for its parameters, is the dashboard that a deploy would build."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from monitor.console.stacks.template_files import parse_document
from monitor.console.text import UNSAFE
from monitor.dashboards.body import alarms, builtin, template
from monitor.dashboards.body.template import Scope, Template
from monitor.dashboards.export.analyze import export
from monitor.dashboards.export.model import Export, pascal, token
from monitor.dashboards.export.render_cdk import render_cdk
from monitor.dashboards.export.render_cloudformation import render_cloudformation
from monitor.dashboards.export.render_terraform import render_terraform
from monitor.dashboards.model import FunctionFacts
from monitor.main import cli
from monitor.templates.hcl import Expression, parse
from monitor.templates.intrinsics import Resolver
from monitor.templates.nodes import plain
from monitor.templates.terraform_values import Scope as HclScope

NAMES = builtin.names()
ALARMS = sorted(path.stem for path in builtin.alarm_files(builtin.files("lambda-function")[0].parent))
VALUES = {
    "function_name": "images",
    "namespace": "Images",
    "service": "thumbs",
    "timeout_ms": 30000,
    "memory_mb": 512,
    "topic": "arn:aws:sns:eu-west-1:123456789012:alarms",
}
GIVEN = {"region": "eu-west-1", "account": "123456789012", "partition": "aws"}
FACTS = FunctionFacts("images", "/aws/lambda/images", True, "Images", "thumbs", 512, 30)


def source_of(name: str) -> Template:
    return template.read(builtin.files(name)[0])


def alarm_of(name: str) -> Template:
    return template.read(builtin.alarm_file(name, None))


def values_of(found: Export) -> dict[str, Any]:
    """A value for each parameter; other defaults than the template's own, to see that they are used."""
    return {one.name: VALUES.get(one.name, 7 if one.is_number else f"other-{one.name}") for one in found.parameters}


def deployed(source: Template, found: Export, is_alarm: bool) -> dict[str, Any]:
    values = values_of(found)
    overrides = {name: value for name, value in values.items() if name != "function_name"}
    if not is_alarm:
        name = template.dashboard_name(source, Scope((FACTS,), dict(GIVEN), overrides))
        return template.build(source, Scope((FACTS,), {**GIVEN, "dashboard": name}, overrides))
    return alarms.build(source, Scope((FACTS,), dict(GIVEN), overrides))


def of_cloudformation(found: Export) -> list[dict[str, Any]]:
    document = plain(parse_document(render_cloudformation(found, sam=False), Path("x.yaml")))
    given = {pascal(name): value for name, value in values_of(found).items()}
    pseudo = {"AWS::Region": "eu-west-1", "AWS::AccountId": "123456789012", "AWS::Partition": "aws"}
    resolver = Resolver(document, {**given, **pseudo})
    return [resolver.resolve(one["Properties"]) for one in document["Resources"].values()]


def body_of(properties: dict[str, Any]) -> dict[str, Any]:
    body = properties["DashboardBody"]
    return json.loads(body) if isinstance(body, str) else body


def of_terraform(found: Export) -> list[dict[str, Any]]:
    text = render_terraform(found)
    for reference, value in (
        ("data.aws_region.current.id", "eu-west-1"),
        ("data.aws_caller_identity.current.account_id", "123456789012"),
        ("data.aws_partition.current.partition", "aws"),
    ):
        text = text.replace(f"${{{reference}}}", value).replace(reference, f'"{value}"')
    top = parse(text)
    scope = HclScope([top], values_of(found), ".", ".")
    result = []
    for block in top.blocks:
        if block.kind == "resource":
            call = block.get("dashboard_body")
            attributes = {one.name: evaluated(scope, one.value) for one in block.attributes}
            if call is not None:
                attributes["dashboard_body"] = scope.value(call.items[0])
            result.append(attributes)
    return result


def evaluated(scope: HclScope, expression: Expression) -> Any:
    if expression.kind == "call" and expression.value == "compact":
        return [one for one in scope.value(expression.items[0]) if one]
    return scope.value(expression)


def of_cdk(found: Export, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = []
    fake, constructs = ModuleType("aws_cdk"), ModuleType("constructs")

    class Construct:
        def __init__(self, scope: Any, id: str) -> None: ...  # noqa: A002

    class Stack:
        region, account, partition = "eu-west-1", "123456789012", "aws"

        @classmethod
        def of(cls, _: Any) -> "Stack":
            return cls()

        def to_json_string(self, document: Any) -> str:
            return json.dumps(document)

    fake.Stack = Stack  # type: ignore[attr-defined]
    fake.CfnResource = lambda *_, **found: made.append(found["properties"])  # type: ignore[attr-defined]
    constructs.Construct = Construct  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "aws_cdk", fake)
    monkeypatch.setitem(sys.modules, "constructs", constructs)
    space: dict[str, Any] = {}
    exec(compile(render_cdk(found), "cdk.py", "exec"), space)
    space[pascal(found.title)](None, "x", **values_of(found))
    return made


@pytest.mark.parametrize("name", NAMES)
def test_the_exported_body_is_the_one_that_is_deployed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = source_of(name)
    found = export([source], [], [], {})
    expected = deployed(source, found, False)
    assert [body_of(one) for one in of_cloudformation(found)] == [expected]
    assert [one["dashboard_body"] for one in of_terraform(found)] == [expected]
    assert [body_of(one) for one in of_cdk(found, monkeypatch)] == [expected]


@pytest.mark.parametrize("name", ALARMS)
def test_the_exported_alarm_is_the_one_that_is_deployed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    source = alarm_of(name)
    found = export([], [source], [], {})
    expected = deployed(source, found, True)
    assert of_cloudformation(found) == [expected]
    assert of_cdk(found, monkeypatch) == [expected]
    (attributes,) = of_terraform(found)
    assert attributes["alarm_name"] == expected["AlarmName"]
    assert attributes["threshold"] == expected["Threshold"]
    assert attributes["alarm_actions"] == expected["AlarmActions"]


def test_an_empty_topic_leaves_the_actions_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VALUES, "topic", "")
    found = export([], [alarm_of("throttles")], [], {})
    assert "AlarmActions" not in of_cloudformation(found)[0]
    assert of_terraform(found)[0]["alarm_actions"] == []
    assert of_cdk(found, monkeypatch)[0]["AlarmActions"] == []


def test_dynamic_labels_and_dollar_signs_survive(monkeypatch: pytest.MonkeyPatch) -> None:
    document = {
        "widgets": [
            {
                "type": "text",
                "properties": {"markdown": "a $${x} ${MAX} ${PROP('Dim.A')} 100%{ \"q\" \\ {b} é\n${function}"},
            }
        ]
    }
    source = template.from_document(document, file="x", name="x")
    found = export([source], [], [], {})
    text = deployed(source, found, False)["widgets"][0]["properties"]["markdown"]
    assert "${x} ${MAX} ${PROP('Dim.A')}" in text
    for bodies in (
        [body_of(one) for one in of_cloudformation(found)],
        [one["dashboard_body"] for one in of_terraform(found)],
        [body_of(one) for one in of_cdk(found, monkeypatch)],
    ):
        assert bodies[0]["widgets"][0]["properties"]["markdown"] == text


SIGNS = ("$", "$$", "${MAX}", "}", "%", "%{", "!", '"', "\\", "a", "\n", token("function_name"))


@given(st.lists(st.sampled_from(SIGNS), max_size=7))
@example(["$", "%", "%{"])
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_signs_of_a_language_beside_a_parameter_stay_themselves(
    monkeypatch: pytest.MonkeyPatch, pieces: list[str]
) -> None:
    markdown = "".join(pieces)
    widget = {"type": "text", "properties": {"markdown": "${function}"}}
    made = export([template.from_document({"widgets": [widget]}, file="x", name="x")], [], [], {})
    document = {"widgets": [{"type": "text", "properties": {"markdown": markdown}}]}
    found = replace(made, items=(replace(made.items[0], document=document),))
    expected = markdown.replace(token("function_name"), VALUES["function_name"])
    for bodies in (
        [body_of(one) for one in of_cloudformation(found)],
        [one["dashboard_body"] for one in of_terraform(found)],
        [body_of(one) for one in of_cdk(found, monkeypatch)],
    ):
        assert bodies[0]["widgets"][0]["properties"]["markdown"] == expected


HIDING = "a\u202eb\u2066c\x9bd\x85e\u2028f\ufeff \x7f \U000e0041 é \U0001f600"


def test_no_character_of_a_dashboard_hides_or_reorders_what_a_reviewer_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    widget = {"type": "text", "properties": {"markdown": HIDING, HIDING: [1, None, True]}}
    found = export([template.from_document({"widgets": [widget]}, file="x", name="x")], [], [], {})
    for text in (render_cloudformation(found, sam=False), render_terraform(found), render_cdk(found)):
        assert not UNSAFE.search(text.replace("\n", ""))
    for bodies in (
        [body_of(one) for one in of_cloudformation(found)],
        [one["dashboard_body"] for one in of_terraform(found)],
        [body_of(one) for one in of_cdk(found, monkeypatch)],
    ):
        assert bodies[0]["widgets"][0]["properties"]["markdown"] == HIDING


def test_a_reference_takes_the_place_of_the_parameter() -> None:
    source = source_of("lambda-cold-starts")
    for reference, render, written in (
        ("ApiFunction", lambda one: render_cloudformation(one, sam=True), "${ApiFunction}-cold-starts"),
        ("aws_lambda_function.app", render_terraform, "${aws_lambda_function.app.function_name}-cold-starts"),
        ("fn", render_cdk, "function_name = function.function_name"),
    ):
        text = render(export([source], [], [], {}, reference))
        assert written in text
        assert "FunctionName:\n" not in text
        assert 'variable "function_name"' not in text


def test_two_functions_have_two_parameters_with_their_names_as_defaults() -> None:
    found = export([source_of("lambda-cold-starts")], [], ["a", "b"], {})
    defaults = {one.name: one.default for one in found.parameters if one.name.startswith("function")}
    assert defaults == {"function_name_1": "a", "function_name_2": "b"}
    assert [one.id for one in found.items] == ["LambdaColdStartsDashboard1", "LambdaColdStartsDashboard2"]


def test_a_value_of_set_stays_fixed() -> None:
    found = export([source_of("lambda-cold-starts")], [], [], {"namespace": "Fixed"})
    assert "namespace" not in {one.name for one in found.parameters}
    assert "Fixed" in render_cloudformation(found, sam=False)


@pytest.mark.parametrize("form", ["cloudformation", "sam", "terraform", "cdk"])
def test_the_command_writes_a_file_once(tmp_path: Path, form: str) -> None:
    file = tmp_path / "out"
    words = ["dashboard", "export", "lambda-function", "--as", form, "--to", str(file)]
    first, second = (CliRunner().invoke(cli, words) for _ in range(2))
    assert first.exit_code == 0, first.output
    assert file.read_text().endswith("\n")
    assert "already exists" in str(second.exception)

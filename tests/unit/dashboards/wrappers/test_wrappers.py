"""Dashboards in the files of other tools: recognized, named, read in place with the lines of that file."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.dashboards.body import template
from monitor.dashboards.body.template import Scope
from monitor.dashboards.checks.validate import check_file
from monitor.dashboards.checks.wrapped import check_wrapped
from monitor.dashboards.model import Problem
from monitor.dashboards.wrappers import read
from monitor.errors import UsageError
from tests.examples import examples

BODY = {"widgets": [{"type": "text", "x": 0, "y": 0, "width": 6, "height": 2, "properties": {"markdown": "hello"}}]}
TEXT = json.dumps(BODY)


def cloudformation(body: Any, **more: Any) -> dict[str, Any]:
    dashboard = {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardName": "x", "DashboardBody": body}}
    return {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}, "D": dashboard}, **more}


def plan(body: Any) -> dict[str, Any]:
    resource = {
        "address": "module.m.aws_cloudwatch_dashboard.main",
        "mode": "managed",
        "type": "aws_cloudwatch_dashboard",
        "values": {"dashboard_name": "x", **({"dashboard_body": body} if body is not None else {})},
    }
    return {"format_version": "1.2", "planned_values": {"root_module": {"child_modules": [{"resources": [resource]}]}}}


def state(body: str) -> dict[str, Any]:
    instance = {"index_key": "eu", "attributes": {"dashboard_name": "x", "dashboard_body": body}}
    resource = {"mode": "managed", "type": "aws_cloudwatch_dashboard", "name": "main", "instances": [instance]}
    return {"version": 4, "terraform_version": "1.9.0", "resources": [resource]}


WRAPPERS = {
    "CloudFormation": cloudformation(TEXT),
    "a tool that is not known": {
        "deployment": {"resources": [{"inputs": {"dashboardName": "x", "dashboardBody": TEXT}, "type": "t"}]}
    },
    "a Pulumi stack, with inputs and outputs": {
        "deployment": {
            "resources": [{part: {"dashboardName": "x", "dashboardBody": TEXT} for part in ("inputs", "outputs")}]
        }
    },
    "a list, as in an Ansible playbook": [{"tasks": [{"dashboard": {"dashboard_body": BODY}}]}],
    "a list of answers of GetDashboard": [{"DashboardName": "n", "DashboardBody": TEXT}],
    "Fn::ForEach beside another resource": {
        "Resources": {
            "F": {"Type": "AWS::Lambda::Function"},
            "Fn::ForEach::All": ["Name", ["a"], cloudformation(TEXT)["Resources"]],
        }
    },
    "Fn::ForEach alone": {"Resources": {"Fn::ForEach::All": ["Name", ["a"], cloudformation(TEXT)["Resources"]]}},
    "Pulumi in YAML": {"resources": {"d": {"properties": {"dashboardBody": {"fn::toJSON": BODY}}}}},
    "an object of a tool that is not known": {"spec": {"forProvider": {"dashboardBody": BODY}}},
    "CDK": {
        **cloudformation({"Fn::Join": ["", [TEXT[:40], TEXT[40:]]]}),
        "Resources": {
            **cloudformation({"Fn::Join": ["", [TEXT[:40], TEXT[40:]]]})["Resources"],
            "CDKMetadata": {"Type": "AWS::CDK::Metadata"},
        },
    },
    "Serverless": {"service": "s", "resources": cloudformation({"Fn::Sub": TEXT})},
    "ToJsonString": cloudformation({"Fn::ToJsonString": BODY}),
    "Terraform JSON": {
        "resource": {"aws_cloudwatch_dashboard": {"m": {"dashboard_name": "x", "dashboard_body": TEXT}}}
    },
    "Terraform JSON, lists": {"resource": [{"aws_cloudwatch_dashboard": [{"m": [{"dashboard_body": TEXT}]}]}]},
    "Terraform plan": plan(TEXT),
    "Terraform state": state(TEXT),
    "GetDashboard": {"DashboardArn": "a", "DashboardBody": TEXT, "DashboardName": "n"},
    "JavaScript": {"dashboardName": "x", "dashboardBody": TEXT},
    "GetTemplate": {"StagesAvailable": ["Original"], "TemplateBody": cloudformation(TEXT)},
    "a string": TEXT,
}


def bodies(document: Any, name: str = "", **values: Any) -> Any:
    source = read.parse(json.dumps(document), "f.json")
    found, _ = read.to_template(source, read.choose_one(source, name))
    return template.build(found, Scope((), {}, values))


@pytest.mark.parametrize("name", WRAPPERS)
def test_the_dashboard_in_the_file_of_another_tool_is_read_in_place(name: str) -> None:
    assert bodies(WRAPPERS[name]) == BODY


@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_is_named_with_the_command_that_reads_it(name: str) -> None:
    (problem,) = check_file(json.dumps(WRAPPERS[name]), file="f.json", name="f")

    assert (problem.severity.value, problem.rule) == ("error", "wrapper")
    assert problem.message.startswith("this is ")
    assert "monitor dashboard validate f.json --in" in problem.instead
    assert "widgets" not in problem.message


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ([{"type": "text"}], "a list of widgets"),
        ({"type": "text", "properties": {"markdown": ""}}, "this is a widget"),
        ({"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}, "a CloudFormation template without a dashboard"),
        ({"terraform": {}, "resource": {"aws_sns_topic": {}}}, "a Terraform configuration without a dashboard"),
        ({"DashboardEntries": [{"DashboardName": "a"}]}, "a list of dashboards"),
        ({"TemplateBody": "Resources: {}"}, "aws cloudformation get-template"),
        ({"title": "t", "panels": []}, "a Grafana dashboard"),
        (3, "must be an object"),
        ([], "must be an object"),
    ],
)
def test_what_has_no_dashboard_is_named_by_every_command(document: Any, said: str) -> None:
    (problem,) = check_file(json.dumps(document), file="f.json", name="f")

    assert said in problem.message
    with pytest.raises(UsageError, match=said):
        template.parse(json.dumps(document), file="f.json", name="f")


def test_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    (tmp_path / "f.json").write_text(TEXT, encoding="utf-8-sig")
    assert template.read(tmp_path / "f.json").document == BODY


def test_terraform_code_is_recognized_and_the_way_to_its_json_is_named() -> None:
    hcl = 'resource "aws_cloudwatch_dashboard" "main" {\n  dashboard_body = jsonencode({ widgets = [] })\n}\n'
    (problem,) = check_file(hcl, file="main.tf", name="main")

    assert "HCL, with the dashboard main" in problem.message
    assert "terraform show -json" in problem.instead
    with pytest.raises(UsageError, match="HCL"):
        template.parse(hcl, file="main.tf", name="main")


def test_values_that_the_other_tool_fills_in_become_variables() -> None:
    metric = '["AWS/Lambda", "Errors", "FunctionName", "'
    properties = ['{"widgets": [{"type": "metric", "properties": {"region": "', {"Ref": "AWS::Region"}, '", "period": ']
    rest = [
        {"Ref": "Period"},
        ', "title": "${PROP(\'Dim.f\')} $',
        '{x}", "metrics": [',
        metric,
        {"Ref": "F"},
        '"]]}}]}',
    ]
    wrapped = cloudformation({"Fn::Join": ["", [*properties, *rest]]}, Parameters={"Period": {"Default": 60}})

    built = bodies(wrapped, **{"AWS::Region": "eu-west-1", "F": "orders"})["widgets"][0]["properties"]

    assert (built["region"], built["period"]) == ("eu-west-1", 60)
    assert built["metrics"][0][3] == "orders"
    assert built["title"] == "${PROP('Dim.f')} ${x}"


def test_a_placeholder_for_a_number_is_not_an_error() -> None:
    row = ["AWS/Lambda", "Errors", "FunctionName", "f"]
    text = json.dumps({"widgets": [{"type": "metric", "properties": {"region": "eu-west-1", "metrics": [row]}}]})
    text = text.replace('"region"', '"period": ${Period}, "region"')

    assert check_wrapped(json.dumps(cloudformation({"Fn::Sub": text})), file="f.json") == []
    (wrong,) = check_wrapped(json.dumps(cloudformation({"Fn::Sub": text})), file="f.json", overrides={"Period": 7})
    assert wrong.pointer == "/Resources/D/Properties/DashboardBody/widgets/0/properties/period"


YAML = """\
AWSTemplateFormatVersion: 2010-09-09
Resources:
  Overview:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardName: !Sub "${AWS::StackName}-overview"
      DashboardBody: !Sub |
        {
          "widgets": [
            {"type": "metric",
             "properties": {"region": "${AWS::Region}", "stat": "sum",
               "metrics": [["AWS/Lambda", "Errors", "FunctionName", "${Function}"]]}}
          ]
        }
  Function:
    Type: AWS::Serverless::Function
    Properties:
      Role: !GetAtt Role.Arn
"""


def test_a_template_in_yaml_is_checked_with_its_own_lines() -> None:
    (unread,) = check_file(YAML, file="t.yaml", name="t")
    assert "CloudFormation template in YAML" in unread.message

    (problem,) = check_wrapped(YAML, file="t.yaml")

    assert problem.pointer.endswith("/DashboardBody/widgets/0/properties/stat")
    assert YAML.splitlines()[(problem.line or 0) - 1].strip().startswith('"properties"')


@pytest.mark.parametrize("text", ["a: [", "&a [*a]", "- " * 500 + "x", "\x00", "a: &x [1]\nb: *y", "[" * 3000])
def test_a_text_that_is_no_template_is_a_problem_of_the_file(text: str) -> None:
    (problem,) = check_wrapped(text, file="t.yaml")

    assert problem.rule == "wrapper"


def test_aliases_that_multiply_are_refused() -> None:
    bomb = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
    bomb += "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
    (problem,) = check_wrapped(bomb, file="t.yaml")

    assert "too large" in problem.message


def test_what_only_terraform_knows_is_a_warning_with_the_way_to_know_it() -> None:
    expression = {"resource": {"aws_cloudwatch_dashboard": {"m": {"dashboard_body": "${jsonencode({})}"}}}}
    for document, said in ((plan(None), "only after apply"), (expression, "an expression")):
        (problem,) = check_wrapped(json.dumps(document), file="f.json")
        assert (problem.severity.value, said in problem.message) == ("warning", True)


def test_dashboards_with_one_name_are_chosen_by_their_places() -> None:
    document = [
        {"DashboardName": "n", "DashboardBody": json.dumps({"widgets": [], "start": f"-PT{n}H"})} for n in (1, 2)
    ]
    with pytest.raises(UsageError) as caught:
        bodies(document, "")
    assert "--in NAME: n, /1/DashboardBody" in caught.value.hint
    assert bodies(document, "/1/DashboardBody")["start"] == "-PT2H"


def test_one_of_several_dashboards_is_chosen_by_name() -> None:
    two = cloudformation(TEXT)
    two["Resources"]["E"] = {
        "Type": "AWS::CloudWatch::Dashboard",
        "Properties": {"DashboardName": "other", "DashboardBody": '{"widgets": {}}'},
    }
    assert bodies(two, "D") == bodies(two, "x") == BODY
    with pytest.raises(UsageError, match="2 dashboards"):
        bodies(two)
    with pytest.raises(UsageError, match="no dashboard 'F'"):
        bodies(two, "F")
    (problem,) = check_wrapped(json.dumps(two), file="f.json")
    assert problem.pointer == "/Resources/E/Properties/DashboardBody/widgets"
    assert check_wrapped(json.dumps(two), file="f.json", name="D") == []


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["${x}", "$${x}", '"', "\\", "${MAX}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@settings(max_examples=examples(80), deadline=None)
@given(st.dictionaries(st.sampled_from(["start", "periodOverride", "a", "b"]), JSON), st.lists(st.integers(1, 200)))
def test_any_body_comes_back_from_any_wrapper(body: dict[str, Any], cuts: list[int]) -> None:
    body["widgets"] = []
    text = json.dumps(body)
    edges = sorted({0, len(text), *(cut for cut in cuts if cut < len(text))})
    pieces = [text[start:end] for start, end in pairwise(edges)]
    for wrapped in (
        cloudformation(text),
        cloudformation({"Fn::Join": ["", pieces]}),
        cloudformation({"Fn::Sub": text.replace("${", "${!")}),
        plan(text),
        state(text),
        {"resource": {"aws_cloudwatch_dashboard": {"m": {"dashboard_body": text.replace("${", "$${")}}}},
        {"DashboardBody": text},
        text,
    ):
        assert bodies(wrapped) == body
    in_yaml = yaml.safe_dump(cloudformation(text))
    source = read.parse(in_yaml, "t.yaml")
    found, _ = read.to_template(source, read.choose_one(source, ""))
    assert template.build(found, Scope((), {}, {})) == body


@given(JSON)
def test_whatever_a_file_holds_the_answer_is_a_list_of_problems(document: Any) -> None:
    for text in (json.dumps(document), json.dumps(cloudformation(document)), json.dumps({"Resources": document})):
        found = [*check_wrapped(text, file="f"), *check_file(text, file="f", name="f")]
        assert all(isinstance(one, Problem) for one in found)


def test_the_templates_of_a_cdk_output_folder_are_read(tmp_path: Path) -> None:
    from click.testing import CliRunner

    from monitor.dashboards.command import command

    (tmp_path / "Stack.template.json").write_text(json.dumps(WRAPPERS["CDK"]))
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": {"AWS::CloudWatch::Dashboard": {}}}))
    (tmp_path / "tree.json").write_text(json.dumps({"attributes": {"aws:cdk:cloudformation:type": "AWS::X"}}))
    result = CliRunner().invoke(command, ["validate", str(tmp_path), "--in"])

    assert (result.exit_code, result.stderr) == (0, "1 file: 0 errors, 0 warnings\n")


def test_yaml_of_other_tools_and_a_body_in_yaml_are_named_and_no_advice_leads_in_a_circle() -> None:
    body = '{"widgets": [{"type": "text", "x": 0, "y": 0, "width": 1, "height": 1, "properties": {"markdown": "a"}}]}'
    other = f"kind: Dashboard\nspec:\n  forProvider:\n    dashboardBody: |\n      {body}\n"
    (told,) = check_file(other, file="crossplane.yaml", name="d")
    assert ("YAML of another tool" in told.message, "crossplane.yaml --in" in told.instead) == (True, True)
    assert check_wrapped(other, file="crossplane.yaml") == []
    made = "      dashboardBody:\n        fn::toJSON:\n          widgets: [{type: tex}]\n"
    pulumi = f"resources:\n  d:\n    properties:\n{made}"
    (told,) = check_file(pulumi, file="Pulumi.yaml", name="d")
    assert "Pulumi.yaml --in" in told.instead
    found = check_wrapped(pulumi, file="Pulumi.yaml")
    assert any("fn::toJSON/widgets/0" in problem.pointer for problem in found)

    text = "widgets:\n- type: text\n  properties: {markdown: hi}\n"
    for (problem,) in (check_file(text, file="b.yaml", name="b"), check_wrapped(text, file="b.yaml")):
        assert "a dashboard body in YAML" in problem.message
        assert "convert" in problem.instead

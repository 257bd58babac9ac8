"""`instrument --write` on generated JSON, serverless.yml and Terraform files in the layouts that people write."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.console.stacks.template_files import read_template
from monitor.console.stacks.template_options import TemplateChoice
from monitor.instrument import analyze_undo
from monitor.instrument.model_write import Wish
from monitor.instrument.workflow_write import plan
from monitor.kernel.entry_point import ENTRY_POINT, HANDLER_VARIABLE
from tests.examples import examples

LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:lambda-monitor:3"
SETTINGS = settings(
    deadline=None, max_examples=examples(80), suppress_health_check=[HealthCheck.function_scoped_fixture]
)
LINE_ENDS = st.sampled_from(["\n", "\r\n"])


def check(file: Path, text: str, *, expected: bool = True) -> None:
    """Wrapped as the tool reads it, and given back to the byte, also after a change elsewhere."""
    file.write_bytes(text.encode())
    found = plan(TemplateChoice(file, {}), (), Wish(LAYER))
    if expected:
        assert [one.reason for one in found.functions if one.reason] == []
    for one in read_template(file, {}, {file: found.after}).functions:
        assert one.handler == ENTRY_POINT
        assert isinstance(one.variables, dict)
        assert one.variables[HANDLER_VARIABLE] == "app.handler"
        assert one.layers[-1] == LAYER
        assert one.tracing == "Active"
    record = analyze_undo.record(found.before, found.after, found.edits)
    assert analyze_undo.undone(found.after, record) == text
    assert analyze_undo.undone(found.after + "\n", record) == text + "\n"


ENVIRONMENTS: list[dict[str, Any]] = [
    {},
    {"Environment": {}},
    {"Environment": {"Variables": {}}},
    {"Environment": {"Variables": {"A": "b", "C": {"Ref": "D"}}}},
    {"Environment": None},
]
LAYERS: list[dict[str, Any]] = [{}, {"Layers": []}, {"Layers": [{"Ref": "L"}]}, {"Layers": ["arn:x", "arn:y"]}]
TRACING: list[dict[str, Any]] = [
    {},
    {"TracingConfig": {"Mode": "PassThrough"}},
    {"TracingConfig": {"Mode": "Active"}},
    {"TracingConfig": {}},
]


@SETTINGS
@given(
    bodies=st.lists(
        st.tuples(st.sampled_from(ENVIRONMENTS), st.sampled_from(LAYERS), st.sampled_from(TRACING)),
        min_size=1,
        max_size=3,
    ),
    indent=st.sampled_from([None, 1, 2, 4, "\t"]),
    end=LINE_ENDS,
    shared=st.booleans(),
)
def test_json_templates(tmp_path: Path, bodies: list[Any], indent: Any, end: str, shared: bool) -> None:
    resources: dict[str, Any] = {"R": {"Type": "AWS::IAM::Role", "Properties": {}}} if shared else {}
    for number, (environment, layers, tracing) in enumerate(bodies):
        base = {
            "Handler": "app.handler",
            "Runtime": "python3.13",
            "Code": {"S3Key": "k"},
            "Role": {"Fn::GetAtt": ["R", "Arn"]},
        }
        properties = {**environment, **base, **layers, **tracing}
        resources[f"F{number}"] = {"Type": "AWS::Lambda::Function", "Properties": properties}
    text = json.dumps({"Resources": resources}, indent=indent).replace("\n", end)
    check(tmp_path / "template.json", text)


@st.composite
def services(draw: st.DrawFn) -> str:
    provider = "provider:\n  name: aws\n  runtime: python3.13\n"
    provider += draw(
        st.sampled_from(["", "  environment:\n    X: y\n", "  layers: [arn:p]\n", "  tracing:\n    lambda: true\n"])
    )
    text = f"service: s # name\n{provider}functions:\n"
    for number in range(draw(st.integers(1, 3))):
        quote = draw(st.sampled_from(["", "'", '"']))
        parts = [
            f"    handler: {quote}app.handler{quote}{draw(st.sampled_from(['', '  # why']))}\n",
            draw(
                st.sampled_from(
                    [
                        "",
                        "    environment:\n      A: ${self:service} # b\n",
                        "    environment: {A: b}\n",
                        "    environment:\n",
                    ]
                )
            ),
            draw(
                st.sampled_from(
                    ["", "    layers:\n    - arn:q\n", "    layers:\n      - arn:q # c\n", "    layers: [ arn:q ]\n"]
                )
            ),
            draw(st.sampled_from(["", "    tracing: PassThrough\n", "    tracing: Active\n"])),
            draw(st.sampled_from(["", "    events:\n      - http: GET /\n      # - http: POST /\n"])),
        ]
        order = draw(st.permutations(range(len(parts))))
        text += f"  f{number}:\n" + "".join(parts[index] for index in order)
    return text.rstrip("\n") if draw(st.booleans()) else text


@SETTINGS
@given(text=services(), end=LINE_ENDS)
def test_services(tmp_path: Path, text: str, end: str) -> None:
    check(tmp_path / "serverless.yml", text.replace("\n", end))


@st.composite
def modules(draw: st.DrawFn) -> str:
    text = "# head\n"
    for number in range(draw(st.integers(1, 3))):
        is_module = draw(st.booleans())
        name = "environment_variables" if is_module else "variables"
        variables = draw(
            st.sampled_from(
                [
                    f'{name} = {{\n    A = "b" # c\n  }}',
                    f'{name} = {{ A = "b" }}',
                    f"{name} = {{}}",
                    f'{name} = {{\n    A = "b",\n    C = var.d,\n  }}',
                    f'{name} = merge(local.common, {{ A = "b" }})',
                    "",
                ]
            )
        )
        layers = draw(
            st.sampled_from(
                [
                    "",
                    "layers = []",
                    'layers = ["arn:q"] # r',
                    'layers = [\n    "arn:q",\n  ]',
                    'layers = [\n    "arn:q"\n  ]',
                ]
            )
        )
        parts = ['handler = "app.handler" # why', 'runtime = "python3.13"', layers]
        if is_module:
            parts += [variables, draw(st.sampled_from(["", 'tracing_mode = "PassThrough"', 'tracing_mode = "Active"']))]
            head = f'module "f{number}" {{\n  source = "terraform-aws-modules/lambda/aws"'
        else:
            mode = draw(st.sampled_from(["PassThrough", "Active"]))
            parts.append(draw(st.sampled_from(["", f"environment {{\n    {variables}\n  }}"])))
            parts.append(draw(st.sampled_from(["", f'tracing_config {{\n    mode = "{mode}"\n  }}'])))
            head = f'resource "aws_lambda_function" "f{number}" {{\n  role = aws_iam_role.r.arn'
        order = draw(st.permutations([part for part in parts if part]))
        text += (
            head + "\n" + "".join(f"  {part}\n" for part in order) + draw(st.sampled_from(["", "  # end\n"])) + "}\n"
        )
    text += draw(
        st.sampled_from(
            ["", 'resource "aws_iam_role" "r" {\n  name = "r"\n}\n', 'locals {\n  common = { X = "é" }\n}\n']
        )
    )
    return text.rstrip("\n") if draw(st.booleans()) else text


@SETTINGS
@given(text=modules(), end=LINE_ENDS)
def test_modules_of_terraform(tmp_path: Path, text: str, end: str) -> None:
    text = text.replace("local.common", '{ X = "y" }') if "common =" not in text else text
    check(tmp_path / "main.tf", text.replace("\n", end))


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
@settings(SETTINGS, max_examples=25)
@given(text=modules(), names=st.sampled_from(["A", "A_NAME_THAT_IS_LONGER_THAN_OURS"]))
def test_what_terraform_has_formatted_stays_formatted(tmp_path: Path, text: str, names: str) -> None:
    """But for comments at the ends of successive lines, which it moves when one of the lines becomes longer."""
    text = re.sub(" # .*", "", text).replace('A = "b"', f'{names} = "b"').replace("common = {", "others = {")
    file = tmp_path / "main.tf"
    file.write_text(formatted(text.replace("local.common", '{ X = "y" }')), encoding="utf-8")
    after = plan(TemplateChoice(file, {}), (), Wish(LAYER)).after
    assert after == formatted(after)


def formatted(text: str) -> str:
    done = subprocess.run(["terraform", "fmt", "-"], input=text.encode(), capture_output=True, check=True)
    return done.stdout.decode()

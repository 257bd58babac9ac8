"""A layer of another Region is remarked before the template is written, where the Region is known."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.console.stacks.template_options import TemplateChoice
from monitor.instrument.model_write import Wish
from monitor.instrument.workflow_write import plan
from monitor.main import cli

LAYER = "arn:aws:lambda:{}:123456789012:layer:lambda-monitor:3"
SAM = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
"""
SERVERLESS = """\
service: s
provider:
  name: aws
  runtime: python3.13
  region: ${opt:region, 'us-east-1'}
functions:
  F:
    handler: app.handler
"""
TERRAFORM = """\
provider "aws" {
  region = var.region
}
provider "aws" {
  alias  = "west"
  region = "eu-west-1"
}
variable "region" {
  default = "us-east-1"
}
resource "aws_lambda_function" "F" {
  function_name = "f"
  runtime       = "python3.13"
  handler       = "app.handler"
  filename      = "f.zip"
}
"""
RESOURCE = '  filename      = "f.zip"\n'
OTHER_LAYER = "      Layers: [arn:aws:lambda:us-east-1:123456789012:layer:other:1]\n"
CONFIG = 'version = 0.1\n[{}.deploy.parameters]\nregion = "{}"\n'

# The files (the first is written), the parameters, and what says that F is not in eu-west-1; "" for nothing.
CASES: dict[str, tuple[dict[str, str], dict[str, str], str]] = {
    "a serverless provider": ({"serverless.yml": SERVERLESS}, {}, "F is deployed to us-east-1"),
    "a serverless option": ({"serverless.yml": SERVERLESS}, {"region": "eu-west-1"}, ""),
    "a Terraform provider": ({"main.tf": TERRAFORM}, {}, "aws_lambda_function.F is deployed to us-east-1"),
    "a Terraform provider with the Region": ({"main.tf": TERRAFORM}, {"region": "eu-west-1"}, ""),
    "an alias": ({"main.tf": TERRAFORM.replace(RESOURCE, f"{RESOURCE}  provider = aws.west\n")}, {}, ""),
    "a resource": (
        {"main.tf": TERRAFORM.replace(RESOURCE, f'{RESOURCE}  region = "ap-south-1"\n')},
        {},
        "aws_lambda_function.F is deployed to ap-south-1",
    ),
    "nothing": ({"template.yaml": SAM}, {}, ""),
    "another layer": ({"template.yaml": SAM + OTHER_LAYER}, {}, "another layer of F is in us-east-1"),
    "a parameter": ({"template.yaml": SAM}, {"AWS::Region": "us-east-1"}, "--parameter names us-east-1"),
    "samconfig": (
        {"template.yaml": SAM, "samconfig.toml": CONFIG.format("default", "us-east-1")},
        {},
        "samconfig.toml deploys to us-east-1",
    ),
    "samconfig in YAML": (
        {"template.yaml": SAM, "samconfig.yaml": "prod: {global: {parameters: {region: us-east-1}}}\n"},
        {},
        "samconfig.yaml deploys to us-east-1",
    ),
    "samconfig of two stages": (
        {
            "template.yaml": SAM,
            "samconfig.toml": CONFIG.format("a", "us-east-1") + CONFIG.format("b", "eu-west-1").partition("\n")[2],
        },
        {},
        "",
    ),
    "samconfig that cannot be read": ({"template.yaml": SAM, "samconfig.toml": "["}, {}, ""),
}


@pytest.mark.parametrize("name", CASES)
def test_a_layer_of_another_region_is_remarked_where_the_region_is_known(tmp_path: Path, name: str) -> None:
    files, given, expected = CASES[name]
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    found = plan(TemplateChoice(tmp_path / next(iter(files)), given), (), Wish(LAYER.format("eu-west-1")))
    assert found.edits
    note = f"--layer is in eu-west-1, but {expected}: a function takes layers of its own Region only"
    assert found.notes == ((note,) if expected else ())


def test_the_remark_is_printed_and_is_in_the_json(tmp_path: Path) -> None:
    file = tmp_path / "serverless.yml"
    file.write_text(SERVERLESS)
    words = ["instrument", "--write", str(file), "--layer", LAYER.format("eu-west-1")]
    assert CliRunner().invoke(cli, words).output.count("but F is deployed to us-east-1") == 1
    assert len(json.loads(CliRunner().invoke(cli, [*words, "-o", "json"]).stdout)["notes"]) == 1


@pytest.mark.parametrize(("region", "count"), [("us-east-1", 1), ("eu-west-1", 0), ("unknown-region", 0)])
def test_a_stack_of_the_cdk_says_its_region(tmp_path: Path, region: str, count: int) -> None:
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": f"aws://123456789012/{region}",
        "properties": {"templateFile": "t.json"},
    }
    properties = {"Handler": "app.handler", "Runtime": "python3.13"}
    function = {
        "Type": "AWS::Lambda::Function",
        "Properties": properties,
        "Metadata": {"aws:cdk:path": "App/F/Resource"},
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"version": "48.0.0", "artifacts": {"App": stack}}))
    (tmp_path / "t.json").write_text(json.dumps({"Resources": {"F": function}}))
    words = ["instrument", "--write", str(tmp_path), "--layer", LAYER.format("eu-west-1")]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    assert done.stderr.count("App/F is deployed to us-east-1") == count

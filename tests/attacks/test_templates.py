"""Templates of a cloned repository that name themselves, or grow with every step: they end, soon and in one line."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.attacks.commands import patient
from tests.clean_environment import clean_environment

LIMIT_S = 12
FUNCTION = "  F:\n    Type: AWS::Lambda::Function\n    Properties: {Handler: a.b, FunctionName: f}\n"


def many(text: str, count: int = 10) -> str:
    return "".join(text.replace("#", str(number)).replace("@", str(number + 1)) for number in range(count))


def assembly(artifacts: dict[str, object]) -> str:
    return json.dumps({"version": "36.0.0", "artifacts": artifacts})


NESTED = "  N#:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: ./TO}\n"
LOOP = (
    "Transform: AWS::LanguageExtensions\n"
    "Resources:\n  Fn::ForEach::A: [X, [LIST], {Fn::ForEach::B: [Y, [LIST], BODY]}]\n"
)
LIST = ",".join(f"v{number}" for number in range(2000))
STACK = "aws:cloudformation:stack"
NESTED_ASSEMBLY = "cdk:cloud-assembly"
# The files of each template; the first one is given.
TEMPLATES: dict[str, dict[str, str]] = {
    "nested stacks of itself": {"t.yaml": "Resources:\n" + many(NESTED.replace("TO", "t.yaml")) + FUNCTION},
    "a chain of nested stacks": {
        f"t{level}.yaml": "Resources:\n" + many(NESTED.replace("TO", f"t{level + 1}.yaml")) + FUNCTION
        for level in range(9)
    },
    "modules of itself": {
        "main.tf": many('module "m#" {\n  source = "./."\n}\n')
        + 'resource "aws_lambda_function" "f" {\n  function_name = "f"\n}\n'
    },
    "locals that double": {
        "main.tf": "locals {\n" + many('  a# = "${local.a@}${local.a@}${local.a@}"\n', 30) + '  a30 = "xxxx"\n}\n'
        'resource "aws_lambda_function" "f" {\n  function_name = local.a0\n}\n'
    },
    "assemblies of itself": {
        "cdk.out/manifest.json": assembly(
            {f"A{number}": {"type": NESTED_ASSEMBLY, "properties": {"directoryName": "."}} for number in range(10)}
        )
    },
    "assemblies in a linked folder": {
        "cdk.out/manifest.json": assembly(
            {f"A{number}": {"type": NESTED_ASSEMBLY, "properties": {"directoryName": "link"}} for number in range(3)}
        )
    },
    "a stack that is no template": {
        "cdk.out/manifest.json": assembly(
            {
                "A": {"type": STACK, "properties": {"templateFile": "../../../../../etc/passwd"}},
                "B": {"type": STACK, "properties": {"templateFile": "text.json"}},
                "C": {"type": STACK, "properties": {"templateFile": 5}},
            }
        ),
        "cdk.out/text.json": '"text"',
    },
    "conditions of conditions": {
        "t.yaml": "Conditions:\n"
        + many("  C#: !And [!Condition C@, !Condition C@, !Condition C@]\n", 40)
        + "  C40: !Equals [a, a]\nResources:\n"
        + FUNCTION.replace("  F:\n", "  F:\n    Condition: C0\n")
    },
    "a condition of itself": {
        "t.yaml": "Conditions:\n  C: !Or [!Condition C, !Condition C]\nResources:\n"
        + FUNCTION.replace("  F:\n", "  F:\n    Condition: C\n")
    },
    "loops in loops": {
        "t.yaml": LOOP.replace("LIST", LIST).replace("BODY", "{'F${X}${Y}': {Type: AWS::Lambda::Function}}")
    },
    "loops of nothing": {"t.yaml": LOOP.replace("LIST", LIST).replace("BODY", "{}")},
    "texts that grow": {
        "t.yaml": f"Parameters:\n  P: {{Type: String, Default: {'x' * 50_000}}}\nResources:\n"
        + FUNCTION.replace("FunctionName: f", f"FunctionName: !Sub '{'${P}' * 50_000}'")
    },
    "lists that are joined": {
        "t.yaml": "Resources:\n"
        + FUNCTION.replace("FunctionName: f", f"FunctionName: !Join [{'x' * 50_000}, [{','.join('a' * 20_000)}]]")
    },
    "aliases": {
        "t.yaml": "a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
        + many("a@: &a@ [" + ",".join(["*a#"] * 9) + "]\n", 9)
        + "Resources:\n"
        + FUNCTION.replace("FunctionName: f", "Environment: {Variables: *a9}")
    },
    "an alias of itself": {"t.yaml": "Resources: &r\n" + FUNCTION.replace("FunctionName: f", "Environment: *r")},
    "tags that run code": {
        "t.yaml": "Resources:\n"
        + FUNCTION.replace("FunctionName: f", "FunctionName: !!python/object/apply:os.mkdir [owned]")
    },
    "tags that include files": {
        "t.yaml": "Resources:\n" + FUNCTION.replace("FunctionName: f", "FunctionName: !Include /etc/passwd")
    },
    "functions that read files": {
        "main.tf": 'resource "aws_lambda_function" "f" {\n  function_name = file("/etc/passwd")\n  handler = '
        'join("", [for i in range(100000000) : "x"])\n  runtime = format("%1000000000d", 1)\n}\n'
    },
    "variables that read files": {
        "serverless.yml": "service: s\nprovider: {name: aws, runtime: python3.12}\ncustom: ${file(/etc/passwd)}\n"
        "functions:\n  f: {handler: a.b, name: '${file(/dev/zero):x}${env:AWS_SECRET_ACCESS_KEY}${self:custom}'}\n"
    },
    "variables that double": {
        "serverless.yml": "service: s\nprovider: {name: aws, runtime: python3.12}\ncustom:\n"
        + many("  a#: ${self:custom.a@}${self:custom.a@}${self:custom.a@}\n", 30)
        + "  a30: xxxx\nfunctions:\n  f: {handler: a.b, name: '${self:custom.a0}'}\n"
    },
}


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_template_ends_soon_small_and_without_a_defect(tmp_path: Path, name: str) -> None:
    for file, text in TEMPLATES[name].items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    given = next(iter(TEMPLATES[name]))
    if given.startswith("cdk.out"):
        (tmp_path / "cdk.out" / "link").symlink_to(".")
    place = "." if given == "main.tf" else given.partition("/manifest")[0]
    command = ("function", "show", "--template", place)
    done = subprocess.run(
        # Two gigabytes of addresses; what is needed is a tenth of that.
        ["sh", "-c", 'ulimit -v 2000000; exec "$@"', "sh", sys.executable, "-m", "monitor", *command],
        env=clean_environment(AWS_SECRET_ACCESS_KEY="very-secret"),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=patient(LIMIT_S),
        check=False,
    )
    told = done.stdout + done.stderr
    # 3: no function was found.
    assert done.returncode in (0, 2, 3), told[-600:]
    assert "defect" not in told
    assert "very-secret" not in told
    assert "root:" not in told
    assert not (tmp_path / "owned").exists()
    assert len(told) < 5_000_000

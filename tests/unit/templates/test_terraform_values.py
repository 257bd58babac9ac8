"""Expressions of Terraform, and the functions that a for_each or count makes."""

from pathlib import Path
from typing import Any

import pytest

from monitor.console.stacks.template_files import read_template
from monitor.kernel.missing import Missing
from monitor.templates import hcl
from monitor.templates.intrinsics import first_missing
from monitor.templates.model import TemplateFunction
from monitor.templates.terraform_values import Scope

VARIABLES = """
variable "stage" { default = "dev" }
variable "none" { default = null }
variable "given" {}
variable "fns" {
  type = map(object({ handler = string, memory = optional(number, 512), note = optional(string) }))
  default = { api = { handler = "api.main" }, job = { handler = "job.main", memory = 1024 } }
}
locals {
  table = { b = 2, a = 1 }
  text  = "x-${var.stage}"
  loop  = local.loop
}
"""

# Each has the value that Terraform's documentation gives it; `...` for what only an apply knows.
VALUES: list[tuple[str, Any]] = [
    ('var.stage == "prod" ? 1 : 2', 2),
    ('var.stage != "prod" && !false', True),
    ('var.stage == "dev" || var.given', True),
    ("1 + 2 * 3 >= 7", True),
    ("7 / 2", 3.5),
    ("-(1 + 2)", -3),
    ("1 == true", False),
    ('"1" == 1', False),
    ("var.none == null", True),
    ("local.table.a", 1),
    ('local.table["b"]', 2),
    ('[for k, v in local.table : "${k}${v}"]', ["a1", "b2"]),
    ("[for v in [3, 4] : v * 2 if v > 3]", [8]),
    ("[for at, v in [3, 4] : at]", [0, 1]),
    ('{ for k, v in local.table : upper(k) => v if k != "a" }', {"B": 2}),
    ('{ (var.stage) = 1, "${var.stage}-x" = 2, plain : 3 }', {"dev": 1, "dev-x": 2, "plain": 3}),
    ('toset(["b", "a", "b"])', ["a", "b"]),
    ('try(local.table.c, "none")', "none"),
    ("try(aws_x.y.arn, 1)", ...),
    ("can(local.table.c)", False),
    ('lookup(local.table, "c", 3)', 3),
    ('coalesce(var.none, "", "z")', "z"),
    ('compact(["", "a", null])', ["a"]),
    ('concat([1], toset(["2"]))', [1, "2"]),
    ("flatten([[1], [[2, 3]], []])", [1, 2, 3]),
    ("merge([{ a = 1 }, { b = 2 }]...)", {"a": 1, "b": 2}),
    ('format("%s-%d%%", local.text, 3)', "x-dev-3%"),
    ('format("%03d", 3)', ...),
    ('replace("a_b_c", "_", "-")', "a-b-c"),
    ('replace("a1", "/[0-9]/", "")', ...),
    ('split(",", "a,b")[1]', "b"),
    ('join("-", keys(local.table))', "a-b"),
    ("values(local.table)", [1, 2]),
    ("length(local.table)", 2),
    ("element([1, 2, 3], 4)", 2),
    ('contains(["a"], "a")', True),
    ('basename("/a/b.py")', "b.py"),
    ('dirname("b.py")', "."),
    ('trimsuffix("a.zip", ".zip")', "a"),
    ('title("ab cd")', "Ab Cd"),
    ('substr("hello", 1, 3)', "ell"),
    ('zipmap(["a"], [1])', {"a": 1}),
    ('var.fns["api"].memory', 512),
    ("var.fns.job.memory", 1024),
    ("var.fns.api.note == null", True),
    ("var.given", ...),
    ("local.loop", ...),
    ("aws_x.y[*].arn", ...),
    ('fileset(path.module, "*.py")', ...),
    ("{ for k in [1] : k => k... }", ...),
]


def scope(text: str) -> Scope:
    return Scope([hcl.parse(text)], {}, "/m", "/m")


@pytest.mark.parametrize(("expression", "expected"), VALUES, ids=[one for one, _ in VALUES])
def test_an_expression_has_terraform_s_value_or_none(expression: str, expected: Any) -> None:
    block = hcl.parse(f"{VARIABLES}\nfound = {expression}\n")
    found = scope(VARIABLES).value(block.get("found"))
    assert isinstance(found, Missing) if expected is ... else found == expected
    assert expected is ... or isinstance(found, type(expected))


def test_locals_that_double_each_other_end() -> None:
    doubled = "".join(f"  l{at} = [local.l{at - 1}, local.l{at - 1}]\n" for at in range(1, 30))
    texts = "".join(f'  t{at} = "${{local.t{at - 1}}}${{local.t{at - 1}}}"\n' for at in range(1, 30))
    module = scope(f'locals {{\n  l0 = 1\n{doubled}  t0 = "x"\n{texts}}}\n')
    for name in ("t29", "l29"):
        found = module.value(hcl.parse(f"a = local.{name}\n").get("a"))
        assert first_missing(found) == Missing("it is longer than any value of a function")


def read(folder: Path, text: str, **given: str) -> dict[str, TemplateFunction]:
    (folder / "main.tf").write_text(text)
    return {one.id: one for one in read_template(folder, given).functions}


EACH = """
variable "stage" { default = "dev" }
locals {
  fns = {
    api = { handler = "api.main", env = { T = aws_sqs_queue.q.url } }
    job = { handler = "job.main", env = {} }
  }
}
data "archive_file" "z" {
  for_each    = local.fns
  type        = "zip"
  source_dir  = "${path.module}/src/${each.key}"
  output_path = "${path.module}/out/${each.key}.zip"
}
"""


@pytest.mark.parametrize(
    "filename", ["data.archive_file.z[each.key].output_path", '"${path.module}/out/${each.key}.zip"']
)
def test_each_element_of_a_for_each_is_a_function(tmp_path: Path, filename: str) -> None:
    found = read(
        tmp_path,
        EACH + f'resource "aws_lambda_function" "f" {{\n  for_each = local.fns\n  filename = {filename}\n'
        '  function_name = "${var.stage}-${each.key}"\n  handler = each.value.handler\n  runtime = "python3.13"\n'
        '  environment {\n    variables = merge({ S = "1" }, each.value.env)\n  }\n}\n',
    )
    assert {one: (it.name, it.code, it.handler) for one, it in found.items()} == {
        f'aws_lambda_function.f["{key}"]': (f"dev-{key}", tmp_path / "src" / key, f"{key}.main")
        for key in ("api", "job")
    }
    assert [sorted(one.variables) for one in found.values() if isinstance(one.variables, dict)] == [["S", "T"], ["S"]]


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        ('for_each = toset(["a", "b"])', {'["a"]': "x-a", '["b"]': "x-b"}),
        ('count = var.stage == "prod" ? 1 : 0', {}),
        ("count = 2", {"[0]": "x-0", "[1]": "x-1"}),
        ("for_each = aws_x.y", {"": None}),
        ("count = var.many", {"": None}),
    ],
)
def test_what_makes_several_functions(tmp_path: Path, loop: str, expected: dict[str, str | None]) -> None:
    name = '"x-${count.index}"' if loop.startswith("count") else '"x-${each.key}"'
    found = read(
        tmp_path,
        'variable "stage" { default = "dev" }\nvariable "many" {}\n'
        f'module "m" {{\n  source = "terraform-aws-modules/lambda/aws"\n  {loop}\n  function_name = {name}\n}}\n',
    )
    names = {f"module.m{key}": value for key, value in expected.items()}
    assert {one: None if isinstance(it.name, Missing) else it.name for one, it in found.items()} == names
    assert all("one function for each" in it.name.reason for it in found.values() if isinstance(it.name, Missing))


def test_a_module_beside_that_is_called_for_each_element_has_a_function_of_each(tmp_path: Path) -> None:
    (tmp_path / "child").mkdir()
    (tmp_path / "child/main.tf").write_text(
        'variable "name" {}\nmodule "f" {\n  source = "terraform-aws-modules/lambda/aws"\n  function_name = var.name\n'
        '  source_path = "${path.root}/src/${var.name}"\n}\n'
    )
    text = 'module "c" {\n  source = "./child"\n  for_each = toset(["a", "b"])\n  name = each.key\n}\n'
    found = read(tmp_path, text)
    assert {one: it.code for one, it in found.items()} == {
        f'module.c["{key}"].module.f': tmp_path / "src" / key for key in ("a", "b")
    }


@pytest.mark.parametrize(
    ("elements", "names", "tracing"),
    [("[1]", ["A"], "Active"), ("[]", [], "PassThrough"), ("var.many", None, Missing)],
)
def test_a_dynamic_block_is_there_where_its_for_each_has_elements(
    tmp_path: Path, elements: str, names: list[str] | None, tracing: Any
) -> None:
    dynamic = 'dynamic "{}" {{\n    for_each = {}\n    content {{\n      {}\n    }}\n  }}\n'
    environment = dynamic.format("environment", elements, 'variables = { A = "x" }')
    config = dynamic.format("tracing_config", elements, 'mode = "Active"')
    (found,) = read(
        tmp_path,
        f'variable "many" {{}}\nresource "aws_lambda_function" "f" {{\n  {environment}  {config}}}\n',
    ).values()
    assert isinstance(found.variables, Missing) if names is None else found.variables == dict.fromkeys(names, "x")
    assert isinstance(found.tracing, tracing) if tracing is Missing else found.tracing == tracing

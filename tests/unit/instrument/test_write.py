"""`instrument --write` on templates: what changes, and that `--undo` gives the file back to the byte."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.console.stacks.template_files import read_template
from monitor.console.stacks.template_options import TemplateChoice
from monitor.errors import MonitorError, RefusedError, UsageError
from monitor.instrument import analyze_undo
from monitor.instrument.model_write import Wish, WritePlan
from monitor.instrument.workflow_write import plan, plan_undo, undo, undo_file, write
from monitor.kernel.entry_point import ENTRY_POINT, HANDLER_VARIABLE
from monitor.templates.model import TemplateFunction
from tests.examples import examples

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "templates"
LAYER = "arn:aws:lambda:eu-west-1:123456789012:layer:lambda-monitor:3"
WISH = Wish(LAYER)
FILES = (
    "sam/template.yaml",
    "sam/orders/template.yaml",
    "cloudformation/stack.yaml",
    "cloudformation/stack.json",
    "serverless-v3/serverless.yml",
    "serverless-v4/serverless.yml",
    "terraform/main.tf",
    "terraform-module/main.tf",
)


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    return Path(shutil.copytree(SAMPLES, tmp_path / "templates"))


def planned(file: Path, *targets: str, wish: Wish = WISH, **parameters: str) -> WritePlan:
    return plan(TemplateChoice(file, parameters), targets, wish)


def functions(file: Path) -> dict[str, TemplateFunction]:
    return {one.id: one for one in read_template(file, {}).functions}


@pytest.mark.parametrize("name", FILES)
def test_every_function_that_can_be_is_wrapped(samples: Path, name: str) -> None:
    file = samples / name
    before = functions(file)
    found = planned(file)
    write(found)
    after = functions(file)
    wrapped = [one.function.id for one in found.functions if one.edits]
    assert wrapped
    for key in wrapped:
        assert after[key].handler == ENTRY_POINT
        assert after[key].variables == {**before[key].variables, HANDLER_VARIABLE: before[key].handler}  # type: ignore[dict-item]
        assert after[key].layers == (*before[key].layers, LAYER)
        assert after[key].tracing == "Active"


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("form", ["as it is", "CRLF", "no last line end", "byte order mark", "UTF-16"])
def test_undo_gives_the_file_back_to_the_byte(samples: Path, name: str, form: str) -> None:
    file = samples / name
    content = file.read_bytes()
    if form == "CRLF":
        content = content.replace(b"\n", b"\r\n")
    elif form == "no last line end":
        content = content.rstrip(b"\n")
    elif form == "byte order mark":
        content = b"\xef\xbb\xbf" + content
    elif form == "UTF-16":
        content = content.decode().encode("utf-16")
    file.write_bytes(content)
    write(planned(file))
    written = file.read_bytes()
    assert written != content
    if form == "CRLF":
        assert written.count(b"\r\n") == written.count(b"\n")
    undo(file, *plan_undo(file))
    assert file.read_bytes() == content
    assert not undo_file(file).exists()


@pytest.mark.parametrize("name", FILES)
def test_no_line_is_changed_but_those_of_the_settings(samples: Path, name: str) -> None:
    found = planned(samples / name)
    before, after = found.before.splitlines(), found.after.splitlines()
    lost = [line for line in before if line not in after]
    settings_of = ("andler", "Mode", "Layers", "Environment", "}")
    assert all(any(word in line for word in settings_of) for line in lost)
    assert [line for line in before if line.lstrip().startswith("#")] == [
        line for line in after if line.lstrip().startswith("#")
    ]


def test_what_was_changed_since_stays_when_it_is_undone(samples: Path) -> None:
    file = samples / "sam/template.yaml"
    original = file.read_text()
    write(planned(file))
    file.write_text(file.read_text().replace("Timeout: 15", "Timeout: 20").replace("HttpApi", "Api"))
    undo(file, *plan_undo(file))
    assert file.read_text() == original.replace("Timeout: 15", "Timeout: 20").replace("HttpApi", "Api")


def test_two_writes_are_undone_together(samples: Path) -> None:
    file = samples / "sam/template.yaml"
    content = file.read_bytes()
    write(planned(file, "ApiFunction"))
    write(planned(file, "Thumbnail"))
    assert [one.handler for one in functions(file).values()][:2] == [ENTRY_POINT] * 2
    undo(file, *plan_undo(file))
    assert file.read_bytes() == content


def test_an_edit_that_is_gone_is_named(samples: Path) -> None:
    file = samples / "cloudformation/stack.yaml"
    write(planned(file, "Report"))
    file.write_text(file.read_text().replace("          MONITOR_HANDLER: 'report.handler'\n", ""))
    with pytest.raises(RefusedError, match="MONITOR_HANDLER"):
        plan_undo(file)


def test_a_record_that_was_changed_is_refused(samples: Path) -> None:
    file = samples / "cloudformation/stack.yaml"
    write(planned(file))
    undo_file(file).write_text("{}")
    with pytest.raises(RefusedError):
        plan_undo(file)


def test_there_is_nothing_to_undo_in_a_file_that_monitor_did_not_write(samples: Path) -> None:
    with pytest.raises(RefusedError, match="nothing"):
        plan_undo(samples / "sam/template.yaml")


def test_the_record_has_no_value_of_a_variable(samples: Path) -> None:
    file = samples / "sam/template.yaml"
    file.write_text(file.read_text().replace("TABLE: !Ref TableName", "TABLE: hunter2"))
    write(planned(file))
    assert "hunter2" not in undo_file(file).read_text()


def test_a_file_that_was_changed_meanwhile_is_not_written(samples: Path) -> None:
    file = samples / "sam/template.yaml"
    found = planned(file)
    file.write_text("# new\n" + file.read_text())
    with pytest.raises(RefusedError, match="changed since"):
        write(found)
    assert file.read_text().startswith("# new\n")


@pytest.mark.parametrize(
    ("name", "target", "message"),
    [
        ("sam/orders/template.yaml", "Packaged", "container image"),
        ("sam/template.yaml", "Orders/Worker", "it is in"),
        ("serverless-v3/serverless.yml", "site", "nodejs20.x"),
        ("serverless-v4/serverless.yml", "cleanup", "not written out"),
    ],
)
def test_what_cannot_be_wrapped_is_refused_with_the_reason(samples: Path, name: str, target: str, message: str) -> None:
    (one,) = planned(samples / name, target).functions
    assert message in one.reason
    assert not one.edits


def test_a_function_without_the_runtime_is_refused(samples: Path) -> None:
    found = planned(samples / "sam/template.yaml", wish=Wish())
    assert {one.reason for one in found.functions} >= {"monitor.runtime is not in its package or layers"}
    (samples / "sam/src/api/requirements.txt").write_text("lambda_monitor==1.0\n")
    assert planned(samples / "sam/template.yaml", "ApiFunction", wish=Wish()).edits


def test_an_async_handler_is_refused(samples: Path) -> None:
    (samples / "sam/src/api/app.py").write_text("async def handler(event, context):\n    return 1\n")
    (one,) = planned(samples / "sam/template.yaml", "ApiFunction").functions
    assert "async def" in one.reason


def test_a_wrapped_function_is_not_wrapped_again(samples: Path) -> None:
    file = samples / "sam/orders/template.yaml"
    write(planned(file))
    (one,) = planned(file).functions
    assert "already" in one.reason


def test_what_a_tool_writes_is_not_written(samples: Path) -> None:
    for name in ("cdk/cdk.out/ImagesStack.template.json", "terraform/plan.json"):
        with pytest.raises(UsageError, match="written by a tool"):
            planned(samples / name)


def test_a_value_behind_an_alias_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(
        "Resources:\n"
        "  A:\n    Type: AWS::Serverless::Function\n"
        "    Properties: &p\n      Handler: a.b\n      Runtime: python3.13\n      CodeUri: s3://a/b\n"
        "  B:\n    Type: AWS::Serverless::Function\n    Properties: *p\n"
    )
    found = planned(file)
    assert not found.edits
    assert {one.reason for one in found.functions} == {"line 5 belongs to an anchor that other values use"}


def two_functions(tmp_path: Path, first: str, second: str) -> Path:
    """A template of two functions whose properties end as given."""
    head = "    Type: AWS::Serverless::Function\n    Properties:\n      Handler: a.b\n      Runtime: python3.13\n"
    head += "      CodeUri: s3://a/b\n      Tracing: Active\n"
    (tmp_path / "template.yaml").write_text(f"Resources:\n  A:\n{head}{first}  B:\n{head}{second}")
    return tmp_path / "template.yaml"


ALIASES = {
    "in a block list": ("      Layers:\n        - &lay !Ref Lay\n", "      Layers:\n        - *lay\n"),
    "after another item": ("      Layers:\n        - &lay !Ref Lay\n", "      Layers:\n        - x\n        - *lay\n"),
    "before another item": ("      Layers:\n        - &lay !Ref Lay\n", "      Layers:\n        - *lay\n        - x\n"),
    "of its own list": ("      Layers:\n        - x\n", "      Layers:\n        - &lay !Ref Lay\n        - *lay\n"),
    "in a list between brackets": ("      Layers: [&lay !Ref Lay]\n", "      Layers: [*lay]\n"),
    "in a list of another setting": (
        "      Policies:\n        - &lay !Ref Lay\n",
        "      Layers: [x]\n      Policies:\n        - *lay\n",
    ),
    "in a mapping between braces": (
        "      Environment: {Variables: {A: &lay x}}\n",
        "      Environment: {Variables: {A: *lay}}\n",
    ),
    "below its key": ("      Description: &lay x\n", "      Description:\n        *lay\n"),
}


@pytest.mark.parametrize("form", ALIASES)
@pytest.mark.parametrize("targets", [(), ("B",)])
def test_an_alias_at_the_place_of_an_edit_is_refused(tmp_path: Path, form: str, targets: tuple[str, ...]) -> None:
    file = two_functions(tmp_path, *ALIASES[form])
    found = planned(file, *targets)
    *others, last = found.functions
    assert "alias" in last.reason
    assert not last.edits
    assert all(one.edits for one in others)
    assert found.after.partition("  B:\n")[2] == found.before.partition("  B:\n")[2]


def test_an_alias_at_another_place_is_left_as_it_is(tmp_path: Path) -> None:
    file = two_functions(tmp_path, "      Description: &text x\n", "      Description: *text\n")
    assert all(one.edits for one in planned(file).functions)


MERGED = {
    "environment": ("    environment: {A: x}\n", "    handler: a.b\n"),
    "handler": ("    handler: a.b\n", ""),
    "layers": ("    layers: [x]\n", "    handler: a.b\n"),
}


@pytest.mark.parametrize("name", MERGED)
def test_a_setting_that_a_merge_key_brings_is_not_replaced(tmp_path: Path, name: str) -> None:
    shared, own = MERGED[name]
    file = tmp_path / "serverless.yml"
    file.write_text(
        f"service: s\nprovider: {{name: aws, runtime: python3.13}}\ncustom:\n  shared: &shared\n{shared}functions:\n"
        f"  one:\n    <<: *shared\n{own}  two:\n    handler: c.d\n"
    )
    one, two = planned(file).functions
    assert one.reason == f"its {name} comes from the anchor at line 5"
    assert two.edits


def test_functions_of_a_loop_are_written_once(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(
        "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\nResources:\n  Fn::ForEach::Loop:\n"
        "    - Name\n    - [A, B]\n    - ${Name}Worker:\n        Type: AWS::Serverless::Function\n        Properties:\n"
        "          Runtime: python3.13\n          Handler: worker.run\n          CodeUri: s3://a/b\n"
    )
    found = planned(file)
    assert [one.function.id for one in found.functions if not one.reason] == ["AWorker", "BWorker"]
    assert [one.function.line for one in found.functions] == [6, 6]
    assert found.after.count("MONITOR_HANDLER: worker.run") == found.after.count(LAYER) == 1
    assert planned(file, "AWorker").functions[0].reason == "it is written together with BWorker"


def test_elements_of_a_for_each_are_written_once(tmp_path: Path) -> None:
    file = tmp_path / "main.tf"
    file.write_text(
        'resource "aws_lambda_function" "f" {\n  for_each = toset(["a.x", "b"])\n  handler = "${each.key}.main"\n'
        '  runtime = "python3.13"\n  role = "r"\n}\n'
    )
    for targets in ((), ("aws_lambda_function.f",), ('aws_lambda_function.f["a.x"]', 'aws_lambda_function.f["b"]')):
        found = planned(file, *targets)
        assert len([one for one in found.functions if not one.reason]) == 2
        assert found.after.count('MONITOR_HANDLER = "${each.key}.main"') == 1
    (one,) = planned(file, 'aws_lambda_function.f["b"]').functions
    assert one.reason == 'it is written together with aws_lambda_function.f["a.x"]'


@pytest.mark.parametrize("kind", ["environment", "tracing_config"])
def test_a_dynamic_block_is_refused(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "main.tf"
    file.write_text(
        'resource "aws_lambda_function" "f" {\n  handler = "a.b"\n  runtime = "python3.13"\n'
        f'  dynamic "{kind}" {{\n    for_each = []\n    content {{\n    }}\n  }}\n}}\n'
    )
    assert planned(file).functions[0].reason == f"its {kind} is a dynamic block"


def test_layers_that_may_be_null_stay_a_list(tmp_path: Path) -> None:
    file = tmp_path / "main.tf"
    file.write_text(
        'variable "layers" { default = null }\nresource "aws_lambda_function" "f" {\n  handler = "a.b"\n'
        '  runtime = "python3.13"\n  layers = var.layers\n}\n'
    )
    assert f'layers = concat(var.layers == null ? [] : var.layers, ["{LAYER}"])' in planned(file).after


def test_layers_that_are_expressions_are_checked_function_by_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = ALIASES["in a block list"]
    file = two_functions(tmp_path, first, f"{second}      Timeout: 3\n")
    monkeypatch.setattr("monitor.templates.edits._check_items", lambda _: None)
    first_function, last = planned(file).functions
    assert first_function.edits
    assert last.reason == "the change would not be what was meant"


def test_a_handler_that_is_an_expression_is_moved_as_it_is_written(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(
        "Resources:\n  A:\n    Type: AWS::Serverless::Function\n    Properties:\n"
        '      Handler: !Sub "${X}.handler"\n      Runtime: python3.13\n      CodeUri: .\n'
    )
    found = planned(file)
    assert '      Handler: "monitor.runtime.entry.lambda_handler"\n' in found.after
    assert '          MONITOR_HANDLER: !Sub "${X}.handler"\n' in found.after


def test_a_role_that_two_functions_share_is_changed_once(samples: Path) -> None:
    found = planned(samples / "cloudformation/stack.yaml")
    assert found.after.count("AWSXRayDaemonWriteAccess") == 1


def test_a_plain_function_in_a_template_of_sam_gets_cloudformation_s_settings(tmp_path: Path) -> None:
    file = tmp_path / "template.yaml"
    file.write_text(
        "Transform: AWS::Serverless-2016-10-31\nGlobals:\n  Function: {Handler: global.handler}\nResources:\n"
        "  A:\n    Type: AWS::Lambda::Function\n    Properties:\n      Runtime: python3.13\n      Handler: a.b\n"
        "      Code: {ZipFile: x}\n"
        "  B:\n    Type: AWS::Serverless::Function\n    Properties:\n      Runtime: python3.13\n      InlineCode: x\n"
    )
    found = planned(file)
    assert "      TracingConfig:\n        Mode: Active\n  B:" in found.after
    assert found.after.endswith("      Tracing: Active\n")
    assert "MONITOR_HANDLER: global.handler" in found.after


# A template in any layout that people write, for the property below.
QUOTES = st.sampled_from(["{}", "'{}'", '"{}"'])
COMMENT = st.sampled_from(["", "  # a comment", " #"])


@st.composite
def properties(draw: st.DrawFn) -> str:
    """The properties of a function, as block or flow."""
    quoted = draw(QUOTES).format("app.handler")
    if draw(st.booleans()):
        environment = draw(st.sampled_from(["", ", Environment: {Variables: {A: b}}", ", Environment: {}"]))
        layers = draw(st.sampled_from(["", ", Layers: [!Ref L]", ", Layers: []"]))
        tail = draw(st.sampled_from(["", ",", " "]))
        return f" {{Handler: {quoted}, Runtime: python3.13, CodeUri: s3://a/b{environment}{layers}{tail}}}\n"
    step = " " * draw(st.integers(1, 6))
    pad = step * 3
    comment = draw(COMMENT)
    parts = [f"{pad}Handler: {quoted}{comment}\n", f"{pad}Runtime: python3.13\n", f"{pad}CodeUri: s3://a/b{comment}\n"]
    parts.append(
        draw(
            st.sampled_from(
                [
                    "",
                    f"{pad}Environment:{comment}\n{pad}{step}Variables:\n{pad}{step}{step}A: !Ref B{comment}\n",
                    f"{pad}Environment:{comment}\n{pad}{step}Variables:{comment}\n",
                    f"{pad}Environment:\n",
                    f"{pad}Environment: ~\n",
                    f"{pad}Environment:\n{pad}{step}Variables:\n{pad}{step}{step}A: |\n{pad}{step}{step}{step}x\n\n",
                    f"{pad}Environment:\n{pad}{step}Variables: {{A: 'b c', # d\n{pad}{step}{step}B: e}}\n",
                    f"{pad}Environment: !If [A, !Ref B, !Ref C]\n",
                ]
            )
        )
    )
    parts.append(
        draw(
            st.sampled_from(
                [
                    "",
                    f"{pad}Layers:\n{pad}- !Ref L{comment}\n",
                    f"{pad}Layers:\n{pad}{step}- !Ref L\n{pad}{step}# last\n",
                    f"{pad}Layers: [\n{pad}{step}!Ref L{comment}\n{pad}]\n",
                    f"{pad}Layers:\n",
                ]
            )
        )
    )
    parts.append(draw(st.sampled_from(["", f"{pad}Tracing: PassThrough{comment}\n", f"{pad}Tracing: Active\n"])))
    order = draw(st.permutations(range(len(parts))))
    return "\n" + "".join(parts[index] for index in order) + draw(st.sampled_from(["", "\n", f"{pad}# end\n"]))


@st.composite
def templates(draw: st.DrawFn) -> str:
    bodies = draw(st.lists(properties(), min_size=1, max_size=3))
    text = "# head\nTransform: AWS::Serverless-2016-10-31\nResources:\n"
    for index, body in enumerate(bodies):
        step = body.lstrip("\n").partition("Handler")[0] if body.startswith("\n") else "   "
        pad = " " * max(len(step) // 3, 1) if step.strip() == "" else "  "
        text += f"{pad}F{index}:\n{pad}{pad}Type: AWS::Serverless::Function\n{pad}{pad}Properties:{body}"
    if draw(st.booleans()):
        text = text.rstrip("\n")
    return text.replace("\n", "\r\n") if draw(st.booleans()) else text


@settings(deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=templates(), extra=st.sampled_from(["", "# above\n"]))
def test_any_layout_is_wrapped_or_refused_and_given_back_to_the_byte(tmp_path: Path, text: str, extra: str) -> None:
    file = tmp_path / "template.yaml"
    file.write_bytes(text.encode())
    try:
        before = functions(file)
        found = planned(file)
    except MonitorError:
        return
    assert_wrapped(file, found, before)
    record = analyze_undo.record(found.before, found.after, found.edits)
    assert analyze_undo.undone(found.after, record) == text
    if found.edits:
        assert analyze_undo.undone(extra + found.after, record) == extra + text


def assert_wrapped(file: Path, found: WritePlan, before: dict[str, TemplateFunction]) -> None:
    after = {one.id: one for one in read_template(file, {}, {file: found.after}).functions}
    for one in found.functions:
        key = one.function.id
        assert bool(one.edits) != bool(one.reason)
        assert (after[key].handler == ENTRY_POINT) == bool(one.edits)
        if not one.edits:
            assert as_read(after[key]) == as_read(before[key])


def as_read(one: TemplateFunction) -> tuple[Any, ...]:
    return (one.handler, one.variables, one.layers, one.tracing, one.runtime, one.code)

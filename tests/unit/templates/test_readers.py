"""What monitor finds in the templates of tests/samples/templates, which have the shape of public ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.console.stacks.template_files import read_template
from monitor.console.stacks.template_options import TemplateChoice
from monitor.errors import UsageError
from monitor.kernel.missing import Missing
from monitor.templates.model import Format, TemplateFunction

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "templates"
LOOP = "its variables refer to each other"
SHARED = "arn:aws:lambda:eu-west-1:123456789012:layer:shared:4"


def read(name: str, **given: str) -> dict[str, TemplateFunction]:
    return {one.id: one for one in read_template(SAMPLES / name, given).functions}


def shown(one: TemplateFunction) -> tuple[Any, ...]:
    """Name, folder, handler, runtime, architecture, memory, timeout and tracing; `?` for what is not known."""
    code = one.code if isinstance(one.code, Missing) else one.code.resolve().relative_to(SAMPLES).as_posix()
    values = (one.name, code, one.handler, one.runtime, one.architecture, one.memory_mb, one.timeout_s, one.tracing)
    return tuple("?" if isinstance(value, Missing) else value for value in values)


FOUND = {
    "sam": {
        "ApiFunction": ("images-api-dev", "sam/src/api", "app.handler", "python3.13", "arm64", 512, 15, "PassThrough"),
        "Thumbnail": ("?", "sam/src/api", "app.thumbnail", "python3.13", "arm64", 1024, 15, "PassThrough"),
        "Orders/Worker": (
            "orders-dev-worker", "sam/orders/worker", "worker.main.handle", "python3.12", "x86_64", 256, 3,
            "PassThrough",
        ),
        "Orders/Packaged": ("?", "?", "?", "?", "x86_64", 128, 3, "PassThrough"),
    },
    "cloudformation/stack.yaml": {
        "Report": ("report", "cloudformation/code", "report.handler", "python3.12", "x86_64", 256, 30, "PassThrough"),
        "Inline": ("?", "?", "index.handler", "python3.13", "x86_64", 128, 3, "PassThrough"),
    },
    "cloudformation/stack.json": {
        "Report": ("?", "cloudformation/code", "report.handler", "python3.12", "x86_64", 128, 3, "PassThrough"),
    },
    "cdk": {
        "ImagesStack/Handler886CB40B": (
            "?", "cdk/cdk.out/asset.1f0c", "index.handler", "python3.13", "x86_64", 512, 3, "Active",
        ),
        "Prod-Images/Handler886CB40B": (
            "images-prod", "cdk/cdk.out/asset.1f0c", "index.handler", "python3.13", "x86_64", 128, 3, "PassThrough",
        ),
    },
    "serverless-v3": {
        "images": (
            "images-dev-images", "serverless-v3", "src/images.handler", "python3.11", "x86_64", 512, 6, "PassThrough",
        ),
        "daily": (
            "images-daily-report", "serverless-v3/reports", "daily.handler", "python3.11", "x86_64", 512, 300, "Active",
        ),
        "site": (
            "images-dev-site", "serverless-v3", "site/index.handler", "nodejs20.x", "x86_64", 512, 6, "PassThrough",
        ),
    },
    "serverless-v4": {
        "api": ("shop-api-dev-api", "serverless-v4", "handlers/api.handler", "python3.13", "arm64", 1024, 6, "Active"),
        "cleanup": (
            "shop-api-dev-cleanup", "serverless-v4", "handlers/api.handler", "python3.13", "arm64", "?", 120, "Active",
        ),
    },
    "terraform/main.tf": {
        "aws_lambda_function.app": (
            "app-dev", "terraform/src", "app.handler", "python3.13", "x86_64", 512, 3, "PassThrough",
        ),
    },
    "terraform-module": {
        "module.worker": (
            "worker", "terraform-module/src/worker", "worker.handler", "python3.12", "x86_64", 128, 60, "PassThrough",
        ),
    },
    "terraform/plan.json": {
        "aws_lambda_function.app": ("app-dev", "terraform/src", "app.handler", "python3.13", "arm64", 512, 3, "?"),
        "module.worker.aws_lambda_function.this[0]": (
            "worker", "terraform-module/src/worker", "worker.handler", "python3.12", "x86_64", 128, 60, "Active",
        ),
    },
    "terraform/terraform.tfstate": {
        "aws_lambda_function.app": (
            "app-dev", "terraform/src", "app.handler", "python3.13", "x86_64", 512, 3, "PassThrough",
        ),
    },
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_functions_folders_and_handlers_are_found(name: str) -> None:
    assert {key: shown(one) for key, one in read(name).items()} == FOUND[name]


@pytest.mark.parametrize("name", FOUND)
def test_a_code_folder_that_is_found_exists(name: str) -> None:
    for one in read(name).values():
        assert isinstance(one.code, Missing) or one.code.exists()


def test_a_function_whose_condition_is_false_is_left_out() -> None:
    assert "Resizer" not in read("sam")
    assert "Resizer" in read("sam", Stage="prod")


def test_a_parameter_without_a_default_is_said_and_taken_from_the_command_line() -> None:
    missing = read("sam", Stage="prod")["Resizer"].code
    assert missing == Missing(
        "CodeUri: CodeBucketPath is a parameter without a default: give --parameter CodeBucketPath=VALUE"
    )
    assert read("sam", Stage="prod", CodeBucketPath="src/api")["Resizer"].code == SAMPLES / "sam/src/api"


def test_a_parameter_changes_what_depends_on_it() -> None:
    found = read("sam", Stage="prod")
    assert (found["ApiFunction"].memory_mb, found["ApiFunction"].name) == (1769, "images-api-prod")
    assert found["Orders/Worker"].name == "orders-prod-worker"
    assert read("serverless-v3", stage="prod")["images"].memory_mb == 1024
    assert read("serverless-v4", stage="prod", memory="256")["cleanup"].memory_mb == 256
    assert read("terraform", stage="prod")["aws_lambda_function.app"].name == "app-prod"


def test_layers_and_variables_are_merged_as_the_tool_does() -> None:
    api = read("sam", TableName="images")["ApiFunction"]
    assert api.layers == (Missing("SharedLayer is a resource of the template"),)
    assert api.variables == {
        "POWERTOOLS_SERVICE_NAME": "images",
        "STAGE": "dev",
        "TABLE": "images",
        "API_KEY": Missing("it is read from secretsmanager at deployment"),
    }
    daily = read("serverless-v3")["daily"]
    assert daily.layers == (SHARED,)
    assert isinstance(daily.variables, dict)
    assert daily.variables["TABLE"] == "images-dev"
    assert daily.variables["BUCKET"] == Missing("Ref is evaluated at deployment")


def test_no_value_of_a_variable_is_in_a_text_of_a_function() -> None:
    assert "images-dev'}" not in repr(read("serverless-v3")["images"])
    assert "POWERTOOLS_SERVICE_NAME" not in repr(read("sam")["ApiFunction"])


def test_the_formats_are_told_apart() -> None:
    formats = {name: read_template(SAMPLES / name, {}).format for name in FOUND}
    assert formats == {
        "sam": Format.SAM,
        "cloudformation/stack.yaml": Format.CLOUDFORMATION,
        "cloudformation/stack.json": Format.CLOUDFORMATION,
        "cdk": Format.CDK,
        "serverless-v3": Format.SERVERLESS,
        "serverless-v4": Format.SERVERLESS,
        "terraform/main.tf": Format.TERRAFORM,
        "terraform-module": Format.TERRAFORM,
        "terraform/plan.json": Format.TERRAFORM_PLAN,
        "terraform/terraform.tfstate": Format.TERRAFORM_STATE,
    }


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("template.yaml", "a: [", "is not YAML"),
        ("template.yaml", "", "is empty"),
        ("template.yaml", "a: 1", "is not a template"),
        ("template.json", "{", "is not JSON"),
        ("serverless.yml", "service: a\nprovider: google", "provider google"),
        ("serverless.ts", "export default {}", "is code"),
        ("cdk.json", "{}", "no synthesized templates"),
        ("main.tf", 'resource "a" {', "the syntax is not valid"),
        ("template.yaml", "\xff", "is not a template"),
    ],
)
def test_what_is_no_template_is_refused_in_one_line(tmp_path: Path, name: str, content: str, message: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(UsageError, match=message) as caught:
        read_template(tmp_path / name, {})
    assert "\n" not in caught.value.message
    assert caught.value.hint


def test_a_folder_with_two_templates_names_both(tmp_path: Path) -> None:
    for name in ("template.yaml", "serverless.yml"):
        (tmp_path / name).write_text("a: 1", encoding="utf-8")
    with pytest.raises(UsageError, match="several templates") as caught:
        read_template(tmp_path, {})
    assert "template.yaml" in caught.value.hint
    assert "serverless.yml" in caught.value.hint


@pytest.mark.parametrize("manifest", ['{"name": "a page", "version": "1"}', "[]", "{", '{"version": "1"}'])
def test_a_manifest_that_is_not_the_cdk_s_does_not_hide_a_template(tmp_path: Path, manifest: str) -> None:
    (tmp_path / "manifest.json").write_text(manifest, encoding="utf-8")
    with pytest.raises(UsageError, match=r"manifest\.json is not"):
        read_template(tmp_path, {})
    (tmp_path / "serverless.yml").write_text("service: a\nprovider: aws\nfunctions: {f: {handler: a.b}}\n")
    assert read_template(tmp_path, {}).format is Format.SERVERLESS


def test_a_file_that_is_not_there_is_an_error_of_the_command_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read_template(tmp_path / "template.yaml", {})
    with pytest.raises(UsageError):
        read_template(tmp_path, {})


def test_a_nested_template_that_is_not_there_is_said(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(
        "Resources:\n  Child:\n    Type: AWS::CloudFormation::Stack\n    Properties: {TemplateURL: ./child.yaml}\n",
        encoding="utf-8",
    )
    found = read_template(tmp_path / "template.yaml", {})
    assert found.functions == ()
    assert len(found.notes) == 1
    assert "Child" in found.notes[0]


def test_a_template_that_nests_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(
        "Resources:\n  Child:\n    Type: AWS::Serverless::Application\n    Properties: {Location: template.yaml}\n",
        encoding="utf-8",
    )
    assert "templates deep" in read_template(tmp_path / "template.yaml", {}).notes[0]


def test_variables_of_serverless_that_refer_to_each_other_end(tmp_path: Path) -> None:
    (tmp_path / "serverless.yml").write_text(
        "service: a\nprovider: aws\ncustom: {a: '${self:custom.b}', b: '${self:custom.a}'}\n"
        "functions:\n  f: {handler: a.b, memorySize: '${self:custom.a}'}\n",
        encoding="utf-8",
    )
    (found,) = read_template(tmp_path / "serverless.yml", {}).functions
    assert isinstance(found.memory_mb, Missing)


@pytest.mark.parametrize(
    "stage", ["${opt:stage, param:stage}", "${param:stage}", "${self:custom.s}", "${self:provider.stage}"]
)
def test_a_stage_of_serverless_that_refers_to_itself_is_missing(tmp_path: Path, stage: str) -> None:
    (tmp_path / "serverless.yml").write_text(
        f"service: a\nprovider: {{name: aws, stage: '{stage}'}}\ncustom: {{s: '${{sls:stage}}'}}\n"
        "functions:\n  f: {handler: a.b, memorySize: '${sls:stage}', timeout: '${param:x}'}\n",
        encoding="utf-8",
    )
    (found,) = read_template(tmp_path / "serverless.yml", {}).functions
    reason = "opt:stage is an option: give --parameter stage=VALUE" if "opt:" in stage else LOOP
    assert found.memory_mb == Missing(reason)
    assert found.timeout_s == Missing("param:x has no value: give --parameter x=VALUE")
    (found,) = read_template(tmp_path / "serverless.yml", {"stage": "128"}).functions
    assert found.memory_mb == 128


@pytest.mark.parametrize(
    ("provider", "given", "region"),
    [
        ("region: eu-west-1", {}, "eu-west-1"),
        ("region: eu-west-1", {"region": "us-east-1"}, "us-east-1"),
        ("", {}, None),
    ],
)
def test_the_region_of_serverless_is_that_of_the_service(
    tmp_path: Path, provider: str, given: dict[str, str], region: str | None
) -> None:
    (tmp_path / "serverless.yml").write_text(
        f"service: a\nprovider:\n  name: aws\n  {provider}\n"
        "functions:\n  f: {handler: a.b, layers: ['arn:aws:lambda:${aws:region}:1:layer:x:1']}\n",
        encoding="utf-8",
    )
    (found,) = read_template(tmp_path / "serverless.yml", given).functions
    expected = Missing("the service sets no region") if region is None else f"arn:aws:lambda:{region}:1:layer:x:1"
    assert found.layers == (expected,)


@pytest.mark.parametrize(
    ("name", "parent", "member"),
    [
        ("plan.json", (), "resource_changes"),
        ("plan.json", ("planned_values", "root_module"), "resources"),
        ("plan.json", ("planned_values", "root_module"), "child_modules"),
        ("terraform.tfstate", ("resources", 0), "instances"),
        ("terraform.tfstate", (), "resources"),
    ],
)
@pytest.mark.parametrize("value", [5, ["x"], "x"])
def test_a_document_of_terraform_with_another_shape_is_refused(
    tmp_path: Path, name: str, parent: tuple[Any, ...], member: str, value: Any
) -> None:
    document = found = json.loads((SAMPLES / "terraform" / name).read_text())
    for step in parent:
        found = found[step]
    found[member] = value
    (tmp_path / name).write_text(json.dumps(document))
    with pytest.raises(UsageError, match=f"{member} are not a list|not a template"):
        read_template(tmp_path / name, {})


@pytest.mark.parametrize(
    ("path", "expected"),
    [("path.root", "src"), ("path.module", "child/src"), ("path.cwd", "path.cwd is the folder that Terraform runs in")],
)
def test_paths_of_a_child_module_of_terraform(tmp_path: Path, path: str, expected: str) -> None:
    (tmp_path / "child").mkdir()
    (tmp_path / "main.tf").write_text('module "a" {\n  source = "./child"\n}\n')
    (tmp_path / "child" / "main.tf").write_text(
        'data "archive_file" "z" {\n  type = "zip"\n  source_dir = "${' + path + '}/src"\n  output_path = "z.zip"\n}\n'
        'resource "aws_lambda_function" "f" {\n  filename = data.archive_file.z.output_path\n  handler = "a.b"\n}\n'
    )
    (found,) = read_template(tmp_path, {}).functions
    assert found.code == (Missing(expected) if path == "path.cwd" else tmp_path / expected)


def test_a_loop_of_functions_is_written_out(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(
        "Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]\n"
        "Resources:\n  Fn::ForEach::Loop:\n    - Name\n    - [A, B]\n"
        "    - Fn${Name}:\n        Type: AWS::Serverless::Function\n"
        "        Properties: {Handler: !Sub '${Name}.handler', Runtime: python3.13}\n",
        encoding="utf-8",
    )
    found = {one.id: one.handler for one in read_template(tmp_path / "template.yaml", {}).functions}
    assert found == {"FnA": "A.handler", "FnB": "B.handler"}


def test_a_construct_s_path_comes_from_the_template_or_from_the_assembly_s_metadata() -> None:
    found = {name: one.construct for name, one in read("cdk").items()}
    assert found["ImagesStack/Handler886CB40B"] == "ImagesStack/Handler"


def test_a_construct_s_path_is_in_the_manifest_where_the_template_has_none(tmp_path: Path) -> None:
    template = {"Resources": {"F1": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b"}}}}
    metadata = {"/App/Fn/Resource": [{"type": "aws:cdk:logicalId", "data": "F1"}]}
    for inline in (True, False):
        artifact = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "t.json"}}
        artifact |= {"metadata": metadata} if inline else {"additionalMetadataFile": "m.json"}
        manifest = {"version": "48.0.0", "artifacts": {"App": artifact}}
        for name, document in (("manifest.json", manifest), ("t.json", template), ("m.json", metadata)):
            (tmp_path / name).write_text(json.dumps(document))
        (one,) = read_template(tmp_path, {}).functions
        assert one.construct == "App/Fn"


@pytest.mark.parametrize("stage", [False, True])
def test_a_nested_stack_of_an_assembly_without_metadata_is_found_by_the_hash_in_its_url(
    tmp_path: Path, stage: bool
) -> None:
    """`app.synth()` writes no `aws:asset:path`, only `cdk synth` does."""
    digest, out = "0a" * 32, tmp_path / "cdk.out"
    folder = out / "assembly-Prod" if stage else out
    folder.mkdir(parents=True)
    url = {
        "Fn::Join": ["", ["https://s3.", {"Ref": "AWS::Region"}, ".", {"Ref": "AWS::URLSuffix"}, f"/b/{digest}.json"]]
    }
    template = {"Resources": {"N1": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}}
    handler = {"Fn::Sub": "${AWS::Region}.handler"}
    nested = {"Resources": {"F1": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": handler}}}}
    assets = {"files": {digest: {"source": {"path": "App.nested.template.json", "packaging": "file"}}}}
    logical = {"/App/Inner/Fn/Resource": [{"type": "aws:cdk:logicalId", "data": "F1"}]}
    app: dict[str, Any] = {"type": "aws:cloudformation:stack", "environment": "aws://unknown-account/eu-west-1"}
    app |= {"properties": {"templateFile": "t.json"}, "metadata": logical}
    listed = {"type": "cdk:asset-manifest", "properties": {"file": "a.json"}}
    manifest = {"version": "48.0.0", "artifacts": {"App": app, "App.assets": listed}}
    files = {"manifest.json": manifest, "t.json": template, "App.nested.template.json": nested, "a.json": assets}
    for name, document in files.items():
        (folder / name).write_text(json.dumps(document))
    if stage:
        (out / "manifest.json").write_text(assembly("cdk:cloud-assembly", directoryName="assembly-Prod"))
    (one,) = read_template(out, {}).functions
    assert (one.id, one.handler, one.construct) == ("App/N1/F1", "eu-west-1.handler", "App/Inner/Fn")


def assembly(kind: str, **properties: str) -> str:
    return json.dumps({"version": "48.0.0", "artifacts": {"App": {"type": kind, "properties": properties}}})


STACK = "aws:cloudformation:stack"
FUNCTION = {"Resources": {"F1": {"Type": "AWS::Lambda::Function", "Properties": {"Handler": "a.b"}}}}
NESTED = {"Resources": {"N1": {"Type": "AWS::CloudFormation::Stack", "Metadata": {"aws:asset:path": "PLACE"}}}}


@pytest.mark.parametrize("place", ["../outside/t.json", "ABSOLUTE/t.json", "link.json", "folder/t.json"])
@pytest.mark.parametrize("named_by", ["stack", "metadata", "assets", "assembly", "nested stack", "nested assembly"])
def test_an_assembly_that_names_a_file_outside_of_its_folder_is_refused(
    tmp_path: Path, place: str, named_by: str
) -> None:
    outside, out = tmp_path / "outside", tmp_path / "cdk.out"
    for folder in (outside, out, out / "inner"):
        folder.mkdir()
    for name in ("t.json", "manifest.json"):
        (outside / name).write_text(json.dumps(FUNCTION))
    (out / "link.json").symlink_to(outside / "t.json")
    (out / "folder").symlink_to(outside)
    place = place.replace("ABSOLUTE", str(outside))
    written = {"t.json": json.dumps(FUNCTION)}
    match named_by:
        case "stack":
            written["manifest.json"] = assembly(STACK, templateFile=place)
        case "metadata":
            found = json.loads(assembly(STACK, templateFile="t.json"))
            found["artifacts"]["App"]["additionalMetadataFile"] = place
            written["manifest.json"] = json.dumps(found)
        case "assets":
            written["manifest.json"] = assembly("cdk:asset-manifest", file=place)
        case "assembly":
            place = place.replace("link.json", "folder/t.json")
            written["manifest.json"] = assembly("cdk:cloud-assembly", directoryName=str(Path(place).parent))
        case "nested stack":
            written["manifest.json"] = assembly(STACK, templateFile="t.json")
            written["t.json"] = json.dumps(NESTED).replace("PLACE", place)
        case "nested assembly":
            deeper = place if Path(place).is_absolute() else f"../{place}"
            written["manifest.json"] = assembly("cdk:cloud-assembly", directoryName="inner")
            written["inner/manifest.json"] = assembly(STACK, templateFile=deeper)
    for name, text in written.items():
        (out / name).write_text(text)
    with pytest.raises(UsageError, match="outside of its folder") as caught:
        read_template(out, {})
    assert caught.value.hint == "run `cdk synth` again"


def test_an_assembly_behind_a_link_names_files_of_its_folder(tmp_path: Path) -> None:
    (tmp_path / "real" / "inner").mkdir(parents=True)
    (tmp_path / "real" / "manifest.json").write_text(assembly("cdk:cloud-assembly", directoryName="inner"))
    (tmp_path / "real" / "inner" / "manifest.json").write_text(assembly(STACK, templateFile="../t.json"))
    (tmp_path / "real" / "t.json").write_text(json.dumps(FUNCTION))
    (tmp_path / "cdk.out").symlink_to(tmp_path / "real")
    assert [one.id for one in read_template(tmp_path / "cdk.out", {}).functions] == ["App/F1"]


def test_a_function_that_another_file_has_is_at_the_line_that_names_the_file() -> None:
    found = read("serverless-v4")
    assert (found["api"].line, found["cleanup"].line) == (23, 22)


@pytest.mark.parametrize(
    ("name", "given", "hint"),
    [
        ("sam", "Stge", "did you mean 'Stage'?"),
        ("cloudformation/stack.yaml", "Nothing", ""),
        ("cdk", "AWS::StackNam", "did you mean 'AWS::StackName'?"),
        ("terraform", "regin", ""),
        ("terraform/plan.json", "stage", "leave --parameter out"),
    ],
)
def test_a_parameter_that_the_template_does_not_have_is_refused(name: str, given: str, hint: str) -> None:
    with pytest.raises(UsageError, match=f"has no parameter '{given}'") as raised:
        TemplateChoice(SAMPLES / name, {given: "x"}).read()
    assert hint in (raised.value.hint or "")
    assert raised.value.hint

"""Packages end to end: built, looked into, layered, deployed to the stack and run there."""

import base64
import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import Deployment, deploy, invoke, wait_until_active
from monitor.records.invoke_result import InvocationResult
from monitor.run.workflow import example_folder
from tests.functional.conftest import Driven, Run

EXAMPLE = str(example_folder())
HEALTH = (example_folder() / "events" / "health.json").read_bytes()
HANDLER = "lambda_function.lambda_handler"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("built") / "example.zip"


@pytest.fixture
def built(monitor: Run, package: Path) -> Any:
    """The example's package, built once, of what is installed here."""
    if not package.exists():
        done = monitor("package", "build", EXAMPLE, "-o", str(package), "--installer", "here", "--format", "json")
        assert done.code == 0, done.err
        package.with_suffix(".json").write_text(done.out, encoding="utf-8")
    return json.loads(package.with_suffix(".json").read_text(encoding="utf-8"))


def run(connection: Connection, name: str, package: Path, *layers: str) -> InvocationResult:
    deploy(connection, Deployment(name, package, HANDLER, memory_mb=1024, timeout_s=30))
    if layers:
        connection.call("lambda", "UpdateFunctionConfiguration", FunctionName=name, Layers=list(layers))
        wait_until_active(connection, name)
    result = invoke(connection, name, HEALTH)
    assert result.function_error is None, result.payload
    assert json.loads(result.payload)["statusCode"] == 200
    return result


def test_the_built_example_runs_and_is_what_lambda_says_it_is(
    monitor: Run, connection: Connection, package: Path, built: Any
) -> None:
    run(connection, "package-built", package)
    configuration = connection.call("lambda", "GetFunctionConfiguration", FunctionName="package-built")
    assert built["code_sha256"] == configuration["CodeSha256"]
    assert {"botocore", "fastapi", "application"} <= {part["name"] for part in built["report"]["parts"]}
    names = zipfile.ZipFile(package).namelist()
    assert "lambda_function.py" in names
    assert "README.md" not in names
    assert not [name for name in names if name.startswith(("events/", "bin/"))]
    assert built["start"]["init_ms"] > 0
    assert "compile" not in {finding["kind"] for finding in built["report"]["findings"]}


def test_a_deployed_function_is_inspected_from_a_few_percent_of_its_zip(
    monitor: Run, connection: Connection, package: Path, built: Any
) -> None:
    run(connection, "package-inspect", package)
    done = monitor("--local", "package", "inspect", "package-inspect", "-o", "json")
    assert done.code == 0, done.err
    (container,) = done.json["containers"]
    assert container["zipped_bytes"] == package.stat().st_size
    assert container["reading"]["requests"] <= 30
    assert container["reading"]["read_bytes"] <= 0.03 * package.stat().st_size
    assert done.json["architecture"] == "x86_64"
    told = {part["name"]: part["version"] for part in done.json["parts"]}
    assert told == {part["name"]: part["version"] for part in built["report"]["parts"]}
    text = monitor("--local", "package", "inspect", "package-inspect", "--top", "5", COLUMNS="100")
    assert text.code == 0, text.err
    assert "AWS SDK" in text.out
    assert "Signature" not in text.out + text.err + done.out + done.err
    assert all(len(line) <= 100 for line in text.out.splitlines())


def test_a_download_is_checked_and_kept_whole(
    monitor: Run, connection: Connection, package: Path, built: Any, tmp_path: Path
) -> None:
    run(connection, "package-download", package)
    done = monitor("--local", "package", "inspect", "package-download", "--download", str(tmp_path), "--top", "1")
    assert done.code == 0, done.err
    assert "checked against its CodeSha256" in done.err
    assert (tmp_path / "package-download.zip").read_bytes() == package.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["package-download.zip"]


@pytest.mark.slow
def test_the_example_in_layers_runs_and_every_zip_is_seen(monitor: Run, connection: Connection, tmp_path: Path) -> None:
    done = monitor("package", "layers", EXAMPLE, "--installer", "here", "--out", str(tmp_path), "-o", "json")
    assert done.code == 0, done.err
    *layers, function = done.json["tiers"]
    assert [tier["name"] for tier in layers] == ["layer sdk", "layer dependencies"]
    assert function["zipped_bytes"] < 100_000
    assert "botocore" in layers[0]["parts"]
    assert "fastapi" in layers[1]["parts"]
    arns = []
    for tier in layers:
        content = Path(tier["path"]).read_bytes()
        assert tier["code_sha256"] == base64.b64encode(hashlib.sha256(content).digest()).decode()
        published = connection.call(
            "lambda", "PublishLayerVersion", LayerName=tier["name"].replace(" ", "-"), Content={"ZipFile": content}
        )
        arns.append(published["LayerVersionArn"])
    run(connection, "package-layered", Path(function["path"]), *arns)
    seen = monitor("--local", "package", "inspect", "package-layered", "-o", "json")
    assert seen.code == 0, seen.err
    assert [one["root"] for one in seen.json["containers"]] == ["/var/task", "/opt", "/opt"]
    places = {part["name"]: part["place"] for part in seen.json["parts"]}
    assert places["botocore"] == "layer layer-sdk:1"
    alone = monitor("--local", "package", "inspect", arns[0], "-o", "json")
    assert alone.code == 0, alone.err
    assert "boto3" in {part["name"] for part in alone.json["parts"]}


def test_a_diff_says_what_changed_and_what_it_does_to_the_start(
    monitor: Run, package: Path, built: Any, tmp_path: Path
) -> None:
    smaller = tmp_path / "smaller.zip"
    with zipfile.ZipFile(package) as whole, zipfile.ZipFile(smaller, "w", zipfile.ZIP_DEFLATED) as part:
        for name in whole.namelist():
            if not name.startswith("botocore") and not name.endswith(".pyc"):
                part.writestr(name, whole.read(name))
    diff = monitor("package", "diff", str(package), str(smaller), "--python", "3.11", "-o", "json")
    assert diff.code == 0, diff.err
    changes = {change["name"]: change["change"] for change in diff.json["changes"]}
    assert changes["botocore"] == "removed"
    assert changes["jmespath"] == "changed"
    assert diff.json["expectation"].startswith("slower")
    assert "removed" not in monitor("package", "diff", str(package), str(package)).out


def test_sizes_and_import_times_stand_side_by_side(monitor: Run, package: Path, built: Any) -> None:
    done = monitor("package", "inspect", str(package), "--imports", "-o", "json")
    assert done.code == 0, done.err
    rows = {row["name"]: row for row in done.json["rows"]}
    assert rows["fastapi"]["self_ms"] > 0
    assert rows["fastapi"]["modules"] > 20
    assert rows["botocore"]["modules"] == 0
    assert rows["botocore"]["zipped_bytes"] > 10_000_000


def test_a_function_s_init_records_give_its_times(monitor: Run, driven: Driven) -> None:
    done = monitor("--local", "package", "inspect", driven.function, "--imports", "-o", "json")
    assert done.code == 0, done.err
    rows = {row["name"]: row for row in done.json["rows"]}
    assert done.json["inits"] >= len(driven.cold)
    assert rows["fastapi"]["self_ms"] > 0
    assert rows["fastapi"]["zipped_bytes"] > 100_000


@pytest.mark.slow
def test_a_split_weighs_each_route_s_module(monitor: Run) -> None:
    done = monitor("package", "split", EXAMPLE, "--installer", "here", "--handler", "app.main.handler", "-o", "json")
    assert done.code == 0, done.err
    pieces = {piece["module"]: piece for piece in done.json["pieces"]}
    health, analyze = pieces["app.routers.health"], pieces["app.routers.analyze"]
    assert health["routes"] == ["GET /health"]
    assert "pillow" in analyze["distributions"]
    assert "boto3" in analyze["lazy"]
    assert "pillow" not in {*health["distributions"], *health["lazy"]}
    assert health["zipped_bytes"] < analyze["zipped_bytes"] / 2
    assert health["import_ms"] > 0


def test_a_dockerfile_copies_what_lambdaignore_leaves(monitor: Run) -> None:
    done = monitor("package", "dockerfile", EXAMPLE, "--python", "3.13", "--architecture", "arm64")
    assert done.code == 0, done.err
    assert "FROM public.ecr.aws/lambda/python:3.13" in done.out
    assert 'CMD ["lambda_function.lambda_handler"]' in done.out
    assert 'COPY ["app/", "/build/app/"]' in done.out
    assert "events" not in done.out
    assert "unchecked-hash" in done.out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("inspect", "/nonexistent/function.zip"), 2, "no such file"),
        (("inspect", "folder/function"), 2, "no such file"),
        (("diff", "no-such-function", "nowhere.zip"), 2, "no such file"),
        (("diff", "no-such-function", "no-such-function", "--measure", "1"), 2, "needs two zips"),
        (("build", EXAMPLE, "-o", "/nonexistent/x.zip"), 2, "is not a folder that you can write to"),
        (("build", EXAMPLE, "--requirements", "nowhere.txt"), 2, "with --requirements"),
        (("inspect", "no-such-function"), 3, "there is no function"),
        (("inspect", "http://127.0.0.1:9/x?X-Amz-Signature=verysecret"), 4, "could not be reached"),
        (("inspect", "arn:aws:lambda:eu-west-1:123456789012:layer:none:1"), 3, ""),
        (("build", "/nonexistent/project"), 2, "is not a folder"),
        (("build", EXAMPLE, "--python", "snake"), 2, "minor version"),
        (
            ("build", EXAMPLE, "--installer", "here", "--architecture", "arm64"),
            2,
            "the distributions of this environment",
        ),
        (("dockerfile", "/nonexistent/project"), 2, "contains no project"),
        (("split", EXAMPLE, "--python", "3.9"), 2, "imports modules"),
    ],
)
def test_what_cannot_be_is_one_line_and_a_hint(monitor: Run, arguments: tuple[str, ...], code: int, says: str) -> None:
    local = ("--local",) if code == 3 else ()
    done = monitor(*local, "package", *arguments)
    assert done.code == code, done.err
    assert says in done.err
    assert "verysecret" not in done.err
    assert "Traceback" not in done.err
    assert "verysecret" not in monitor("--debug", *local, "package", *arguments).err
    assert "verysecret" not in monitor("--debug", "--local", "package", *arguments).err


def test_a_zip_that_cannot_be_written_is_refused_before_anything_is_built(monitor: Run, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("no-such-distribution-of-anybody\n")
    (tmp_path / "lambda_function.py").write_text("def lambda_handler(event, context):\n    return 1\n")
    done = monitor("package", "build", str(tmp_path), "--out", str(tmp_path / "none" / "function.zip"))
    assert done.code == 2
    assert "none is not a folder that you can write to" in done.err


def test_a_package_that_lacks_a_module_is_built_and_the_exit_code_says_so(monitor: Run, tmp_path: Path) -> None:
    (tmp_path / "lambda_function.py").write_text("import not_there\ndef lambda_handler(e, c): ...\n", encoding="utf-8")
    done = monitor("package", "build", str(tmp_path), "-o", str(tmp_path / "out.zip"), "--format", "json")
    assert done.code == 1
    assert done.json["start"]["is_defect"]
    assert "No module named 'not_there'" in done.err
    quiet = monitor("package", "build", str(tmp_path), "-o", str(tmp_path / "out.zip"), "--no-build-code")
    assert quiet.code == 0, quiet.err
    assert "not tried: --no-build-code" in " ".join(quiet.out.split())


def test_a_handler_that_the_module_does_not_have_is_a_defect(monitor: Run, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(e, c): ...\n", encoding="utf-8")
    command = ("package", "build", str(tmp_path), "-o", str(tmp_path / "out.zip"), "--handler")
    done = monitor(*command, "app.handle")
    assert (done.code, "handler 'handle' missing on module 'app'" in done.err) == (1, True)
    assert "--handler" in done.err
    missing = monitor(*command, "orders.app.handler")
    assert (missing.code, "No module named 'orders'" in missing.err) == (1, True)
    assert "name the handler with --handler" in missing.err
    assert monitor(*command, "app.handler").code == 0


def test_a_start_gets_variables_and_does_not_call_the_handler(monitor: Run, tmp_path: Path) -> None:
    marker = tmp_path / "called"
    source = f"import os\nos.environ['TABLE']\ndef lambda_handler(e, c):\n    open({str(marker)!r}, 'w')\n"
    (tmp_path / "lambda_function.py").write_text(source, encoding="utf-8")
    command = ("package", "build", str(tmp_path), "-o", str(tmp_path / "out.zip"), "--format", "json")
    without = monitor(*command)
    # The environment lacks something, and the package does not.
    assert (without.code, without.json["start"]["is_defect"]) == (0, False)
    assert "TABLE" in without.json["start"]["error"]
    done = monitor(*command, "--env", "TABLE=images")
    assert done.json["start"]["init_ms"] > 0
    assert not marker.exists()

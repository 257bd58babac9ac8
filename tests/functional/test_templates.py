"""Commands that read a function from its template, on the embedded stack; and functions that a stack deploys."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import wait_until_active
from tests.functional.conftest import Run, zip_of
from tests.functional.test_instrument import PLAIN, ROLE, layer

__all__ = ["layer"]
SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "templates"


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    found = Path(shutil.copytree(SAMPLES, tmp_path / "templates"))
    source = "import os\n\n\ndef handler(event, context):\n    return dict(os.environ)\n"
    (found / "cloudformation/code/report.py").write_text(source)
    return found


def test_local_run_takes_folder_handler_memory_and_timeout_from_the_template(
    monitor: Run, samples: Path, connection: Connection
) -> None:
    done = monitor(
        "local", "run", "Report", "--template", str(samples / "cloudformation/stack.yaml"), "--bare", "-o", "json"
    )
    assert done.code == 0, done.err
    assert done.json["function"] == "report"
    found = connection.call("lambda", "GetFunctionConfiguration", FunctionName="report")
    assert (found["Handler"], found["MemorySize"], found["Timeout"]) == ("report.handler", 256, 30)


def test_an_option_wins_over_the_template(monitor: Run, samples: Path, connection: Connection) -> None:
    words = ("local", "run", "Report", "--template", str(samples / "cloudformation/stack.yaml"), "--bare")
    done = monitor(*words, "--memory", "512", "-o", "json")
    assert done.code == 0, done.err
    assert connection.call("lambda", "GetFunctionConfiguration", FunctionName="report")["MemorySize"] == 512


def test_variables_of_the_template_are_set_and_those_that_are_not_known_are_named(
    monitor: Run, samples: Path, connection: Connection
) -> None:
    file = samples / "cloudformation/stack.json"
    done = monitor("local", "run", "--template", str(file), "--bare", "-o", "json")
    assert done.code == 0, done.err
    assert "TABLE is not set: AWS::StackName is known only at deployment" in done.err
    done = monitor(
        "local", "run", "--template", str(file), "--parameter", "AWS::StackName=shop", "--bare", "-o", "json"
    )
    assert done.code == 0, done.err
    found = connection.call("lambda", "GetFunctionConfiguration", FunctionName="Report")
    assert found["Environment"]["Variables"]["TABLE"] == "shop"


def test_package_build_takes_python_architecture_and_handler_from_the_template(monitor: Run, samples: Path) -> None:
    out = samples / "x.zip"
    words = ("package", "build", "ApiFunction", "--template", str(samples / "sam"), "-o", str(out), "--format", "json")
    done = monitor(*words, "--no-try-start")
    assert done.code == 0, done.err
    assert out.is_file()
    assert (done.json["python"], done.json["architecture"]) == ("3.13", "arm64")


def test_a_value_that_only_a_deployment_knows_is_said(monitor: Run, samples: Path) -> None:
    done = monitor("package", "build", "Resizer", "--template", str(samples / "sam"), "--parameter", "Stage=prod")
    assert done.code == 2
    assert "CodeBucketPath is a parameter without a default" in done.err
    assert "give --parameter CodeBucketPath=VALUE" in done.err


def test_the_values_of_variables_are_not_shown(monitor: Run, samples: Path) -> None:
    for output in ("text", "json"):
        done = monitor("function", "show", "--template", str(samples / "serverless-v3"), "-o", output)
        assert done.code == 0
        assert "TABLE" in done.out
        assert "images-dev\n" not in done.out
        assert '"images-dev"' not in done.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("function", "show", "--parameter", "A=b", "f"), "--parameter has no effect without --template"),
        (("function", "show", "f", "--template", "TEMPLATE", "--stack", "s"), "--stack has no effect with --template"),
        (("instrument", "f", "--yes"), "--yes has no effect without"),
        (("instrument", "--write", "TEMPLATE", "--apply"), "--apply has no effect with --write"),
        (("instrument", "--write", "TEMPLATE", "--undo", "Report"), "--undo takes back all"),
        (("function", "show", "Nope", "--template", "TEMPLATE"), "has no function 'Nope'"),
    ],
)
def test_options_that_would_be_ignored_are_refused(
    monitor: Run, samples: Path, words: tuple[str, ...], message: str
) -> None:
    file = str(samples / "cloudformation/stack.yaml")
    done = monitor(*(file if word == "TEMPLATE" else word for word in words))
    assert done.code in (2, 3)
    assert message in done.err


def test_write_shows_a_diff_and_changes_nothing_without_yes(monitor: Run, samples: Path, layer: str) -> None:
    file = samples / "cloudformation/stack.yaml"
    before = file.read_bytes()
    done = monitor("instrument", "Report", "--write", str(file), "--layer", layer)
    assert done.code == 0, done.err
    assert "+          MONITOR_HANDLER: 'report.handler'" in done.out
    assert "--yes" in done.err
    assert file.read_bytes() == before


def test_write_and_undo_with_yes(monitor: Run, samples: Path, layer: str) -> None:
    file = samples / "cloudformation/stack.yaml"
    before = file.read_bytes()
    done = monitor("instrument", "Report", "--write", str(file), "--layer", layer, "--yes", "-o", "json")
    assert done.code == 0, done.err
    assert done.json["written"] is True
    assert b"monitor.runtime.entry.lambda_handler" in file.read_bytes()
    done = monitor("instrument", "--write", str(file), "--undo", "--yes")
    assert done.code == 0, done.err
    assert file.read_bytes() == before


def test_a_refused_function_that_was_named_ends_with_3(monitor: Run, samples: Path) -> None:
    done = monitor("instrument", "Report", "--write", str(samples / "cloudformation/stack.yaml"))
    assert done.code == 3
    assert "monitor.runtime is not in its package or layers" in done.err


@pytest.mark.parametrize(
    ("app", "word"), [("python3 app.py", "@jsii.implements(IAspect)"), ("npx ts-node", "implements IAspect")]
)
def test_a_cdk_app_gets_lines_to_add(monitor: Run, samples: Path, layer: str, app: str, word: str) -> None:
    (samples / "cdk/cdk.json").write_text(json.dumps({"app": app}))
    done = monitor("instrument", "--write", str(samples / "cdk"), "--layer", layer)
    assert done.code == 0, done.err
    assert word in done.out
    assert "ImagesStack/Handler" in done.out
    if "python" in app:
        compile(done.out, "snippet", "exec")


def test_a_function_of_a_cdk_app_whose_path_is_not_known_is_named(monitor: Run, samples: Path, layer: str) -> None:
    template = samples / "cdk/cdk.out/ImagesStack.template.json"
    found = json.loads(template.read_text())
    path = "aws:cdk:path"
    assert found["Resources"]["Handler886CB40B"]["Metadata"].pop(path)
    template.write_text(json.dumps(found))
    done = monitor("instrument", "--write", str(samples / "cdk"), "--layer", layer)
    assert "ImagesStack/Handler886CB40B is left out: the path of its construct is not in cdk.out" in done.err


def owned(connection: Connection, name: str, tags: dict[str, Any]) -> str:
    connection.call(
        "lambda", "CreateFunction", FunctionName=name, Handler="app.lambda_handler", Role=ROLE, Runtime="python3.11",
        Code={"ZipFile": zip_of({"app.py": PLAIN})}, Tags=tags,
    )  # fmt: skip
    wait_until_active(connection, name)
    return name


def test_a_function_that_terraform_deploys_is_changed_only_with_yes(
    monitor: Run, connection: Connection, layer: str
) -> None:
    name = owned(connection, "owned-by-terraform", {"ManagedBy": "Terraform"})
    words = ("instrument", name, "--layer", layer, "--no-tracing", "--local")
    assert "Terraform deploys it" in monitor(*words).out
    done = monitor(*words, "--apply")
    assert done.code == 2
    assert "the next deploy undoes this change" in done.err
    assert "--write FILE" in done.err
    now = connection.call("lambda", "GetFunctionConfiguration", FunctionName=name)
    assert now["Handler"] == "app.lambda_handler"
    done = monitor(*words, "--apply", "--yes")
    assert done.code == 0, done.err
    done = monitor("instrument", name, "--undo", "--apply", "--local")
    assert done.code == 0, done.err


@pytest.mark.parametrize("command", ["package build", "package inspect", "local run", "function show", "diagnose"])
def test_the_functions_of_a_template_are_completed(monitor: Run, samples: Path, command: str) -> None:
    words = f"monitor {command} --template {samples / 'sam'} A"
    count = str(len(words.split()) - 1)
    done = monitor(_MONITOR_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=count)
    assert done.out == "plain,ApiFunction\n"

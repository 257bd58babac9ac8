"""`--stack NAME` against moto's server, which creates stacks of CloudFormation; the embedded stack does not."""

import json
import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import click
import pytest
from botocore.session import get_session
from click.testing import CliRunner, Result

from monitor.errors import UsageError
from monitor.main import cli
from tests.fakes.moto_state import empty_account

REGION = "us-east-1"
Monitor = Callable[..., Result]


def function(name: str | None = None) -> dict[str, Any]:
    named = {"FunctionName": name} if name else {}
    return {
        "Type": "AWS::Lambda::Function",
        "Properties": {
            **named,
            "Handler": "app.handler",
            "Runtime": "python3.13",
            "Role": "arn:aws:iam::123456789012:role/r",
            "Code": {"ZipFile": "def handler(event, context):\n    return 1\n"},
        },
    }


def template(**resources: dict[str, Any]) -> str:
    return json.dumps({"AWSTemplateFormatVersion": "2010-09-09", "Resources": resources})


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    pytest.importorskip("moto")
    pytest.importorskip("flask_cors")
    # moto's CloudFormation imports every service that it has; the one for API Gateway imports this, which no test uses.
    for end in ("", ".validation", ".validation.exceptions"):
        sys.modules.setdefault(f"openapi_spec_validator{end}", Mock())
    from moto.server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    try:
        url = f"http://{host}:{port}"
        empty_account(url)
        fill(url)
        yield url
    finally:
        server.stop()


def fill(url: str) -> None:
    """A stack `images` with two functions and a nested stack, and one without functions."""

    def client(service: str) -> Any:
        session = get_session()
        session.set_credentials("local", "local")
        return session.create_client(service, region_name=REGION, endpoint_url=url)

    client("iam").create_role(RoleName="r", AssumeRolePolicyDocument="{}")
    s3 = client("s3")
    s3.create_bucket(Bucket="templates")
    s3.put_object(Bucket="templates", Key="child.json", Body=template(Worker=function("worker-fn")).encode())
    child = {
        "Type": "AWS::CloudFormation::Stack",
        "Properties": {"TemplateURL": "https://s3.amazonaws.com/templates/child.json"},
    }
    stacks = client("cloudformation")
    stacks.create_stack(
        StackName="images", TemplateBody=template(Api=function("images-api"), Resize=function(), Child=child)
    )
    stacks.create_stack(StackName="empty", TemplateBody=template(Bucket={"Type": "AWS::S3::Bucket"}))


@pytest.fixture
def monitor(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> Monitor:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.delenv("AWS_PROFILE", raising=False)

    def run(*words: str) -> Result:
        return CliRunner().invoke(cli, [*words, "--endpoint-url", endpoint, "--region", REGION])

    return run


def names(result: Result) -> set[str]:
    assert result.exit_code == 0, (result.output, result.exception)
    return {one["function"] for one in json.loads(result.stdout)}


def test_a_logical_id_names_the_function(monitor: Monitor) -> None:
    found = json.loads(monitor("function", "show", "Api", "--stack", "images", "-o", "json").stdout)
    assert found["name"] == "images-api"


def test_a_function_is_opened_by_its_logical_id(monitor: Monitor) -> None:
    assert monitor("open", "Api", "--stack", "images", "--print").stdout.endswith("#/functions/images-api\n")
    logs = json.loads(monitor("open", "images-api", "--page", "logs", "-o", "json").stdout)
    assert logs["url"].endswith("log-group/$252Faws$252Flambda$252Fimages-api")
    assert monitor("open", "images-ap", "--page", "traces").exit_code != 0


def test_a_function_of_a_nested_stack_has_the_path_of_its_logical_ids(monitor: Monitor) -> None:
    found = json.loads(monitor("function", "show", "Child/Worker", "--stack", "images", "-o", "json").stdout)
    assert found["name"] == "worker-fn"


def test_a_generated_name_is_found_by_its_logical_id(monitor: Monitor) -> None:
    found = json.loads(monitor("function", "show", "Resize", "--stack", "images", "-o", "json").stdout)
    assert found["name"] not in ("images-api", "worker-fn")


def test_a_stack_without_a_target_is_all_its_functions(monitor: Monitor) -> None:
    found = names(monitor("metrics", "--stack", "images", "-o", "json"))
    assert {"images-api", "worker-fn"} < found
    assert len(found) == 3


@pytest.mark.parametrize("pattern", ["Child/*", "worker-*", "*/Worker"])
def test_a_glob_matches_logical_ids_and_names(monitor: Monitor, pattern: str) -> None:
    assert names(monitor("metrics", pattern, "--stack", "images", "-o", "json")) == {"worker-fn"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("function", "show", "--stack", "images"), "has 3 functions"),
        (("function", "show", "Nope", "--stack", "images"), "has no function 'Nope'"),
        (("function", "show", "--stack", "empty"), "has no function"),
        (("function", "show", "Api", "--stack", "nowhere"), "there is no stack 'nowhere'"),
        (("metrics", "--all", "--stack", "images"), "--stack has no effect with --all"),
        (("metrics", "--tag", "a=b", "--stack", "images"), "--stack has no effect with --tag"),
    ],
)
def test_what_cannot_be_selected_is_said(monitor: Monitor, words: tuple[str, ...], message: str) -> None:
    result = monitor(*words)
    assert message in str(getattr(result.exception, "message", result.exception))


@pytest.mark.parametrize("words", [("package", "inspect"), ("optimize", "--event", "event.json")])
def test_where_a_path_is_a_target_too_a_function_of_a_stack_is_no_folder(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images-api").mkdir()
    (tmp_path / "event.json").write_text("{}")
    read: list[str] = []

    def reading(subject: str, *_others: object) -> None:
        read.append(subject)
        raise UsageError("enough", "")

    monkeypatch.setattr("monitor.packages.workflow.read_package", reading)
    monkeypatch.setattr("monitor.optimize.workflow_deployed.fetch", lambda _connection, *others: reading(*others))
    result = monitor(*words, "Api", "--stack", "images")
    assert read == ["images-api:$LATEST"], result.exception


def test_what_is_measured_can_be_of_a_stack(monitor: Monitor) -> None:
    planned = monitor("measure", "Api", "--stack", "images", "--dry-run", "-o", "json")
    assert json.loads(planned.stdout)["plan"]["function"] == "images-api"


def test_each_command_that_takes_a_target_takes_a_stack() -> None:
    without = {" ".join(path) for path, one in commands(cli) if names_a_target(one) and not has_option(one, "--stack")}
    # The embedded stack has no CloudFormation.
    assert without == {"local invoke", "local run"}


def commands(group: click.Group, *above: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        one = group.get_command(context, name)
        assert one is not None
        if isinstance(one, click.Group):
            yield from commands(one, *above, name)
        else:
            yield (*above, name), one


def names_a_target(one: click.Command) -> bool:
    context = click.Context(one)
    return any("TARGET" in part.make_metavar(context) for part in one.params if isinstance(part, click.Argument))


def has_option(one: click.Command, name: str) -> bool:
    return any(name in part.opts for part in one.params)

"""What a tail reads: tags, globs that gain members, several regions and profiles, each with a name of its own."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from monitor.aws.connection import Connection
from monitor.logs.workflow_reading import open_target
from monitor.main import cli
from tests.fakes.aws_json import AwsError, FakeAws

NOW = 1_795_402_121_886
ARN = "arn:aws:lambda:eu-west-1:123456789012:function"
FUNCTIONS = ["ai-one", "ai-two", "other"]
TAGS = {"ai-one": {"team": "vision", "stage": "prod"}, "ai-two": {"team": "vision"}}


def configuration(name: str) -> dict[str, Any]:
    return {"FunctionName": name, "FunctionArn": f"{ARN}:{name}", "MemorySize": 128, "Timeout": 3, "CodeSize": 1,
            "LastModified": "2026-01-01T00:00:00.000+0000", "Runtime": "python3.12"}  # fmt: skip


def describe(params: dict[str, Any]) -> dict[str, Any]:
    if params["FunctionName"] not in FUNCTIONS:
        raise AwsError("ResourceNotFoundException", "Function not found", 404)
    return configuration(params["FunctionName"])


def tagged(params: dict[str, Any]) -> dict[str, Any]:
    wanted = {one["Key"]: one.get("Values") for one in params["TagFilters"]}
    found = [
        name
        for name, tags in TAGS.items()
        if all(key in tags and (not values or tags[key] in values) for key, values in wanted.items())
    ]
    return {"ResourceTagMappingList": [{"ResourceARN": f"{ARN}:{name}"} for name in found]}


def events(params: dict[str, Any]) -> dict[str, Any]:
    group = str(params["logGroupName"])
    if params.get("filterPattern") == "nothing" or not params["startTime"] <= NOW <= params.get("endTime", NOW):
        return {"events": []}
    text = f"hello from {group.rpartition('/')[2]}"
    return {"events": [{"logStreamName": "s", "timestamp": NOW, "message": text, "ingestionTime": NOW, "eventId": "1"}]}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAws]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setattr("tests.unit.logs.tail.test_targets.FUNCTIONS", [*FUNCTIONS])
    listed = {"Functions": []}  # type: ignore[var-annotated]
    operations = {
        "lambda:ListFunctions": lambda _: listed | {"Functions": [configuration(name) for name in FUNCTIONS]},
        "lambda:GetFunctionConfiguration": describe,
        "resourcegroupstaggingapi:GetResources": tagged,
        "logs:FilterLogEvents": events,
        "logs:DescribeLogGroups": lambda _: {
            "logGroups": [{"logGroupName": name} for name in ("/shop/all", "/aws/lambda/ai-one")]
        },
    }
    with FakeAws(operations) as fake:
        yield fake


def tail(aws: FakeAws, *arguments: str, regions: tuple[str, ...] = ("eu-west-1",)) -> Result:
    where = [part for region in regions for part in ("--region", region)]
    command = ["tail", "--no-follow", "--since", "2026-11-23T00:00Z", "--until", "2026-11-23T12:00Z", "--utc"]
    return CliRunner().invoke(cli, [*command, "--endpoint-url", aws.endpoint, *where, *arguments])


def read(aws: FakeAws) -> set[str]:
    return {str(params["logGroupName"]).rpartition("/")[2] for name, params in aws.asked if "Filter" in name}


@pytest.mark.parametrize(
    ("tags", "names"),
    [
        (("team=vision",), {"ai-one", "ai-two"}),
        (("team=vision", "stage=prod"), {"ai-one"}),
        (("stage",), {"ai-one"}),
    ],
)
def test_a_tag_stands_for_the_functions_that_bear_it(aws: FakeAws, tags: tuple[str, ...], names: set[str]) -> None:
    done = tail(aws, *(part for tag in tags for part in ("--tag", tag)))
    assert done.exit_code == 0, done.output
    assert read(aws) == names
    assert done.stdout.count("hello from") == len(names)


def test_a_tag_that_nothing_bears_is_an_error(aws: FakeAws) -> None:
    done = tail(aws, "--tag", "team=audio")
    assert "there are no functions with the tag team=audio in" in str(done.exception)


def test_a_glob_gains_the_functions_made_since(aws: FakeAws) -> None:
    connection = Connection(region="eu-west-1", endpoint_url=aws.endpoint)
    reading = open_target(connection, "ai-*")
    assert [source.name for source in reading.sources] == ["ai-one", "ai-two"]
    assert reading.can_grow
    FUNCTIONS.append("ai-three")
    assert [source.name for source in reading.discover()] == ["ai-one", "ai-three", "ai-two"]


def test_a_function_of_two_regions_has_two_names(aws: FakeAws) -> None:
    done = tail(aws, "ai-one", regions=("eu-west-1", "us-east-1"))
    assert sorted(done.stdout.splitlines()) == [
        "02:48:41.886 ai-one eu-west-1 hello from ai-one",
        "02:48:41.886 ai-one us-east-1 hello from ai-one",
    ]
    told = tail(aws, "ai-one", "-o", "json", regions=("eu-west-1", "us-east-1"))
    assert '"origin":"us-east-1"' in told.stdout


def test_a_target_need_only_be_in_one_of_the_regions(aws: FakeAws) -> None:
    done = tail(aws, f"{ARN}:ai-one", regions=("eu-west-1", "us-east-1"))
    assert done.exit_code == 0, done.output
    assert done.stdout.count("hello") == 1
    assert "is in eu-west-1" in str(tail(aws, f"{ARN}:ai-one", regions=("us-east-1", "us-east-2")).exception)
    assert tail(aws, "/shop/all", regions=("eu-west-1", "us-east-1")).stdout.count("hello") == 2


def test_several_profiles_are_read_in_one_tail(aws: FakeAws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text(
        "".join(f"[{name}]\naws_access_key_id = {name}\naws_secret_access_key = x\n" for name in ("shop", "lab"))
    )
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    done = tail(aws, "ai-one", "other", "--profile", "shop", "--profile", "lab")
    assert done.exit_code == 0, done.output
    assert sorted(line[13:] for line in done.stdout.splitlines()) == [
        "ai-one lab  hello from ai-one",
        "ai-one shop hello from ai-one",
        "other lab   hello from other",
        "other shop  hello from other",
    ]


def test_a_command_of_one_account_takes_one_profile(aws: FakeAws) -> None:
    command = ["function", "show", "ai-one", "--profile", "a", "--profile", "b", "--region", "eu-west-1"]
    assert "one region with one profile" in str(CliRunner().invoke(cli, command).exception)


def test_a_filter_that_matches_nothing_is_said(aws: FakeAws) -> None:
    done = tail(aws, "ai-one", "--filter", "nothing")
    assert done.exit_code == 0
    assert "nothing in the window of ai-one matches the filter 'nothing'" in done.stderr
    assert "leave --filter out" in done.stderr


def test_the_dates_of_a_window_of_days_are_printed(aws: FakeAws) -> None:
    command = ["tail", "ai-one", "--no-follow", "--since", "2026-11-20", "--until", "2026-11-24", "--utc"]
    done = CliRunner().invoke(cli, [*command, "--endpoint-url", aws.endpoint, "--region", "eu-west-1"])
    assert done.stdout == "2026-11-23 02:48:41.886 hello from ai-one\n"

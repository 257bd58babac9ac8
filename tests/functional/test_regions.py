"""One function in two regions is two functions, each with its own failures."""

import shlex
import zipfile
from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import Deployment, deploy, invoke
from monitor.local.server.stack import Stack
from tests.functional.conftest import Run
from tests.functional.test_printed_commands import printed

REGIONS = ("eu-west-1", "us-east-1")
CODE = "def handler(event, context):\n    raise KeyError('sku')\n"
BOTH = ("--local", "--region", REGIONS[0], "--region", REGIONS[1])


@pytest.fixture(scope="module")
def twice(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A function that fails: once in one region, twice in the other."""
    package: Path = tmp_path_factory.mktemp("failing") / "package.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", CODE)
    for count, region in enumerate(REGIONS, start=1):
        connection = Connection(region=region, endpoint_url=stack.endpoint, local=True)
        deploy(connection, Deployment("failing", package, "app.handler"))
        for _ in range(count):
            invoke(connection, "failing", b"{}")
    return "failing"


def test_failures_of_two_regions_are_two_groups(twice: str, monitor: Run) -> None:
    done = monitor(*BOTH, "errors", twice, "-o", "json")
    assert done.code == 0, done.err
    assert {(one["region"], one["count"], one["type"]) for one in done.lines} == {
        ("eu-west-1", 1, "KeyError"), ("us-east-1", 2, "KeyError"),
    }  # fmt: skip


def test_each_group_names_its_region_and_its_command_reads_that_region_alone(twice: str, monitor: Run) -> None:
    done = monitor(*BOTH, "errors", twice)
    for region in REGIONS:
        assert f"{twice} ({region})" in done.out
    commands = list(printed(done.out))
    assert [shlex.split(command)[3] for command in commands] == list(reversed(REGIONS))
    for command in commands:
        again = monitor(*command.split()[1:])
        assert again.code == 0, (command, again.err)
        assert "KeyError" in again.out


def test_one_region_is_not_named(twice: str, monitor: Run) -> None:
    done = monitor("--local", "--region", REGIONS[0], "errors", twice)
    assert f"{twice} (" not in done.out

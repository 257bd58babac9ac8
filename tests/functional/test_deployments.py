"""A deployment is a boundary: the starts since it, before it, and both beside each other."""

import time
import zipfile
from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import Deployment, deploy, drive
from tests.examples import one_in
from tests.functional.conftest import Driven, Run


def test_since_deploy_reads_what_came_after_the_last_change(driven: Driven, monitor: Run) -> None:
    done = monitor("--local", "coldstarts", driven.function, "--since", "deploy", "-o", "json")
    assert done.code == 0, done.err
    (summary,) = done.json["summaries"]
    # The example was deployed before it was driven.
    assert summary["invocations"] == len(driven.results)
    assert summary["cold_starts"] == len(driven.cold)
    for command in (("metrics",), ("traces", "list"), ("diagnose",), ("show", "latest")):
        again = monitor("--local", *command, driven.function, "--since", "deploy", "-o", "json")
        assert again.code == 0, (command, again.err)


def test_both_sides_of_the_last_change_are_groups_and_are_compared(driven: Driven, monitor: Run) -> None:
    done = monitor("--local", "coldstarts", driven.function, "--since", "1h", "--by", "deployment", "-o", "json")
    (group,) = done.json["groups"]
    assert group["label"].startswith("$LATEST since ")
    assert group["cold_starts"] == len(driven.cold)
    compared = monitor("--local", "coldstarts", driven.function, "--since", "1h", "--compare", "deploy", "-o", "json")
    (found,) = compared.json["comparisons"]
    assert (found["before"]["invocations"], found["after"]["invocations"]) == (0, len(driven.results))
    plain = monitor("--local", "coldstarts", driven.function, "--since", "1h")
    # Nothing started before the deployment: the figures of the window describe one state of the function.
    assert "was deployed at" not in plain.err


def test_a_deployment_between_cold_starts_is_told(connection: Connection, monitor: Run, tmp_path: Path) -> None:
    package = tmp_path / "package.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return 1\n")
    for memory_mb in (128, 256):
        deploy(connection, Deployment("changed", package, "app.handler", memory_mb))
        drive_once(connection, "changed")
    done = monitor("--local", "coldstarts", "changed", "--since", "1h")
    assert "changed was deployed at" in done.err
    assert "--since deploy" in done.err
    later = monitor("--local", "coldstarts", "changed", "--since", "deploy", "-o", "json")
    assert later.json["summaries"][0]["cold_starts"] == 1


@pytest.mark.parametrize(
    "change", one_in(4, [("--env", "STAGE=prod"), ("--memory", "256"), ("--timeout", "5"), ("--bare",)]), ids=" ".join
)
def test_an_unchanged_function_is_not_deployed_again(
    connection: Connection, monitor: Run, tmp_path: Path, change: tuple[str, ...]
) -> None:
    code = tmp_path / "again" / "app.py"
    code.parent.mkdir()
    code.write_text("def handler(event, context):\n    return 1\n", encoding="utf-8")

    def run(*options: str) -> tuple[str, str]:
        command = ("--local", "local", "run", "again", "--package", str(code.parent), "--handler", "app.handler")
        done = monitor(*command, *options)
        assert done.code == 0, done.err
        answer = connection.call("lambda", "GetFunctionConfiguration", FunctionName="again")
        return answer["RevisionId"], answer["LastModified"]

    first = run("--env", "STAGE=dev")
    assert run("--env", "STAGE=dev", "--cold", "2") == first
    changed = run(*change)
    assert changed != first
    code.write_text("def handler(event, context):\n    return 2\n", encoding="utf-8")
    assert run(*change) != changed


def drive_once(connection: Connection, name: str) -> None:
    """One cold start, in a second of its own: `--since deploy` cuts at whole seconds."""
    time.sleep(1.05)
    for _ in drive(connection, name, b"{}", cold=1, warm=0, concurrency=1):
        pass


def test_a_window_after_the_change_cannot_be_cut_there(driven: Driven, monitor: Run) -> None:
    done = monitor("--local", "coldstarts", driven.function, "--since", "2026-01-01", "--until", "2026-01-02",
                   "--compare", "deploy")  # fmt: skip
    assert (done.code, "is not in the window" in done.err) == (2, True)


def test_every_function_is_a_row_with_the_command_for_its_report(driven: Driven, monitor: Run) -> None:
    done = monitor("--local", "diagnose", "--all", "--since", "1h")
    assert done.code == 0, done.err
    assert f"  monitor --local diagnose {driven.function}" in done.out.splitlines()


def test_the_log_and_the_errors_since_the_last_change(driven: Driven, monitor: Run) -> None:
    tail = monitor("--local", "tail", driven.function, "--since", "deploy", "--no-follow", "--invocations")
    assert tail.code == 0, tail.err
    assert len(tail.out.splitlines()) == len(driven.results)
    errors = monitor("--local", "errors", driven.function, "--since", "deploy", "-o", "json")
    assert errors.code == 0, errors.err
    assert sum(one["count"] for one in errors.lines) == 1


def test_since_deploy_without_one_function_says_what_it_needs(monitor: Run) -> None:
    for command in ("tail", "errors", "coldstarts", "diagnose"):
        done = monitor(command, "--from", "x.log", "--since", "deploy")
        assert (done.code, "needs one function" in done.err) == (2, True), (command, done.err)


def test_since_deploy_finds_the_function_in_one_of_several_regions(driven: Driven, monitor: Run) -> None:
    regions = ("--region", "eu-west-1", "--region", "ap-southeast-1")
    done = monitor("--local", *regions, "errors", driven.function, "--since", "deploy", "-o", "json")
    assert done.code == 0, done.err
    assert {one["region"] for one in done.lines} == {"ap-southeast-1"}


def test_a_function_of_another_region_is_not_changed_by_its_namesake(
    connection: Connection, monitor: Run, tmp_path: Path
) -> None:
    package = tmp_path / "package.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", "def handler(event, context):\n    return 1\n")
    for region in ("ap-southeast-1", "eu-west-1"):
        there = connection.in_region(region)
        deploy(there, Deployment("namesake", package, "app.handler", 128))
        drive_once(there, "namesake")
    regions = ("--region", "ap-southeast-1", "--region", "eu-west-1")
    done = monitor("--local", *regions, "coldstarts", "namesake", "--since", "1h")
    assert done.out.count("namesake (") == 2
    # The second one was made after the first one's start, and has not changed since its own.
    assert "was deployed at" not in done.err
    deploy(connection.in_region("eu-west-1"), Deployment("namesake", package, "app.handler", 256))
    drive_once(connection.in_region("eu-west-1"), "namesake")
    again = monitor("--local", *regions, "coldstarts", "namesake", "--since", "1h")
    assert again.err.count("namesake (eu-west-1) was deployed at") == 1

"""One truth about starts: a failed import, a suppressed init and a good one, as every command tells them."""

import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import Deployment, deploy, invoke
from monitor.records.invocation import InitKind
from monitor.records.invoke_result import InvocationResult
from monitor.run.workflow import with_kinds
from tests.functional.conftest import Run

BROKEN = "import json\nraise RuntimeError('no configuration')\n"
# Fails once it is warm, by ending its process: the next init is then inside the next invocation.
CRASHING = """
import colorsys
import os
def handler(event, context):
    if event.get("crash"):
        os._exit(3)
    return "fine"
"""


@dataclass(frozen=True)
class Started:
    """A function of one module, and what its invocations answered."""

    name: str
    results: tuple[InvocationResult, ...]

    @property
    def ids(self) -> list[str]:
        return [result.request_id for result in self.results]


def put_up(connection: Connection, folder: Path, name: str, source: str) -> None:
    package = folder / f"{name}.zip"
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("app.py", source)
    deploy(connection, Deployment(name, package, "app.handler"))


@pytest.fixture(scope="module")
def broken(connection: Connection, tmp_path_factory: pytest.TempPathFactory) -> Started:
    put_up(connection, tmp_path_factory.mktemp("broken"), "broken-import", BROKEN)
    time.sleep(1.1)  # The first request of each second is sampled: no other may have been.
    return Started("broken-import", (invoke(connection, "broken-import", b"{}"),))


@pytest.fixture(scope="module")
def crashing(connection: Connection, tmp_path_factory: pytest.TempPathFactory) -> Started:
    put_up(connection, tmp_path_factory.mktemp("crashing"), "crashing", CRASHING)
    payloads = (b"{}", b'{"crash": true}', b"{}", b"{}")
    return Started("crashing", tuple(invoke(connection, "crashing", payload) for payload in payloads))


def test_coldstarts_counts_one_failed_start_whose_total_holds_both_tries(monitor: Run, broken: Started) -> None:
    done = monitor("--local", "coldstarts", broken.name, "--since", "1h", "--by", "kind", "-o", "json")
    assert done.code == 0, done.err
    (summary,) = done.json["summaries"]
    assert (summary["cold_starts"], summary["invocations"], summary["by_kind"]) == (1, 1, {"failed": 1})
    (one,) = done.json["cold_starts"]
    report = broken.results[0].report
    assert report is not None
    assert report.duration_ms is not None
    assert one["first_total_ms"] == pytest.approx(one["failed_init_ms"] + report.duration_ms)
    assert 0 < one["init_ms"] <= report.duration_ms
    assert [group["label"] for group in done.json["groups"]] == ["failed"]


def test_show_finds_it_as_the_slowest_cold_start_and_so_does_traces_show(monitor: Run, broken: Started) -> None:
    shown = monitor("--local", "show", "slowest-cold", broken.name, "--since", "1h")
    assert shown.code == 0, shown.err
    assert broken.ids[0] in shown.out
    assert "the first init failed after" in shown.out
    assert "cold, init failed" in shown.out
    traced = monitor("--local", "traces", "show", "slowest-cold", broken.name, "--since", "1h", "-o", "json")
    assert traced.code == 0, traced.err
    (figures,) = traced.json["figures"]
    assert (figures["request_id"], figures["cold"], figures["kind"]) == (broken.ids[0], True, "failed")
    prefix = monitor("--local", "show", broken.ids[0][:8].upper(), broken.name, "--since", "1h")
    assert (prefix.code, broken.ids[0] in prefix.out) == (0, True)


def test_traces_list_names_it_cold_and_failed(monitor: Run, broken: Started) -> None:
    listed = monitor("--local", "traces", "list", broken.name, "--cold", "--since", "1h", "-o", "json")
    assert listed.code == 0, listed.err
    assert [(one["figures"]["request_id"], one["figures"]["kind"]) for one in listed.lines] == [
        (broken.ids[0], "failed")
    ]
    assert "failed" in monitor("--local", "traces", "list", broken.name, "--since", "1h", COLUMNS="140").out


def test_tail_names_the_failed_init_in_its_line(monitor: Run, broken: Started) -> None:
    shown = monitor("--local", "tail", broken.name, "--since", "1h", "--no-follow", "--invocations")
    assert "cold start (failed init)" in shown.out


def test_local_run_stops_after_the_first_failed_init(monitor: Run, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(BROKEN)
    arguments = ("--package", str(tmp_path), "--handler", "app.handler", "--bare", "--cold", "2", "--warm", "3")
    done = monitor("--local", "local", "run", "broken-run", *arguments, "-o", "json")
    assert done.code == 1
    assert (done.json["cold_starts"], done.json["by_kind"], done.json["errors"]) == (1, {"failed": 1}, 1)
    assert "the init failed, stopped after 1 of 5 invocations: " in done.err


def test_metrics_says_that_a_failing_init_emits_no_cold_start(monitor: Run, broken: Started) -> None:
    done = monitor("--local", "metrics", broken.name, "--since", "1h")
    assert done.code == 0, done.err
    assert "no ColdStart metric: a failed init emits none" in done.err


def test_an_init_after_a_crash_is_suppressed_in_every_command(
    monitor: Run, connection: Connection, crashing: Started
) -> None:
    good, crashed, again, warm = crashing.ids
    logged = monitor("--local", "coldstarts", crashing.name, "--since", "1h", "-o", "json")
    assert {one["request_id"]: one["kind"] for one in logged.json["cold_starts"]} == {
        good: "on-demand",
        again: "suppressed",
    }
    run = with_kinds(connection, crashing.name, crashing.results, 0)
    assert [result.kind for result in run] == [InitKind.ON_DEMAND, None, InitKind.SUPPRESSED, None]
    assert "suppressed" in monitor("--local", "show", again, crashing.name, "--since", "1h").out
    assert "Cold start  no" in monitor("--local", "show", warm, crashing.name, "--since", "1h").out
    listed = monitor("--local", "traces", "list", crashing.name, "--since", "1h", "-o", "json")
    kinds = {one["figures"]["request_id"]: one["figures"]["kind"] for one in listed.lines}
    assert {kinds.get(again, "suppressed"), kinds.get(good, "on-demand")} == {"suppressed", "on-demand"}
    assert kinds.get(warm) is None
    assert kinds.get(crashed) is None


def test_the_deployed_package_is_profiled_by_a_start_here(monitor: Run, crashing: Started, broken: Started) -> None:
    done = monitor("--local", "coldstarts", crashing.name, "--profile-package", "-o", "json")
    assert done.code == 0, done.err
    assert (done.json["source"], done.json["cold_starts"]) == ("a profile of one start on this machine", 1)
    assert "colorsys" in {row["package"] for row in done.json["rows"]}
    failing = monitor("--local", "coldstarts", broken.name, "--profile-package")
    assert (failing.code, "no configuration" in failing.err, "--env" in failing.err) == (2, True, True)
    two = monitor("--local", "coldstarts", crashing.name, broken.name, "--profile-package")
    assert (two.code, "takes one function" in two.err) == (2, True)


def test_a_pipe_is_read_once_and_shown_whole(monitor: Run, crashing: Started) -> None:
    log = monitor("--local", "tail", crashing.name, "--since", "1h", "--no-follow", "-o", "json").out
    shown = monitor("show", "latest", "--from", "-", stdin=log)
    assert (shown.code, crashing.ids[3] in shown.out) == (0, True), shown.err
    slowest = monitor("show", crashing.ids[0][:8], "--from", "-", stdin=log)
    assert (slowest.code, crashing.ids[0] in slowest.out) == (0, True), slowest.err


def test_what_show_cannot_take_says_what_to_write(monitor: Run, crashing: Started) -> None:
    name = monitor("--local", "show", crashing.name)
    assert (name.code, f"monitor --local show latest {crashing.name}" in name.err) == (2, True)
    prefix = monitor("--local", "show", "00000000", crashing.name, "--since", "1h")
    assert (prefix.code, "no request id begins with 00000000" in prefix.err) == (3, True)
    absent = monitor("--local", "traces", "list", "no-such-function")
    assert (absent.code, "there is no function 'no-such-function'" in absent.err) == (3, True)

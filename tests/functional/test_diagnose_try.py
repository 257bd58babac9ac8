"""`monitor diagnose` on planted causes, and `--try` as a command."""

import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import Deployment, deploy, invoke, refresh
from monitor.local.server.stack import Stack
from monitor.run.workflow import example_folder
from tests.clean_environment import clean_environment
from tests.functional.conftest import Run
from tests.variants import compose
from tests.variants.proof import Bench

SMALL = "small-to-try"


@pytest.fixture(scope="module")
def small(connection: Connection, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A function without bytecode, started twice."""
    package = tmp_path_factory.mktemp("small") / "small.zip"
    with zipfile.ZipFile(package, "w") as archive:
        lines = "\n".join(f"def f{number}(a, b=1):\n    return a + b * {number}" for number in range(6000))
        archive.writestr("lambda_function.py", "import wide\n\n\ndef lambda_handler(event, context):\n    return {}\n")
        archive.writestr("wide.py", lines)
    deploy(connection, Deployment(SMALL, package, "lambda_function.lambda_handler", environment={"TABLE": "t"}))
    for _ in range(2):
        refresh(connection, SMALL)
        invoke(connection, SMALL, b"{}")
    return SMALL


@pytest.mark.slow  # tests/functional/test_planted_causes.py has small packages with a planted cause each
def test_a_planted_cause_is_ranked_first(stack: Stack, tmp_path: Path) -> None:
    bench = Bench(stack.endpoint, tmp_path, rounds=2)
    assert bench.judged("boto3-resource")[0] == compose.read("boto3-resource").planted


def test_bytecode_is_tried_on_the_deployed_package(small: str, monitor: Run) -> None:
    done = monitor(
        "diagnose", small, "--local", "--since", "1h", "-o", "json", "--turns", "2", "--try=missing-bytecode"
    )
    assert done.code == 0, done.err
    (trial,) = done.json["trials"]
    assert trial["change"] == "bytecode for every module in the package"
    assert len(trial["before_ms"]) == len(trial["after_ms"]) == 2
    # 6,000 functions take some hundred ms to compile.
    assert trial["saved_ms"] > 0
    assert trial["spread_ms"][0] <= trial["saved_ms"] <= trial["spread_ms"][1]
    assert "its calls to AWS go to an empty embedded stack" in done.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--try=nonsense",), "has no rule 'nonsense'"),
        (("--env", "A=b"), "--env has no effect without --try"),
        (("--try", "--env", "A"), "NAME=VALUE"),
        (("--try", "--event", "/nowhere.json"), "cannot be read"),
    ],
)
def test_what_cannot_be_tried_is_one_line_and_exit_code_2(
    small: str, monitor: Run, arguments: tuple[str, ...], said: str
) -> None:
    done = monitor("diagnose", small, "--local", "--since", "1h", *arguments)
    assert done.code == 2
    assert done.out == ""
    assert said in done.err
    assert "Traceback" not in done.err


def test_an_interrupt_leaves_neither_files_nor_processes(small: str, stack: Stack, tmp_path: Path) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "monitor",
            "diagnose",
            small,
            "--local",
            "--turns",
            "50",
            "--try=missing-bytecode",
        ],
        env=clean_environment(MONITOR_LOCAL_ENDPOINT=stack.endpoint, TMPDIR=str(place)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not list(place.rglob("sandbox-*")):
        time.sleep(0.1)
    assert list(place.rglob("sandbox-*")), "it never started"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, ""), err
    assert "Traceback" not in err
    while time.monotonic() < deadline and (list(place.iterdir()) or processes_of(place)):
        time.sleep(0.1)
    assert list(place.iterdir()) == []
    assert not processes_of(place)


def processes_of(place: Path) -> list[str]:
    """The commands of processes that run in, or with, that folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().decode(errors="replace")
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(place) in environment + command:
            found.append(command)
    return found


@pytest.mark.slow
def test_every_planted_cause_is_first_and_most_estimates_hold(stack: Stack, tmp_path: Path) -> None:
    bench = Bench(stack.endpoint, tmp_path, rounds=7)
    proofs = [bench.prove(name) for name in compose.names()]
    planted = [proof for proof in proofs if proof.planted is not None]
    assert len(planted) == 10
    assert {proof.variant: proof.rank for proof in planted} == dict.fromkeys((one.variant for one in planted), 1)
    inside = [proof.variant for proof in planted if proof.inside]
    assert len(inside) >= 8, [(one.variant, one.low_ms, one.high_ms, one.measured_ms) for one in planted]
    (clean,) = (proof for proof in proofs if proof.planted is None)
    assert clean.others == ()


@pytest.mark.slow
def test_a_planted_defect_is_mended_by_the_change_that_is_tried(stack: Stack, monitor: Run, tmp_path: Path) -> None:
    bench = Bench(stack.endpoint, tmp_path, rounds=5)
    event = str(example_folder() / "events" / "analyze.json")
    saved = {}
    for name in ("boto3-resource", "eager-import", "no-bytecode"):
        rule = compose.read(name).planted
        assert rule is not None
        assert bench.judged(name)[0] == rule
        arguments = ("diagnose", name, "--local", "--since", "1h", "-o", "json", "--event", event)
        done = monitor(*arguments, "--turns", "7", "--try", rule)
        assert done.code == 0, done.err
        (trial,) = done.json["trials"]
        assert trial["failed"] == "", name
        saved[name] = trial["spread_ms"]
    assert saved["boto3-resource"][0] > 0, saved
    assert saved["no-bytecode"][0] > 0, saved
    # 50 ms: seven turns on a busy machine do not tell that from nothing, and the interval says so.
    assert saved["eager-import"][1] > 0, saved

"""`monitor diagnose` as a process, on the embedded stack: what it finds agrees with what was driven."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

from monitor.local.server.stack import Stack
from tests.clean_environment import clean_environment
from tests.functional.conftest import Driven, Run


def test_the_driven_example_is_diagnosed_as_it_ran(driven: Driven, monitor: Run) -> None:
    done = monitor("diagnose", driven.function, "--local", "--since", "1h", "-o", "json")
    assert done.code == 0, done.err
    evidence = done.json["evidence"]
    states = {one["name"]: one["state"] for one in evidence["sources"]}
    assert states == dict.fromkeys(
        ("configuration", "log", "package", "traces", "metrics", "concurrency", "deployments"), "read"
    )
    headline = done.json["headline"]
    assert headline["invocations"] == len(driven.results)
    assert headline["starts"] == len(driven.cold)
    assert evidence["imports"]["cold_starts"] == len(driven.cold)
    assert evidence["settings"]["instrumented"]
    assert sum(minute["invocations"] for minute in evidence["minutes"]) == len(driven.results)
    assert sum(part["ms"] for part in done.json["slices"]) > 0
    parts = {part["label"] for part in done.json["slices"]}
    assert {"import fastapi", "monitor's entry point"} <= parts
    # On a busy machine, what it imports late can take all of it.
    assert {"first invocation", "imports by the first invocation"} & parts
    files = {use["file"] for use in evidence["code"]["uses"]}
    assert "app/main.py" in files
    assert not any(file.startswith("fastapi/") for file in files)


def test_each_source_is_told_on_stderr_and_the_page_alone_on_stdout(driven: Driven, monitor: Run) -> None:
    done = monitor("diagnose", driven.function, "--local", "--since", "1h")
    assert done.code == 0, done.err
    assert done.out.startswith(driven.function)
    assert "A first call takes" in done.out
    for name in ("configuration", "log", "package", "traces", "metrics", "concurrency", "deployments"):
        assert [line for line in done.err.splitlines() if line.startswith(name)], name


def test_saved_evidence_gives_the_same_diagnosis_without_the_stack(
    driven: Driven, monitor: Run, tmp_path: Path
) -> None:
    saved = str(tmp_path / "evidence.json")
    first = monitor("diagnose", driven.function, "--local", "--since", "1h", "-o", "json", "--save", saved)
    again = monitor("diagnose", "--from", saved, "-o", "json", MONITOR_LOCAL_ENDPOINT="http://127.0.0.1:1")
    assert again.code == 0, again.err
    assert again.json == first.json


def test_a_misspelt_function_is_one_line_and_the_nearest_name(driven: Driven, monitor: Run) -> None:
    done = monitor("diagnose", driven.function[:-1], "--local")
    assert done.code == 3
    assert done.out == ""
    assert done.err.splitlines()[0].startswith("monitor: there is no function")
    assert driven.function in done.err


def test_no_stack_is_told_with_exit_code_4(monitor: Run) -> None:
    done = monitor("diagnose", "f", "--local", MONITOR_LOCAL_ENDPOINT="http://127.0.0.1:1")
    assert done.code == 4
    assert "monitor local up" in done.err


def test_an_interrupt_leaves_no_half_written_file(driven: Driven, stack: Stack, tmp_path: Path) -> None:
    saved = tmp_path / "evidence.json"
    command = [sys.executable, "-m", "monitor", "diagnose", driven.function, "--local", "--save", str(saved)]
    environment = clean_environment(MONITOR_LOCAL_ENDPOINT=stack.endpoint)
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("configuration")
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert time.monotonic() - started < 5
    left = list(tmp_path.iterdir())
    assert left == [] or (left == [saved] and json.loads(saved.read_text()))

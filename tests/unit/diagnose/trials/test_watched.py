"""A start that is watched: the modules its call enters, and the work of its init."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monitor.diagnose.trials.watching import start_record
from monitor.kernel.missing import Missing
from monitor.records.invoke_result import InvocationResult

WATCHED = Path(__file__).resolve().parents[4] / "monitor/diagnose/trials/watched.py"
APP = """
import dataclasses, enum, importlib.metadata, json, re, time
import lib.used, lib.idle

@dataclasses.dataclass
class A:
    x: int

class Color(enum.Enum):
    RED = 1

PATTERN = re.compile("a+b*")
time.sleep(0.3)
with open(__file__) as own:
    TEXT = own.read()
try:
    importlib.metadata.version("nothing-of-that-name")
except Exception:
    pass

def handler(event, context):
    if event.get("fail"):
        raise ValueError("x")
    return lib.used.run(json.dumps(event))
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    files = {"app.py": APP, "lib/__init__.py": "", "lib/idle.py": "def run(x):\n    return x\n"}
    files |= {"lib/used.py": "def run(x):\n    return x\n", "monitor_watched.py": WATCHED.read_text()}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def answered(package: Path, event: str = "{}", python: str = sys.executable) -> dict[str, Any]:
    code = f"import json, monitor_watched as w; print(json.dumps(w.handler(json.loads({event!r}), None)))"
    done = subprocess.run(
        [python, "-B", "-c", code],
        cwd=package,
        env={**os.environ, "MONITOR_WATCHED": "app.handler"},
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_modules_that_a_call_runs_are_told_from_those_that_init_imports(package: Path) -> None:
    entered = answered(package)["entered"]
    assert {"app", "lib.used", "json"} <= set(entered)
    assert "lib.idle" not in entered


def test_the_work_of_init_is_told_by_kind_file_and_line(package: Path) -> None:
    # The longest of each kind in the application's file: the standard library works while it is imported, too.
    work = [row for row in answered(package)["work"] if row[1] == "app.py"]
    rows = {kind: (file, line, what, count) for kind, file, line, what, count, _ in reversed(work)}
    lines = APP.splitlines()

    def at(text: str) -> int:
        return next(number for number, line in enumerate(lines, 1) if text in line)

    assert rows["dataclass"][:2] == ("app.py", at("@dataclasses.dataclass"))
    assert rows["enum"][:2] == ("app.py", at("class Color"))
    assert rows["regular expression"][:2] == ("app.py", at("PATTERN"))
    assert rows["version"][:2] == ("app.py", at("importlib.metadata.version"))
    assert rows["file"][:3] == ("app.py", at("with open"), "app.py")
    assert rows["line"][:2] == ("app.py", at("time.sleep"))


def test_a_call_that_fails_says_nothing_of_what_calls_run(package: Path) -> None:
    def record(event: str, *, with_event: bool = True) -> Any:
        payload = json.dumps(answered(package, event)).encode()
        return start_record(InvocationResult("1", None, payload, None, 1.0), with_event=with_event)

    assert "lib.used" in record("{}").entered
    assert record('{"fail": 1}').entered is None
    assert record("{}", with_event=False).entered is None
    assert any(one.kind == "dataclass" for one in record('{"fail": 1}').work)


@pytest.mark.parametrize("payload", [b"", b"null", b"[1]", b"not json"])
def test_a_start_without_a_record_is_missing(payload: bytes) -> None:
    assert isinstance(start_record(InvocationResult("1", None, payload, None, 1.0), with_event=True), Missing)
    assert isinstance(start_record(InvocationResult("1", "Unhandled", b"{}", None, 1.0), with_event=True), Missing)

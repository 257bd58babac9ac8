"""Files that a command replaces: a full disk, a kill or a hostile place leaves the earlier file as it was."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clean_environment import clean_environment

PROFILE = (
    "import time: self [us] | cumulative | imported package\n"
    "import time:     90000 |      90000 |   botocore\nimport time:      2000 |      92000 | boto3\n"
)
REPORTS = "".join(
    f"START RequestId: {number:08d}-0000-4000-8000-000000000000 Version: $LATEST\n"
    f"REPORT RequestId: {number:08d}-0000-4000-8000-000000000000\tDuration: 10 ms\tBilled Duration: 10 ms\t"
    f"Memory Size: 512 MB\tMax Memory Used: 90 MB\tInit Duration: 400 ms\t\n"
    for number in range(3)
)
# Each command that replaces a file, with OUT for the file and LOG for a log.
COMMANDS = {
    "coldstarts --save": ("coldstarts", "--from", "LOG", "--imports", "--save", "OUT"),
    "coldstarts --speedscope": ("coldstarts", "--from", "LOG", "--imports", "--speedscope", "OUT"),
    "diagnose --save": ("diagnose", "--from", "LOG", "--save", "OUT"),
    "dashboard render --out": ("dashboard", "render", "BODY", "-o", "html", "--out", "OUT", "--local"),
}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "log").write_text(PROFILE + REPORTS, encoding="utf-8")
    (tmp_path / "body.json").write_text(
        '{"widgets": [{"type": "text", "width": 6, "height": 3, "properties": {"markdown": "x"}}]}', encoding="utf-8"
    )
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "file").write_text("earlier\n", encoding="utf-8")
    return tmp_path


def command_line(place: Path, name: str) -> list[str]:
    places = {"LOG": place / "log", "BODY": place / "body.json", "OUT": place / "out" / "file"}
    return [sys.executable, "-m", "monitor", *(str(places.get(word, word)) for word in COMMANDS[name])]


def environment() -> dict[str, str]:
    return clean_environment(
        MONITOR_LOCAL_ENDPOINT="http://127.0.0.1:9", MONITOR_LOCAL_ACCESS_KEY="local", PYTHONDONTWRITEBYTECODE="1"
    )


@pytest.mark.parametrize("name", COMMANDS)
def test_a_full_disk_leaves_the_earlier_file(place: Path, name: str) -> None:
    done = subprocess.run(
        # No file can be larger than nothing: each write fails as on a full disk.
        ["sh", "-c", 'ulimit -f 0; exec "$@" 2>/dev/null', "sh", *command_line(place, name)],
        env=environment(),
        stdout=subprocess.PIPE,
        timeout=60,
        check=False,
    )
    assert done.returncode not in (0, 1)
    assert (place / "out" / "file").read_text(encoding="utf-8") == "earlier\n"
    assert [one.name for one in (place / "out").iterdir()] == ["file"]


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_written_is_complete_and_evidence_is_the_owner_s_alone(place: Path, name: str) -> None:
    done = subprocess.run(command_line(place, name), env=environment(), capture_output=True, timeout=60, check=False)
    written = place / "out" / "file"
    assert written.read_text(encoding="utf-8") != "earlier\n", done.stderr
    assert [one.name for one in (place / "out").iterdir()] == ["file"]
    if name.endswith("--save"):
        assert written.stat().st_mode & 0o077 == 0


def test_a_checkpoint_that_never_ends_is_refused(place: Path) -> None:
    os.mkfifo(place / "pipe")
    for path in ("/dev/zero", str(place / "pipe")):
        done = subprocess.run(
            [sys.executable, "-m", "monitor", "--local", "tail", "/aws/lambda/fn", "--checkpoint", path],
            env=environment(),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 2
        assert "cannot be read" in done.stderr

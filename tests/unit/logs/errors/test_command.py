"""`monitor errors`: the commands that it prints."""

import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.logs.errors.command import _show_command
from monitor.logs.errors.model import FailureGroup
from monitor.logs.model_saved import SavedFiles
from monitor.main import cli

ID = "5b86d4d4-0c1f-4d2c-9a0e-3f7e5b8f6a11"
TEXT = (
    f"START RequestId: {ID} Version: 7\n"
    "[ERROR] KeyError: 'sku'\rTraceback (most recent call last):\r  File \"/var/task/a.py\", line 1, in f\n"
    f"END RequestId: {ID}\n"
    f"REPORT RequestId: {ID}\tDuration: 3.00 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tMax Memory Used: 50 MB\t\n"
)


def test_the_printed_command_shows_the_invocation_of_the_saved_log(tmp_path: Path) -> None:
    path = tmp_path / "a saved log"
    path.write_text(TEXT)
    printed = CliRunner().invoke(cli, ("errors", "--from", str(path)), standalone_mode=False).stdout
    (command,) = [line.strip() for line in printed.splitlines() if "monitor show" in line]
    shown = CliRunner().invoke(cli, shlex.split(command)[1:], standalone_mode=False)
    assert shown.exit_code == 0
    assert "KeyError" in shown.stdout


@pytest.mark.parametrize(
    ("function", "targets", "source", "since", "expected"),
    [
        ("pay", ("pa*",), None, None, f"monitor show {ID} pay"),
        ("pay", ("pay",), None, "3 days ago", f"monitor show {ID} pay --since '3 days ago'"),
        ("", ("/ecs/shop",), None, None, f"monitor show {ID} /ecs/shop"),
        ("pay", (), SavedFiles(("x.log",), "saw"), None, f"monitor show {ID} --from x.log --form saw"),
        ("pay", (), SavedFiles(("-",)), None, ""),
    ],
)
def test_the_command_names_the_source(
    function: str, targets: tuple[str, ...], source: SavedFiles | None, since: str | None, expected: str
) -> None:
    group = FailureGroup("exception", "KeyError", "'sku'", "'sku'", "a.py:f", function, 1, 0, 0, ID)
    assert _show_command(group, targets, source, since) == expected

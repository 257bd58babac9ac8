"""CPython's import profile."""

import subprocess
import sys

from monitor.records.application import parse_import_time
from monitor.records.message import parse_message
from monitor.records.record import ImportTime


def test_a_line_gives_its_times_its_depth_and_its_module() -> None:
    assert parse_message("import time:      1250 |      20480 |     app.core\n") == ImportTime(
        1250, 20480, 2, "app.core"
    )
    assert parse_import_time("import time:        30 |         30 | marshal") == ImportTime(30, 30, 0, "marshal")


def test_the_heading_is_plain_text() -> None:
    assert parse_message("import time: self [us] | cumulative | imported package").record_kind == "text"


def test_what_python_really_prints_is_read_to_the_last_line() -> None:
    command = [sys.executable, "-X", "importtime", "-c", "import json"]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    profile = [found for line in text.splitlines() if (found := parse_import_time(line))]
    assert len(profile) == text.count("import time:") - 1
    by_name = {item.module: item for item in profile}
    assert by_name["json.decoder"].depth == by_name["json"].depth + 1
    assert by_name["json"].cumulative_us >= by_name["json.decoder"].cumulative_us

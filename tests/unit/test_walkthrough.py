"""The walkthrough shows the commands that its script runs, in that order, and the script that it deploys with."""

import re
from pathlib import Path

from benchmarks import walkthrough

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "walkthrough.md").read_text()


def test_the_page_shows_the_commands_that_the_script_runs() -> None:
    shown = re.findall(r"^\$ (.+)$", PAGE.replace(" \\\n    ", " "), re.MULTILINE)
    (deployed,) = {found.group(1) for one in shown if (found := re.search(r"--since (\S+Z)", one))}
    run = [*walkthrough.BEFORE, *walkthrough.AFTER, walkthrough.DOWN]
    assert shown == [one.format(cold=10, deployed=deployed) for one in run]


def test_the_page_shows_the_script_that_deploys_by_hand() -> None:
    assert f"```sh\n{walkthrough.DEPLOY_SH}```" in PAGE

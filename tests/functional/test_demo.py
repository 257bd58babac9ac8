"""The tour as a newcomer sees it."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.clean_environment import clean_environment


@pytest.mark.slow
def test_the_tour_fits_on_a_few_screens_diagnoses_and_ends_with_what_to_type_next(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "demo"],
        env=clean_environment(COLUMNS="80"),
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) + len(done.stderr.splitlines()) < 100
    # The tour deploys the example with an SDK client at import, and finds it.
    assert any("boto3.client on first use" in line for line in lines)
    after = lines[lines.index("Next") + 1 :]
    assert all(line.startswith("  monitor ") and len(line) <= 80 for line in after), after
    assert len(after) >= 5

import gc
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from tests.examples import examples
from tests.forks import FORKS

ROOT = Path(__file__).resolve().parents[1]

# How long an example takes depends on who else uses the machine: that is no finding.
settings.register_profile(
    "steady",
    max_examples=examples(100),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    database=DirectoryBasedExampleDatabase(ROOT / ".hypothesis" / "examples"),
)
settings.load_profile("steady")

# Started in the background of a script, this process has Ctrl-C ignored, and every command that it starts would too.
if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def _thawed() -> Iterator[None]:
    """A command collects garbage rarely, since its process ends. A command inside this process must not change that."""
    thresholds = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*thresholds)


@pytest.fixture(scope="session", autouse=True)
def _outside_the_tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Commands write some files where they are started: never into this repository."""
    os.chdir(tmp_path_factory.mktemp("started-here"))
    yield
    os.chdir(ROOT)


@pytest.fixture(scope="session", autouse=True)
def _forks_end() -> Iterator[None]:
    yield
    FORKS.close()


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real samples that belong to others: read where they lie, never copied here."""
    place = os.environ.get("MONITOR_CORPUS")
    if not place:
        pytest.skip("MONITOR_CORPUS names no folder of real samples")
    path = Path(place)
    assert path.is_dir(), f"MONITOR_CORPUS names {place}, which is not a folder"
    return path

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# How long an example takes depends on who else uses the machine: that is no finding.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")

REPOSITORY = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Real samples that belong to others: read where they lie, never copied here."""
    path = Path(os.environ.get("MONITOR_CORPUS", REPOSITORY.parent / "shared" / "corpus"))
    if not path.is_dir():
        pytest.skip(f"the corpus of real samples is not at {path} (set MONITOR_CORPUS)")
    return path

"""A function as it is put up here."""

from pathlib import Path

import pytest

from monitor.diagnose.trials.subject import fetch
from monitor.errors import UsageError
from tests.fakes.code_evidence import healthy


def test_saved_evidence_alone_has_no_package_and_says_what_to_give(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no package to try") as told:
        fetch(None, "", healthy(), tmp_path, package=None, given={})
    assert "--package" in (told.value.hint or "")

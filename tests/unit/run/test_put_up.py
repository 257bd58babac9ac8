"""Deploying a folder to the embedded stack."""

from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.errors import UsageError
from monitor.run.workflow import put_up


def test_a_missing_handler_is_told_before_anything_is_installed(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(event, context): ...\n", encoding="utf-8")
    (tmp_path / "requirements.txt").write_text("no-such-distribution-anywhere==1\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"has no lambda_function\.py") as raised:
        put_up(Connection(region="eu-west-1", local=True), "fn", tmp_path)
    assert "--handler" in raised.value.hint

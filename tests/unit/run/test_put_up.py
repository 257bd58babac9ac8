"""Deploying a folder to the embedded stack."""

from pathlib import Path

import pytest

from monitor.aws.connection import Connection
from monitor.aws.deploy import Deployment
from monitor.errors import UsageError
from monitor.kernel.entry_point import ENTRY_POINT
from monitor.run.workflow import put_up


def test_a_missing_handler_is_told_before_anything_is_installed(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(event, context): ...\n", encoding="utf-8")
    (tmp_path / "requirements.txt").write_text("no-such-distribution-anywhere==1\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"has no lambda_function\.py") as raised:
        put_up(Connection(region="eu-west-1", local=True), "fn", tmp_path)
    assert "--handler" in raised.value.hint


def test_no_note_says_how_to_deploy_what_is_deployed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stack takes a package of more than 50 MB through S3, and its handler is set."""
    (tmp_path / "lambda_function.py").write_text("def lambda_handler(event, context): ...\n", encoding="utf-8")
    deployed: list[Deployment] = []
    monkeypatch.setattr("monitor.packages.building.build.ZIPPED_LIMIT_BYTES", 10)
    monkeypatch.setattr("monitor.run.workflow.deploy", lambda _connection, one: deployed.append(one))
    notes = put_up(Connection(region="eu-west-1", local=True), "fn", tmp_path)
    assert [one.handler for one in deployed] == [ENTRY_POINT]
    assert not [note for note in notes if "S3" in note or "Handler" in note]

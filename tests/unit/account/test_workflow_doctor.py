"""`monitor doctor` names what is missing: a region, credentials, a profile, a process that prints credentials."""

import json
import stat
from pathlib import Path

import pytest

from monitor.account.model_check import Check, Outcome
from monitor.account.workflow_doctor import run_checks
from monitor.aws.connection import Connection

KEYS = {"Version": 1, "AccessKeyId": "AKIAEXAMPLE", "SecretAccessKey": "very-secret"}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment without AWS settings; writes to its configuration file come next."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return tmp_path


def checks(**how: str) -> list[Check]:
    # No request leaves the machine: nothing listens on this port.
    found = run_checks(Connection(endpoint_url="http://127.0.0.1:9", **how))
    return [check for check in found if check.name != "libraries"]


def process(folder: Path, body: str) -> None:
    script = folder / "print-credentials"
    script.write_text(f"#!/bin/sh\n{body}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    (folder / "config").write_text(f"[default]\nregion = eu-west-1\ncredential_process = {script}\n")


def test_a_missing_region_is_not_a_fault_of_the_credentials(aws: Path) -> None:
    region, credentials = checks()

    assert (region.name, region.outcome) == ("region", Outcome.FAILED)
    assert "no AWS region is set" in region.detail
    assert (credentials.name, credentials.detail) == ("credentials", "no AWS credentials were found")


def test_missing_credentials_are_not_a_fault_of_the_region(aws: Path) -> None:
    region, credentials = checks(region="eu-west-1")

    assert (region.outcome, region.detail) == (Outcome.OK, "eu-west-1")
    assert (credentials.name, credentials.outcome) == ("credentials", Outcome.FAILED)


def test_a_profile_that_does_not_exist_is_a_fault_of_the_configuration(aws: Path) -> None:
    (check,) = checks(profile="nobody")

    assert (check.name, check.exit_code) == ("configuration", 2)
    assert "nobody" in check.detail


def test_an_endpoint_that_does_not_answer_is_not_a_fault_of_the_credentials(
    aws: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    monkeypatch.setattr("monitor.aws.connection._MAX_ATTEMPTS", 1)
    *_, network = checks(region="eu-west-1")

    assert (network.name, network.outcome, network.exit_code) == ("network", Outcome.FAILED, 4)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo 'session expired: log in again' >&2; exit 3", "session expired: log in again"),
        ("exit 3", "it exited with an error"),
        ("echo no credentials here", "its output is not JSON"),
        ("printf '\\377\\376'", "its output is not text"),
        ("echo '[]'", "its output is not what the AWS CLI expects"),
        ("echo '{\"Version\": 2}'", "Unsupported version '2'"),
        ("echo '{\"Version\": 1}'", "Missing required key"),
    ],
)
def test_a_credential_process_that_fails_is_named_with_its_reason(aws: Path, body: str, said: str) -> None:
    process(aws, body)
    _, credentials = checks()

    assert credentials.name == "credentials"
    assert credentials.detail.startswith("credential_process of the AWS profile failed: ")
    assert said in credentials.detail
    # The file that the AWS CLI reads too, here by AWS_CONFIG_FILE.
    assert f"credential_process in {aws / 'config'})" in credentials.hint
    assert credentials.exit_code == 3


@pytest.mark.parametrize("command", ["/nonexistent/tool --x", "'unclosed", "/"])
def test_a_credential_process_that_cannot_be_started_is_named(aws: Path, command: str) -> None:
    (aws / "config").write_text(f"[default]\nregion = eu-west-1\ncredential_process = {command}\n")
    _, credentials = checks()

    assert credentials.detail.startswith("credential_process of the AWS profile failed: ")


def test_credentials_that_cannot_be_renewed_are_a_fault_of_the_process(aws: Path) -> None:
    soon = {**KEYS, "Expiration": "2020-01-01T00:00:00Z"}
    process(aws, f"if [ -e {aws}/again ]; then echo broken; else touch {aws}/again; echo '{json.dumps(soon)}'; fi")
    _, credentials = checks()

    assert "its output is not JSON" in credentials.detail
    assert "very-secret" not in credentials.detail


def test_half_of_the_credentials_is_named(aws: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
    _, credentials = checks(region="eu-west-1")

    assert "incomplete" in credentials.detail
    assert "AWS_SECRET_ACCESS_KEY" in credentials.detail

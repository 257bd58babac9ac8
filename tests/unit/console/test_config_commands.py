"""`monitor config` and `monitor self`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.errors import UsageError
from monitor.main import cli


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "MONITOR_SINCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config" / "monitor" / "config.toml"


def run(*words: str) -> str:
    found = CliRunner().invoke(cli, words, catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.stdout


def test_a_setting_that_was_set_is_shown_with_its_file(own: Path) -> None:
    run("config", "set", "region", "eu-west-1")
    run("config", "set", "ask_above_usd", "5")
    assert own.read_text() == 'region = "eu-west-1"\nask_above_usd = 5.0\n'
    rows = {row["setting"]: row for row in json.loads(run("config", "show", "-o", "json"))}
    assert rows["region"] == {"setting": "region", "value": "eu-west-1", "from": str(own)}
    assert run("config", "path").strip() == str(own)


def test_a_variable_wins_and_a_project_needs_consent(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("config", "set", "since", "2d")
    monkeypatch.setenv("MONITOR_SINCE", "3h")
    Path("monitor.toml").write_text('endpoint_url = "http://127.0.0.1:1"\noutput = "json"\n')
    rows = {row["setting"]: row for row in json.loads(run("config", "show", "-o", "json"))}
    assert (rows["since"]["value"], rows["since"]["from"]) == ("3h", "MONITOR_SINCE")
    assert "needs your consent" in rows["endpoint_url"]["from"]
    assert rows["output"]["from"].endswith("monitor.toml")


def test_a_project_s_region_is_for_commands_that_only_read(own: Path) -> None:
    run("config", "set", "region", "us-east-1")
    Path("monitor.toml").write_text('region = "eu-west-1"\n')
    rows = {row["setting"]: row for row in json.loads(run("config", "show", "-o", "json"))}
    assert rows["region"]["value"] == "eu-west-1"
    assert "only read" in rows["region"]["from"]


@pytest.mark.parametrize(
    ("name", "value"),
    [("since", "bananas"), ("output", "yaml"), ("utc", "maybe"), ("ask_above_usd", "nan"), ("ask_above_usd", "much")],
)
def test_a_value_that_does_not_fit_is_refused_and_nothing_is_written(own: Path, name: str, value: str) -> None:
    with pytest.raises(UsageError):
        CliRunner().invoke(cli, ["config", "set", name, value], catch_exceptions=False)
    assert not own.exists()


def test_self_names_variables_without_their_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cr3t-value")
    found = run("self", "-o", "json")
    assert "AWS_SECRET_ACCESS_KEY" in found
    assert "s3cr3t-value" not in found + run("self")
    assert json.loads(found)["botocore"]

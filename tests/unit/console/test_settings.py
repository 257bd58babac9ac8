"""Where a command looks: flags before or after it, then the environment, then the file."""

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from monitor.console.embedded_stack import LOCAL_REGION
from monitor.console.options import connection_options, output_option, window_options
from monitor.console.settings import Settings, pass_settings
from monitor.errors import UnreachableError, UsageError

VARIABLES = ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "MONITOR_LOCAL", "MONITOR_OUTPUT")


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*VARIABLES, "MONITOR_SINCE", "MONITOR_LOCAL_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MONITOR_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


def config(text: str) -> None:
    Path("monitor.toml").write_text(text, encoding="utf-8")


def parsed(*arguments: str) -> tuple[Settings, str]:
    seen: list[tuple[Settings, str]] = []

    @click.group()
    @connection_options
    def root() -> None: ...

    @root.command()
    @output_option("text", "json", "raw")
    @window_options("1h")
    @connection_options
    @pass_settings
    def command(settings: Settings, output: str, **_: object) -> None:
        seen.append((settings, output))

    result = CliRunner().invoke(root, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return seen[0]


@pytest.mark.parametrize(
    "arguments",
    [
        ("--region", "eu-west-1", "--profile", "p", "command"),
        ("command", "--region", "eu-west-1", "--profile", "p"),
        ("--region", "us-east-1", "--profile", "p", "command", "--region", "eu-west-1"),
    ],
)
def test_connection_options_go_before_or_after_the_command(arguments: tuple[str, ...]) -> None:
    settings, _ = parsed(*arguments)
    assert (settings.regions, settings.profiles) == (("eu-west-1",), ("p",))


def test_a_region_may_be_repeated_and_each_gets_a_connection() -> None:
    settings, _ = parsed("command", "--region", "eu-west-1", "--region", "ap-southeast-1")
    assert [one.region for one in settings.connections()] == ["eu-west-1", "ap-southeast-1"]
    with pytest.raises(UsageError, match="one region"):
        settings.connection()


def test_the_flag_wins_over_the_environment_and_that_over_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    config('region = "eu-north-1"\noutput = "raw"\nsince = "2h"\n')
    settings, output = parsed("command")
    assert (settings.connection().region, output) == ("eu-north-1", "raw")
    assert settings.window(None, None, utc=False, default="1h").length_s == 7200
    monkeypatch.setenv("AWS_REGION", "us-west-2")
    monkeypatch.setenv("MONITOR_OUTPUT", "json")
    monkeypatch.setenv("MONITOR_SINCE", "3h")
    settings, output = parsed("command")
    assert (settings.connection().region, output) == ("us-west-2", "json")
    assert settings.window(None, None, utc=False, default="1h").length_s == 10_800
    settings, output = parsed("command", "--region", "sa-east-1", "-o", "text")
    assert (settings.connection().region, output) == ("sa-east-1", "text")
    assert settings.window("5m", None, utc=False, default="1h").length_s == 300


def test_an_output_that_a_command_does_not_have_is_passed_by(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_OUTPUT", "html")
    assert parsed("command")[1] == "text"


def test_local_means_the_stack_that_is_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_LOCAL_ENDPOINT", "http://127.0.0.1:4599")
    for arguments in (("--local", "command"), ("command", "--local")):
        connection = parsed(*arguments)[0].connection()
        assert (connection.local, connection.endpoint_url) == (True, "http://127.0.0.1:4599")
        assert connection.region == LOCAL_REGION
    config("local = true\n")
    assert parsed("command")[0].connection().local
    monkeypatch.setenv("MONITOR_LOCAL", "0")
    assert not parsed("command")[0].is_local


def test_local_without_a_stack_says_how_to_start_one() -> None:
    with pytest.raises(UnreachableError) as error:
        parsed("--local", "command")[0].connections()
    assert "monitor local up" in error.value.hint


def test_the_local_stack_never_sees_the_user_s_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_LOCAL_ENDPOINT", "http://127.0.0.1:4599")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAREAL")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    credentials = parsed("--local", "command")[0].connection().session.get_credentials()
    assert (credentials.access_key, credentials.secret_key) == ("local", "local")


def test_several_local_stacks_are_said_and_the_newest_is_meant(capsys: pytest.CaptureFixture[str]) -> None:
    from monitor.local.server import registry

    for port, started in ((4001, "2026-11-23T01:00:00+00:00"), (4002, "2026-11-23T02:00:00+00:00")):
        registry.write(registry.StackInfo(1, port, f"http://127.0.0.1:{port}", started, "x"))
    settings = Settings(local=True)
    assert [settings.local_stack()[0] for _ in range(2)] == ["http://127.0.0.1:4002"] * 2
    assert capsys.readouterr().err.count("2 embedded stacks are up; this is the newest, http://127.0.0.1:4002") == 1

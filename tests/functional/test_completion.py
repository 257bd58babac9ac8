"""What a shell completes: commands, options, and the names of what exists."""

from pathlib import Path

from tests.functional.conftest import Driven, Run


def completed(monitor: Run, words: str, **environment: str) -> list[str]:
    position = str(len(words.split()) - 1)
    done = monitor(_MONITOR_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=position, **environment)
    return [line.partition(",")[2] for line in done.out.splitlines()]


def test_commands_and_options_are_completed(monitor: Run) -> None:
    assert completed(monitor, "monitor ta") == ["tail"]
    assert "--no-follow" in completed(monitor, "monitor tail --no-f")


def test_function_and_dashboard_names_are_completed(monitor: Run, driven: Driven) -> None:
    assert completed(monitor, "monitor --local tail ai-im") == [driven.function]
    deployed = monitor("--local", "dashboard", "deploy", "--function", driven.function, "--name", "zeta", "--yes")
    assert deployed.code == 0, deployed.err
    assert completed(monitor, "monitor --local dashboard show ze") == ["zeta"]


def test_an_account_that_cannot_be_asked_completes_nothing_and_says_nothing(monitor: Run) -> None:
    words = "monitor --local tail ai"
    position = str(len(words.split()) - 1)
    dead = {"MONITOR_LOCAL_ENDPOINT": "http://127.0.0.1:9"}
    done = monitor(_MONITOR_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=position, **dead)
    assert (done.out.strip(), done.err) == ("", "")


def test_rules_templates_profiles_stages_and_request_ids_are_completed(
    monitor: Run, driven: Driven, tmp_path: Path
) -> None:
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws" / "config").write_text("[profile work]\n[profile wo;rk]\n", encoding="utf-8")
    (tmp_path / ".config" / "monitor").mkdir(parents=True)
    (tmp_path / ".config" / "monitor" / "config.toml").write_text(
        f'[stage.prod]\nfunctions = ["{driven.function}"]\n', encoding="utf-8"
    )
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": ""}
    assert completed(monitor, "monitor diagnose --try sdk-sh") == ["sdk-shipped"]
    assert completed(monitor, "monitor dashboard deploy lambda-cold") == ["lambda-cold-starts"]
    assert completed(monitor, "monitor tail --profile wo", **home) == ["work"]
    assert completed(monitor, "monitor tail --stage pr", **home) == ["prod"]
    assert completed(monitor, "monitor show la") == ["latest"]
    asked = driven.results[0].request_id
    assert completed(monitor, f"monitor --local show --stage prod {asked[:6]}", **home) == [asked]


def test_the_completion_script_is_all_that_is_printed(monitor: Run) -> None:
    for shell in ("bash", "zsh", "fish"):
        done = monitor("completion", shell)
        assert (done.code, done.err) == (0, "")
        assert "_MONITOR_COMPLETE" in done.out

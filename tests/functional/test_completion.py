"""What a shell completes: commands, options, and the names of what exists."""

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

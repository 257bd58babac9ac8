"""What is about to cost something: said, and above the limit agreed to or refused."""

from pathlib import Path

import pytest

from monitor.coldstarts.command import agreed
from monitor.coldstarts.workflow import Scan
from monitor.console.config import Config, ConfigFile
from monitor.console.settings import Settings
from monitor.console.spending import spend
from monitor.errors import UsageError


def settings(limit: float | None = None) -> Settings:
    given = frozenset() if limit is None else frozenset(("ask_above_usd",))
    return Settings(_files=(None, ConfigFile(Path("config.toml"), Config(ask_above_usd=limit), given)))


def test_a_price_below_the_limit_is_said_and_that_is_all(capsys: pytest.CaptureFixture[str]) -> None:
    agreed(settings(), yes=False)(Scan(20e6))
    assert capsys.readouterr().err == "monitor: scanning about 20.0 MB with Logs Insights: about $0.0001\n"


def test_above_the_limit_nobody_being_there_it_is_refused_and_told_how_to_agree() -> None:
    with pytest.raises(UsageError) as refused:
        agreed(settings(), yes=False)(Scan(300e9))
    assert refused.value.message.endswith("would cost about $1.50, more than the limit of $1")
    assert "--yes" in refused.value.hint


def test_yes_and_a_higher_limit_agree(capsys: pytest.CaptureFixture[str]) -> None:
    spend(settings(), "all of it", 1.5, yes=True)
    spend(settings(2.0), "all of it", 1.5, yes=False)
    assert capsys.readouterr().err == "monitor: all of it: about $1.50\n" * 2


def test_a_limit_of_nothing_asks_for_everything() -> None:
    with pytest.raises(UsageError, match=r"more than the limit of \$0"):
        spend(settings(0), "a little", 0.001, yes=False)


def test_a_size_that_is_not_known_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    agreed(settings(), yes=False)(Scan(None))
    assert "the size of the log groups is not known" in capsys.readouterr().err


def test_the_limit_is_a_number_in_the_configuration(tmp_path: Path) -> None:
    from monitor.console.config import load_project

    (tmp_path / "monitor.toml").write_text("ask-above-usd = 5\n", encoding="utf-8")
    found = load_project(tmp_path)
    assert found is not None
    assert found.config.ask_above_usd == 5
    (tmp_path / "monitor.toml").write_text("ask_above_usd = true\n", encoding="utf-8")
    with pytest.raises(UsageError, match="a number of USD"):
        load_project(tmp_path)

from pathlib import Path

import pytest

from monitor.console.config import ConfigFile, load_project, load_user, user_file_path
from monitor.errors import UsageError


def load(folder: Path) -> ConfigFile:
    found = load_project(folder)
    assert found is not None
    return found


def test_without_a_file_there_are_no_settings(tmp_path: Path) -> None:
    assert load_project(tmp_path) is None


def test_a_file_above_the_folder_counts(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text('region = "ap-southeast-1"\nlocal = true\n', encoding="utf-8")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    found = load(deep)
    assert (found.path, found.given) == (tmp_path / "monitor.toml", {"region", "local"})
    assert (found.config.region, found.config.local) == ("ap-southeast-1", True)


def test_a_pyproject_without_our_table_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.monitor]\nsince = "2h"\n', encoding="utf-8")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text('[project]\nname = "x"\n', encoding="utf-8")
    assert load(inner).config.since == "2h"


def test_an_unknown_key_names_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text('regoin = "x"\n', encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        load(tmp_path)
    assert refused.value.hint == "did you mean 'region'?"


@pytest.mark.parametrize("text", ["region = 3\n", "local = 'yes'\n", "region = \n", "\xff"])
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "monitor.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError):
        load(tmp_path)


def test_the_user_s_own_file_is_where_xdg_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert user_file_path() == tmp_path / ".config" / "monitor" / "config.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    assert load_user() is None
    user_file_path().parent.mkdir(parents=True)
    user_file_path().write_text(
        'since = "2h"\n[stage.prod]\nprofile = "p"\nregions = ["eu-west-1"]\nfunctions = ["api-*"]\n', encoding="utf-8"
    )
    own = load_user()
    assert own is not None
    assert own.config.since == "2h"
    stage = own.config.stage["prod"]
    assert (stage.profile, stage.regions, stage.functions) == ("p", ("eu-west-1",), ("api-*",))


@pytest.mark.parametrize(
    "text",
    [
        'stage = "prod"',
        'stage.prod = "x"',
        '[stage.prod]\nregions = "eu-west-1"',
        "[stage.prod]\nregions = [1]",
        "[stage.prod]\nprofile = 1",
        '[stage.prod]\nregion = "eu-west-1"',
    ],
)
def test_a_stage_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "monitor.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UsageError):
        load(tmp_path)

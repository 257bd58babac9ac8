from pathlib import Path

import pytest

from monitor.console.config import Config, load
from monitor.errors import UsageError


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    assert load(tmp_path) == Config()


def test_a_file_above_the_folder_counts(tmp_path: Path) -> None:
    (tmp_path / "monitor.toml").write_text('region = "ap-southeast-1"\nlocal = true\n', encoding="utf-8")
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert load(deep) == Config(region="ap-southeast-1", local=True)


def test_a_pyproject_without_our_table_is_passed_by(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.monitor]\nsince = "2h"\n', encoding="utf-8")
    inner = tmp_path / "inner"
    inner.mkdir()
    (inner / "pyproject.toml").write_text('[project]\nname = "x"\n', encoding="utf-8")
    assert load(inner).since == "2h"


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

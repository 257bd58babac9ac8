"""Installed dependencies are kept for the next run, and only as long as they are the same."""

import os
import time
from pathlib import Path

import pytest

from monitor.console.temporary import lock_folder
from monitor.errors import UsageError
from monitor.packages.building.cache import cache_folder, install_cached
from monitor.packages.building.install import InstallOptions
from monitor.packages.model_dependencies import BuildTarget, RequiredLine, Requirements
from tests.fakes.wheels import wheel


def install(into: Path, cache: Path, *lines: str) -> str:
    into.mkdir()
    requirements = Requirements(lines=tuple(map(RequiredLine, lines)))
    return install_cached(requirements, into, BuildTarget("3.11", "x86_64"), InstallOptions(), cache)


def test_a_second_run_installs_nothing(tmp_path: Path, empty_index: Path) -> None:
    path = wheel(empty_index, "dep", "1.0", {"dep.py": "X = 1\n", "deep/er.py": ""})
    cache = tmp_path / "cache"
    assert install(tmp_path / "a", cache, "dep==1.0") != "the cache"
    path.unlink()
    assert install(tmp_path / "b", cache, "dep==1.0") == "the cache"
    assert (tmp_path / "b" / "dep.py").read_text(encoding="utf-8") == "X = 1\n"
    assert (tmp_path / "b" / "deep" / "er.py").is_file()
    assert install(tmp_path / "c", cache) == "nothing to install"
    assert [one.name for one in cache.iterdir() if one.name.startswith(".")] == []


def test_a_failed_install_leaves_nothing(tmp_path: Path, empty_index: Path) -> None:
    cache = tmp_path / "cache"
    with pytest.raises(UsageError, match="no-such-thing"):
        install(tmp_path / "a", cache, "no-such-thing==1")
    assert list(cache.iterdir()) == []


def test_what_killed_runs_left_is_removed_and_what_a_run_installs_is_not(tmp_path: Path, empty_index: Path) -> None:
    cache = tmp_path / "cache"
    for name in (".new-killed", ".new-other"):
        (cache / name / "dep").mkdir(parents=True)
    held = lock_folder(cache / ".new-other")
    try:
        wheel(empty_index, "dep", "1.0", {"dep.py": ""})
        install(tmp_path / "a", cache, "dep==1.0")
        assert [one.name for one in cache.iterdir() if one.name.startswith(".")] == [".new-other"]
    finally:
        os.close(held)


def test_the_cache_keeps_the_newest(tmp_path: Path, empty_index: Path) -> None:
    cache = tmp_path / "cache"
    for number in range(12):
        (cache / f"old{number}").mkdir(parents=True)
        os.utime(cache / f"old{number}", (number, number))
    wheel(empty_index, "dep", "1.0", {"dep.py": ""})
    install(tmp_path / "a", cache, "dep==1.0")
    left = {one.name for one in cache.iterdir()}
    assert len(left) == 10
    assert "old0" not in left
    assert max(one.stat().st_mtime for one in cache.iterdir()) >= time.time() - 600


def test_the_cache_is_where_xdg_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "lambda-monitor" / "packages"

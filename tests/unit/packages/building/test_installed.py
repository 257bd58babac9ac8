import importlib.util
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

from monitor.errors import UsageError
from monitor.packages.building.archive import write
from monitor.packages.building.entry import Entry
from monitor.packages.building.installed import closure, distribution_entries, runtime_entries, version_mismatches
from monitor.packages.building.project_files import project_entries


def test_what_a_requirement_requires_comes_along() -> None:
    names = {found.metadata["Name"].lower() for found in closure(["boto3>=1"])}
    assert {"boto3", "botocore", "s3transfer", "jmespath", "urllib3"} <= names
    assert "pytest" not in names


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Distributions on sys.path: `app` with extras, and what those require."""
    requires = {
        "app": [
            "base",
            'a; extra == "one"',
            'b; extra == "one" or extra == "two"',
            'c; python_version > "3" and (extra == "two" or "three" == extra)',
            'app[one]; extra == "all"',
            'd; python_version < "3" and extra == "one"',
            "e (>dev) ; extra == 'one'",
        ],
        "base": ['app[two]; extra == "back"'],
    }
    for name in ("app", "base", "a", "b", "c", "d"):
        info = tmp_path / f"{name}-1.0.dist-info"
        info.mkdir()
        lines = [f"Requires-Dist: {line}\n" for line in requires.get(name, [])]
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n{''.join(lines)}\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(
    ("requirements", "names"),
    [
        (["app"], "app base"),
        (["app[one]"], "a app b base"),
        (["app[two]"], "app b base c"),
        (["App[Two]"], "app b base c"),
        (["app", "app[two]"], "app b base c"),
        (["app[two]", "app"], "app b base c"),
        (["app[all]"], "a app b base"),
        (["app[one,three]"], "a app b base c"),
        (["app", "base[back]"], "app b base c"),
        (["app[nothing]"], "app base"),
        (["app[one]; python_version < '3'"], ""),
    ],
)
def test_an_extra_brings_every_distribution_that_it_names(installed: Path, requirements: list[str], names: str) -> None:
    assert [one.name for one in closure(requirements)] == names.split()


def test_a_marker_that_does_not_hold_is_passed_by() -> None:
    assert closure(["boto3; python_version < '3'"]) == []


def test_a_distribution_that_is_not_here_is_named() -> None:
    with pytest.raises(UsageError, match="no-such-thing is required"):
        closure(["no-such-thing==1"])


def test_bytecode_is_left_out_and_metadata_kept() -> None:
    names = {entry.name for entry in distribution_entries(["jmespath"])}
    assert "jmespath/__init__.py" in names
    assert any(name.endswith("dist-info/METADATA") for name in names)
    assert not any("__pycache__" in name or name.startswith("..") for name in names)


def test_lambdaignore_follows_gitignore_s_rules(tmp_path: Path) -> None:
    for name in ("app/main.py", "tests/test_a.py", "README.md", "docs/keep.md", "app/__pycache__/x.pyc", ".git/HEAD"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / ".lambdaignore").write_text("tests/\n*.md\n!docs/keep.md\n", encoding="utf-8")
    assert sorted(entry.name for entry in project_entries(tmp_path)) == ["app/main.py", "docs/keep.md"]


def test_what_tools_leave_behind_is_left_out_unless_it_is_asked_for(tmp_path: Path) -> None:
    for name in ("app.py", ".mypy_cache/x.db", "env/pyvenv.cfg", "env/lib/a.py", ".ruff_cache/b"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    assert [entry.name for entry in project_entries(tmp_path)] == ["app.py"]
    (tmp_path / ".lambdaignore").write_text("!.ruff_cache/\n", encoding="utf-8")
    assert sorted(entry.name for entry in project_entries(tmp_path)) == [".ruff_cache/b", "app.py"]


def test_the_runtime_s_part_of_the_package_is_the_runtime_alone() -> None:
    names = {entry.name for entry in runtime_entries()}
    assert "monitor/runtime/entry.py" in names
    assert all(name == "monitor/__init__.py" or name.startswith("monitor/runtime/") for name in names)


def package(folder: Path) -> list[Entry]:
    (folder / "lambda_function.py").write_text("def lambda_handler(e, c):\n    return 1\n", encoding="utf-8")
    (folder / "dữ liệu.txt").write_text("x", encoding="utf-8")
    (folder / "template.py").write_text("{% not python %}", encoding="utf-8")
    return list(project_entries(folder))


def test_an_archive_holds_bytecode_that_no_file_time_can_spoil(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    archive = write(package(source), tmp_path / "out.zip")
    cached = importlib.util.cache_from_source("lambda_function.py")
    with zipfile.ZipFile(archive.path) as opened:
        assert set(opened.namelist()) == {"lambda_function.py", cached, "dữ liệu.txt", "template.py"}
        content = opened.read(cached)
    assert content[:4] == importlib.util.MAGIC_NUMBER
    # PEP 552: bit 0 says hash-based, bit 1 that the hash is checked: the console can edit the application.
    assert int.from_bytes(content[4:8], "little") == 0b11
    assert archive.zipped_bytes == archive.path.stat().st_size


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    entries = package(source)
    write(entries, tmp_path / "one.zip")
    (source / "lambda_function.py").touch()
    write(reversed(entries), tmp_path / "two.zip")
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()


def test_an_archive_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be written"):
        write([Entry("gone.py", tmp_path / "gone.py")], tmp_path / "out.zip")
    assert list(tmp_path.iterdir()) == []


def test_a_different_version_than_required_is_reported() -> None:
    assert version_mismatches(["click", f"orjson=={version('orjson')}", "not-installed-at-all>1"]) == []
    assert version_mismatches(["click==0.1"]) == [f"click {version('click')} is installed here, and ==0.1 is required"]

"""Reading requirements.txt."""

from importlib.metadata import version
from pathlib import Path

import pytest

from monitor.errors import UsageError
from monitor.packages.building.requirements import installed_requirements, requirements_of, version_mismatches


def test_comments_options_hashes_and_included_files(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "base.txt").write_text("mangum  # why\n-r deeper.txt\n", encoding="utf-8")
    (tmp_path / "more" / "deeper.txt").write_text("orjson>=3\n", encoding="utf-8")
    path = tmp_path / "requirements.txt"
    path.write_text(
        "\ufeff# what\nfastapi[standard]>=0.1 ; python_version >= '3.8'  # why\n-r more/base.txt\n"
        "--index-url https://example.test/simple\n-c limits.txt\nclick==8.1 \\\n    --hash=sha256:00\n"
        "pillow @ https://example.test/pillow.whl\n",
        encoding="utf-8",
    )
    assert requirements_of(path).named == (
        'fastapi[standard]>=0.1; python_version >= "3.8"',
        "mangum",
        "orjson>=3",
        "click==8.1",
        "pillow @ https://example.test/pillow.whl",
    )


@pytest.mark.parametrize("line", ["-e .", "./wheels/a.whl", "https://example.test/a.whl", "fastapi=1"])
def test_a_line_that_names_no_distribution_is_said(tmp_path: Path, line: str) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(f"click\n{line}\n", encoding="utf-8")
    assert requirements_of(path).unnamed == (f"requirements.txt:2: {line}",)
    with pytest.raises(UsageError, match=r"requirements\.txt:2"):
        installed_requirements(path)


def test_a_file_that_includes_itself_ends(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("-r requirements.txt\n", encoding="utf-8")
    with pytest.raises(UsageError, match="included by itself"):
        requirements_of(path)


def test_another_version_than_asked_for_is_said() -> None:
    assert version_mismatches(["click", f"orjson=={version('orjson')}", "not-installed-at-all>1"]) == []
    assert version_mismatches(["click==0.1"]) == [f"click {version('click')} is installed here, and ==0.1 is required"]

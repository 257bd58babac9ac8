"""What a release is made of: reproducible files, actions pinned by commit, tools of one version."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
_PINNED = re.compile(r"uses: [\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_every_action_is_pinned_by_commit_with_its_version_beside_it(path: Path) -> None:
    lines = [line.strip().removeprefix("- ") for line in path.read_text(encoding="utf-8").splitlines()]
    used = [line for line in lines if line.startswith("uses:")]
    assert used
    assert [line for line in used if not _PINNED.fullmatch(line)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_has_no_right_that_it_does_not_name(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"] in ({}, {"contents": "read"})
    text = path.read_text(encoding="utf-8")
    # What a pull request can choose must not become part of a script.
    assert not re.search(r"\$\{\{\s*github\.(event|head_ref)", text)
    assert "secrets." not in text


def test_the_release_publishes_only_what_was_checked_and_attested() -> None:
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "release.yml").read_text(encoding="utf-8"))["jobs"]
    steps = [step.get("run") or step["uses"].partition("@")[0] for step in jobs["build"]["steps"]]
    order = ["make audit", "make dist", "make sbom", "actions/attest-build-provenance", "actions/upload-artifact"]
    assert [steps.index(one) for one in order] == sorted(steps.index(one) for one in order)
    assert jobs["publish"]["needs"] == "build"
    assert jobs["publish"]["permissions"] == {"id-token": "write"}


def test_the_tools_of_a_release_have_one_version() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    run = re.findall(r"uv tool run (?:--from )?'([^']+)'", makefile)
    assert len(run) == 2
    assert all(re.fullmatch(r"[\w-]+==\d+\.\d+\.\d+", one) for one in run)


def test_two_builds_of_one_commit_are_the_same_to_the_byte(tmp_path: Path) -> None:
    built = []
    for name, mask in (("one", 0o022), ("a-longer-name", 0o077)):
        source = tmp_path / name / "source"
        shutil.copytree(
            ROOT,
            source,
            ignore=shutil.ignore_patterns(
                ".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis", "dist", "build", "site"
            ),
        )
        for path in source.rglob("*"):
            os.utime(path, (mask * 1000, mask * 1000), follow_symlinks=False)
        subprocess.run(
            [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path / name / "dist")],
            cwd=source,
            check=True,
            capture_output=True,
            umask=mask,
            env={**os.environ, "SOURCE_DATE_EPOCH": "1790000000", "TZ": "Asia/Tokyo" if mask == 0o022 else "UTC"},
        )
        built.append({path.name: path.read_bytes() for path in (tmp_path / name / "dist").iterdir()})
    assert len(built[0]) == 2
    assert built[0].keys() == built[1].keys()
    assert [name for name in built[0] if built[0][name] != built[1][name]] == []

"""The GitLab component. GitLab's own schema is not at hand here: this checks the structure that its documentation gives
(spec:inputs, interpolation, job keywords), and runs the script."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.clean_environment import clean_environment
from tests.fakes.forge import GITLAB_TOKEN, forge

TEXT = (Path(__file__).parents[3] / "templates" / "lambda-monitor.yml").read_text(encoding="utf-8")
SPEC, JOBS = yaml.safe_load_all(TEXT)
INPUTS: dict[str, Any] = SPEC["spec"]["inputs"]
(JOB,) = JOBS.values()
_INPUT = re.compile(r"\$\[\[ inputs\.([\w-]+) \]\]")


def test_the_header_declares_each_input_that_the_job_uses_and_no_other() -> None:
    assert SPEC.keys() == {"spec"}
    assert set(_INPUT.findall(TEXT)) == INPUTS.keys()
    for one in INPUTS.values():
        assert one.keys() <= {"default", "description", "type", "options", "regex"}
        assert one.get("type", "string") in {"string", "number", "boolean", "array"}
        assert isinstance(one["default"], {"number": int}.get(one.get("type"), str))
        assert one["description"].endswith(".")


def test_no_input_is_pasted_into_the_script() -> None:
    assert JOB.keys() == {"stage", "image", "variables", "script", "artifacts"}
    assert all(f"${name}" in "".join(JOB["script"]) for name in JOB["variables"])
    assert not _INPUT.search(yaml.safe_dump(JOB["script"]))
    assert JOB["artifacts"].keys() <= {"when", "expire_in", "paths", "reports"}


@pytest.mark.parametrize(("code", "saved"), [(0, True), (1, True), (2, False)])
def test_the_script_ends_with_the_code_of_the_budget_and_keeps_its_reports(
    tmp_path: Path, code: int, saved: bool
) -> None:
    tools = tmp_path / "builds" / "lambda-monitor" / "bin"
    tools.mkdir(parents=True)
    (tmp_path / "project" / "my service").mkdir(parents=True)
    # Programs that note how they were called, in the place of pip and monitor.
    monitor = (
        f'echo "$@" >> {tmp_path}/calls\n'
        'if [ "$3" = "--starts" ]; then '
        + ('touch "$6"; ' if saved else "")
        + f"exit {code}; fi\n"
        + f'case "$1$2" in "budget--from") echo report; exit {code};; esac'
    )
    for name, text in (("pip", f'echo "$@" >> {tmp_path}/calls'), ("python", '[ "$1" = "-I" ]'), ("monitor", monitor)):
        (tools / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    # What the author of a merge request could commit.
    (tmp_path / "outside").write_text("kept", encoding="utf-8")
    (tmp_path / "project" / ".lambda-monitor").mkdir()
    for name in ("budget.json", "budget.md", "budget.sarif"):
        (tmp_path / "project" / ".lambda-monitor" / name).symlink_to(tmp_path / "outside")
    filled = {
        name: _INPUT.sub(lambda match: str(INPUTS[match[1]]["default"]), text)
        for name, text in JOB["variables"].items()
    }
    done = subprocess.run(
        ["/bin/sh", "-e", "-c", "\n".join(JOB["script"])],
        cwd=tmp_path / "project",
        env=filled
        | {"MONITOR_FOLDER": "my service", "MONITOR_SOURCE": "src; exit 9"}
        | {"PATH": f"{tools}:/usr/bin:/bin", "CI_BUILDS_DIR": str(tmp_path / "builds")}
        | {"CI_PROJECT_DIR": str(tmp_path / "project")},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == code, done.stderr
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert "package build src; exit 9 --out function.zip --no-try-start" in calls
    assert (tmp_path / "project" / ".lambda-monitor" / "budget.md").exists() == saved
    assert (tmp_path / "outside").read_text(encoding="utf-8") == "kept"


def test_a_folder_of_reports_that_is_a_link_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".lambda-monitor").symlink_to(tmp_path / "elsewhere")
    lines = [one for one in JOB["script"] if "-L" in one or one.startswith("mkdir")]
    subprocess.run(["/bin/sh", "-e", "-c", "\n".join(lines)], env={"CI_PROJECT_DIR": str(tmp_path)}, check=True)
    assert not (tmp_path / ".lambda-monitor").is_symlink()
    assert (tmp_path / ".lambda-monitor").is_dir()


def test_a_merge_request_gets_a_note_with_the_changes_by_the_script_itself(tmp_path: Path) -> None:
    tools = tmp_path / "builds" / "lambda-monitor" / "bin"
    tools.mkdir(parents=True)
    project = tmp_path / "project"
    project.mkdir()
    (project / "function").mkdir()
    (project / "function" / "lambda_function.py").write_text("VALUE = 'x' * 10\n" * 90_000, encoding="utf-8")
    (project / "budget.toml").write_text('[api]\npackage = "function"\npackage_unzipped_mb = 1\n', encoding="utf-8")
    (project / "main.json").touch()
    python = f'exec {sys.executable} -m monitor "$@"'
    compared = "if [ \"$1\" = diagnose ]; then echo 'init is slower ```<b>'; exit; fi"
    for name, text in (("pip", ""), ("python", ""), ("monitor", f"{compared}\n{python}")):
        (tools / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (tools / name).chmod(0o755)
    filled = {
        name: _INPUT.sub(lambda match: str(INPUTS[match[1]]["default"]), text)
        for name, text in JOB["variables"].items()
    }
    with forge() as it:
        done = subprocess.run(
            ["/bin/sh", "-e", "-c", "\n".join(JOB["script"])],
            cwd=project,
            env=clean_environment(
                **{**filled, "MONITOR_EVIDENCE": "branch.json", "MONITOR_BASELINE": "main.json"},
                **it.gitlab_environment,
                HOME=str(tmp_path),
                PATH=f"{tools}:/usr/bin:/bin",
                CI_BUILDS_DIR=str(tmp_path / "builds"),
                CI_PROJECT_DIR=str(project),
            ),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    assert done.returncode == 1, done.stderr
    (note,) = it.comments
    assert "api" in note["body"]
    assert "\n    init is slower ```<b>" in note["body"]
    assert GITLAB_TOKEN not in done.stdout + done.stderr

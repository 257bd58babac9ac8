"""The GitHub action, run step by step as the runner does it, on a project of our own and a forge on loopback."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.clean_environment import clean_environment
from tests.fakes.forge import TOKEN, Forge, forge
from tests.functional.conftest import Driven, Run

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
INSTALL = "Install monitor"
_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
_CONDITION = re.compile(r"([\w.-]+) (==|!=) '([^']*)'")
# Without init_ms, which takes many starts.
BUDGET = """[images]
package = "function.zip"
modules = 250
package_unzipped_mb = 1
"""


@dataclass
class Runner:
    """What GitHub's runner does for a composite action: expressions, conditions, files, `bash -eo pipefail`."""

    workspace: Path
    temp: Path
    forge: Forge
    skipped: tuple[str, ...] = (INSTALL,)
    event_name: str = "pull_request"
    steps: dict[str, dict[str, str]] = field(default_factory=dict)
    log: str = ""

    def run(self, **inputs: str) -> int:
        """The exit code of the first step that fails, else 0."""
        given = {name: one.get("default", "") for name, one in ACTION["inputs"].items()} | inputs
        given["token"] = TOKEN if given["token"] == "${{ github.token }}" else given["token"]
        self.steps, self.log = {}, ""
        (self.temp / "summary.md").unlink(missing_ok=True)
        for step in ACTION["runs"]["steps"]:
            if "uses" in step or step["name"] in self.skipped or not self.holds(step.get("if", ""), given):
                continue
            code = self.step(step, given)
            if code:
                return code
        return 0

    def value(self, name: str, inputs: dict[str, str]) -> str:
        scope, _, rest = name.partition(".")
        if scope == "inputs":
            return inputs[rest]
        if scope == "steps":
            step, _, output = rest.partition(".outputs.")
            return self.steps.get(step, {}).get(output, "")
        return {"github.action_path": str(ROOT), "github.event_name": self.event_name}[name]

    def holds(self, condition: str, inputs: dict[str, str]) -> bool:
        for part in filter(None, condition.split(" && ")):
            match = _CONDITION.fullmatch(part)
            assert match, part
            if (self.value(match[1], inputs) == match[3]) != (match[2] == "=="):
                return False
        return True

    def step(self, step: dict[str, Any], inputs: dict[str, str]) -> int:
        filled = {
            name: _EXPRESSION.sub(lambda match: self.value(match[1], inputs), text)
            for name, text in {**step.get("env", {}), "": step.get("working-directory", ".")}.items()
        }
        folder = self.workspace / filled.pop("")
        files = {
            name: self.temp / leaf
            for name, leaf in (
                ("GITHUB_OUTPUT", "output"),
                ("GITHUB_PATH", "path"),
                ("GITHUB_STEP_SUMMARY", "summary.md"),
            )
        }
        files["GITHUB_OUTPUT"].write_text("", encoding="utf-8")
        for path in files.values():
            path.touch()
        event = self.temp / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": 7}}), encoding="utf-8")
        added = files["GITHUB_PATH"].read_text(encoding="utf-8").split()
        environment = clean_environment(
            HOME=str(self.temp),
            PATH=":".join((*added, str(Path(sys.executable).parent), "/usr/bin:/bin")),
            RUNNER_TEMP=str(self.temp),
            GITHUB_WORKSPACE=str(self.workspace),
            GITHUB_EVENT_PATH=str(event),
            GITHUB_ACTIONS="true",
            **{name: str(path) for name, path in files.items()},
            **{name: text for name, text in self.forge.environment.items() if name != "GITHUB_TOKEN"},
        )
        script = self.temp / "step.sh"
        script.write_text(step["run"], encoding="utf-8")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=folder, env=environment | filled, capture_output=True, text=True, timeout=400, check=False,
        )  # fmt: skip
        self.log += f"## {step['name']}\n{done.stdout}{done.stderr}\n"
        if "id" in step:
            lines = files["GITHUB_OUTPUT"].read_text(encoding="utf-8").splitlines()
            self.steps[step["id"]] = dict(line.split("=", 1) for line in lines)
        return done.returncode

    @property
    def summary(self) -> str:
        return (self.temp / "summary.md").read_text(encoding="utf-8")


@pytest.fixture
def runner(tmp_path: Path) -> Iterator[Runner]:
    workspace, temp = tmp_path / "checkout", tmp_path / "temp"
    source = workspace / "services" / "images" / "src"
    source.mkdir(parents=True)
    temp.mkdir()
    (source / "lambda_function.py").write_text(HANDLER, encoding="utf-8")
    (source.parent / "budget.toml").write_text(BUDGET, encoding="utf-8")
    with forge() as running:
        yield Runner(workspace, temp, running)


HANDLER = "import json\n\n\ndef lambda_handler(event, context):\n    return json.dumps(event)\n"
INPUTS = {"working-directory": "services/images", "source": "src", "starts": "1", "sarif-file": "budget.sarif"}


def add_heavy_import(source: Path, modules: int) -> None:
    """A pull request: a package of many modules, which the handler imports."""
    heavy = source / "heavyweight"
    shutil.rmtree(heavy, ignore_errors=True)
    heavy.mkdir()
    for number in range(modules):
        (heavy / f"part{number}.py").write_text(f"VALUE = {number}\n", encoding="utf-8")
    lines = "".join(f"from heavyweight import part{number}\n" for number in range(modules))
    (heavy / "__init__.py").write_text(lines, encoding="utf-8")
    (source / "lambda_function.py").write_text(f"import heavyweight\n{HANDLER}", encoding="utf-8")


def modules_of(runner: Runner) -> int:
    document = json.loads(Path(runner.steps["budget"]["result"]).read_text(encoding="utf-8"))
    (check,) = [one for one in document["result"]["checks"] if one["measure"] == "modules"]
    return int(check["value"])


def test_a_heavy_import_gets_one_comment_that_the_next_push_updates_and_a_clean_one_passes(runner: Runner) -> None:
    source = runner.workspace / "services" / "images" / "src"

    add_heavy_import(source, 300)
    assert runner.run(**INPUTS) == 1, runner.log
    first = modules_of(runner)
    (comment,) = runner.forge.comments
    assert first > 300
    assert f"| {first} |" in comment["body"]
    assert "`heavyweight`" in comment["body"]
    title = "title=Budget of images"
    said = f"::error file=services/images/budget.toml,line=3,{title}::images: imported modules: {first}"
    assert said in runner.log
    assert f"| {first} |" in runner.summary
    sarif = json.loads((source.parent / "budget.sarif").read_text(encoding="utf-8"))
    (result,) = sarif["runs"][0]["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("services/images/budget.toml", 3)

    add_heavy_import(source, 350)
    assert runner.run(**INPUTS) == 1, runner.log
    assert modules_of(runner) == first + 50
    (comment,) = runner.forge.comments
    assert f"| {first + 50} |" in comment["body"]

    (source / "lambda_function.py").write_text(HANDLER, encoding="utf-8")
    assert runner.run(**INPUTS) == 0, runner.log
    (comment,) = runner.forge.comments
    assert "none of 2 limits exceeded" in comment["body"]
    assert TOKEN not in runner.log + runner.summary


def test_a_pull_request_of_a_fork_fails_by_its_limit_and_not_by_the_comment(runner: Runner) -> None:
    add_heavy_import(runner.workspace / "services" / "images" / "src", 300)
    runner.forge.status = 403
    assert runner.run(**INPUTS) == 1
    assert "## Fail if a limit is exceeded" in runner.log
    assert "::warning::The comment was refused" in runner.log


def test_a_push_to_main_writes_no_comment(runner: Runner) -> None:
    runner.event_name = "push"
    assert runner.run(**INPUTS) == 0, runner.log
    assert runner.forge.requests == []


def test_a_clean_pull_request_has_its_starts_measured_and_gets_no_comment(runner: Runner) -> None:
    budget = runner.workspace / "services" / "images" / "budget.toml"
    budget.write_text(f"{BUDGET}init_ms = 20000\n", encoding="utf-8")
    assert runner.run(**INPUTS | {"starts": "8"}) == 0, runner.log
    assert runner.forge.comments == []
    assert "none of 3 limits exceeded" in runner.summary


def test_a_budget_that_cannot_be_read_fails_the_job_with_the_reason(runner: Runner) -> None:
    (runner.workspace / "services" / "images" / "budget.toml").write_text("[images]\ninit_mss = 3\n", encoding="utf-8")
    # A module of the checkout runs no code in the steps of the action.
    for name in ("secrets.py", "venv.py"):
        (runner.workspace / "services" / "images" / name).write_text("open('owned', 'w')\n", encoding="utf-8")
    assert runner.run(**INPUTS) == 2
    assert not (runner.workspace / "services" / "images" / "owned").exists()
    assert "did you mean 'init_ms'?" in runner.log


def test_changes_since_the_main_branch_are_in_the_summary(runner: Runner, saved_evidence: Path) -> None:
    inputs = INPUTS | {"evidence": str(saved_evidence), "baseline": str(saved_evidence)}
    outside, sarif = runner.temp / "outside", runner.workspace / "services" / "images" / "budget.sarif"
    outside.write_text("kept", encoding="utf-8")
    sarif.symlink_to(outside)  # as a pull request may
    assert runner.run(**inputs) == 0, runner.log
    assert outside.read_text(encoding="utf-8") == "kept"
    assert json.loads(sarif.read_text(encoding="utf-8"))["runs"]
    head, _, changes = runner.summary.partition("### Changes since the main branch\n\n")
    assert "none of 2 limits exceeded" in head
    assert "init" in changes
    assert all(line.startswith("    ") or not line.strip() for line in changes.splitlines())


def test_changes_since_the_main_branch_are_in_the_comment(runner: Runner, saved_evidence: Path) -> None:
    add_heavy_import(runner.workspace / "services" / "images" / "src", 300)
    inputs = INPUTS | {"evidence": str(saved_evidence), "baseline": str(saved_evidence)}
    assert runner.run(**inputs) == 1, runner.log
    (comment,) = runner.forge.comments
    _, _, changes = comment["body"].partition("#### Changes since the main branch\n\n")
    assert "init" in changes
    assert all(line.startswith("    ") for line in changes.splitlines())


@pytest.fixture(scope="module")
def saved_evidence(driven: Driven, monitor: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "evidence.json"
    done = monitor("--local", "diagnose", driven.function, "--since", "1h", "--save", str(path))
    assert path.exists(), done.err
    return path


def test_each_input_and_variable_is_used() -> None:
    text = json.dumps(ACTION["runs"])
    assert {name for name in ACTION["inputs"] if f"inputs.{name}" not in text} == set()
    for step in ACTION["runs"]["steps"]:
        # The product reads GITHUB_TOKEN itself.
        unused = {name for name in step.get("env", {}) if f"${name}" not in step["run"]} - {"GITHUB_TOKEN"}
        assert unused == set(), step["name"]


def test_no_input_is_pasted_into_a_script() -> None:
    for step in ACTION["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert not re.search(r"\bpython3? (?!-I )", step.get("run", "")), "the checkout is on the path without -I"
        assert "uses" in step or step["shell"] == "bash"
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]) if "uses" in step else True


@pytest.mark.slow
def test_the_action_installs_monitor_from_its_own_checkout(runner: Runner) -> None:
    runner.skipped = ()
    assert runner.run(**INPUTS) == 0, runner.log
    assert (runner.temp / "lambda-monitor" / "bin" / "monitor").exists()

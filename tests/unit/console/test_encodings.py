"""Every file that a user gives says the same in UTF-8 and in what Windows PowerShell's `>` writes."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.console.config import load_project
from monitor.console.environment import read_environment
from monitor.console.event_file import read_event
from monitor.console.stacks.template_files import read_template
from monitor.dashboards.body import template
from monitor.diagnose.evidence.parse import EVIDENCE
from monitor.diagnose.evidence.workflow_file import read_file
from monitor.logs.model_saved import SavedFiles
from monitor.main import cli
from tests.fakes.code_evidence import healthy

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
DASHBOARD = '{"widgets": [{"type": "text", "properties": {"markdown": "größe"}}]}'
STACK = {"Resources": {"D": {"Type": "AWS::CloudWatch::Dashboard", "Properties": {"DashboardBody": DASHBOARD}}}}
BUDGET = '[f]\nlog = "f.log"\ninit_ms = 400\n'


def run(*words: str | Path, stdin: bytes | None = None) -> str:
    found = CliRunner().invoke(cli, [str(word) for word in words], input=stdin, env={"COLUMNS": "120"})
    assert found.exit_code == 0, (found.output, found.exception)
    return found.output


def ids(path: Path) -> object:
    return [(one.id, one.handler, one.runtime) for one in read_template(path, {}).functions]


def sample(name: str) -> str:
    return (SAMPLES / name).read_text()


def of_budget(path: Path) -> str:
    (path.parent / "f.log").write_text("REPORT RequestId: 8f5\tDuration: 1 ms\n")
    return run("budget", path)


# A file's name, its text, and what reads it.
READERS: dict[str, tuple[str, str, Callable[[Path], object]]] = {
    "event": ("event.json", '{"key": "größe"}', lambda path: read_event(str(path))),
    "variables": ("f.env", "TABLE=größe\n", lambda path: read_environment([], path)),
    "configuration": ("monitor.toml", 'region = "eu-west-1"\n', lambda path: load_project(path.parent)),
    "project": ("pyproject.toml", '[tool.monitor]\noutput = "json"\n', lambda path: load_project(path.parent)),
    "SAM": ("template.yaml", sample("templates/sam/template.yaml"), ids),
    "CloudFormation": ("stack.json", sample("templates/cloudformation/stack.json"), ids),
    "Serverless": ("serverless.yml", sample("templates/serverless-v4/serverless.yml"), ids),
    "Terraform": ("main.tf", sample("templates/terraform/main.tf"), ids),
    "dashboard": ("d.json", DASHBOARD, lambda path: run("dashboard", "validate", path)),
    "dashboard of a stack": ("s.json", json.dumps(STACK), lambda path: run("dashboard", "validate", path, "--in")),
    "folder of stacks": ("s.json", json.dumps(STACK), lambda path: run("dashboard", "validate", path.parent, "--in")),
    "dashboard on stdin": (
        "d.json", DASHBOARD, lambda path: run("dashboard", "validate", "-", stdin=path.read_bytes()),
    ),
    "deployed dashboard": ("d.json", DASHBOARD, lambda path: template.read(path).document),
    "traces": ("t.json", sample("traces/fault.json"), lambda path: run("traces", "list", "--from", path)),
    "evidence": (
        "e.json",
        EVIDENCE.encode(healthy()).decode(),
        lambda path: read_file(SavedFiles((str(path),)), None, print),  # type: ignore[arg-type]
    ),
    "budget": ("budget.toml", BUDGET, of_budget),
}  # fmt: skip


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
@pytest.mark.parametrize("name", READERS)
def test_a_file_says_the_same_in_every_encoding_with_a_mark(tmp_path: Path, name: str, codec: str) -> None:
    file, text, read = READERS[name]
    path = tmp_path / file
    path.write_bytes(text.encode())
    expected = read(path)
    path.write_bytes(f"\ufeff{text}".encode(codec))
    assert read(path) == expected


def test_a_setting_is_changed_in_a_configuration_of_another_encoding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / "monitor" / "config.toml"
    path.parent.mkdir()
    path.write_bytes('# größe\nregion = "eu-west-1"\n'.encode("utf-16"))
    run("config", "set", "region", "us-east-1")
    assert path.read_text() == '# größe\nregion = "us-east-1"\n'

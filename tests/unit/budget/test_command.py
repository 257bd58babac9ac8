"""`monitor budget` on saved logs, which needs no start: figures, exit codes, saved results, refusals."""

import json
import uuid
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.errors import MonitorError
from monitor.main import cli


def run(*words: str) -> Result:
    return CliRunner().invoke(cli, ["budget", *words])


def code_of(result: Result) -> int:
    return int(result.exception.exit_code) if isinstance(result.exception, MonitorError) else result.exit_code


def write_log(path: Path, inits_ms: list[float]) -> None:
    """Cold starts of 12 ms with 512 MB, as `aws logs tail` prints them."""
    lines = []
    for number, init_ms in enumerate(inits_ms):
        request_id, at = uuid.UUID(int=number + 1), f"2026-11-29T10:{number:02d}:00.000000+00:00"
        head = f"{at} 2026/11/29/[$LATEST]{number:032x} "
        lines += [
            f"{head}START RequestId: {request_id} Version: $LATEST",
            f"{head}END RequestId: {request_id}",
            f"{head}REPORT RequestId: {request_id}\tDuration: 12.00 ms\tBilled Duration: 212 ms\t"
            f"Memory Size: 512 MB\tMax Memory Used: 60 MB\tInit Duration: {init_ms:.2f} ms\t",
        ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    write_log(tmp_path / "api.log", [200.0 + number for number in range(40)])
    return tmp_path


def budget(folder: Path, limits: str, name: str = "budget.toml", table: str = "api") -> None:
    text = f'[{table}]\nlog = "api.log"\nregion = "eu-west-1"\n{limits}\n'
    (folder / name).write_text(text, encoding="utf-8")


def test_the_figures_are_those_of_the_log(folder: Path) -> None:
    budget(folder, "init_ms = 300\nfirst_call_ms = 300\ncost_per_million_usd = 2")
    result = run("-o", "json")
    assert code_of(result) == 0
    values = {one["measure"]: one["value"] for one in json.loads(result.stdout)["checks"]}
    assert values["init_ms"] == pytest.approx(219.5)
    assert values["first_call_ms"] == pytest.approx(231.5)
    # 212 ms at 0.5 GB and one request, by Lambda's price list.
    assert values["cost_per_million_usd"] == pytest.approx(0.212 * 0.5 * 16.6667 + 0.2, abs=1e-4)


def test_a_limit_that_is_exceeded_exits_with_1_and_is_named(folder: Path) -> None:
    budget(folder, "init_ms = 100")
    result = run()
    assert code_of(result) == 1
    assert isinstance(result.exception, MonitorError)
    assert "api: init, median: 220 ms" in result.exception.message
    assert "1 of 1 limit exceeded" in result.stdout


def test_too_few_starts_are_said_and_do_not_fail(folder: Path) -> None:
    write_log(folder / "api.log", [200.0] * 3)
    budget(folder, "init_ms = 100")
    result = run("-o", "github")
    assert code_of(result) == 0
    assert "::warning file=budget.toml,line=4,title=Budget of api::" in result.stdout
    assert "not enough starts: 3 of at least 8" in result.stdout


def test_a_median_just_above_the_limit_is_undecided_and_does_not_fail(folder: Path) -> None:
    budget(folder, "init_ms = 219")
    result = run("-o", "json")
    assert code_of(result) == 0
    assert [one["verdict"] for one in json.loads(result.stdout)["checks"]] == ["undecided"]


@pytest.mark.parametrize("output", ["text", "json", "markdown", "github", "sarif"])
def test_a_saved_result_is_shown_as_it_was_measured(folder: Path, output: str) -> None:
    budget(folder, "init_ms = 100")
    measured = run("--save", "result.json", "-o", output)
    (folder / "api.log").unlink()
    shown = run("--from", "result.json", "-o", output)
    assert shown.stdout == measured.stdout
    assert code_of(shown) == code_of(measured) == 1


def test_a_budget_in_pyproject_is_found_and_does_not_disturb_the_settings(folder: Path) -> None:
    budget(folder, "init_ms = 300", "pyproject.toml", "tool.monitor.budget.api")
    result = run("-o", "markdown")
    assert code_of(result) == 0, result.exception
    assert "`pyproject.toml`: none of 1 limit exceeded" in result.stdout


def test_annotations_name_the_file_from_the_root_of_the_checkout(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_WORKSPACE", str(folder.parent))
    budget(folder, "init_ms = 100")
    assert f"file={folder.name}/budget.toml,line=4" in run("-o", "github").stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--from", "result.json", "--starts", "20"), "--starts has no effect with --from"),
        (("budget.toml", "--from", "result.json"), "FILE has no effect with --from"),
        (("--from", "result.json", "--save", "x.json"), "--save has no effect with --from"),
        (("--from", "api.log"), "is not a saved result"),
        (("--comment",), "--comment found no pull request"),
        (("missing.toml",), "missing.toml does not exist"),
        (("--local",), "--local has no effect"),
    ],
)
def test_what_cannot_be_done_is_refused_with_2(
    folder: Path, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_EVENT_PATH", raising=False)
    budget(folder, "init_ms = 300")
    result = run(*words)
    assert code_of(result) == 2
    assert isinstance(result.exception, MonitorError)
    assert said in result.exception.message


def test_starts_with_which_nothing_could_fail_are_refused_before_anything_is_started(folder: Path) -> None:
    (folder / "budget.toml").write_text('[api]\npackage = "api.zip"\ninit_ms = 3\n', encoding="utf-8")
    result = run("--starts", "7")
    assert code_of(result) == 2
    assert isinstance(result.exception, MonitorError)
    assert "needs at least 8" in result.exception.message

"""The whole optimization of a small package: steps, proof, gain, result, and the choice that a build applies."""

import json
import sys
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from monitor.errors import UsageError
from monitor.main import cli
from monitor.optimize.analyze_outcomes import differences, is_identity, is_ignored, parts
from monitor.optimize.model import Optimization, Outcome
from monitor.optimize.model_selection import Selection
from monitor.optimize.workflow_optimize import Result as Made
from monitor.optimize.workflow_package import unpack
from monitor.packages.building.build import build
from monitor.packages.building.recipe import HERE, Recipe, architecture_here
from monitor.packages.lazy.choice import parse_choice

# Long enough that its absence is more than chance on a busy machine; LIGHT is where that is not the question.
HEAVY, LIGHT = (
    f"TOTAL = sum(number * number for number in range({count}))\n\n\ndef total():\n    return TOTAL\n"
    for count in (2_000_000, 200_000)
)
APP = (
    '"""A function."""\nimport json\n\nfrom tools import heavy\nimport unused_part\n\n\ndef handler(event, context):\n'
    "    print('asked', event.get('ask'))\n"
    "    return {'body': json.dumps(heavy.total() if event.get('ask') else 'nothing')}\n"
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_of(tmp_path)


def project_of(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "tools").mkdir(parents=True)
    (folder / "tools" / "__init__.py").write_text("", encoding="utf-8")
    (folder / "tools" / "heavy.py").write_text(LIGHT, encoding="utf-8")
    (folder / "unused_part.py").write_text("import string\n", encoding="utf-8")
    (folder / "app.py").write_text(APP, encoding="utf-8")
    (tmp_path / "event.json").write_text("{}", encoding="utf-8")
    return folder


def optimized(project: Path, *options: str) -> Result:
    event = str(project.parent / "event.json")
    command = ["optimize", str(project), "--event", event, "--handler", "app.handler", "--turns", "5", *options]
    return CliRunner().invoke(cli, command)


@pytest.mark.parametrize("steps", [("--step", "application"), pytest.param((), marks=pytest.mark.slow)])
def test_a_heavy_import_that_no_event_uses_runs_later_and_the_build_applies_it(
    steps: tuple[str, ...], project: Path, tmp_path: Path
) -> None:
    (project / "tools" / "heavy.py").write_text(HEAVY, encoding="utf-8")
    faster, saved = tmp_path / "faster.zip", tmp_path / "optimizations.json"
    done = optimized(project, *steps, "--result", str(faster), "--save", str(saved), "-o", "json")
    found = json.loads(done.stdout)
    steps = {step["name"]: step for step in found["steps"]}
    assert steps["application"]["kept"], done.stdout
    assert "from tools import heavy" in [one["text"] for one in steps["application"]["lazy"]]
    assert "tools.heavy" in steps["application"]["unloaded"]
    assert found["cpu"]["after_ms"] < found["cpu"]["before_ms"]
    names = set(zipfile.ZipFile(faster).namelist())
    assert {"app.py", "_monitor_lazy.py"} <= names
    built = tmp_path / "built.zip"
    recipe = Recipe(HERE, architecture_here(), handler="app.handler", optimizations=saved, installer="here")
    build(project, built, recipe)
    assert zipfile.ZipFile(built).read("app.py") == zipfile.ZipFile(faster).read("app.py")
    (project / "app.py").write_text(APP + "# changed\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"no longer true.*app\.py"):
        build(project, built, recipe)


def test_without_time_the_report_says_what_was_not_tried(project: Path) -> None:
    found = json.loads(optimized(project, "--time-limit", "1ms", "-o", "json").stdout)
    steps = {step["name"]: step for step in found["steps"]}
    assert steps["bytecode"]["cpu"]["before_ms"]
    for name in ("collection", "unused", "application", "libraries"):
        assert steps[name]["reason"] == "not tried, no time is left; --time-limit gives more"
    assert found["wall"]["before_ms"]


def test_imports_that_take_too_little_are_not_measured(project: Path) -> None:
    (project / "tools" / "heavy.py").write_text("def total():\n    return 1\n", encoding="utf-8")
    found = json.loads(optimized(project, "--step", "application", "-o", "json").stdout)
    step = next(step for step in found["steps"] if step["name"] == "application")
    assert step["reason"].startswith("nothing to gain: ")
    assert step["cpu"] is None


GARBAGE_APP = (
    '"""A function."""\n\nimport sys\n\nHELD = [[number] for number in range(1_000)]\n\n\n'
    "def handler(event, context):\n    return __import__('gc').get_threshold()"
)


def test_fewer_collections_during_init_are_undone_after_it_and_the_build_makes_them_again(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What it saves here is seen by benchmarks, not on a busy machine.
    monkeypatch.setattr("monitor.optimize.workflow_optimize._judged", lambda *_: (True, ""))
    (project / "app.py").write_text(GARBAGE_APP, encoding="utf-8")
    faster, saved, built = tmp_path / "faster.zip", tmp_path / "optimizations.json", tmp_path / "built.zip"
    done = optimized(project, "--step", "collection", "--result", str(faster), "--save", str(saved), "-o", "json")
    step = next(step for step in json.loads(done.stdout)["steps"] if step["name"] == "collection")
    assert step["kept"], done.stdout
    text = zipfile.ZipFile(faster).read("app.py").decode()
    begin, end = (f"__import__('_monitor_collect').{name}()" for name in ("begin", "end"))
    before, rest = text.split(f"; {begin}")
    assert "import sys" not in before
    assert (before + rest.replace(end, "")).split() == GARBAGE_APP.split()
    assert text.splitlines()[7:9] == GARBAGE_APP.splitlines()[7:9]
    assert "_monitor_collect.py" in zipfile.ZipFile(faster).namelist()
    build(
        project, built, Recipe(HERE, architecture_here(), handler="app.handler", optimizations=saved, installer="here")
    )
    assert zipfile.ZipFile(built).read("app.py").decode() == text
    assert "_monitor_collect.py" in zipfile.ZipFile(built).namelist()


def test_an_application_that_uses_gc_itself_keeps_its_collector(project: Path) -> None:
    (project / "unused_part.py").write_text("import os, gc\n", encoding="utf-8")
    found = json.loads(optimized(project, "--step", "collection", "-o", "json").stdout)
    step = next(step for step in found["steps"] if step["name"] == "collection")
    assert step["reason"] == "unused_part.py uses gc itself"


@pytest.mark.parametrize(
    ("options", "said", "hint"),
    [
        (["--result", "old.zip"], "old.zip exists", "--result"),
        (["--result", "old"], "old exists", "--result"),
        (["--result", "none/new.zip"], "cannot be written", "folder that you can write to"),
        (["--result", "new.zip", "--save", "none/saved.json"], "cannot be written", "folder that you can write to"),
        (["--result", "new.zip", "--save", "new.zip"], "both name", "each"),
    ],
)
def test_places_that_cannot_be_written_are_refused_before_anything_starts(
    options: list[str], said: str, hint: str, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old").mkdir()
    (tmp_path / "old.zip").write_bytes(b"mine")
    monkeypatch.setattr("monitor.optimize.workflow_optimize.optimize", lambda *_, **__: pytest.fail("it started"))
    done = optimized(project, *options)
    assert said in str(done.exception)
    assert hint in getattr(done.exception, "hint", "")
    assert (tmp_path / "old.zip").read_bytes() == b"mine"


def test_the_choice_is_kept_when_the_package_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from monitor.optimize import command

    package = unpack(project_of(tmp_path), tmp_path / "work" / "package", Path(sys.executable))
    report = Optimization("p", "app.handler", HERE, 1, 3, (), None, None, None)

    def full(*_: object, **__: object) -> None:
        raise UsageError("the disk is full")

    monkeypatch.setattr("monitor.optimize.workflow_output.write_package", full)
    with pytest.raises(UsageError, match="full"):
        command._written(Made(report, {}, Selection(), False, package), tmp_path / "a.zip", tmp_path / "saved.json")
    assert parse_choice((tmp_path / "saved.json").read_text(encoding="utf-8"), "saved.json").handler == "app.handler"


def test_a_diff_shows_what_is_rewritten_and_nothing_else(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitor.optimize.workflow_optimize._judged", lambda *_: (True, ""))
    done = optimized(project, "--step", "application", "--diff")
    assert "+def __lazy_1__(): global heavy; from tools import heavy" in done.stdout
    assert "+++ b/tools/heavy.py" not in done.stdout


@pytest.mark.parametrize("option", [["-o", "json"], ["--out", "page.html"], ["--details"], ["--open"]])
def test_options_of_the_report_are_refused_beside_a_diff(option: list[str], project: Path) -> None:
    done = optimized(project, "--diff", *option)
    assert "has no effect with --diff" in str(done.exception)


def test_a_function_whose_answers_differ_from_run_to_run_is_asked_about(project: Path) -> None:
    app = "import uuid, random\n\n\ndef handler(event, context):\n    return {'pick': random.random(), 'fixed': 1}\n"
    (project / "app.py").write_text(app, encoding="utf-8")
    done = optimized(project)
    assert done.exception is not None
    assert "response 1.pick" in str(done.exception)
    assert "--ignore 'response 1.pick'" in getattr(done.exception, "hint", "")


TIMED_APP = (
    "import time\nSTART = time.time()\nimport json\nTOOK = time.time() - START\nprint(f'<import {TOOK} seconds>')\n\n\n"
    "def handler(event, context):\n    print('done', {'import_time': TOOK})\n"
    "    body = json.dumps({'latency': time.time() - START, 'total': event.get('total', 7)})\n"
    "    return {'import_time': TOOK, 'phases': f'InitStart:{time.time() * 1000},', 'body': body}\n"
)


def test_what_a_function_measures_with_a_clock_is_not_asked_about(project: Path) -> None:
    (project / "app.py").write_text(TIMED_APP, encoding="utf-8")
    done = optimized(project, "--step", "bytecode", "-o", "json")
    assert done.exit_code == 0, done.exception
    assert "changes what the function does" not in done.stdout


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"importTimeMs": 1}, {"importTimeMs": 2}, True),
        ({"timings": {"import": 0.1}}, {"timings": {"import": 0.2}}, True),
        ("took 3 ms, 1.5s", "took 14 ms, 0.25s", True),
        ("at 1764490000.25", "at 1764490111.5", True),
        ({"total": 1}, {"total": 2}, False),
        ({"import_time": 1}, {"import_time": "1"}, False),
        ({"import_time": True}, {"import_time": False}, False),
        ("3 items", "4 items", False),
        ("3 seats", "4 seats", False),
        ("took 3 ms for 2", "took 14 ms for 3", False),
    ],
)
def test_what_a_clock_says_is_told_from_the_rest(one: object, other: object, same: bool) -> None:
    first, second = (parts(Outcome(answers=(("result", value),)), "/root") for value in (one, other))
    assert differences(first, second)
    assert (differences(first, second, timed=first) == ()) == same


def test_a_package_that_does_not_start_is_an_error_with_its_reason(project: Path) -> None:
    (project / "app.py").write_text("import not_there\n", encoding="utf-8")
    done = optimized(project)
    assert "not_there" in str(done.exception)


def outcome(**more: object) -> Outcome:
    return Outcome(answers=(("result", {"a": 1, "b": [1, 2]}),), stdout='{"level": "INFO", "timestamp": "x"}\n', **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("other", "path"),
    [
        (Outcome(answers=(("result", {"a": True, "b": [1, 2]}),)), "response 1.a"),
        (Outcome(answers=(("result", {"b": [1, 2], "a": 1}),)), "response 1 keys"),
        (Outcome(answers=(("error", {"a": 1, "b": [1, 2]}),)), "response 1"),
        (Outcome(answers=(("result", {"a": 1, "b": [1]}),)), "response 1.b length"),
        (Outcome(answers=(("result", {"a": 1, "b": [1, 2]}),), stdout="more\n"), "stdout 1"),
        (Outcome(answers=(("result", {"a": 1, "b": [1, 2]}),), segments=({"name": "s"},)), "segment 1.name"),
        (Outcome(answers=(("result", {"a": 1, "b": [1, 2]}),), returncode=1), "exit code"),
    ],
)
def test_a_difference_is_named_by_its_place(other: Outcome, path: str) -> None:
    found = differences(parts(outcome(), "/root"), parts(other, "/root"), ("stdout",) if "stdout" not in path else ())
    assert any(one.startswith(f"{path}: ") for one in found), found
    assert differences(parts(outcome(), "/root"), parts(outcome(), "/root")) == ()


def test_times_ids_addresses_and_the_marks_of_lazy_imports_are_no_difference() -> None:
    one = Outcome(
        answers=(("result", "<X at 0x7f0000001000> /work/a/app.py return pd.x"),), stdout="2026-11-30 01:02:03\n"
    )
    other = Outcome(
        answers=(("result", "<X at 0x7f0000002000> /work/b/app.py return __lazy__.pd.x"),),
        stdout="2026-11-30 04:05:06",
    )
    assert differences(parts(one, "/work/a"), parts(other, "/work/b")) == ()


def test_the_digits_of_a_number_in_a_text_are_no_id() -> None:
    one, other = (parts(Outcome(stdout=f"mean {number}\n"), "/root") for number in (1 / 3, 2 / 3))
    assert "0.3333333333333333" in str(one)
    assert differences(one, other)


def test_an_id_in_an_answer_is_compared_and_one_that_varies_by_itself_is_not_asked_about() -> None:
    one, other = (Outcome(answers=(("result", {"items": [{"id": number}]}),)) for number in (1, 2))
    found = differences(parts(one, "/root"), parts(other, "/root"))
    assert found == ("response 1.items[0].id: 1 before, 2 after",)
    assert is_identity("response 1.items[0].id")
    assert not is_identity("response 1.items[0].price")


def test_uses_that_load_a_module_are_no_difference_in_shown_source() -> None:
    one, other = (
        Outcome(answers=(("result", f"return {text}.utils.parse(x)"),))
        for text in ("email", "(__import__('email.utils') and __import__('email.a') and __lazy__.email)")
    )
    assert differences(parts(one, "/root"), parts(other, "/root")) == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "kept"), [("import app", True), ("import sys, app; sys.modules['unused_part']", False)]
)
def test_a_step_after_which_the_tests_fail_is_taken_back(code: str, kept: bool, project: Path) -> None:
    (project / "unused_part.py").write_text(HEAVY, encoding="utf-8")
    tests = f'{sys.executable} -c "{code}"'
    done = optimized(project, "--step", "unused", "--tests", tests, "-o", "json")
    step = next(one for one in json.loads(done.stdout)["steps"] if one["name"] == "unused")
    assert step["kept"] == kept
    assert ("the tests end with code 1, before with 0" in step["reason"]) != kept


def test_an_ignored_part_has_all_that_lies_in_it() -> None:
    assert is_ignored("response 1.body.id", ["response 1.body"])
    assert is_ignored("stdout 3.level", ["stdout"])
    assert not is_ignored("response 10", ["response 1"])


def test_the_helper_needs_nothing_but_python() -> None:
    import ast

    tree = ast.parse((Path(__file__).parents[3] / "monitor" / "inside" / "lazy.py").read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert names <= {"sys", "_thread", "importlib"} <= set(sys.stdlib_module_names) | {"_thread"}


def test_a_warning_of_an_import_names_the_same_line_when_every_import_is_forced(project: Path) -> None:
    (project / "noisy.py").write_text("import warnings\n\nwarnings.warn('old', stacklevel=2)\n", encoding="utf-8")
    (project / "app.py").write_text("import noisy\n\n\ndef handler(event, context):\n    return 1\n", encoding="utf-8")
    done = optimized(project, "--step", "bytecode", "-o", "json")
    assert "changes what the function does" not in done.stdout

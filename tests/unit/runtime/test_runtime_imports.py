"""The import tracer: against CPython's own, in one process, and against what trips tracers up."""

import ast
import json
import re
import subprocess
import sys
import textwrap
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "ai-image-analyzer-fastapi"

# Prints, for the imports that BODY makes: [module, parent's index or -1, cumulative ms, failed].
TRACED = """
import json, sys
from monitor.runtime import imports
tracer = imports.ImportTracer()
sys.stderr.write("import time: START\\n")
tracer.start()
try:
    exec(BODY)
finally:
    tracer.stop()
    sys.stderr.write("import time: STOP\\n")
found = tracer.imports
print(json.dumps([[one.module, found.index(one.parent) if one.parent else -1,
                   (one.end_ns - one.start_ns) / 1e6, one.failed] for one in found]))
"""


def run(body: str, folder: Path, *options: str) -> tuple[list[Any], str]:
    """What was traced, and stderr. Whatever `body` prints comes before the last line of stdout."""
    script = f"BODY = {textwrap.dedent(body)!r}\n{TRACED}"
    done = subprocess.run(
        [sys.executable, *options, "-c", script], cwd=folder, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    *printed, traced = done.stdout.splitlines()
    return json.loads(traced), done.stderr + "\n".join(printed)


def names(traced: list[Any]) -> list[tuple[str, str]]:
    """Each import as (module, the module that it was imported by)."""
    return [(name, traced[parent][0] if parent >= 0 else "") for name, parent, _, _ in traced]


# What is loaded by importlib.import_module, and the packages that lie around it: CPython's own timing is in the
# import statement, and does not see those.
NOTED = """
import importlib
asked, original = set(), importlib.import_module
def import_module(name, package=None):
    asked.add(f"{package}{name}" if name.startswith(".") else name)
    return original(name, package)
importlib.import_module = import_module
"""
PACKAGES = ["app.main", "fastapi", "boto3", "PIL.Image", "aws_lambda_powertools", "hypothesis"]


@pytest.mark.parametrize("package", PACKAGES)
def test_the_same_modules_and_times_as_importtime(package: str, tmp_path: Path) -> None:
    folder = EXAMPLE if package == "app.main" else tmp_path
    # What the machine does between the two clocks' readings hits another module each time.
    far = both_ways(package, folder)
    for _ in range(3):
        if far:
            far = {name: figures for name, figures in both_ways(package, folder).items() if name in far}
    assert far == {}


def both_ways(package: str, folder: Path) -> dict[str, tuple[float, float]]:
    """Import `package` once, timed by both; the modules whose times are further apart than 10% and 2 ms."""
    eager = "import os; os.environ['APP_EAGER_SDK'] = '1'; os.environ['AWS_DEFAULT_REGION'] = 'eu-west-1'\n"
    body = f"{eager}{NOTED}\nimport {package}\nprint(sorted(asked))"
    traced, stderr = run(body, folder, "-X", "importtime")
    asked = set(ast.literal_eval(stderr.splitlines()[-1]))
    during = stderr.partition("import time: START\n")[2].partition("import time: STOP\n")[0]
    expected: dict[str, float] = defaultdict(float)
    for line in during.splitlines():
        if match := re.match(r"import time: +\d+ \| +(\d+) \| +(\S+)$", line):
            expected[match[2]] += int(match[1]) / 1000
    measured: dict[str, float] = defaultdict(float)
    for name, _, cumulative_ms, _ in traced:
        measured[name] += cumulative_ms
    assert len(expected) > 15
    assert set(expected) <= set(measured)
    unseen = set(measured) - set(expected)
    assert {name for name in unseen if not any(f"{one}.".startswith(f"{name}.") for one in asked)} == set()
    return {
        name: (measured[name], expected[name])
        for name in expected
        if abs(measured[name] - expected[name]) > max(2.0, 0.1 * expected[name])
    }


def write(folder: Path, **modules: str) -> None:
    for name, source in modules.items():
        (folder / f"{name}.py").write_text(textwrap.dedent(source), encoding="utf-8")


def test_a_failed_import_is_recorded_and_its_traceback_shows_no_tracer(tmp_path: Path) -> None:
    write(tmp_path, outer="import inner", inner="1 / 0")
    body = """
        import importlib, traceback
        for how in (lambda: __import__("outer"), lambda: importlib.import_module("outer"),
                    lambda: importlib.import_module("nowhere.at_all")):
            try: how()
            except Exception: traceback.print_exc()
    """
    traced, output = run(body, tmp_path)
    assert "ZeroDivisionError" in output
    assert "No module named 'nowhere'" in output
    assert "monitor/runtime/imports.py" not in output
    # Each import_module shows importlib's own frames once, no more.
    assert "in _find_and_load\n" in output
    assert not re.search(
        r"in _find_and_load\n(.*\n)?  File \"<frozen importlib._bootstrap>\", line \d+, in _find_and_load\n", output
    )
    assert [(name, failed) for name, _, _, failed in traced if name in {"outer", "inner"}] == [
        ("outer", True),
        ("inner", True),
    ] * 2


def test_the_tree_is_right_after_a_failure_was_caught(tmp_path: Path) -> None:
    write(tmp_path, app="try:\n    import absent_one\nexcept ImportError:\n    import fallback", fallback="")
    traced, _ = run("import app", tmp_path)
    assert names(traced) == [("app", ""), ("absent_one", "app"), ("fallback", "app")]


def test_circular_imports_are_recorded_once_each(tmp_path: Path) -> None:
    write(tmp_path, left="import right", right="import left\nimport leaf", leaf="")
    traced, _ = run("import left", tmp_path)
    assert names(traced) == [("left", ""), ("right", "left"), ("leaf", "right")]


def test_a_parent_package_is_a_child_of_the_import_that_needed_it(tmp_path: Path) -> None:
    (tmp_path / "space" / "inner").mkdir(parents=True)  # a namespace package: no __init__.py
    (tmp_path / "space" / "inner" / "leaf.py").touch()
    traced, _ = run("import space.inner.leaf", tmp_path)
    assert names(traced) == [
        ("space.inner.leaf", ""),
        ("space.inner", "space.inner.leaf"),
        ("space", "space.inner"),
    ]


def test_zip_imports_and_reloads_and_second_names(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "library.zip", "w") as archive:
        archive.writestr("zipped.py", "import once")
    write(tmp_path, once="")
    body = """
        import importlib, sys
        sys.path.insert(0, "library.zip")
        import zipped
        importlib.reload(zipped)
        import zipped
        sys.modules.pop("once")
        import once
    """
    traced, _ = run(body, tmp_path)
    ours = [pair for pair in names(traced) if pair[0] in {"zipped", "once"}]
    assert ours == [("zipped", ""), ("once", "zipped"), ("once", "")]


def test_a_file_imported_under_two_names_is_two_imports(tmp_path: Path) -> None:
    (tmp_path / "app").mkdir()
    write(tmp_path / "app", core="import time\ntime.sleep(0.002)")
    # As on a function with PYTHONPATH=/var/task:/var/task/app.
    traced, _ = run("import sys\nsys.path.append('app')\nimport app.core, core", tmp_path)
    twice = [(name, parent, ms) for name, parent, ms, _ in traced if name in {"app.core", "core"}]
    assert [name for name, _, _ in twice] == ["app.core", "core"]
    assert all(parent == -1 and ms >= 2 for _, parent, ms in twice)


def test_threads_keep_their_own_trees(tmp_path: Path) -> None:
    write(
        tmp_path,
        slow="import time\ntime.sleep(0.05)\nimport slow_child",
        slow_child="",
        other="import time\ntime.sleep(0.02)\nimport other_child",
        other_child="",
    )
    body = """
        import threading, time
        threads = [threading.Thread(target=__import__, args=(name,)) for name in ("slow", "other")]
        [one.start() for one in threads]; [one.join() for one in threads]
    """
    traced, _ = run(body, tmp_path)
    found = [pair for pair in names(traced) if pair[0].startswith(("slow", "other"))]
    assert sorted(found) == [("other", ""), ("other_child", "other"), ("slow", ""), ("slow_child", "slow")]


def test_a_warning_still_points_at_the_importing_line(tmp_path: Path) -> None:
    write(
        tmp_path,
        old="import warnings\nwarnings.warn('old is old', DeprecationWarning, stacklevel=2)",
        user="\n\nimport old",
    )
    _, output = run("import warnings\nwarnings.simplefilter('always')\nimport user", tmp_path)
    assert "user.py:3: DeprecationWarning: old is old" in output


def test_a_hostile_finder_breaks_its_own_import_only(tmp_path: Path) -> None:
    write(tmp_path, fine="")
    body = """
        import sys
        class Hostile:
            def find_spec(self, name, path=None, target=None):
                if name == "bad": raise SystemError("hostile")
        sys.meta_path.insert(0, Hostile())
        try: import bad
        except SystemError: pass
        sys.modules["forbidden"] = None
        try: import forbidden
        except ModuleNotFoundError: pass
        import fine
    """
    traced, _ = run(body, tmp_path)
    assert [(name, failed) for name, _, _, failed in traced] == [
        ("bad", True),
        ("forbidden", True),
        ("fine", False),
    ]


def test_it_takes_itself_out_also_from_under_another_wrapper() -> None:
    script = """
        import sys
        from monitor.runtime import imports
        bootstrap = sys.modules["_frozen_importlib"]
        original = bootstrap._find_and_load
        tracer = imports.ImportTracer()
        tracer.start(); tracer.start()
        tracer.stop()
        assert bootstrap._find_and_load is original
        tracer.start()
        ours = bootstrap._find_and_load
        bootstrap._find_and_load = lambda name, import_: ours(name, import_)
        tracer.stop()
        before = len(tracer.imports)
        import colorsys
        assert len(tracer.imports) == before
        """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True)
    assert done.stderr == ""

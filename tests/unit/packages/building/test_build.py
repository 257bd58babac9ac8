"""Building: the same bytes wherever it is done, bytecode that holds, and nothing that does not belong."""

import hashlib
import importlib.util
import marshal
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from types import CodeType

import pytest

from monitor.errors import CheckFailedError, UsageError
from monitor.packages.analyze_dependencies import Installed, needs, runtime_sdk
from monitor.packages.building.build import build
from monitor.packages.building.dockerfile import ignore_file
from monitor.packages.building.install import InstallOptions, install
from monitor.packages.building.interpreters import Module, compile_modules, find_python
from monitor.packages.building.layers import layered
from monitor.packages.building.recipe import HERE, Recipe, architecture_here
from monitor.packages.building.split import imported_anywhere, routes_of, split
from monitor.packages.building.stage import stage
from monitor.packages.model_dependencies import BuildTarget, RequiredLine, Requirements
from monitor.packages.model_plan import BuiltPackage
from tests.fakes.wheels import wheel

ARCHITECTURE = architecture_here()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index in a folder, the only one that pip sees."""
    folder = tmp_path / "index"
    folder.mkdir()
    code = {"webby/__init__.py": "import helper\nX = {'a', 'b', 'c'}\n", "webby/tests/test_webby.py": "assert True\n"}
    wheel(folder, "webby", "1.0", {**code, "webby/py.typed": "", "webby/fast.pyx": "x", "webby/a.pyi": "x"}, "helper")
    wheel(folder, "helper", "2.0", {"helper.py": "def f(x):\n    return x in {1, 2, 'three', (4, 5)}\n"})
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return folder


def project(folder: Path, requirements: str = "webby\n") -> Path:
    for name, content in {
        "lambda_function.py": "import webby\ndef lambda_handler(event, context):\n    return 1\n",
        "requirements.txt": requirements,
        "notes.md": "x",
        "tests/test_a.py": "x",
        ".lambdaignore": "tests/\n*.md\n",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    return folder


def built(folder: Path, out: Path, **recipe: object) -> tuple[BuiltPackage, zipfile.ZipFile]:
    done = build(folder, out, Recipe(HERE, ARCHITECTURE, "pip", **recipe))  # type: ignore[arg-type]
    return done, zipfile.ZipFile(out)


def test_pip_s_dependencies_come_whole_compiled_and_with_their_metadata(tmp_path: Path, index: Path) -> None:
    done, archive = built(project(tmp_path / "p"), tmp_path / "out.zip")
    names = set(archive.namelist())
    tag = sys.implementation.cache_tag
    assert {"webby/__init__.py", "helper.py", f"__pycache__/helper.{tag}.pyc", "webby/py.typed"} <= names
    assert not names & {"notes.md", "tests/test_a.py"}
    # Nothing proves that these are not read at run time.
    assert {"webby/tests/test_webby.py", "webby/fast.pyx", "webby/a.pyi"} <= names
    assert done.left_out == ()
    record = archive.read("webby-1.0.dist-info/RECORD").decode().splitlines()
    assert "webby/__init__.py,," in record
    assert not [line for line in record if "INSTALLER" in line]
    assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert done.requirements == "requirements.txt"
    assert done.installer.startswith("pip ")
    assert f"fileb://{tmp_path / 'out.zip'}" in done.commands[0]


def test_dependencies_are_not_compared_with_their_source_but_the_application_is(tmp_path: Path, index: Path) -> None:
    _, archive = built(project(tmp_path / "p"), tmp_path / "out.zip")
    tag = sys.implementation.cache_tag
    for name, flags, source in (
        (f"__pycache__/helper.{tag}.pyc", 0b01, "helper.py"),
        (f"__pycache__/lambda_function.{tag}.pyc", 0b11, "lambda_function.py"),
    ):
        content = archive.read(name)
        assert content[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(content[4:8], "little") == flags
        assert content[8:16] == importlib.util.source_hash(archive.read(source))
        code = marshal.loads(content[16:])
        assert isinstance(code, CodeType)
        assert code.co_filename == f"/var/task/{source}"


def test_umask_time_zone_hash_seed_and_file_order_leave_no_trace(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built(project(tmp_path / "one"), tmp_path / "one.zip")
    other = tmp_path / "elsewhere" / "two"
    before = os.umask(0o077)
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    monkeypatch.setenv("PYTHONHASHSEED", "12345")
    try:
        other.mkdir(parents=True)
        for name in ("requirements.txt", ".lambdaignore", "notes.md", "lambda_function.py"):
            # Made in another order, so that the folder lists them in another.
            (other / name).write_bytes((tmp_path / "one" / name).read_bytes())
            os.utime(other / name, (1_000_000_000, 1_000_000_000))
        built(other, tmp_path / "two.zip")
    finally:
        os.umask(before)
    digests = {hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() for name in ("one.zip", "two.zip")}
    assert len(digests) == 1


def test_bytecode_does_not_depend_on_what_was_compiled_before(tmp_path: Path) -> None:
    """marshal marks what it may refer to again by reference counts: the same source must still give the same bytes."""
    # typing and idna-like modules have sets of constants, whose order depends on the hash seed up to Python 3.10.
    names = [
        "argparse.py",
        "tokenize.py",
        "mimetypes.py",
        "http/cookiejar.py",
        "dataclasses.py",
        "typing.py",
        "json/decoder.py",
        "asyncio/events.py",
        "enum.py",
    ]
    for version in ("3.9", "3.10", "3.11", "3.12", "3.13"):
        python = find_python(version)
        if python is None:
            continue
        # Its own library: an older Python does not compile a newer one's.
        own = subprocess.run(
            [python, "-c", "import os; print(os.__file__)"], check=True, capture_output=True, text=True
        )
        library = Path(own.stdout.strip()).parent
        modules = [Module(library / name, f"/var/task/{name}", False) for name in names]
        forward = compile_modules(python, modules).codes
        backward = compile_modules(python, modules[::-1]).codes[::-1]
        alone = tuple(compile_modules(python, [module]).codes[0] for module in modules)
        assert forward == backward == alone
        assert None not in forward


def test_bytecode_is_made_by_a_python_of_the_target_or_not_at_all(tmp_path: Path, index: Path) -> None:
    assert find_python(HERE) == Path(sys.executable)
    assert find_python("3.99") is None
    done = build(project(tmp_path / "p"), tmp_path / "out.zip", Recipe("3.99", ARCHITECTURE, "pip"))
    assert done.compiled_by is None
    assert "no Python 3.99 is on this machine" in done.notes[0]
    assert not [name for name in zipfile.ZipFile(tmp_path / "out.zip").namelist() if name.endswith(".pyc")]


def test_a_relative_folder_will_do(tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path / "p", "")
    monkeypatch.chdir(tmp_path)
    done, archive = built(Path("p"), Path("out.zip"))
    assert done.path == "out.zip"
    assert f"__pycache__/lambda_function.{sys.implementation.cache_tag}.pyc" in archive.namelist()


def test_hashes_in_the_requirements_are_demanded(tmp_path: Path, index: Path) -> None:
    good = hashlib.sha256((index / "helper-2.0-py3-none-any.whl").read_bytes()).hexdigest()
    built(project(tmp_path / "good", f"helper==2.0 --hash=sha256:{good}\n"), tmp_path / "good.zip")
    with pytest.raises(UsageError, match="cannot install the dependencies"):
        built(project(tmp_path / "bad", f"helper==2.0 --hash=sha256:{'0' * 64}\n"), tmp_path / "bad.zip")
    assert not (tmp_path / "bad.zip").exists()


def test_a_dependency_that_has_no_wheel_for_the_target_is_one_line(tmp_path: Path, index: Path) -> None:
    with pytest.raises(UsageError, match=f"cannot install the dependencies for Python {HERE} on Linux") as caught:
        built(project(tmp_path / "p", "no-such-thing==1\n"), tmp_path / "out.zip")
    assert "\n" not in caught.value.message
    assert list(tmp_path.glob("*.zip")) == []


def test_the_package_does_not_swallow_itself(tmp_path: Path, index: Path) -> None:
    folder = project(tmp_path / "p", "")
    first, _ = built(folder, folder / "function.zip")
    second, archive = built(folder, folder / "function.zip")
    assert first.code_sha256 == second.code_sha256
    assert "function.zip" not in archive.namelist()


def installed(names: list[str], into: Path) -> Path:
    into.mkdir()
    lines = tuple(map(RequiredLine, names))
    install(Requirements(lines=lines), (), into, BuildTarget(HERE, ARCHITECTURE), InstallOptions("auto"))
    return into


def test_what_the_runtime_has_goes_only_if_nothing_else_needs_it(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "index2"
    folder.mkdir()
    for name, requires in (
        ("boto3", "botocore"),
        ("botocore", "jmespath"),
        ("jmespath", ""),
        ("mine", "jmespath"),
        ("pins", "botocore<1.41.6,>=1.34"),
        ("wide", "botocore<2,>=1.12"),
        ("loose", "botocore>=1.11"),
    ):
        wheel(folder, name, "1.0" if name != "botocore" else "1.40", {f"{name}.py": ""}, requires)
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))

    def sdk(*names: str) -> tuple[frozenset[str], str]:
        found = stage(installed(list(names), tmp_path / "-".join(names))).found
        there = [Installed(one.name, one.version or "", one.requires_dist) for one in found]
        return runtime_sdk(there, needs(there, [(name, "requirements.txt:1") for name in names], {}))

    assert sdk("boto3", "mine") == ({"boto3", "botocore"}, "")
    assert sdk("boto3") == ({"boto3", "botocore", "jmespath"}, "")
    assert sdk("boto3", "loose")[0] == {"boto3", "botocore", "jmespath"}
    assert sdk("boto3", "wide")[0] == {"boto3", "botocore", "jmespath"}
    assert sdk("boto3", "jmespath")[0] == {"boto3", "botocore"}
    names, reason = sdk("boto3", "pins")
    assert names == frozenset()
    assert reason.startswith("pins 1.0 requires botocore<1.41.6")


def test_two_functions_share_what_both_require(tmp_path: Path, index: Path) -> None:
    wheel(index, "big", "1.0", {"big.py": "X = 1\n"})
    one, two = project(tmp_path / "one", "webby\nbig\n"), project(tmp_path / "two", "webby\n")
    plans = []
    for turn in ("a", "b"):
        place = tmp_path / f"work-{turn}"
        place.mkdir()
        plans.append(layered([one, two], tmp_path / turn, place, Recipe(HERE, ARCHITECTURE)))
    plan = plans[0]
    assert [tier.name for tier in plan.tiers] == ["layer dependencies", "function one", "function two"]
    assert plan.tiers[0].parts == ("helper", "webby")
    assert plan.tiers[1].parts == ("big",)
    assert [tier.code_sha256 for tier in plan.tiers] == [tier.code_sha256 for tier in plans[1].tiers]
    assert all(name.startswith("python/") for name in zipfile.ZipFile(plan.tiers[0].path).namelist())


def test_a_split_imports_each_route_s_module_for_real(tmp_path: Path, index: Path) -> None:
    folder = project(tmp_path / "p")
    router = "class app:\n    get = staticmethod(lambda path: lambda f: f)\n"
    route = "@app.get('/light')\ndef light():\n    import helper\n"
    (folder / "light.py").write_text(router + route, encoding="utf-8")
    done = build(folder, tmp_path / "whole.zip", Recipe(HERE, ARCHITECTURE, "pip"))
    into = installed(["webby"], tmp_path / "dependencies")
    plan = split(folder, into, done.report, "lambda_function.lambda_handler")
    assert plan.whole.distributions == ("helper", "webby")
    (piece,) = plan.pieces
    assert (piece.module, piece.routes) == ("light", ("GET /light",))
    assert (piece.distributions, piece.lazy) == ((), ("helper",))
    assert piece.import_ms is not None


def test_routes_and_imports_are_read_from_any_source() -> None:
    source = "from ..core import config\nimport a.b\n@router.post('/x')\nasync def f():\n    import boto3\n"
    assert routes_of(source) == ("POST /x",)
    assert imported_anywhere(source, "app.routers") == {"app.core", "app.core.config", "a.b", "boto3"}
    assert routes_of("def lambda_handler(event, context): ...") == ("lambda_handler",)
    assert routes_of("not python (") == ()


def test_dockerignore_means_what_lambdaignore_does(tmp_path: Path) -> None:
    own = "# c\ntests/\n/only-here\n!keep.md\nconf/local\n*.json\n!/app/a.json\n"
    (tmp_path / ".lambdaignore").write_text(own, encoding="utf-8")
    (tmp_path / "requirements.txt").write_text("-r base.txt\n", encoding="utf-8")
    (tmp_path / "base.txt").write_text("", encoding="utf-8")
    lines = ignore_file(tmp_path).splitlines()
    assert lines[lines.index("# c") :][:7] == [
        "# c",
        "**/tests",
        "only-here",
        "!**/keep.md",
        "conf/local",
        "**/*.json",
        "!app/a.json",
    ]
    assert lines[-2:] == ["!requirements.txt", "!base.txt"]
    assert "**/.mypy_cache" in lines


def test_what_is_built_starts_without_writing_bytecode(tmp_path: Path, index: Path) -> None:
    _, archive = built(project(tmp_path / "p"), tmp_path / "out.zip")
    task = tmp_path / "task"
    archive.extractall(task)
    code = "import sys; sys.path.insert(0, sys.argv[1]); import lambda_function; "
    code += "import importlib.metadata; print(importlib.metadata.version('webby'))"
    command = [sys.executable, "-I", "-v", "-c", code, str(task)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "1.0"
    ours = [line for line in done.stderr.splitlines() if str(task) in line]
    assert any("matches" in line or "code object from" in line for line in ours)
    assert not [line for line in ours if "wrote" in line]


def test_the_entry_point_s_libraries_fit_a_project_whose_versions_no_botocore_accepts(
    tmp_path: Path, index: Path
) -> None:
    """The runtime has botocore: the package gets none, and pip does not try every version of it."""
    wheel(index, "python-dateutil", "4.0", {"dateutil/__init__.py": ""})
    wheel(index, "botocore", "1.40.0", {"botocore/__init__.py": ""}, "python-dateutil<3")
    wheel(index, "jmespath", "1.0", {"jmespath/__init__.py": ""})
    wheel(index, "aws-lambda-powertools", "3.40.0", {"aws_lambda_powertools/__init__.py": ""}, "jmespath>=1")
    wheel(index, "aws-xray-sdk", "2.15.0", {"aws_xray_sdk/__init__.py": ""}, "botocore>=1.11.3")
    into = tmp_path / "into"
    needed = Requirements("r", (RequiredLine("python-dateutil"),))
    install(needed, ("aws-lambda-powertools", "aws-xray-sdk"), into, BuildTarget(HERE, ARCHITECTURE), InstallOptions())
    assert {one.name for one in stage(into).found} == {
        "python-dateutil", "aws-lambda-powertools", "aws-xray-sdk", "jmespath",
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.13,<3.14"\n',
        '[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\npython = "~3.13"\n',
    ],
)
def test_a_project_for_another_python_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "lambda_function.py").touch()
    (tmp_path / "pyproject.toml").write_text(text, encoding="utf-8")
    out = tmp_path / "out.zip"
    with pytest.raises(CheckFailedError, match=r"requires Python >=3.13,<3.14, and the package is for Python 3.12"):
        build(tmp_path, out, Recipe("3.12", bytecode=False))
    assert build(tmp_path, out, Recipe("3.13", bytecode=False)).python == "3.13"
    done = build(tmp_path, out, Recipe("3.12", bytecode=False, check=False))
    assert any("requires Python" in note for note in done.notes)


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_one_file_of_two_distributions_with_different_contents_is_an_error_that_names_both(
    tmp_path: Path, empty_index: Path, installer: str
) -> None:
    namespace = {"acme/__init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"}
    same = {**namespace, "same/__init__.py": "X = 1\n", "one-only.txt": ""}
    commented = {"acme/__init__.py": f"# By one.\n{namespace['acme/__init__.py']}"}
    wheel(
        empty_index, "one", "1.0", {**same, **commented, "both/__init__.py": "X = 1\n", "both/b.py": "", "LICENSE": "1"}
    )
    wheel(empty_index, "two", "2.0", {**same, "both/__init__.py": "X = 22\n", "both/b.py": "Y = 1\n", "LICENSE": "2"})
    wheel(empty_index, "three", "3.0", {**same, "LICENSE": "3", "tests/__init__.py": "# three"})
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "requirements.txt").write_text("one\ntwo\n", encoding="utf-8")
    recipe = Recipe(HERE, ARCHITECTURE, installer=installer, bytecode=False)
    text = "one 1.0 and two 2.0 have different files with the name both/__init__.py, and 1 more"
    with pytest.raises(CheckFailedError, match=text):
        build(folder, tmp_path / "out.zip", recipe)
    assert text in " ".join(build(folder, tmp_path / "out.zip", replace(recipe, check=False)).notes)
    (folder / "requirements.txt").write_text("one\nthree\n", encoding="utf-8")
    notes = build(folder, tmp_path / "out.zip", recipe).notes
    assert notes == ("one 1.0 and three 3.0 have different files with the name LICENSE",)


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_an_extra_that_a_distribution_does_not_have_is_told(tmp_path: Path, empty_index: Path, installer: str) -> None:
    wheel(empty_index, "web", "1.0", {"web.py": ""}, extras=("fast_json", "dev"))
    wheel(empty_index, "app", "1.0", {"app.py": ""}, requires="web[Fast.JSON, quick]")
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "requirements.txt").write_text("web[fast-json]\napp\n", encoding="utf-8")
    done = build(folder, tmp_path / "out.zip", Recipe(HERE, ARCHITECTURE, installer=installer, bytecode=False))
    assert done.notes == ("app 1.0 requires web[quick], and web has no such extra (it has dev, fast-json)",)


def test_a_package_above_the_limit_of_an_upload_says_so(
    tmp_path: Path, index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.packages.building.build.ZIPPED_LIMIT_BYTES", 10)
    done, _ = built(project(tmp_path / "project", ""), tmp_path / "function.zip")
    assert "over 50 MB zipped: upload it through S3" in done.notes


@pytest.mark.parametrize("strip", ["none", "safe", "tried"])
def test_the_advice_to_try_is_given_only_where_it_can_still_help(tmp_path: Path, empty_index: Path, strip: str) -> None:
    files = {"alpha/__init__.py": "from alpha.tests import X\n", "alpha/tests/__init__.py": "X = 1\n"}
    wheel(empty_index, "alpha", "1.0", {**files, "alpha/other/test_x.py": "", "alpha/other/__init__.py": ""})
    project = tmp_path / "project"
    (project / "tests").mkdir(parents=True)
    (project / "tests" / "test_mine.py").write_text("", encoding="utf-8")
    (project / "requirements.txt").write_text("alpha\n", encoding="utf-8")
    built = build(project, tmp_path / "out.zip", Recipe(HERE, ARCHITECTURE, strip=strip, bytecode=False))

    told = [found.message for found in built.report.findings if found.kind == "tests"]
    if strip == "tried":
        theirs = "1 file with tests, which --strip tried kept"
    else:
        theirs = "2 files with tests, which a start may read: --strip tried checks this"
    assert sorted(told) == sorted([theirs, "1 file with tests of the application: .lambdaignore can leave them out"])

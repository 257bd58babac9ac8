"""Requirements of every form that pip reads, installed by both installers: the package works, and is the same."""

import functools
import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from itertools import pairwise
from pathlib import Path

import pytest

from monitor.errors import CheckFailedError, UsageError
from monitor.packages.building.build import build
from monitor.packages.building.declared import Choice
from monitor.packages.building.installers import find_uv, uv_index_options
from monitor.packages.building.recipe import HERE, Recipe, architecture_here
from monitor.packages.model_plan import BuiltPackage
from tests.examples import sample
from tests.fakes.indexes import Folder, served
from tests.fakes.wheels import sdist, source_project, wheel

INSTALLERS = ["pip", pytest.param("uv", marks=pytest.mark.skipif(find_uv() is None, reason="uv is not installed here"))]


def built(folder: Path, out: Path, installer: str, **recipe: object) -> BuiltPackage:
    return build(folder, out, Recipe(HERE, architecture_here(), installer, **recipe))  # type: ignore[arg-type]


def answer(package: Path, place: Path) -> str:
    """What the handler of the package returns, in a process that has nothing else."""
    with zipfile.ZipFile(package) as archive:
        archive.extractall(place)
    code = "import sys; sys.path.insert(0, sys.argv[1]); import lambda_function as f; print(f.lambda_handler({}, None))"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(place)], capture_output=True, text=True, timeout=60, check=False
    )
    return done.stdout.strip() or done.stderr


def function(folder: Path, source: str, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lambda_function.py").write_text(source, encoding="utf-8")
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


CODE = "def answer():\n    return 42\n"
COMMON = "from common import answer\ndef lambda_handler(event, context):\n    return answer()\n"


@pytest.mark.parametrize(
    ("line", "installer", "cwd"),
    sample(
        ["./libs/common", "-e ./libs/common", "-e libs/common", "common @ file://{libs}/common"],
        INSTALLERS,
        ["project", "elsewhere"],
    ),
)
def test_a_local_project_is_installed_as_a_package(
    tmp_path: Path, empty_index: Path, monkeypatch: pytest.MonkeyPatch, installer: str, line: str, cwd: str
) -> None:
    folder = function(tmp_path / "project", COMMON)
    code = {"common/__init__.py": "def answer():\n    return 42\n"}
    source_project(folder / "libs" / "common", "common", "1.0", code)
    # What an earlier build left behind.
    (folder / "libs" / "common" / "build" / "lib" / "common").mkdir(parents=True)
    (folder / "libs" / "common" / "build" / "lib" / "common" / "old.py").write_text("X = 1\n", encoding="utf-8")
    (folder / "requirements.txt").write_text(line.format(libs=folder / "libs") + "\n", encoding="utf-8")
    (folder / ".lambdaignore").write_text("libs/\n", encoding="utf-8")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / cwd)
    done = built(Path(os.path.relpath(folder)), tmp_path / "out.zip", installer)
    assert answer(tmp_path / "out.zip", tmp_path / "task") == "42"
    names = zipfile.ZipFile(tmp_path / "out.zip").namelist()
    assert not [name for name in names if "__editable__" in name or name.endswith(".pth") or name.startswith("build/")]
    assert {part.name: part.version for part in done.report.parts}["common"] == "1.0"
    assert not (folder / "libs" / "common" / "common.egg-info").exists()


@pytest.mark.parametrize("installer", INSTALLERS)
def test_no_build_code_refuses_what_has_to_be_built_before_anything_runs(
    tmp_path: Path, empty_index: Path, installer: str
) -> None:
    folder = function(tmp_path / "project", COMMON, requirements__txt="./libs/common\n")
    ran = f"open({str(tmp_path / 'ran')!r}, 'w').close()\n"
    source_project(folder / "libs" / "common", "common", "1.0", {"common/__init__.py": ""}, ran)
    with pytest.raises(UsageError, match="--no-build-code"):
        built(folder, tmp_path / "out.zip", installer, allow_build=False)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_build_sees_no_secret_and_runs_elsewhere(
    tmp_path: Path, empty_index: Path, monkeypatch: pytest.MonkeyPatch, installer: str
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://me:very-secret@127.0.0.1:9/simple")
    folder = function(tmp_path / "project", COMMON, requirements__txt="./libs/common\n")
    (folder / "pip").mkdir()
    (folder / "pip" / "__init__.py").write_text("raise SystemExit('the project ran')\n", encoding="utf-8")
    saved = tmp_path / "saved"
    code = f"import os\nopen({str(saved)!r}, 'w').write(os.getcwd() + repr(dict(os.environ)))\n"
    source_project(
        folder / "libs" / "common", "common", "1.0", {"common/__init__.py": "def answer():\n    return 42\n"}, code
    )
    monkeypatch.chdir(folder)
    said: list[str] = []
    built(Path(), tmp_path / "out.zip", installer, say=said.append)
    seen = saved.read_text(encoding="utf-8")
    assert "very-secret" not in seen
    assert not seen.startswith(str(folder))
    assert "runs its build code" in said[0]


@pytest.mark.parametrize(("line", "installer"), sample(["./common-1.0.tar.gz", "common"], INSTALLERS))
def test_the_build_backend_of_an_sdist_sees_no_secret(
    tmp_path: Path, empty_index: Path, monkeypatch: pytest.MonkeyPatch, installer: str, line: str
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://me:very-secret@127.0.0.1/db")
    saved = tmp_path / "saved"
    code = f"import os\nopen({str(saved)!r}, 'w').write(os.getcwd() + repr(dict(os.environ)))\n"
    folder = function(tmp_path / "project", COMMON, requirements__txt=f"{line}\n")
    where = folder if line.startswith(".") else empty_index
    project = source_project(tmp_path / "source", "common", "1.0", {"common/__init__.py": CODE}, code)
    sdist(where, project, "common", "1.0")
    said: list[str] = []
    built(folder, tmp_path / "out.zip", installer, say=said.append)
    seen = saved.read_text(encoding="utf-8")
    assert "very-secret" not in seen
    assert not seen.startswith(str(folder))
    assert "code" in said[0]


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_variable_in_a_requirement_is_neither_sent_nor_shown(
    tmp_path: Path, empty_index: Path, monkeypatch: pytest.MonkeyPatch, installer: str
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "very-secret")
    line = "--extra-index-url http://127.0.0.1:9/${AWS_SECRET_ACCESS_KEY}\n"
    folder = function(tmp_path / "project", COMMON, requirements__txt=line)
    with pytest.raises(UsageError, match=r"requirements\.txt:1 uses the environment variable") as caught:
        built(folder, tmp_path / "out.zip", installer)
    assert "very-secret" not in caught.value.message + caught.value.hint


@pytest.mark.parametrize(("newer", "installer"), sample([False, True], INSTALLERS))
def test_a_distribution_without_a_wheel_is_built_if_it_is_pure_python(
    tmp_path: Path, empty_index: Path, installer: str, newer: bool
) -> None:
    if newer:
        wheel(empty_index, "common", "2.0", {"common/__init__.py": ""})
    project = source_project(
        tmp_path / "source", "common", "1.0", {"common/__init__.py": "def answer():\n    return 42\n"}
    )
    sdist(empty_index, project, "common", "1.0")
    folder = function(tmp_path / "project", COMMON, requirements__txt="common==1.0\n")
    built(folder, tmp_path / "out.zip", installer)
    assert answer(tmp_path / "out.zip", tmp_path / "task") == "42"
    with pytest.raises(UsageError, match="common") as caught:
        built(folder, tmp_path / "none.zip", installer, allow_build=False)
    assert newer or "wheel" in caught.value.message
    assert not (tmp_path / "none.zip").exists()


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_version_that_does_not_exist_is_not_called_one_that_cannot_be_built(
    tmp_path: Path, empty_index: Path, installer: str
) -> None:
    wheel(empty_index, "common", "2.0", {"common/__init__.py": ""})
    folder = function(tmp_path / "project", COMMON, requirements__txt="common==1.0\n")
    with pytest.raises(UsageError, match=r"common==1\.0") as caught:
        built(folder, tmp_path / "out.zip", installer)
    assert "built" not in caught.value.message
    assert "version" in caught.value.hint + caught.value.message


@pytest.mark.parametrize("installer", INSTALLERS)
def test_markers_extras_and_included_files_are_those_of_the_target(
    tmp_path: Path, empty_index: Path, installer: str
) -> None:
    extras = ['fast; extra == "quick"', 'old; python_version < "3.10"', 'win; sys_platform == "win32"']
    wheel(empty_index, "tool", "1.0", {"tool.py": ""}, extras, extras=["quick"])
    for name in ("fast", "old", "win", "limited"):
        for version in ("1.0", "2.0"):
            wheel(empty_index, name, version, {f"{name}.py": f"VERSION = {version!r}\n"})
    folder = function(tmp_path / "project", "", requirements__txt="-r more.txt\n-c limits.txt\nlimited\n")
    (folder / "more.txt").write_text("tool[quick]; python_version >= '3'\nwin; os_name == 'nt'\n", encoding="utf-16")
    (folder / "limits.txt").write_text("limited<2\nunused==9\n", encoding="utf-8-sig")
    found = {
        python: {
            part.name: part.version
            for part in build(
                folder, tmp_path / f"{python}.zip", Recipe(python, architecture_here(), installer, bytecode=False)
            ).report.parts
            if part.version
        }
        for python in ("3.9", HERE)
    }
    assert found["3.9"] == {"tool": "1.0", "fast": "2.0", "old": "2.0", "limited": "1.0"}
    assert found[HERE] == {"tool": "1.0", "fast": "2.0", "limited": "1.0"}


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_project_and_hashed_requirements_are_installed_together(
    tmp_path: Path, empty_index: Path, installer: str
) -> None:
    path = wheel(empty_index, "dep", "1.0", {"dep.py": ""})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    text = f".\ndep==1.0 \\\n    --hash=sha256:{digest}\n    # via common\n"
    folder = function(tmp_path / "project", COMMON, requirements__txt=text)
    source_project(folder, "common", "1.0", {"common/__init__.py": "def answer():\n    return 42\n"})
    built(folder, tmp_path / "out.zip", installer)
    assert answer(tmp_path / "out.zip", tmp_path / "task") == "42"


@pytest.mark.parametrize("installer", INSTALLERS)
def test_constraints_without_hashes_hold_beside_hashed_requirements(
    tmp_path: Path, empty_index: Path, installer: str
) -> None:
    digest = hashlib.sha256(wheel(empty_index, "common", "1.0", {"common.py": CODE}).read_bytes()).hexdigest()
    text = f"-c limits.txt\ncommon==1.0 --hash=sha256:{digest}\n"
    folder = function(tmp_path / "project", COMMON, requirements__txt=text, limits__txt="common<2\nother>1\n")
    built(folder, tmp_path / "out.zip", installer)
    assert answer(tmp_path / "out.zip", tmp_path / "task") == "42"
    (folder / "limits.txt").write_text("common<1\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"limits\.txt:1 allows common<1, and requirements\.txt pins 1\.0"):
        built(folder, tmp_path / "out.zip", installer)


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_conflict_names_both_sides(tmp_path: Path, empty_index: Path, installer: str) -> None:
    wheel(empty_index, "left", "1.0", {"left.py": ""}, "shared<2")
    wheel(empty_index, "right", "1.0", {"right.py": ""}, "shared>=2")
    for version in ("1.0", "2.0"):
        wheel(empty_index, "shared", version, {"shared.py": ""})
    folder = function(tmp_path / "project", "", requirements__txt="left\nright\n")
    with pytest.raises(UsageError) as caught:
        built(folder, tmp_path / "out.zip", installer)
    assert all(name in caught.value.message for name in ("left", "right", "shared"))
    assert "\n" not in caught.value.message
    assert "change one of the two" in caught.value.hint


def test_installed_versions_that_contradict_each_other_are_refused(tmp_path: Path, empty_index: Path) -> None:
    wheel(empty_index, "left", "1.0", {"left.py": ""}, "shared<2")
    wheel(empty_index, "shared", "2.0", {"shared.py": ""})
    # A lock file is installed as it is.
    lock = "\n".join(
        f'[[packages]]\nname = "{name}"\nversion = "{version}"\n[[packages.wheels]]\nurl = "x"\n'
        for name, version in (("left", "1.0"), ("shared", "2.0"))
    )
    folder = function(tmp_path / "project", "", pylock__toml=f'lock-version = "1.0"\n{lock}')
    with pytest.raises(CheckFailedError, match=r"left 1.0 requires shared<2, and the package has shared 2.0"):
        built(folder, tmp_path / "out.zip", "pip")
    assert not (tmp_path / "out.zip").exists()
    done = built(folder, tmp_path / "out.zip", "pip", check=False)
    assert any("shared<2" in note for note in done.notes)


@pytest.mark.parametrize("installer", INSTALLERS)
def test_what_a_local_project_requires_by_its_path(tmp_path: Path, empty_index: Path, installer: str) -> None:
    """Poetry, PDM, Hatch and setup.py write such paths into the metadata of the wheel."""
    handler = (
        "import common, deep, quick, deeper\ndef lambda_handler(event, context):\n    return common.V + deeper.V\n"
    )
    folder = function(tmp_path / "project", handler)
    libs = folder / "libs"
    requires = (
        "deep @ file://HERE/../deep",
        "quick @ file://HERE/../quick ; extra == 'fast'",
        "never @ file://HERE/../never ; extra == 'slow'",
        "deep @ file:///nowhere ; sys_platform == 'win32'",
    )
    source_project(libs / "common", "common", "1.0", {"common/__init__.py": "V = 40\n"}, requires=requires)
    # Older versions of pip take no relative path.
    inner = "file:inner" if installer == "uv" else "file://HERE/inner"
    source_project(libs / "deep", "deep", "1.0", {"deep/__init__.py": ""}, requires=[f"deeper @ {inner}"])
    source_project(libs / "deep" / "inner", "deeper", "1.0", {"deeper/__init__.py": "V = 2\n"})
    source_project(libs / "quick", "quick", "1.0", {"quick/__init__.py": ""}, requires=["deep@file://HERE/../deep"])
    (folder / "requirements.txt").write_text("./libs/common[fast]\n-e libs/common\n", encoding="utf-8")
    (folder / ".lambdaignore").write_text("libs/\n", encoding="utf-8")
    built(folder, tmp_path / "out.zip", installer)
    assert answer(tmp_path / "out.zip", tmp_path / "task") == "42"
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        metadata = archive.read("common-1.0.dist-info/METADATA").decode()
    assert "Requires-Dist: deep\n" in metadata
    assert "file:" not in metadata


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_path_that_a_local_project_requires_and_that_is_missing_is_named(
    tmp_path: Path, empty_index: Path, installer: str
) -> None:
    folder = function(tmp_path / "project", "", requirements__txt="./common\n")
    source_project(folder / "common", "common", "1.0", {}, requires=["deep @ file://HERE/../deep"])
    with pytest.raises(UsageError, match=r"requirements.txt:1: \S*project/deep does not exist"):
        built(folder, tmp_path / "out.zip", installer)


@pytest.mark.parametrize("has_repository", [False, True])
def test_a_build_finds_what_is_around_its_project(tmp_path: Path, empty_index: Path, has_repository: bool) -> None:
    code = "from mine import shared\ndef lambda_handler(e, c):\n    return shared.V\n"
    folder = function(tmp_path / "repository", code)
    reads = "import os\nassert open('../VERSION').read() == '1'\nassert not os.path.exists('build/lib')\n"
    place = source_project(folder / "libs" / "mine", "mine", "1.0", {"mine/__init__.py": ""}, reads)
    (folder / "libs" / "VERSION").write_text("1", encoding="utf-8")
    (folder / "code" / "shared").mkdir(parents=True)
    (folder / "code" / "shared" / "__init__.py").write_text("V = 42\n", encoding="utf-8")
    (place / "mine" / "shared.py").symlink_to("../../../code/shared/__init__.py")
    if has_repository:
        (folder / ".git").mkdir()
    (folder / "requirements.txt").write_text("./libs/mine\n", encoding="utf-8")
    (folder / ".lambdaignore").write_text("libs/\ncode/\n", encoding="utf-8")
    built(folder, tmp_path / "out.zip", "auto")
    assert answer(tmp_path / "out.zip", tmp_path / "task") == "42"


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_distribution_without_a_wheel_among_others_without_hashes(
    tmp_path: Path, empty_index: Path, installer: str
) -> None:
    wheel(empty_index, "other", "1.0", {"other.py": ""})
    sdist(empty_index, source_project(tmp_path / "s", "common", "1.0", {"common/__init__.py": CODE}), "common", "1.0")
    code = "import other\n" + COMMON
    folder = function(tmp_path / "project", code, requirements__txt="common\nother>=0.5\n")
    built(folder, tmp_path / "out.zip", installer)
    assert answer(tmp_path / "out.zip", tmp_path / "task") == "42"


@pytest.mark.parametrize("installer", INSTALLERS)
def test_the_files_beside_a_pylock_win_over_an_index(tmp_path: Path, empty_index: Path, installer: str) -> None:
    folder = function(tmp_path / "project", "import other\n" + COMMON)
    files = folder / "files"
    files.mkdir()
    mine = wheel(files, "other", "1.0", {"other.py": ""})
    source = source_project(tmp_path / "s", "common", "1.0", {"common/__init__.py": CODE})
    archive = sdist(files, source, "common", "1.0")
    wheel(empty_index, "common", "1.0", {"common.py": "raise SystemExit('of the index')"})
    wheel(empty_index, "other", "1.0", {"other.py": "raise SystemExit('of the index')"})

    def digest(path: Path) -> str:
        return f'hashes = {{sha256 = "{hashlib.sha256(path.read_bytes()).hexdigest()}"}}\n'

    (folder / "pylock.toml").write_text(
        'lock-version = "1.0"\n[[packages]]\nname = "other"\nversion = "1.0"\n[[packages.wheels]]\n'
        f'path = "files/{mine.name}"\n{digest(mine)}[[packages]]\nname = "common"\nversion = "1.0"\n'
        f'[packages.sdist]\npath = "files/{archive.name}"\n{digest(archive)}',
        encoding="utf-8",
    )
    (folder / ".lambdaignore").write_text("files/\n", encoding="utf-8")
    built(folder, tmp_path / "out.zip", installer)
    assert answer(tmp_path / "out.zip", tmp_path / "task") == "42"


@pytest.mark.parametrize("installer", INSTALLERS)
def test_c_headers_are_in_one_place_whatever_the_installer(tmp_path: Path, empty_index: Path, installer: str) -> None:
    wheel(empty_index, "tool", "1.0", {"tool.py": "", "tool-1.0.data/headers/tool.h": "int x;\n"})
    folder = function(tmp_path / "project", "import tool\n", requirements__txt="tool\n")
    done = built(folder, tmp_path / "out.zip", installer)
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        names, record = archive.namelist(), archive.read("tool-1.0.dist-info/RECORD").decode()
    assert [name for name in names if name.endswith(".h")] == ["include/tool/tool.h"]
    assert "include/tool/tool.h" in record
    assert not [one for one in done.report.findings if one.kind == "record"]


@pytest.mark.parametrize("installer", INSTALLERS)
def test_what_instrumenting_adds_never_changes_a_pinned_version(
    tmp_path: Path, empty_index: Path, installer: str
) -> None:
    wheel(empty_index, "typing-extensions", "4.9.0", {"typing_extensions.py": ""})
    wheel(empty_index, "typing-extensions", "4.15.0", {"typing_extensions.py": ""})
    wheel(empty_index, "aws-lambda-powertools", "3.40.0", {"aws_lambda_powertools.py": ""}, "typing-extensions>=4.11")
    wheel(empty_index, "aws-xray-sdk", "2.15.0", {"aws_xray_sdk.py": ""}, "botocore>=1.11")
    wheel(empty_index, "botocore", "1.40.0", {"botocore.py": ""})
    folder = function(tmp_path / "project", "", requirements__txt="typing-extensions==4.9.0\n")
    with pytest.raises(UsageError, match=r"cannot be added to the project's versions.*typing.extensions"):
        built(folder, tmp_path / "out.zip", installer, instrument=True)
    (folder / "requirements.txt").write_text("typing-extensions>=4.9\n", encoding="utf-8")
    done = built(folder, tmp_path / "out.zip", installer, instrument=True)
    names = {part.name for part in done.report.parts}
    assert {"aws-lambda-powertools", "aws-xray-sdk", "typing-extensions"} <= names
    # The project has no SDK, and the runtime has one.
    assert "botocore" not in names


@pytest.mark.parametrize("installer", INSTALLERS)
def test_pip_s_configuration_is_used_by_both_installers(
    tmp_path: Path, empty_index: Path, monkeypatch: pytest.MonkeyPatch, installer: str
) -> None:
    wheel(empty_index, "private", "1.0", {"private.py": ""})
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    configuration = tmp_path / "pip.conf"
    configuration.write_text(f"[global]\nno-index = true\nfind-links = {empty_index}\n", encoding="utf-8")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
    folder = function(tmp_path / "project", "", requirements__txt="private\n")
    done = built(folder, tmp_path / "out.zip", installer)
    assert "private" in {part.name for part in done.report.parts}


@pytest.mark.parametrize("links", ["--find-links wheels", "--find-links wheels --no-index", "--no-index -f wheels"])
@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_folder_of_wheels_that_the_requirements_name_is_relative_to_their_file(
    tmp_path: Path, empty_index: Path, monkeypatch: pytest.MonkeyPatch, installer: str, links: str
) -> None:
    monkeypatch.delenv("PIP_FIND_LINKS")
    folder = function(tmp_path / "project", "", requirements__txt=f"{links}\nprivate\n")
    (folder / "wheels").mkdir()
    wheel(folder / "wheels", "private", "1.0", {"private.py": ""})
    done = built(folder, tmp_path / "out.zip", installer)
    assert "private" in {part.name for part in done.report.parts}


def test_the_indexes_of_pip_s_configuration_do_not_replace_those_of_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "https://pip.test/simple")
    monkeypatch.setenv("PIP_FIND_LINKS", "/pip/wheels")
    monkeypatch.setenv("UV_INDEX", "mine=https://uv.test/simple https://uv.test/more")
    monkeypatch.setenv("UV_FIND_LINKS", "/uv/wheels,/uv/more")
    options = uv_index_options()
    assert [one for option, one in pairwise(options) if option == "--index"] == [
        "mine=https://uv.test/simple",
        "https://uv.test/more",
        "https://pip.test/simple",
    ]
    links = [one for option, one in pairwise(options) if option == "--find-links"]
    assert links == ["/uv/wheels", "/uv/more", "/pip/wheels"]


def test_two_files_that_disagree_are_a_question(tmp_path: Path, empty_index: Path) -> None:
    wheel(empty_index, "dep", "1.0", {"dep.py": ""})
    wheel(empty_index, "dep", "2.0", {"dep.py": ""})
    pyproject = '[project]\nname = "x"\nversion = "1"\ndependencies = ["dep>=2", "other"]\n'
    folder = function(tmp_path / "project", "", requirements__txt="dep==1.0\n", pyproject__toml=pyproject)
    with pytest.raises(UsageError, match=r"requirements.txt and pyproject.toml disagree: dep 1.0 .* other only in"):
        built(folder, tmp_path / "out.zip", "pip")
    chosen = Choice(folder / "requirements.txt")
    done = built(folder, tmp_path / "out.zip", "pip", choice=chosen)
    assert {part.name: part.version for part in done.report.parts}["dep"] == "1.0"


@pytest.mark.parametrize(("kind", "installer"), sample(["gztar", "zip"], INSTALLERS))
def test_a_project_below_the_top_of_an_archive(tmp_path: Path, empty_index: Path, installer: str, kind: str) -> None:
    source_project(tmp_path / "source" / "all-1" / "libs" / "common", "common", "1.0", {"common/__init__.py": CODE})
    (tmp_path / "source" / "all-1" / "setup.py").write_text("raise SystemExit('the wrong project')\n")
    made = Path(shutil.make_archive(str(tmp_path / "all"), kind, tmp_path / "source"))
    line = f"common @ {made.as_uri()}#subdirectory=libs/common\n"
    folder = function(tmp_path / "project", COMMON, requirements__txt=line)
    built(folder, tmp_path / "out.zip", installer)
    assert answer(tmp_path / "out.zip", tmp_path / "task") == "42"
    (folder / "requirements.txt").write_text(line.replace("libs/common", "libs/../..").replace("common @ ", ""))
    with pytest.raises(UsageError, match="has no folder"):
        built(folder, tmp_path / "none.zip", installer)


def test_an_archive_whose_members_cannot_be_unpacked_is_one_line(tmp_path: Path, empty_index: Path) -> None:
    archive = tmp_path / "all.zip"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("all-1/libs/common/setup.py", "pass\n")
    # No compression has the number 99; it stands before a member and in the directory.
    data = archive.read_bytes()
    for at in (8, data.index(b"PK\x01\x02") + 10):
        data = data[:at] + b"\x63\x00" + data[at + 2 :]
    archive.write_bytes(data)
    line = f"common @ {archive.as_uri()}#subdirectory=libs/common\n"
    folder = function(tmp_path / "project", COMMON, requirements__txt=line)
    with pytest.raises(UsageError, match=r"all\.zip cannot be unpacked"):
        built(folder, tmp_path / "out.zip", "pip")


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_wheel_s_url_may_have_a_hash_and_an_escaped_name(tmp_path: Path, empty_index: Path, installer: str) -> None:
    path = wheel(tmp_path, "common", "1.0+cpu", {"common/__init__.py": CODE})
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    with served(functools.partial(Folder, directory=str(tmp_path))) as address:
        url = f"http://{address}/{path.name.replace('+', '%2B')}"
        for prefix in ("", "common @ "):
            folder = function(tmp_path / "project", COMMON, requirements__txt=f"{prefix}{url}#sha256={digest}\n")
            built(folder, tmp_path / "out.zip", installer)
            assert answer(tmp_path / "out.zip", tmp_path / "task") == "42"
            (folder / "requirements.txt").write_text(f"{prefix}{url}#sha256={'0' * 64}\n")
            with pytest.raises(UsageError, match=r"(?i)hash"):
                built(folder, tmp_path / "none.zip", installer)


ONE_INDEX = """
[project]
name = "x"
dependencies = ["common", "other"]
[tool.uv.sources]
common = {{index = "corp"}}
[[tool.uv.index]]
name = "corp"
url = "http://me:very-secret@{address}/corp/"
explicit = true
"""


@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_distribution_of_one_index_comes_from_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installer: str
) -> None:
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for index, name, version in (
        ("corp", "common", "1.0"),
        ("public", "common", "9.0"),
        ("public", "other", "1.0"),
        ("corp", "other", "9.0"),
    ):
        (tmp_path / index / name).mkdir(parents=True, exist_ok=True)
        wheel(tmp_path / index / name, name, version, {f"{name}.py": ""})
    with served(functools.partial(Folder, directory=str(tmp_path))) as address:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://{address}/public/")
        folder = function(tmp_path / "project", "", pyproject__toml=ONE_INDEX.format(address=address))
        if installer == "pip":
            with pytest.raises(UsageError, match="common comes from one index only") as caught:
                built(folder, tmp_path / "out.zip", installer)
            assert "install uv" in caught.value.hint
            return
        done = built(folder, tmp_path / "out.zip", installer)
    assert {part.name: part.version for part in done.report.parts if part.version} == {"common": "1.0", "other": "1.0"}

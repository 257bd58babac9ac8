"""Dependencies from each file that declares them: the same distributions, whatever tool the project uses."""

import json
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from monitor.errors import UsageError
from monitor.packages.building.declared import Choice, declared
from monitor.packages.building.installers import find_uv
from monitor.packages.inspect.platforms import full_version
from monitor.packages.model_dependencies import BuildTarget, Requirements
from monitor.packages.parse_requirements import marker_holds, target_environment

TARGET = BuildTarget("3.12", "arm64")
PEP621 = """
[project]
name = "x"
version = "1"
dependencies = ["alpha>=1", "beta[fast]==2.*; python_version >= '3.9'", "gone; python_version < '3.9'"]
[project.optional-dependencies]
extra-one = ["gamma"]
[dependency-groups]
lambda = ["delta", {include-group = "base"}]
base = ["epsilon"]
"""
POETRY = """
[tool.poetry]
name = "x"
[tool.poetry.dependencies]
python = "^3.9"
alpha = "^1.2"
beta = {version = "~2.1", extras = ["fast"], optional = true}
gamma = [{version = "1.*", python = "<3.10"}, {version = ">=2,<4", python = ">=3.10"}]
local = {path = "libs/local", develop = true}
[tool.poetry.extras]
quick = ["beta"]
[tool.poetry.group.dev.dependencies]
pytest = "*"
"""
POETRY_LOCK = """
[[package]]
name = "alpha"
version = "1.4.0"
python-versions = ">=3.8"
files = [{file = "a.whl", hash = "sha256:00aa"}]
[package.dependencies]
deep = ">=1"
tomli = {version = "*", markers = "python_version < \\"3.11\\""}
[[package]]
name = "deep"
version = "1.0"
python-versions = "*"
files = []
[[package]]
name = "gamma"
version = "1.9"
python-versions = "<3.10"
files = []
[[package]]
name = "gamma"
version = "3.0"
python-versions = ">=3.10"
files = []
[[package]]
name = "pytest"
version = "8.0"
python-versions = "*"
files = []
[[package]]
name = "local"
version = "1"
python-versions = "*"
files = []
[package.source]
type = "directory"
url = "libs/local"
[metadata]
lock-version = "2.1"
"""


def project(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    return folder


def read(folder: Path, **choice: object) -> Requirements:
    return declared(folder, TARGET, Choice(**choice), find_uv())  # type: ignore[arg-type]


def lines(found: Requirements) -> set[str]:
    return {one.text.replace(" ", "") for one in found.lines}


def test_pyproject_with_extras_and_groups(tmp_path: Path) -> None:
    project(tmp_path, pyproject__toml=PEP621)
    found = read(tmp_path)
    assert found.source == "pyproject.toml"
    assert lines(found) == {"alpha>=1", "beta[fast]==2.*;python_version>='3.9'", "gone;python_version<'3.9'"}
    more = lines(read(tmp_path, extras=("extra_one",), groups=("lambda",)))
    assert more - lines(found) == {"gamma", "delta", "epsilon"}
    with pytest.raises(UsageError, match="no dependency group 'typo'") as caught:
        read(tmp_path, groups=("typo",))
    assert "base, lambda" in caught.value.hint


def test_poetry_s_constraints_are_those_of_pep_440(tmp_path: Path) -> None:
    (tmp_path / "libs" / "local").mkdir(parents=True)
    project(tmp_path, pyproject__toml=POETRY)
    found = read(tmp_path)
    assert {one.partition(";")[0] for one in lines(found)} == {"alpha>=1.2,<2", "gamma==1.*", "gamma>=2,<4"}
    assert [one.location for one in found.sources] == [str((tmp_path / "libs" / "local").resolve())]
    assert "beta[fast]>=2.1,<2.2" in {one.partition(";")[0] for one in lines(read(tmp_path, extras=("quick",)))}


def test_poetry_lock_gives_what_the_project_reaches_on_the_target(tmp_path: Path) -> None:
    (tmp_path / "libs" / "local").mkdir(parents=True)
    project(tmp_path, pyproject__toml=POETRY, poetry__lock=POETRY_LOCK)
    found = read(tmp_path)
    assert found.source == "poetry.lock"
    assert found.is_complete
    assert lines(found) == {"alpha==1.4.0", "deep==1.0", "gamma==3.0"}
    assert next(one.hashes for one in found.lines if one.text.startswith("alpha")) == ("sha256:00aa",)
    assert [one.location for one in found.sources] == [str((tmp_path / "libs" / "local").resolve())]


def test_pipfile_lock_names_its_index(tmp_path: Path) -> None:
    lock = {
        "_meta": {"sources": [{"url": "https://example.test/simple"}, {"url": "https://more.test/simple"}]},
        "default": {
            "alpha": {"version": "==1.0", "hashes": ["sha256:aa"]},
            "win": {"version": "==1.0", "markers": "sys_platform == 'win32'"},
        },
        "develop": {"pytest": {"version": "==8"}},
    }
    project(tmp_path, Pipfile__lock=json.dumps(lock))
    found = read(tmp_path)
    assert lines(found) == {"alpha==1.0"}
    assert (found.indexes.default, found.indexes.extra) == (
        "https://example.test/simple",
        ("https://more.test/simple",),
    )


def test_pdm_lock_has_groups_and_markers(tmp_path: Path) -> None:
    lock = "\n".join(
        f'[[package]]\nname = "{name}"\nversion = "1.0"\ngroups = {json.dumps(groups)}\n{marker}files = []\n'
        for name, groups, marker in (
            ("alpha", ["default"], ""),
            ("win", ["default"], "marker = \"sys_platform == 'win32'\"\n"),
            ("pytest", ["dev"], ""),
        )
    )
    project(tmp_path, pdm__lock=lock)
    assert lines(read(tmp_path)) == {"alpha==1.0"}
    assert lines(read(tmp_path, groups=("dev",))) == {"alpha==1.0", "pytest==1.0"}


def test_pylock_of_pep_751(tmp_path: Path) -> None:
    lock = """
lock-version = "1.0"
[[packages]]
name = "alpha"
version = "1.0"
[[packages.wheels]]
url = "https://example.test/alpha.whl"
hashes = {sha256 = "aa"}
[[packages]]
name = "extra-only"
version = "1.0"
marker = "'quick' in extras"
[[packages]]
name = "old"
version = "1.0"
marker = "python_version < '3.9'"
[[packages]]
name = "mine"
[packages.directory]
path = "libs/mine"
"""
    (tmp_path / "libs" / "mine").mkdir(parents=True)
    project(tmp_path, pylock__toml=lock)
    found = read(tmp_path)
    assert lines(found) == {"alpha@https://example.test/alpha.whl"}
    assert found.lines[0].hashes == ("sha256:aa",)
    assert [one.location for one in found.sources] == [str((tmp_path / "libs" / "mine").resolve())]
    assert lines(read(tmp_path, extras=("quick",))) == {"alpha@https://example.test/alpha.whl", "extra-only==1.0"}


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ('lock-version = "2.0"', "has lock-version 2.0"),
        ("environments = [\"sys_platform == 'win32'\"]", "is locked for other environments"),
    ],
)
def test_a_pylock_that_is_not_for_this_target_is_refused(tmp_path: Path, head: str, message: str) -> None:
    project(tmp_path, pylock__toml=f'{head}\n[[packages]]\nname = "c"\nversion = "1"\n')
    with pytest.raises(UsageError, match=message):
        read(tmp_path)


def test_the_python_of_a_pylock_is_that_of_the_project(tmp_path: Path) -> None:
    project(tmp_path, pylock__toml='requires-python = ">=3.13"\n[[packages]]\nname = "c"\nversion = "1"\n')
    assert read(tmp_path).python == ">=3.13"


def test_the_files_beside_a_pylock_are_taken_and_not_those_of_an_index(tmp_path: Path) -> None:
    lock = """
lock-version = "1.0"
[[packages]]
name = "built"
version = "1.0"
[[packages.wheels]]
path = "files/built-1.0-py3-none-any.whl"
hashes = {sha256 = "aa"}
[[packages]]
name = "source"
version = "1.0"
[packages.sdist]
path = "files/source-1.0.tar.gz"
hashes = {sha256 = "bb"}
"""
    project(tmp_path, pylock__toml=lock)
    found = read(tmp_path)
    assert lines(found) == {"built==1.0"}
    assert found.indexes.find_links == (str(tmp_path.resolve() / "files"),)
    assert [(one.location, one.hashes) for one in found.sources] == [
        (str(tmp_path.resolve() / "files" / "source-1.0.tar.gz"), ("sha256:bb",))
    ]


@pytest.mark.parametrize("head", ['[project]\nname = "My_App"', '[project]\nname = "my.app"\nrequires-python = ">=3"'])
def test_an_extra_of_the_project_itself_names_its_other_extras(tmp_path: Path, head: str) -> None:
    extras = """
dependencies = ["alpha", "my-app[always]"]
[project.optional-dependencies]
all = ["my-app[fast,slow]; python_version >= '3.9'", "Gamma"]
fast = ["delta", "my_app[slow]"]
slow = ["epsilon; sys_platform == 'linux'", "zeta @ https://example.test/zeta-1-py3-none-any.whl"]
always = ["eta"]
[dependency-groups]
lambda = ["my-app[fast]"]
"""
    project(tmp_path, pyproject__toml=head + extras)
    names = {Requirement(one.text).name for one in read(tmp_path, extras=("all",)).lines}
    assert names == {"alpha", "eta", "Gamma", "delta", "epsilon"}
    found = read(tmp_path, groups=("lambda",))
    assert {Requirement(one.text).name for one in found.lines} == {"alpha", "eta", "delta", "epsilon"}
    assert [one.location for one in found.sources] == ["https://example.test/zeta-1-py3-none-any.whl"]


@pytest.mark.parametrize(
    "override", ['[tool.uv]\noverride-dependencies = ["Alpha==3"]', '[tool.pdm.resolution.overrides]\nalpha = "3"']
)
def test_a_lock_file_may_have_the_versions_that_the_project_overrides(tmp_path: Path, override: str) -> None:
    head = '[project]\nname = "x"\ndependencies = ["alpha<2", "beta<2"]\n'
    project(tmp_path, pyproject__toml=f"{head}{override}\n", requirements__txt="alpha==3\nbeta==1\n")
    assert lines(read(tmp_path)) == {"alpha==3", "beta==1"}
    project(tmp_path, requirements__txt="alpha==3\nbeta==3\n")
    with pytest.raises(UsageError, match=r"disagree: beta 3 in requirements.txt, <2 in pyproject.toml"):
        read(tmp_path)
    (tmp_path / "requirements.txt").unlink()
    assert [note for note in read(tmp_path).notes if "has no effect without a lock file" in note]


def test_a_member_of_a_workspace_takes_over_the_places_of_the_root(tmp_path: Path) -> None:
    root = """
[project]
name = "root"
[tool.uv]
constraint-dependencies = ["beta<2"]
[tool.uv.workspace]
members = ["packages/*"]
[tool.uv.sources]
core = {workspace = true}
other = {path = "elsewhere/other"}
own = {path = "nowhere"}
"""
    project(tmp_path, pyproject__toml=root)
    for name, text in (
        ("core", 'dependencies = ["other", "beta"]\n'),
        ("app", 'dependencies = ["core", "own"]\n[tool.uv.sources]\nown = {path = "own"}\n'),
    ):
        folder = tmp_path / "packages" / name
        folder.mkdir(parents=True)
        project(folder, pyproject__toml=f'[project]\nname = "{name}"\n{text}')
    top = tmp_path.resolve()
    found = read(tmp_path / "packages" / "app")
    wanted = [top / "packages" / "core", top / "packages" / "app" / "own", top / "elsewhere" / "other"]
    assert [one.location for one in found.sources] == list(map(str, wanted))
    assert [one.text for one in found.constraints] == ["beta<2"]


def test_the_places_of_a_local_projects_own_dependencies(tmp_path: Path) -> None:
    text = """
[project]
name = "common"
dependencies = ["deep", "acme", "pinned"]
[project.optional-dependencies]
fast = ["quick"]
slow = ["never"]
[tool.uv.sources]
deep = {path = "../deep"}
quick = {path = "../quick"}
never = {path = "../never"}
pinned = {path = "../pinned"}
acme = {index = "corp"}
[[tool.uv.index]]
name = "corp"
url = "https://corp.test/simple"
explicit = true
"""
    for name, pyproject in (
        ("common", text),
        ("deep", '[project]\nname = "deep"\ndependencies = ["deeper"]\n[tool.uv.sources]\ndeeper = {path = "deeper"}'),
    ):
        (tmp_path / name).mkdir()
        project(tmp_path / name, pyproject__toml=pyproject)
    # What the project itself pins is decided.
    project(tmp_path, requirements__txt="./common[fast]\npinned==1.0\n")
    found = read(tmp_path)
    top = tmp_path.resolve()
    wanted = ["common", "deep", "quick", "deep/deeper"]
    assert [one.location for one in found.sources] == [str(top / name) for name in wanted]
    assert [(one.text, one.index) for one in found.lines] == [
        ("pinned==1.0", ""),
        ("acme", "https://corp.test/simple"),
    ]


@pytest.mark.skipif(find_uv() is None, reason="uv is not installed here")
def test_uv_lock_is_read_by_uv(tmp_path: Path, empty_index: Path) -> None:
    from tests.fakes.wheels import wheel

    wheel(empty_index, "alpha", "1.0", {"alpha.py": ""}, "deep")
    wheel(empty_index, "deep", "1.0", {"deep.py": ""})
    folder = tmp_path / "project"
    folder.mkdir()
    text = '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["alpha"]\n'
    settings = f'[tool.uv]\nfind-links = ["{empty_index}"]\nno-index = true\n'
    project(folder, pyproject__toml=text + settings)
    subprocess.run([str(find_uv()), "lock", "--quiet"], cwd=folder, check=True, timeout=120)
    found = read(folder)
    assert (found.source, found.reader) == ("uv.lock", "uv export")
    assert lines(found) == {"alpha==1.0", "deep==1.0"}
    with pytest.raises(UsageError, match="can be read only by uv"):
        declared(folder, TARGET, Choice(), None)


@pytest.mark.skipif(find_uv() is None, reason="uv is not installed here")
@pytest.mark.parametrize("default", ["", '["aws-extra"]', '["dev", "aws_extra"]', '"all"', "[]"])
def test_the_default_groups_of_uv_are_the_same_with_a_lock_and_without(
    tmp_path: Path, empty_index: Path, default: str
) -> None:
    from tests.fakes.wheels import wheel

    for name in ("alpha", "beta", "gamma", "delta"):
        wheel(empty_index, name, "1.0", {f"{name}.py": ""})
    folder = tmp_path / "project"
    folder.mkdir()
    text = '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["alpha"]\n'
    text += '[dependency-groups]\ndev = ["beta"]\naws_extra = [{include-group = "more"}]\nmore = ["gamma"]\n'
    text += 'x = ["delta"]\n'
    text += f'[tool.uv]\nfind-links = ["{empty_index}"]\nno-index = true\n'
    project(folder, pyproject__toml=text + (f"default-groups = {default}\n" if default else ""))
    choices = [{}, {"groups": ("dev",)}, {"groups": ("aws-extra",)}, {"groups": ("Dev", "x")}]
    without = [{one.partition("==")[0] for one in lines(read(folder, **choice))} for choice in choices]
    subprocess.run([str(find_uv()), "lock", "--quiet"], cwd=folder, check=True, timeout=120)
    locked = [{one.partition("==")[0] for one in lines(read(folder, **choice))} for choice in choices]
    assert without == locked
    assert ("gamma" in locked[0], "beta" in locked[0]) == (default not in ("", "[]"), False)
    assert ["beta" in one for one in locked] == [False, True, False, True]


WORKSPACE = """
[project]
name = "root"
version = "1"
requires-python = ">=3.11"
[tool.uv.workspace]
members = ["libs/*", "functions/*"]
[tool.uv]
find-links = ["{index}"]
no-index = true
"""
MEMBER = """
[project]
name = "orders"
version = "1"
requires-python = ">=3.11"
dependencies = ["alpha", "common"]
[tool.uv.sources]
common = {workspace = true}
"""


@pytest.mark.skipif(find_uv() is None, reason="uv is not installed here")
@pytest.mark.parametrize("is_locked", [False, True])
def test_a_member_of_a_workspace_finds_the_others_and_the_lock_of_the_root(
    tmp_path: Path, empty_index: Path, is_locked: bool
) -> None:
    from tests.fakes.wheels import wheel

    for version in ("1.0", "2.0"):
        wheel(empty_index, "alpha", version, {"alpha.py": ""})
    root, member, common = (tmp_path / "root" / name for name in ("", "functions/orders", "libs/common"))
    for folder in (member, common):
        folder.mkdir(parents=True)
    project(root, pyproject__toml=WORKSPACE.format(index=empty_index))
    project(member, pyproject__toml=MEMBER)
    build = '[build-system]\nrequires = []\nbuild-backend = "backend"\n'
    project(common, pyproject__toml=f'[project]\nname = "common"\nversion = "1"\nrequires-python = ">=3.11"\n{build}')
    if is_locked:
        command = [str(find_uv()), "lock", "--quiet", "--upgrade-package", "alpha<2"]
        subprocess.run(command, cwd=root, check=True, timeout=120)
    found = read(member)
    assert [one.location for one in found.sources] == [str(common.resolve())]
    assert lines(found) == ({"alpha==1.0"} if is_locked else {"alpha"})
    assert found.source == ("uv.lock" if is_locked else "pyproject.toml")
    # A project that is in the folder but not a member is on its own.
    other = root / "other"
    other.mkdir()
    project(other, pyproject__toml=MEMBER)
    with pytest.raises(UsageError, match="common is not a member"):
        read(other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[options]\ninstall_requires =\n  # why\n  alpha>=1 ; python_version > '3'\n  beta[x]  # too\n",
         {'alpha>=1; python_version > "3"', "beta[x]"}),
        ("[options]\ninstall_requires = alpha; beta\n", {"alpha", "beta"}),
        ("[metadata]\nname = x\n[flake8]\nmax-line-length = 99\n", set()),
    ],
)  # fmt: skip
def test_setup_cfg_alone_declares_requirements(tmp_path: Path, text: str, expected: set[str]) -> None:
    # This pyproject.toml is what setuptools' documentation shows beside a setup.cfg.
    project(tmp_path, setup__cfg=text, pyproject__toml='[build-system]\nrequires = ["setuptools"]\n')
    found = read(tmp_path)
    assert {str(Requirement(one.text)) for one in found.lines} == expected
    assert found.source == ("setup.cfg" if expected else "")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("file:./libs/my%20lib", "project/libs/my lib"),
        ("file:libs/common", "project/libs/common"),
        ("file://{here}/libs/common", "project/libs/common"),
        ("file:///${{PROJECT_ROOT}}/libs/common", "project/libs/common"),
        ("file:///${{PROJECT_ROOT}}/../common", "common"),
        ("{{root:uri}}/libs/common", "project/libs/common"),
        ("{{root:parent:uri}}/common", "common"),
    ],
)
def test_a_path_in_pyproject_counts_from_its_folder_however_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, place: str
) -> None:
    folder = tmp_path / "project"
    folder.mkdir()
    required = f"common[fast] @ {url.format(here=folder)}"
    project(folder, pyproject__toml=f'[project]\nname = "x"\ndependencies = ["{required} ; python_version > \'3\'"]\n')
    monkeypatch.chdir(tmp_path)
    (source,) = read(Path("project")).sources
    assert (source.location, source.extras) == (str(tmp_path / place), ("fast",))


def test_a_namespace_package_in_src_is_installed(tmp_path: Path) -> None:
    text = '[build-system]\nrequires = ["setuptools"]\n[project]\nname = "x"\ndependencies = ["a"]\n'
    project(tmp_path, pyproject__toml=text)
    assert read(tmp_path).sources == ()
    (tmp_path / "src" / "acme" / "orders").mkdir(parents=True)
    (tmp_path / "src" / "acme" / "orders" / "__init__.py").touch()
    assert [one.location for one in read(tmp_path).sources] == [str(tmp_path.resolve())]


def test_a_project_of_several_functions_says_where_requirements_are(tmp_path: Path) -> None:
    for name in ("orders", "billing"):
        (tmp_path / "functions" / name).mkdir(parents=True)
        (tmp_path / "functions" / name / "requirements.txt").write_text("alpha\n", encoding="utf-8")
    (note,) = read(tmp_path).notes
    assert "functions/billing/requirements.txt, functions/orders/requirements.txt" in note
    assert read(tmp_path, file=tmp_path / "functions" / "orders" / "requirements.txt").lines


@pytest.mark.parametrize("name", ["requirements/prod.txt", "requirements-prod.txt", "prod-requirements.txt"])
def test_a_requirements_file_with_another_name_is_a_question(tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("alpha\n", encoding="utf-8")
    (note,) = read(tmp_path).notes
    assert f"--requirements ({name}?)" in note


@pytest.mark.parametrize(
    "name", ["pyproject.toml", "poetry.lock", "pdm.lock", "pylock.toml", "Pipfile.lock", "Pipfile"]
)
@pytest.mark.parametrize(
    "text", ["[", "\x00", "[project]\ndependencies = 3", "[[package]]\n", "null", "[]", '{"default": 3}']
)
def test_a_damaged_file_is_never_a_defect_of_monitor(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with suppress(UsageError):
        read(tmp_path)


SETUP_CFG = """
[options]
install_requires = alpha
[options.extras_require]
Fast =
    beta
    gamma; python_version < "3"
"""
WITHOUT_CHOICE = {
    "requirements.txt": "alpha",
    "Pipfile": "[packages]\nalpha = '*'",
    "Pipfile.lock": '{"default": {"alpha": {"version": "==1"}}}',
    "README.md": "",
}


def test_the_extras_of_a_setup_cfg_are_installed(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text(SETUP_CFG)
    assert [one.text for one in declared(tmp_path, TARGET, Choice(), None).lines] == ["alpha"]
    texts = [one.text for one in declared(tmp_path, TARGET, Choice(extras=("fast",)), None).lines]
    assert texts == ["alpha", "beta", 'gamma; python_version < "3"']
    with pytest.raises(UsageError, match="has no extra 'slow'"):
        declared(tmp_path, TARGET, Choice(extras=("slow",)), None)


@pytest.mark.parametrize("choice", [Choice(extras=("fast",)), Choice(groups=("fast",))])
@pytest.mark.parametrize("name", WITHOUT_CHOICE)
def test_extras_and_groups_that_a_file_cannot_have_are_refused(tmp_path: Path, name: str, choice: Choice) -> None:
    (tmp_path / name).write_text(WITHOUT_CHOICE[name])
    with pytest.raises(UsageError, match=r"--(extra|group) has no effect"):
        declared(tmp_path, TARGET, choice, None)


def test_an_extra_of_the_project_is_not_ignored_beside_a_requirements_file(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PEP621)
    (tmp_path / "requirements.txt").write_text("alpha\nbeta[fast]==2.1\n")
    with pytest.raises(UsageError, match="gamma"):
        declared(tmp_path, TARGET, Choice(extras=("extra-one",)), None)
    (tmp_path / "requirements.txt").write_text("-e .\n")
    with pytest.raises(UsageError, match="--extra has no effect"):
        declared(tmp_path, TARGET, Choice(extras=("extra-one",)), None)


POETRY_HEAD = '[tool.poetry]\nname = "x"\n[tool.poetry.dependencies]\npython = "^3.9"\n'
FLIT = (
    '[build-system]\nbuild-backend = "flit_core.buildapi"\n[tool.flit.metadata]\nmodule = "x"\nrequires = ["alpha"]\n'
)
POETRY_DYNAMIC = '[project]\nname = "x"\ndynamic = ["dependencies"]\n' + POETRY_HEAD


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("pyproject.toml", POETRY_HEAD + 'alpha = "*"\nwin = {version = "*", platform = "win32"}\n', {"alpha"}),
        ("pyproject.toml", POETRY_HEAD + 'alpha = {version = "*", platform = "linux || darwin"}\n', {"alpha"}),
        ("pyproject.toml", POETRY_HEAD + 'alpha = {version = "*", platform = "!=win32"}\n', {"alpha"}),
        ("pyproject.toml", POETRY_HEAD + 'old = {version = "*", python = "<3"}\n', set()),
        ("pyproject.toml", POETRY_HEAD + 'alpha = {version = "1", python = "~3.9 || ^3.12"}\n', {"alpha==1"}),
        ("pyproject.toml", POETRY_HEAD + 'old = {version = "1", python = "<3.12.0"}\n', set()),
        ("pyproject.toml", POETRY_DYNAMIC + 'alpha = "^1.2"\n', {"alpha>=1.2,<2"}),
        ("pyproject.toml", FLIT, {"alpha"}),
        ("Pipfile", "[packages]\nalpha = '*'\nwin = {version = '*', platform_system = \"== 'Windows'\"}\n", {"alpha"}),
        ("Pipfile", "[packages]\nx86 = {version = '==1', platform_machine = \"== 'x86_64'\"}\n", set()),
        ("Pipfile.lock", '{"default": {"alpha": "*", "beta": {"version": "*"}}}', {"alpha", "beta"}),
        ("requirements.lock", "# generated by rye\nalpha==1.0\n    # via x\n", {"alpha==1.0"}),
    ],
)  # fmt: skip
def test_each_tool_s_own_way_to_say_where_a_dependency_applies(
    tmp_path: Path, name: str, text: str, expected: set[str]
) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    environment = target_environment(full_version(TARGET.python), TARGET.architecture)
    found = read(tmp_path)
    applying = (one for one in found.lines if marker_holds(str(Requirement(one.text).marker or ""), environment))
    assert {one.text.partition(";")[0].replace(" ", "") for one in applying} == expected
    assert found.sources == ()


def test_a_union_of_versions_is_decided_by_the_lock(tmp_path: Path) -> None:
    text = POETRY_HEAD + 'alpha = "^1.0 || ^2.0"\n'
    project(tmp_path, pyproject__toml=text)
    with pytest.raises(UsageError, match="union of versions") as caught:
        read(tmp_path)
    assert caught.value.hint == "lock the project: poetry lock"
    project(tmp_path, poetry__lock='[[package]]\nname = "alpha"\nversion = "1.4"\npython-versions = "*"\nfiles = []\n')
    assert lines(read(tmp_path)) == {"alpha==1.4"}


GROUPS = {
    "PEP 735": '[dependency-groups]\nAws_Extra = ["alpha", {include-group = "b-c"}]\nB_C = ["beta"]\n',
    "Poetry": '[tool.poetry.group.aws-extra]\ninclude-groups = ["b"]\n[tool.poetry.group.aws-extra.dependencies]\n'
    'alpha = "*"\n[tool.poetry.group.b.dependencies]\nbeta = "*"\n',
    "PDM": '[tool.pdm.dev-dependencies]\naws-extra = ["alpha", "beta"]\n',
}


@pytest.mark.parametrize("tool", GROUPS)
def test_groups_by_normalized_name_with_what_they_include(tmp_path: Path, tool: str) -> None:
    project(tmp_path, pyproject__toml='[project]\nname = "x"\n' + GROUPS[tool])
    assert lines(read(tmp_path, groups=("aws_extra",))) == {"alpha", "beta"}


@pytest.mark.parametrize(
    "text", ['[tool.uv]\ndev-dependencies = ["alpha"]\n', '[tool.poetry.dev-dependencies]\nalpha = "*"\n']
)
def test_development_dependencies_before_there_were_groups(tmp_path: Path, text: str) -> None:
    project(tmp_path, pyproject__toml='[project]\nname = "x"\ndependencies = ["beta"]\n' + text)
    assert lines(read(tmp_path)) == {"beta"}
    assert lines(read(tmp_path, groups=("dev",))) == {"alpha", "beta"}


def test_extras_that_only_the_build_knows_are_left_to_it(tmp_path: Path) -> None:
    text = '[build-system]\nrequires = ["setuptools"]\n[project]\nname = "x"\ndynamic = ["optional-dependencies"]\n'
    project(tmp_path, pyproject__toml=text + 'dependencies = ["alpha"]\n')
    assert read(tmp_path).sources == ()
    found = read(tmp_path, extras=("fast",))
    assert [(one.location, one.extras) for one in found.sources] == [(str(tmp_path.resolve()), ("fast",))]
    assert lines(found) == {"alpha"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Pipfile", '[packages]\ncommon = {git = "https://x.test/y.git", ref = "abc", subdirectory = "libs/c"}\n'),
        ("Pipfile.lock", '{"default": {"c": {"git": "https://x.test/y.git", "ref": "abc", "subdirectory": "libs/c"}}}'),
        ("poetry.lock",
         '[[package]]\nname = "common"\nversion = "1"\npython-versions = "*"\nfiles = []\n[package.source]\n'
         'type = "git"\nurl = "https://x.test/y.git"\nresolved_reference = "abc"\nsubdirectory = "libs/c"\n'),
        ("pdm.lock",
         '[[package]]\nname = "common"\nversion = "1"\ngit = "https://x.test/y.git"\nrevision = "abc"\n'
         'subdirectory = "libs/c"\n'),
        ("pylock.toml",
         '[[packages]]\nname = "common"\n[packages.vcs]\ntype = "git"\nurl = "https://x.test/y.git"\n'
         'commit-id = "abc"\nsubdirectory = "libs/c"\n'),
    ],
)  # fmt: skip
def test_a_project_below_the_top_of_its_repository(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    if name == "poetry.lock":
        dependency = 'common = {git = "https://x.test/y.git", subdirectory = "libs/c"}\n'
        project(tmp_path, pyproject__toml=POETRY_HEAD + dependency)
    assert [one.location for one in read(tmp_path).sources] == ["git+https://x.test/y.git@abc#subdirectory=libs/c"]


def test_a_folder_in_a_folder_of_a_pylock(tmp_path: Path) -> None:
    text = '[[packages]]\nname = "c"\n[packages.directory]\npath = "libs"\nsubdirectory = "c"\n'
    project(tmp_path, pylock__toml=text)
    assert [one.location for one in read(tmp_path).sources] == [str(tmp_path.resolve() / "libs" / "c")]
    project(tmp_path, pylock__toml='[[packages]]\nname = "d"\nversion = "1"\nrequires-python = ">=3.13"\n')
    with pytest.raises(UsageError, match=r"d requires Python >=3\.13"):
        read(tmp_path)


SOURCES = """
[project]
name = "x"
dependencies = ["common", "acme>=1", "beta"]
[tool.uv]
constraint-dependencies = ["beta<2"]
[tool.uv.sources]
common = [
    {path = "mac", marker = "sys_platform == 'darwin'"},
    {path = "arm", marker = "platform_machine == 'aarch64'"},
]
beta = {git = "https://x.test/y.git", marker = "sys_platform == 'win32'"}
acme = {index = "corp"}
[[tool.uv.index]]
name = "corp"
url = "https://me:password@corp.test/simple"
explicit = true
[[tool.uv.index]]
url = "https://more.test/simple"
[[tool.pdm.source]]
name = "own"
url = "https://pdm.test/simple"
"""


def test_the_sources_of_uv_are_those_of_the_target(tmp_path: Path) -> None:
    project(tmp_path, pyproject__toml=SOURCES)
    found = read(tmp_path)
    assert [one.location for one in found.sources] == [str(tmp_path.resolve() / "arm")]
    assert [(one.text, one.index) for one in found.lines] == [
        ("acme>=1", "https://me:password@corp.test/simple"),
        ("beta", ""),
    ]
    assert [one.text for one in found.constraints] == ["beta<2"]
    assert found.indexes.extra == ("https://more.test/simple", "https://pdm.test/simple")
    assert "password" not in repr(found)
    # A lock file, whose hashes decide, may need an index that is only for some distributions.
    project(tmp_path, pylock__toml='[[packages]]\nname = "acme"\nversion = "1"\n')
    everything = read(tmp_path, file=tmp_path / "pylock.toml").indexes.extra
    assert "https://me:password@corp.test/simple" in everything


@pytest.mark.parametrize(
    ("backend", "path", "is_built"),
    [
        ("setuptools.build_meta", "src/app.py", True),
        ("setuptools.build_meta", "src/acme/app.py", True),
        ("flit_core.buildapi", "src/my_app.py", True),
        ("flit_core.buildapi", "src/other.py", False),
        ("hatchling.build", "src/app.py", False),
        ("hatchling.build", "src/app/__init__.py", True),
    ],
)
def test_what_a_build_backend_installs_from_src_is_installed(
    tmp_path: Path, backend: str, path: str, is_built: bool
) -> None:
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).touch()
    text = f'[build-system]\nrequires = []\nbuild-backend = "{backend}"\n'
    project(tmp_path, pyproject__toml=text + '[project]\nname = "my-app"\ndependencies = ["a"]\n')
    assert [one.location for one in read(tmp_path).sources] == ([str(tmp_path.resolve())] if is_built else [])


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("Pipfile", "[[source]]\nname = 'own'\nurl = 'https://me:$TOKEN@x.test/simple'\n[packages]\nalpha = '*'\n"),
        ("Pipfile.lock",
         '{"_meta": {"sources": [{"url": "https://${TOKEN}@x.test/simple"}]}, "default": {"alpha": "*"}}'),
        ("pyproject.toml",
         '[project]\nname = "x"\ndependencies = ["alpha"]\n[[tool.pdm.source]]\nname = "own"\n'
         'url = "https://me:${TOKEN}@x.test/simple"\n'),
    ],
)  # fmt: skip
def test_a_variable_in_the_url_of_an_index_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    monkeypatch.setenv("TOKEN", "very-secret")
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UsageError, match="uses the environment variable TOKEN") as caught:
        read(tmp_path)
    assert ".netrc" in caught.value.hint
    assert "very-secret" not in caught.value.message

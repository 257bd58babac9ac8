"""Which files of a project go into its package: git is the judge of patterns; links and secrets are checked."""

import os
import subprocess
import zipfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.errors import UsageError
from monitor.packages.building.dockerfile import dockerfile, ignore_file
from monitor.packages.building.project_files import project_files
from monitor.packages.parse_dockerignore import parse_dockerignore
from tests.examples import examples
from tests.fakes.wheels import source_project

FILES = ("lambda_function.py", "app/main.py", "app/data/a.json", "app/data/keep.json", "README.md", "build/x.py",
         "docs/build/y.py", "space name.py", "tests/t.py", "app/tests/t.py", "foo#bar.py", "!bang.py", "ünïcode.py",
         "A.PY", "doc/frotz/x", "x/doc/frotz/y")  # fmt: skip
PATTERNS = st.sampled_from(
    ["*.md", "!README.md", "app/data/*", "!app/data/keep.json", "build/", "!build/x.py", "*", "!*.py", "!app/",
     "/README.md", "docs/build", "doc/frotz/", "**/tests/", "README.md   ", "\\!bang.py", "foo\\#bar.py", "?.PY",
     "[aA].*", "# comment", "", "app/**/t.py", "ünïcode.py", "/*", "!/app", "**", "tests", "x/**", "!x/doc/"]
)  # fmt: skip


def write(folder: Path, *names: str, text: str = "x") -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def names(folder: Path, **options: bool) -> set[str]:
    return {entry.name for entry in project_files(folder, **options).entries}


def left_out(folder: Path) -> dict[str, tuple[str, ...]]:
    return {left.what: left.names for left in project_files(folder).left_out}


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lines=st.lists(PATTERNS, max_size=6),
    mark=st.sampled_from(["", "\ufeff"]),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_lambdaignore_means_what_git_says(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], mark: str, end: str
) -> None:
    folder = write(tmp_path_factory.mktemp("project"), *FILES)
    text = mark + "".join(line + end for line in lines)
    for name in (".gitignore", ".lambdaignore"):
        (folder / name).write_bytes(text.encode())
    subprocess.run(["git", "init", "-q", str(folder)], check=True)
    command = ["git", "-C", str(folder), "-c", "core.quotepath=off", "ls-files", "-z", "-o", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    ours = {".gitignore", ".lambdaignore", ""}
    assert names(folder) - ours == set(listed) - ours


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(PATTERNS, max_size=6))
def test_a_dockerignore_keeps_what_the_package_has(tmp_path_factory: pytest.TempPathFactory, lines: list[str]) -> None:
    folder = write(
        tmp_path_factory.mktemp("project"), *FILES, "app/env/pyvenv.cfg", "app/env/lib/x.py", "app/.env.local"
    )
    write(folder, ".lambdaignore", text="".join(f"{line}\n" for line in lines))
    kept = names(folder)
    is_left_out = parse_dockerignore(ignore_file(folder).splitlines())
    tops = {name.partition("/")[0] for name in kept}
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name for name in there if name.partition("/")[0] in tops and not is_left_out(name)} == kept


@pytest.mark.parametrize(
    ("pattern", "matches", "others"),
    [
        ("*/temp*", ["a/temp.txt", "a/temp/b"], ["temp", "a/b/temp.txt"]),
        ("temp?", ["tempa", "tempb/c"], ["temp", "tempab"]),
        ("**/*.go", ["a.go", "a/b/c.go"], ["a.gox"]),
        ("/foo/bar/", ["foo/bar", "foo/bar/x"], ["foo/barx"]),
        ("**", ["a", "a/b"], []),
        ("a/**", ["a/b", "a/b/c"], ["a", "b/a"]),
        (r"\!x[ab]", ["!xa"], ["xa", "!xc"]),
        ("a/../b", ["b"], ["a/b"]),
        ("# c", [], ["# c"]),
    ],
)
def test_a_pattern_of_dockerignore_means_what_docker_s_documentation_says(
    pattern: str, matches: list[str], others: list[str]
) -> None:
    is_left_out = parse_dockerignore([pattern])
    assert [name for name in [*matches, *others] if is_left_out(name)] == matches
    assert not any(map(parse_dockerignore([pattern, "!**"]), matches))


def test_a_dockerfile_names_a_link_that_copy_cannot_follow(tmp_path: Path) -> None:
    write(tmp_path, "repo/function/lambda_function.py", "repo/shared/helper.py")
    (tmp_path / "repo" / "function" / "shared").symlink_to("../shared")
    with pytest.raises(UsageError, match=r"shared/helper\.py is a link to .*, outside .*COPY"):
        dockerfile(tmp_path / "repo" / "function", python="3.13", architecture="x86_64", handler="a.b")


def test_what_tools_leave_behind_is_left_out_and_named(tmp_path: Path) -> None:
    tools = (".aws-sam/build/Fn", ".serverless", "cdk.out/asset.1", "node_modules/m", "a.egg-info", ".terraform/p")
    more = (".direnv/python", "__pypackages__/3.11", "htmlcov", ".eggs")
    more += (".terragrunt-cache/x", ".pdm-build", ".pixi/envs", ".pyre", ".pytype", "__MACOSX", ".circleci", ".amplify")
    write(
        tmp_path,
        "lambda_function.py",
        "samconfig.toml",
        "env/bin/python",
        "env/pyvenv.cfg",
        *(f"{one}/a.py" for one in tools + more),
    )
    assert names(tmp_path) == {"lambda_function.py", "samconfig.toml"}
    found = left_out(tmp_path)
    assert ".aws-sam/" in found["files of development tools"]
    assert found["virtual environments"] == ("env/",)


def test_secrets_and_databases_stay_out_unless_they_are_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "app.py", ".env", ".env.example", "keys/server.key", "terraform.tfstate", "local.sqlite3")
    write(tmp_path, "cert.pem", text="-----BEGIN CERTIFICATE-----\n")
    write(tmp_path, "private.pem", text="-----BEGIN RSA PRIVATE KEY-----\n")
    assert names(tmp_path) == {"app.py", ".env.example", "cert.pem"}
    found = left_out(tmp_path)
    assert set(found["possible secrets"]) == {".env", "keys/server.key", "private.pem", "terraform.tfstate"}
    assert found["databases"] == ("local.sqlite3",)
    write(tmp_path, ".lambdaignore", text="!.env\n!local.sqlite3\n!private.pem\n")
    assert names(tmp_path) >= {".env", "local.sqlite3", "private.pem"}


def test_an_earlier_package_is_left_out_and_data_in_a_zip_is_not(tmp_path: Path) -> None:
    write(tmp_path, "lambda_function.py")
    for name, inside in (("function.zip", "lambda_function.py"), ("data.zip", "table.csv")):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr(inside, "x")
    assert names(tmp_path) == {"lambda_function.py", "data.zip"}
    assert left_out(tmp_path)["earlier packages"] == ("function.zip",)


def test_linked_folders_of_a_monorepo_are_in_the_package_and_named(tmp_path: Path) -> None:
    write(tmp_path, "repo/function/lambda_function.py", "repo/shared/__init__.py", "repo/shared/deep/helper.py")
    function = tmp_path / "repo" / "function"
    (function / "shared").symlink_to("../shared")
    (function / "one.py").symlink_to("../shared/deep/helper.py")
    (function / "inside.py").symlink_to("lambda_function.py")
    found = project_files(function)
    assert {entry.name for entry in found.entries} == {
        "lambda_function.py",
        "inside.py",
        "one.py",
        "shared/__init__.py",
        "shared/deep/helper.py",
    }
    assert found.notes == ("followed links: one.py -> ../shared/deep/helper.py, shared -> ../shared",)


@pytest.mark.parametrize("kind", ["file", "folder", "absolute", "relative"])
def test_a_link_that_leaves_the_project_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    home = write(tmp_path / "home", ".aws/credentials", "other/secret.txt")
    monkeypatch.setenv("HOME", str(home))
    project = write(home / "src" / "project", "lambda_function.py")
    target = {
        "file": home / ".aws" / "credentials",
        "folder": home / ".aws",
        "absolute": home / "other" / "secret.txt",
        "relative": Path("../../other/secret.txt"),
    }[kind]
    (project / "data").symlink_to(target)
    with pytest.raises(UsageError, match="data links to"):
        project_files(project)
    assert "data" in " ".join(names(project, follow_links=True)) or kind in ("file", "folder")


def test_a_link_to_a_secret_of_the_repository_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, "repo/function/a.py", "repo/.env", "repo/terraform.tfstate")
    function = tmp_path / "repo" / "function"
    (function / "settings").symlink_to("../.env")
    assert names(function) == {"a.py"}
    assert left_out(function)["possible secrets"] == (".env",)


def test_links_without_an_end_are_named(tmp_path: Path) -> None:
    write(tmp_path, "a.py", "sub/b.py")
    (tmp_path / "gone.py").symlink_to("nowhere.py")
    with pytest.raises(UsageError, match=r"gone\.py is a broken link"):
        project_files(tmp_path)
    (tmp_path / "gone.py").unlink()
    (tmp_path / "sub" / "loop").symlink_to("loop")
    with pytest.raises(UsageError, match="sub/loop is a broken link to loop"):
        project_files(tmp_path)
    (tmp_path / "sub" / "loop").unlink()
    (tmp_path / "sub" / "again").symlink_to("..")
    with pytest.raises(UsageError, match="links to a folder that contains it"):
        project_files(tmp_path)


def test_a_name_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    write(tmp_path, "a.py")
    with open(os.fsencode(tmp_path) + b"/caf\xe9.py", "wb"):  # noqa: PTH123 - a name that str cannot hold
        pass
    with pytest.raises(UsageError, match="not UTF-8"):
        project_files(tmp_path)


def test_a_dockerfile_installs_local_projects_as_the_package_does(tmp_path: Path) -> None:
    for name in ("here", "windows"):
        source_project(tmp_path / "libs" / name, name, "1.0", {f"{name}/__init__.py": ""})
    (tmp_path / "libs" / "here" / ".env").write_text("SECRET=1\n")
    (tmp_path / ".lambdaignore").write_text("libs/\n")
    lines = ["-c limits.txt", "./libs/here", "./libs/windows ; sys_platform == 'win32'", "alpha==1"]
    (tmp_path / "requirements.txt").write_text("\n".join(lines) + "\n")
    (tmp_path / "limits.txt").write_text("beta<2\n")
    text = dockerfile(tmp_path, python="3.13", architecture="x86_64", handler="app.handler")
    assert 'COPY ["libs/here/", "/tmp/requirements/0/"]' in text
    assert "windows" not in text
    assert "-c /tmp/requirements/constraints.txt\nalpha==1\n/tmp/requirements/0\n" in text
    assert "constraints.txt\nbeta<2\n" in text
    kept = parse_dockerignore(ignore_file(tmp_path).splitlines())
    assert not kept("libs/here/pyproject.toml")
    assert not kept("libs/here/here/__init__.py")
    assert kept("libs/here/.env")
    assert kept("libs/windows/pyproject.toml")
    # pip takes no folder beside hashes.
    (tmp_path / "requirements.txt").write_text(f"./libs/here\nalpha==1 --hash=sha256:{'0' * 64}\n")
    hashed = dockerfile(tmp_path, python="3.13", architecture="x86_64", handler="app.handler")
    assert "/projects.txt\n/tmp/requirements/0\n" in hashed
    assert "--no-deps --target /build -r projects.txt" in hashed


def test_a_dockerfile_never_names_the_password_of_a_repository(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("git+https://me:very-secret@x.test/y.git\n")
    with pytest.raises(UsageError, match="cannot be installed in the image") as caught:
        dockerfile(tmp_path, python="3.13", architecture="x86_64", handler="app.handler")
    assert "very-secret" not in caught.value.message


@pytest.mark.parametrize("fragment", ["subdirectory=libs/here", "egg=here&subdirectory=libs/here"])
def test_a_dockerfile_installs_a_project_below_the_top_of_a_folder(tmp_path: Path, fragment: str) -> None:
    source_project(tmp_path / "all" / "libs" / "here", "here", "1.0", {"here/__init__.py": ""})
    (tmp_path / "requirements.txt").write_text(f"./all#{fragment}\n")
    text = dockerfile(tmp_path, python="3.13", architecture="x86_64", handler="app.handler")
    assert 'COPY ["all/", "/tmp/requirements/0/"]' in text
    assert "\nfile:///tmp/requirements/0#subdirectory=libs/here\n" in text

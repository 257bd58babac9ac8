"""An index that cannot be read is the cause that is told, and nothing is built; a build sees the project's indexes."""

import functools
from http.server import BaseHTTPRequestHandler
from importlib.metadata import version
from pathlib import Path

import pytest

from monitor.errors import UsageError
from monitor.packages.building.install import InstallOptions, install
from monitor.packages.building.installers import find_uv
from monitor.packages.building.recipe import HERE, architecture_here
from monitor.packages.model_dependencies import BuildTarget, Indexes, RequiredLine, Requirements
from tests.fakes.indexes import Folder, served
from tests.fakes.wheels import sdist, source_project

TARGET = BuildTarget(HERE, architecture_here())
NOBODY = "127.0.0.1:1"


class Refusing(BaseHTTPRequestHandler):
    """An index that answers every request with an error, at first that it knows another password."""

    status = 401

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("WWW-Authenticate", "Basic")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Tests print nothing."""


@pytest.fixture(autouse=True)
def _only_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = {"CONFIG_FILE": "/dev/null", "RETRIES": "1", "FIND_LINKS": "", "INDEX_URL": f"http://{NOBODY}/simple/"}
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name}", value)


@pytest.mark.parametrize(
    ("is_up", "reason", "hint"),
    [(True, "401 Error, Credentials not correct", "credentials"), (False, "refused", "the index can be reached")],
)
def test_nothing_is_built_where_pip_could_not_read_the_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_up: bool, reason: str, hint: str
) -> None:
    if is_up and int(version("pip").partition(".")[0]) < 26:
        pytest.skip("pip 23 does not say that an index wants another password")
    said: list[str] = []
    with served(Refusing) as address:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://me:wrong@{address if is_up else NOBODY}/simple/")
        requirements = Requirements(lines=(RequiredLine("common"),))
        with pytest.raises(UsageError, match=reason) as raised:
            install(requirements, (), tmp_path / "out", TARGET, InstallOptions("pip", say=said.append))
    assert said == []
    assert hint in raised.value.hint
    assert "wrong" not in raised.value.message
    assert "--no-build-code" not in raised.value.message


def test_a_source_distribution_comes_from_the_index_that_the_project_names(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    (folder / "common").mkdir(parents=True)
    project = source_project(tmp_path / "common", "common", "1.0", {"common/__init__.py": ""})
    sdist(folder / "common", project, "common", "1.0")
    with served(functools.partial(Folder, directory=str(folder))) as address:
        requirements = Requirements(
            lines=(RequiredLine("common"),), indexes=Indexes(default=f"http://me:password@{address}/")
        )
        install(requirements, (), tmp_path / "out", TARGET, InstallOptions("pip"))
    assert (tmp_path / "out" / "common" / "__init__.py").is_file()


@pytest.mark.parametrize(
    "installer", ["pip", pytest.param("uv", marks=pytest.mark.skipif(find_uv() is None, reason="no uv"))]
)
@pytest.mark.parametrize(
    ("status", "hint"), [(401, "credentials"), (403, "credentials"), (500, "reached"), (503, "reached")]
)
def test_an_index_that_answers_with_an_error_is_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, installer: str, status: int, hint: str
) -> None:
    monkeypatch.setattr(Refusing, "status", status)
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    said: list[str] = []
    with served(Refusing) as address:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://{address}/simple/")
        requirements = Requirements(lines=(RequiredLine("common"),))
        with pytest.raises(UsageError, match=str(status)) as raised:
            install(requirements, (), tmp_path / "out", TARGET, InstallOptions(installer, say=said.append))
    assert said == []
    assert hint in raised.value.hint


def test_an_index_that_only_lacks_the_distribution_was_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Refusing, "status", 404)
    with served(Refusing) as address:
        monkeypatch.setenv("PIP_INDEX_URL", f"http://{address}/simple/")
        requirements = Requirements(lines=(RequiredLine("common"),))
        with pytest.raises(UsageError, match=r"^(?!.*could not read).*from versions: none"):
            install(requirements, (), tmp_path / "out", TARGET, InstallOptions("pip", allow_build=False))

"""Requirements and constraints files at URLs: what pip and uv would read, with the same credentials."""

import base64
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from monitor.errors import UnreachableError, UsageError
from monitor.packages.building.requirement_files import read_requirements
from tests.fakes.indexes import served
from tests.fakes.wheels import wheel

FILES = {
    "/team/base.txt": "alpha\n-r more/extra.txt\n-c ../limits.txt\n--extra-index-url https://index.example/simple\n",
    "/team/more/extra.txt": "# the rest\nbeta ; python_version > '3'\ngamma ; python_version < '3'\n",
    "/limits.txt": "alpha==1.0\nbeta<2\n",
    "/loop.txt": "-r loop.txt\n",
}
PASSWORD = "s3cret:word"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a server that has FILES for who knows the password."""
    wanted = "Basic " + base64.b64encode(f"bob:{PASSWORD}".encode()).decode()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers.get("Authorization") == wanted
            body = FILES.get(self.path.partition("?")[0], "").encode()
            self.send_response(200 if known and body else 404 if known else 401)
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
            self.send_header("Content-Length", str(len(body) if known else 0))
            self.end_headers()
            self.wfile.write(body if known else b"")

        def log_message(self, *_: object) -> None:
            """Tests print nothing."""

    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with served(Handler) as address:
        yield address


def netrc(folder: Path, password: str) -> Path:
    path = folder / "netrc"
    path.write_text(f"machine 127.0.0.1 login bob password {password}\n", encoding="utf-8")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("in_url", [True, False])
def test_files_at_urls_are_read_with_what_they_include(
    server: str, in_url: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETRC", str(netrc(tmp_path, PASSWORD)) if not in_url else str(tmp_path / "none"))
    user = "bob:s3cret%3Aword@" if in_url else ""
    local = tmp_path / "requirements.txt"
    local.write_text(
        f"-r http://{user}{server}/team/base.txt\n-c http://{user}{server}/limits.txt?token=t0ken\ndelta\n"
    )
    found = read_requirements(local)

    assert [one.text.replace(" ", "") for one in found.lines] == [
        *("alpha", 'beta;python_version>"3"', 'gamma;python_version<"3"', "delta")
    ]
    assert {one.text for one in found.constraints} == {"alpha==1.0", "beta<2"}
    assert found.indexes.extra == ("https://index.example/simple",)
    assert found.files == (local,)
    assert f"requirements.txt:1: http://{server}/team/base.txt was fetched now" in found.notes[0]
    assert not [one for one in found.notes if "s3cret" in one or "t0ken" in one]


def test_what_pip_installs_from_a_file_at_a_url_is_what_was_read(
    server: str, tmp_path: Path, empty_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, version in (("alpha", "1.0"), ("alpha", "2.0"), ("beta", "1.5"), ("beta", "2.0")):
        wheel(empty_index, name, version, {f"{name}.py": ""})
    monkeypatch.setenv("NETRC", str(netrc(tmp_path, PASSWORD)))
    local = tmp_path / "requirements.txt"
    local.write_text(f"-r http://{server}/team/base.txt\n")
    command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(tmp_path / "pip"), "-r", str(local)]
    subprocess.run(command, check=True, timeout=120)
    by_pip = {path.name.removesuffix(".dist-info") for path in (tmp_path / "pip").glob("*.dist-info")}
    assert by_pip == {"alpha-1.0", "beta-1.5"}

    from monitor.packages.building.install import InstallOptions, install
    from monitor.packages.model_dependencies import BuildTarget

    for installer in ("uv", "pip"):
        into = tmp_path / installer / "out"
        into.mkdir(parents=True)
        install(read_requirements(local), (), into, BuildTarget("3.12", "x86_64"), InstallOptions(installer))
        assert {path.name.removesuffix(".dist-info") for path in into.glob("*.dist-info")} == by_pip


@pytest.mark.parametrize(("path", "says"), [("base.txt", "401|Unauthorized"), ("none.txt", "401|Unauthorized")])
def test_a_refusal_is_told_without_the_credentials(
    server: str, path: str, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NETRC", str(netrc(tmp_path, "wr0ng")))
    local = tmp_path / "requirements.txt"
    local.write_text(f"\n-r http://bob:wr0ng@{server}/team/{path}?key=wr0ng\n")
    with pytest.raises(UnreachableError, match=says) as caught:
        read_requirements(local)
    assert caught.value.message.startswith(f"requirements.txt:2: http://{server}/team/{path} cannot be fetched: ")
    assert "wr0ng" not in caught.value.message


def test_a_file_that_includes_itself_is_an_error(server: str, tmp_path: Path) -> None:
    local = tmp_path / "requirements.txt"
    local.write_text(f"-r http://bob:s3cret%3Aword@{server}/loop.txt\n")
    with pytest.raises(UsageError, match="includes itself") as caught:
        read_requirements(local)
    assert "s3cret" not in caught.value.message


def test_a_file_url_is_a_path(tmp_path: Path) -> None:
    (tmp_path / "my limits.txt").write_text("alpha<2\n")
    local = tmp_path / "requirements.txt"
    local.write_text(f"-c {(tmp_path / 'my limits.txt').as_uri()}\nalpha\n")
    assert [one.text for one in read_requirements(local).constraints] == ["alpha<2"]

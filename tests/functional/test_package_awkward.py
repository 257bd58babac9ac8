"""Distributions from PyPI with awkward contents: every byte has an owner, and the right one."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from monitor.packages.model import PackageReport
from monitor.packages.workflow import ReadOptions, read_package
from tests.fakes.range_server import serving

# Namespace packages, extensions, data, several top-level names, names that differ from their distribution's, scripts.
AWKWARD = (
    "google-api-core",
    "googleapis-common-protos",
    "opentelemetry-api",
    "zope.interface",
    "ruamel.yaml",
    "ruamel.yaml.clib",
    "setuptools",
    "attrs",
    "PyYAML",
    "cffi",
    "lxml",
    "pytz",
    "certifi",
    "wrapt",
    "python-dateutil",
    "protobuf",
)
OWNED = {
    "google/api_core/exceptions.py": "google-api-core",
    "google/rpc/status_pb2.py": "googleapis-common-protos",
    "google/protobuf/message.py": "protobuf",
    "opentelemetry/trace/__init__.py": "opentelemetry-api",
    "zope/interface/interface.py": "zope-interface",
    "ruamel/yaml/main.py": "ruamel-yaml",
    "_distutils_hack/__init__.py": "setuptools",
    "distutils-precedence.pth": "setuptools",
    "attr/__init__.py": "attrs",
    "attrs/__init__.py": "attrs",
    "_yaml/__init__.py": "pyyaml",
    "yaml/__init__.py": "pyyaml",
    "lxml/etree.pyx": "lxml",
    "pytz/zoneinfo/Asia/Ho_Chi_Minh": "pytz",
    "certifi/cacert.pem": "certifi",
    "dateutil/zoneinfo/dateutil-zoneinfo.tar.gz": "python-dateutil",
    "__editable__.mine-0.1.pth": "mine",
    "app/main.py": "application",
}


def never() -> None:
    pytest.fail("no AWS is needed here")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    into = tmp_path_factory.mktemp("awkward")
    command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--only-binary=:all:", "--target", str(into)]
    done = subprocess.run([*command, *AWKWARD], capture_output=True, text=True, timeout=600, check=False)
    if done.returncode:
        pytest.skip(f"PyPI is not to be had: {done.stderr.strip()[-200:]}")
    for name, text in {"app/main.py": "x = 1\n", "__editable__.mine-0.1.pth": "/home/me/mine/src\n"}.items():
        (into / name).parent.mkdir(exist_ok=True)
        (into / name).write_text(text, encoding="utf-8")
    return into


def packed(folder: Path, out: Path, *, without_record: bool = False) -> Path:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not (without_record and path.name == "RECORD"):
                archive.write(path, path.relative_to(folder))
    return out


def owners(report: PackageReport) -> dict[str, str]:
    return {file.name: file.part for container in report.containers for file in container.files}


@pytest.mark.slow
@pytest.mark.parametrize("way", ["zip", "url", "no RECORD"])
def test_every_byte_of_awkward_distributions_has_its_owner(folder: Path, tmp_path: Path, way: str) -> None:
    path = packed(folder, tmp_path / "package.zip", without_record=way == "no RECORD")
    options = ReadOptions(never)  # type: ignore[arg-type]
    if way == "url":
        with serving(path) as served:
            report = read_package(served.url, options)
        assert served.sent_bytes <= 0.03 * path.stat().st_size + 256 * 1024
    else:
        report = read_package(str(path), options)
    assert sum(part.zipped_bytes for part in report.parts) == path.stat().st_size
    found = owners(report)
    for container in report.containers:
        with zipfile.ZipFile(path) as archive:
            assert sum(file.unzipped_bytes for file in container.files) == sum(
                info.file_size for info in archive.infolist()
            )
    shared = {"google/", "ruamel/yaml/"} if way == "no RECORD" else set()
    wrong = {
        name: (found.get(name), owner)
        for name, owner in OWNED.items()
        if name in found and found[name] != owner and not name.startswith(tuple(shared))
    }
    assert wrong == {}
    assert len(set(OWNED) & set(found)) >= 16
    application = {name for name, owner in found.items() if owner == "application"}
    if way != "no RECORD":
        assert application == {"app/main.py"}

"""Small wheels and source distributions, and the folder that serves as their index."""

import base64
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path


def wheel(
    folder: Path,
    name: str,
    version: str,
    files: Mapping[str, str],
    requires: str | Iterable[str] = "",
    tag: str = "py3-none-any",
    extras: Iterable[str] = (),
) -> Path:
    """Write a wheel into `folder`; `requires` are its Requires-Dist fields."""
    info = f"{name.replace('-', '_')}-{version}.dist-info"
    lines = [requires] if isinstance(requires, str) else list(requires)
    fields = [f"Requires-Dist: {line}\n" for line in lines if line] + [f"Provides-Extra: {one}\n" for one in extras]
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{''.join(fields)}"
    content = {
        **files,
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    path = folder / f"{name.replace('-', '_')}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for entry, text in content.items():
            archive.writestr(entry, text)
        rows = [f"{entry},{_hash(text.encode())},{len(text.encode())}\n" for entry, text in content.items()]
        archive.writestr(f"{info}/RECORD", "".join([*rows, f"{info}/RECORD,,\n"]))
    return path


def _hash(data: bytes) -> str:
    """A hash as RECORD has it."""
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()


BACKEND = """
import os, zipfile


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name, version = {name!r}, {version!r}
    info = f"{{name}}-{{version}}.dist-info"
    path = f"{{name}}-{{version}}-py3-none-any.whl"
    with zipfile.ZipFile(os.path.join(wheel_directory, path), "w") as archive:
        for root, _, names in os.walk(name):
            for one in names:
                archive.write(os.path.join(root, one))
        required = "".join(f"Requires-Dist: {{one}}\\n" for one in {requires!r}).replace("HERE", os.getcwd())
        fields = f"Metadata-Version: 2.1\\nName: {{name}}\\nVersion: {{version}}\\n{{required}}"
        archive.writestr(f"{{info}}/METADATA", fields)
        archive.writestr(f"{{info}}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        archive.writestr(f"{{info}}/RECORD", "")
    return path
"""


def source_project(
    folder: Path, name: str, version: str, files: Mapping[str, str], build_code: str = "", requires: Iterable[str] = ()
) -> Path:
    """Write a project with a build backend of its own, which needs nothing from an index.

    `requires` are its Requires-Dist fields; HERE in them is the folder in which it is built.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "{version}"\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
        encoding="utf-8",
    )
    (folder / "backend.py").write_text(
        build_code + BACKEND.format(name=name, version=version, requires=[*requires]), encoding="utf-8"
    )
    for entry, text in files.items():
        path = folder / entry
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def sdist(folder: Path, project: Path, name: str, version: str) -> Path:
    """Write the source distribution of a project into `folder`."""
    path = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(project, f"{name}-{version}")
        text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode()
        info = tarfile.TarInfo(f"{name}-{version}/PKG-INFO")
        info.size = len(text)
        archive.addfile(info, io.BytesIO(text))
    return path

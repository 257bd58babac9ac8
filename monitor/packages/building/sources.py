"""Build wheels from local projects, repositories and source archives, in an environment without secrets."""

import hashlib
import itertools
import os
import re
import shutil
import stat
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from monitor.errors import UsageError
from monitor.kernel.budgets import BUILD_S, FETCH_S
from monitor.kernel.zips import UNREADABLE_ZIP
from monitor.packages.building.installers import Tool, installer_environment, pip_command, run, uv_index_options
from monitor.packages.building.process import ProcessError, run_process
from monitor.packages.building.wheel_metadata import take_places
from monitor.packages.inspect.platforms import tag_fits
from monitor.packages.model_dependencies import BuildTarget, Indexes, RequiredLine, SourceRequirement
from monitor.packages.parse_installer import without_credentials
from monitor.packages.parse_requirements import canonical
from monitor.packages.zips.source import stream

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_MOST_BYTES = 1 << 30
_NOT_COPIED = ("__pycache__", ".venv", "venv", ".tox", ".nox", "node_modules", "*.egg-info", ".mypy_cache")
# More than a repository has at its top; a folder such as /tmp can have any number.
_MOST_AROUND = 1000
_SSH = ("SSH_AUTH_SOCK", "GIT_SSH_COMMAND", "GIT_SSH")


def wheel_of(
    source: SourceRequirement,
    tool: Tool,
    target: BuildTarget,
    work: Path,
    *,
    allow_build: bool,
    say: Callable[[str], None],
) -> tuple[RequiredLine, dict[str, SourceRequirement]]:
    """The wheel of a source requirement, as a requirement with its path and hash, and what it requires by a URL.

    Raises:
        UsageError: it cannot be fetched or built, is not pure Python, or `allow_build` is False.
    """
    label = f"{source.origin}: {_shown(source.location)}" if source.origin else _shown(source.location)
    place = Path(tempfile.mkdtemp(dir=work))
    address = address_of(source.location)[0]
    is_wheel = address.partition("?")[0].endswith(".whl")
    nested: dict[str, SourceRequirement] = {}
    if is_wheel:
        wheel = Path(address) if "://" not in address else _download(source, place)
    else:
        if "://" not in address and not address.startswith("git+") and not Path(address).exists():
            raise UsageError(f"{label} does not exist", "check the path of this dependency")
        if not allow_build:
            raise UsageError(f"{label} has to be built, which --no-build-code forbids", "name a wheel instead")
        say(f"building {_shown(source.location)}: this runs its build code, without the secrets of your environment")
        folder = _fetched(source, place)
        wheel = _build(folder, tool, target, place, label)
        nested = {canonical(one.name): _nested(one, folder, source) for one in take_places(wheel)}
    return _required(wheel, source, target, label, is_built=not is_wheel), nested


def _nested(required: "Requirement", folder: Path, source: SourceRequirement) -> SourceRequirement:
    """A requirement with a URL in the metadata of the project that was built in `folder`."""
    url = required.url or ""
    if url.startswith("file:"):
        address, sharp, fragment = url.partition("#")
        path = (folder / re.sub(r"^//+", "/", unquote(urlsplit(address).path))).resolve()
        original = Path(address_of(source.location)[0])
        if original.is_dir() and (path.is_relative_to(folder.resolve()) or not path.exists()):
            # In the copy, or a name for what is missing.
            path = (original / os.path.relpath(path, folder.resolve())).resolve()
        url = f"{path}{sharp}{fragment}" if "subdirectory=" in fragment else str(path)
    extras, marker = tuple(sorted(required.extras)), str(required.marker or "")
    return SourceRequirement(url, extras, marker, origin=source.origin or _shown(source.location))


def address_of(location: str) -> tuple[str, dict[str, str]]:
    """A path or URL without its fragment, and the values in the fragment: `subdirectory`, `egg`, `sha256`."""
    if "://" not in location and Path(location).exists():
        return location, {}
    address, _, fragment = location.partition("#")
    return address, dict(part.partition("=")[::2] for part in fragment.split("&"))


def _shown(location: str) -> str:
    plain = without_credentials(location)
    return plain if "://" in plain else os.path.relpath(plain)


def _required(
    wheel: Path, source: SourceRequirement, target: BuildTarget, label: str, *, is_built: bool
) -> RequiredLine:
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    try:
        name, _, _, tags = parse_wheel_filename(wheel.name)
    except InvalidWheelFilename as error:
        raise UsageError(f"{label}: {error}", "give the wheel its original name") from None
    pure = all(tag.abi == "none" and tag.platform == "any" for tag in tags)
    if is_built and not pure:
        raise UsageError(
            f"{label} is not pure Python: its build made {wheel.name}",
            "build the wheel in a container of Lambda's image, and name its path instead",
        )
    if not is_built and not any(tag_fits(str(tag), target.python, target.architecture) for tag in tags):
        raise UsageError(f"{label} does not fit {target}", "name a wheel for that platform")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    extras = f"[{','.join(source.extras)}]" if source.extras else ""
    text = f"{canonical(name)}{extras} @ {wheel.resolve().as_uri()}"
    return RequiredLine(text, (f"sha256:{digest}",), source.origin)


def _fetched(source: SourceRequirement, place: Path) -> Path:
    """The folder or archive to build."""
    if source.location.startswith("git+"):
        return _cloned(source.location, place)
    if "://" in source.location:
        if source.location.startswith(("hg+", "svn+", "bzr+")):
            raise UsageError(f"{_shown(source.location)} is not a git repository", "use git, or name a wheel")
        path = _download(source, place)
    else:
        path = Path(address_of(source.location)[0])
    folder = address_of(source.location)[1].get("subdirectory", "")
    if path.is_dir():
        return _below(_copied(path, place), folder, source.location)
    return _below(_unpacked(path, place), folder, source.location) if folder else path


def _below(root: Path, folder: str, location: str) -> Path:
    found = (root / folder).resolve()
    if not found.is_relative_to(root.resolve()) or not found.is_dir():
        raise UsageError(f"{_shown(location)} has no folder {folder!r}", "check #subdirectory=")
    return found


def _unpacked(archive: Path, place: Path) -> Path:
    """The top folder of an archive."""
    out = place / "unpacked"
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as members:
                members.extractall(out)  # noqa: S202 - zipfile keeps names inside
        else:
            with tarfile.open(archive) as files:
                files.extractall(out, filter="data")
    except (OSError, tarfile.TarError, *UNREADABLE_ZIP) as error:
        raise UsageError(f"{archive.name} cannot be unpacked: {error}", "check the archive") from None
    inside = list(out.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else out


def _copied(folder: Path, place: Path) -> Path:
    """A copy to build in: a build writes into its folder, and leftovers of earlier builds end up in the wheel.

    Around it are links to what is around the folder, up to its repository: a build may read `../VERSION` or `.git`.
    """
    copy = _surroundings(folder.resolve(), place / "source")

    def skipped(root: str, names: list[str]) -> set[str]:
        found = shutil.ignore_patterns(*_NOT_COPIED)(root, names)
        if Path(root) == folder:
            found |= {name for name in names if name == "build" and (folder / name / "lib").is_dir()}
        return found

    try:
        shutil.copytree(folder, copy, symlinks=True, ignore=skipped)
    except (OSError, shutil.Error) as error:
        raise UsageError(f"{folder} cannot be copied: {error}", "check its permissions") from None
    for root, folders, names in os.walk(copy):
        Path(root).chmod(Path(root).stat().st_mode | stat.S_IRWXU)
        for link in (Path(root, name) for name in (*folders, *names)):
            original = folder / link.relative_to(copy)
            if link.is_symlink() and not link.exists() and original.exists():
                link.unlink()
                link.symlink_to(original.resolve())
    return copy


def _surroundings(folder: Path, place: Path) -> Path:
    """Where the copy of a folder belongs below `place`, with links to the files and folders around it."""
    repository = next((one for one in folder.parents if (one / ".git").exists()), None)
    if repository is None or (folder / ".git").exists():
        repository = folder.parent
    for above in reversed([folder, *folder.parents]):
        if not above.is_relative_to(repository) or above == folder:
            continue
        here = place / above.relative_to(repository)
        here.mkdir(parents=True)
        for one in itertools.islice(above.iterdir(), _MOST_AROUND):
            if not folder.is_relative_to(one):
                (here / one.name).symlink_to(one)
    return place / folder.relative_to(repository)


def _cloned(location: str, place: Path) -> Path:
    address, values = address_of(location)
    url = address.removeprefix("git+")
    head, at, revision = url.rpartition("@")
    # `git@host:path` and `https://user@host` have an @ of their own.
    if not at or "/" not in head.partition("://")[2] or ("/" in revision and ":" in revision):
        head, revision = url, ""
    copy = place / "repository"
    git = ["git", "-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never"]
    commands = [[*git, "clone", "--quiet", "--", head, str(copy)]]
    if revision:
        commands.append([*git, "-C", str(copy), "checkout", "--quiet", "--detach", revision])
    commands.append([*git, "-C", str(copy), "submodule", "--quiet", "update", "--init", "--recursive"])
    environment = installer_environment(building=False)
    environment |= {name: os.environ[name] for name in _SSH if name in os.environ}
    for command in commands:
        try:
            done = run_process(command, FETCH_S, environment=environment)
        except ProcessError as error:
            raise UsageError(f"git cannot fetch {_shown(location)}: {error}", "check that git is installed") from None
        if done.code:
            reason = " ".join(without_credentials(done.error.decode(errors="replace")).split())[:300]
            raise UsageError(f"git cannot fetch {_shown(location)}: {reason}", "check the URL and the revision")
    return _below(copy, values.get("subdirectory", ""), location)


def _download(source: SourceRequirement, place: Path) -> Path:
    url, values = address_of(source.location)
    name = Path(unquote(url.partition("?")[0].rpartition("/")[2])).name or "source.tar.gz"
    path = place / name
    digest, done = hashlib.sha256(), 0
    with path.open("wb") as file:
        for chunk, _ in stream(url):
            done += len(chunk)
            if done > _MOST_BYTES:
                raise UsageError(f"{_shown(url)} is larger than any package", "check the URL")
            digest.update(chunk)
            file.write(chunk)
    wanted = [one.removeprefix("sha256:") for one in source.hashes if one.startswith("sha256:")]
    wanted += [values["sha256"]] if "sha256" in values else []
    if wanted and digest.hexdigest() not in wanted:
        raise UsageError(f"{_shown(url)} does not match its hash", "lock the project again")
    return path


def _build(path: Path, tool: Tool, target: BuildTarget, place: Path, label: str) -> Path:
    out = place / "wheel"
    if tool.uv:
        command = [tool.uv, "build", "--wheel", "--quiet", "--python", sys.executable]
        command += [*uv_index_options(), "--out-dir", str(out), str(path)]
    else:
        command = [*pip_command(target, "wheel"), "--no-deps", "--wheel-dir", str(out), str(path)]
    run(tool, command, f"{label} cannot be built", building=True, limit_s=BUILD_S)
    found = sorted(out.glob("*.whl"))
    if len(found) != 1:
        raise UsageError(f"{label} cannot be built: its build made no wheel", "build it yourself, and name the wheel")
    return found[0]


def wheel_from_index(
    requirement: RequiredLine, indexes: Indexes, tool: Tool, target: BuildTarget, work: Path
) -> RequiredLine:
    """Build the wheel of a distribution that has only a source archive on the indexes, by pip.

    The build gets no credentials of the indexes.

    Raises:
        UsageError: it cannot be built, or is not pure Python.
    """
    place = Path(tempfile.mkdtemp(dir=work))
    listed = place / "requirements.txt"
    # Without the project's indexes, pip would build what another index has by the same name.
    lines = [*map(without_credentials, index_lines(indexes)), requirement_line(requirement)]
    listed.write_text("\n".join(lines) + "\n", encoding="utf-8")
    options = ["--require-hashes"] if requirement.hashes else []
    command = [*pip_command(target, "wheel"), "--no-deps", "--no-binary", ":all:", *options]
    command += ["--wheel-dir", str(place / "wheel"), "-r", str(listed)]
    label = requirement.text
    run(tool, command, f"{label} has no wheel, and cannot be built", building=True, limit_s=BUILD_S)
    wheel = next(iter(sorted((place / "wheel").glob("*.whl"))))
    return _required(wheel, SourceRequirement(label, origin=requirement.origin), target, label, is_built=True)


def index_lines(indexes: Indexes) -> list[str]:
    """The lines of a requirements file that name the indexes."""
    return [
        *([f"--index-url {indexes.default}"] if indexes.default else []),
        *(f"--extra-index-url {url}" for url in indexes.extra),
        *(f"--find-links {link}" for link in indexes.find_links),
        *(f"--trusted-host {host}" for host in indexes.trusted_hosts),
        *(["--no-index"] if indexes.no_index else []),
    ]


def requirement_line(one: RequiredLine) -> str:
    """A line of a requirements file."""
    return " ".join([one.text, *(f"--hash={hash_}" for hash_ in one.hashes)])

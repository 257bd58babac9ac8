"""Read requirements files, with the files that they include, and resolve the paths in them."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

from monitor.errors import UsageError
from monitor.packages.building.remote_requirements import fetch, file_name, shown
from monitor.packages.model_dependencies import Indexes, RequiredLine, Requirements, SourceRequirement
from monitor.packages.parse_requirements import decode, hashes_of, options_of, requirement_lines, requirement_of

_DEEPEST = 10
_OPTIONS = re.compile(r"\s+--?[A-Za-z].*$")
_PATH = re.compile(r"(?P<path>[^\[;]+?)\s*(?:\[(?P<extras>[^\]]*)\])?\s*(?:;\s*(?P<marker>.+))?$")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_VCS = ("git+", "hg+", "svn+", "bzr+")
_REMOTE = (*_VCS, "http://", "https://", "file:")
_ARCHIVES = (".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar", ".whl")
# Options that change nothing for wheels of a fixed target, or that monitor sets itself.
_IGNORED = {"--require-hashes", "--prefer-binary", "--only-binary", "--use-feature", "--use-pep517"}


@dataclass
class _Reading:
    project: Path
    lines: list[RequiredLine] = field(default_factory=list)
    sources: list[SourceRequirement] = field(default_factory=list)
    constraints: list[RequiredLine] = field(default_factory=list)
    default: str | None = None
    extra: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)
    no_index: bool = False
    prereleases: bool = False
    notes: list[str] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)


def read_requirements(path: Path, project: Path | None = None) -> Requirements:
    """Read a requirements file and the files that it includes with `-r` and `-c`.

    A relative path counts from the file that names it, or from the folder of the project if that exists instead.

    Raises:
        UsageError: a file cannot be read or includes itself, or a line cannot be understood.
    """
    reading = _Reading(project or path.parent)
    _read(path, reading, (), is_constraint=False)
    indexes = Indexes(
        reading.default,
        tuple(reading.extra),
        tuple(reading.links),
        tuple(reading.hosts),
        no_index=reading.no_index,
    )
    return Requirements(
        path.name,
        tuple(reading.lines),
        tuple(reading.sources),
        tuple(reading.constraints),
        indexes,
        reading.prereleases,
        notes=tuple(reading.notes),
        files=tuple(dict.fromkeys(reading.files)),
    )


def _read(path: Path, reading: _Reading, above: tuple[Path | str, ...], *, is_constraint: bool) -> None:
    _refuse_loop(path.resolve(), above)
    try:
        text = decode(path.read_bytes())
    except OSError as error:
        named = f", which {Path(above[-1]).name} includes" if above else ""
        hint = "check the -r and -c lines" if above else "name an existing file with --requirements"
        raise UsageError(f"{path}{named} cannot be read: {error.strerror}", hint) from error
    reading.files.append(path)
    _read_lines(text, path, reading, (*above, path.resolve()), is_constraint=is_constraint)


def _read_remote(
    url: str, origin: str, reading: _Reading, above: tuple[Path | str, ...], *, is_constraint: bool
) -> None:
    _refuse_loop(url, above)
    text = decode(fetch(url, origin))
    reading.notes.append(f"{origin}: {shown(url)} was fetched now; a later build gets what is there then")
    _read_lines(text, url, reading, (*above, url), is_constraint=is_constraint)


def _refuse_loop(place: Path | str, above: tuple[Path | str, ...]) -> None:
    if len(above) > _DEEPEST or place in above:
        named = shown(place) if isinstance(place, str) else place
        raise UsageError(f"{named} includes itself", "check the -r and -c lines")


def _read_lines(
    text: str, place: Path | str, reading: _Reading, above: tuple[Path | str, ...], *, is_constraint: bool
) -> None:
    """Read the lines of the file at `place`, a path or a URL; `above` are the files that include them."""
    name, folder = (file_name(place), reading.project) if isinstance(place, str) else (place.name, place.parent)
    for number, line in requirement_lines(text):
        origin = f"{name}:{number}"
        _refuse_variables(line, origin)
        options = options_of(line)
        if not options:
            _requirement(line, folder, origin, reading, is_constraint=is_constraint)
        for option, value in options:
            if option not in ("--requirement", "--constraint"):
                _option(option, value, folder, origin, reading)
                continue
            included = is_constraint or option == "--constraint"
            # pip, too, reads a relative name in a file at a URL as a relative URL.
            inner = urljoin(place, value) if isinstance(place, str) else value
            if inner.startswith(("http://", "https://")):
                _read_remote(inner, origin, reading, above, is_constraint=included)
                continue
            inner = unquote(urlsplit(inner).path) if inner.startswith("file:") else inner
            path = _existing(inner, folder, reading.project, is_path=True) or folder / inner
            _read(path, reading, above, is_constraint=included)


def _refuse_variables(line: str, origin: str) -> None:
    if match := _VARIABLE.search(line):
        raise UsageError(
            f"{origin} uses the environment variable {match[1]}, which monitor does not pass to the installer",
            "set PIP_INDEX_URL, PIP_EXTRA_INDEX_URL or UV_INDEX instead, or use a pip.conf or .netrc file",
        )


def _option(name: str, value: str, folder: Path, origin: str, reading: _Reading) -> None:
    if name == "--editable":
        _source(value, folder, origin, reading, hashes=())
    elif name == "--index-url":
        reading.default = value
    elif name == "--extra-index-url":
        reading.extra.append(value)
    elif name == "--find-links":
        named = unquote(urlsplit(value).path) if value.startswith("file:") else value
        local = _existing(named, folder, reading.project, is_path=True)
        reading.links.append(str(local) if local else value)
    elif name == "--trusted-host":
        reading.hosts.append(value)
    elif name == "--no-index":
        reading.no_index = True
    elif name == "--pre":
        reading.prereleases = True
    elif name not in _IGNORED:
        reading.notes.append(f"{origin}: {name} is ignored; monitor installs wheels for Lambda")


def _requirement(line: str, folder: Path, origin: str, reading: _Reading, *, is_constraint: bool) -> None:
    hashes = hashes_of(line)
    text = _OPTIONS.sub("", line).strip()
    found = requirement_of(text)
    if found is not None and _existing(text, folder, reading.project) is None:
        if found.url and (not found.url.partition("#")[0].endswith(".whl") or found.url.startswith("file:")):
            marker = f" ; {found.marker}" if found.marker else ""
            extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
            _source(f"{found.url}{extras}{marker}", folder, origin, reading, hashes=hashes)
            return
        one = RequiredLine(str(found), hashes, origin)
        (reading.constraints if is_constraint else reading.lines).append(one)
    elif not is_constraint:
        _source(text, folder, origin, reading, hashes=hashes)


def _source(text: str, folder: Path, origin: str, reading: _Reading, *, hashes: tuple[str, ...]) -> None:
    """A line with a path or URL: `./libs/common[fast]`, `git+https://…#egg=name`, `file:///…`."""
    egg = re.search(r"#egg=([\w.-]+)(?:\[([^\]]*)\])?", text)
    match = _PATH.match(text)
    location = (match["path"] if match else text).strip()
    extras = (match and match["extras"]) or (egg and egg[2]) or ""
    marker = (match and match["marker"]) or ""
    if not location.startswith(_REMOTE) or location.startswith("file:"):
        fragment = location.partition("#")[2]
        named = unquote(urlsplit(location).path) if location.startswith("file:") else location.partition("#")[0]
        found = _existing(named, folder, reading.project)
        if found is None:
            hint = "name a distribution, or a path relative to this file"
            raise UsageError(f"{origin}: {text!r} is neither a requirement nor an existing path", hint)
        location = f"{found}#{fragment}" if "subdirectory=" in fragment else str(found)
    reading.sources.append(
        SourceRequirement(
            location, tuple(filter(None, (one.strip() for one in extras.split(",")))), marker, hashes, origin
        )
    )


def _existing(text: str, folder: Path, project: Path, *, is_path: bool = False) -> Path | None:
    """The path that `text` names, from the folder of its file or else of the project.

    Without `is_path`, a plain word is not a path but the name of a distribution.
    """
    plain = text.partition("[")[0].partition(";")[0].strip()
    looks_like_path = (
        is_path or plain.startswith((".", "/", "~")) or "/" in plain or plain.endswith((*_ARCHIVES, ".txt"))
    )
    if not plain or "://" in plain or not looks_like_path:
        return None
    for base in dict.fromkeys((folder, project)):
        candidate = (base / Path(plain).expanduser()).resolve()
        if candidate.exists():
            return candidate
    return None

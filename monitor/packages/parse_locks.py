"""The distributions that a lock file pins for a target.

Sources: python-poetry/poetry, "packages/locker.py"; pdm-project.org, "Lock file"; packaging.python.org, "pylock.toml
Specification" (PEP 751); pipenv.pypa.io, "Pipfile.lock". A lock file is data: no tool or plugin of the project runs.
"""

import json
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from monitor.errors import UsageError
from monitor.packages.model_dependencies import (
    Indexes,
    ProjectFile,
    RequiredLine,
    Requirements,
    SourceRequirement,
)
from monitor.packages.parse_poetry import location_in, pep440
from monitor.packages.parse_requirements import canonical, requirement_of, version_fits
from monitor.packages.parse_toml import Table, parse_toml, table

Environment = Mapping[str, str]


def parse_poetry_lock(
    text: str, project: ProjectFile, environment: Environment, extras: Iterable[str] = ()
) -> Requirements:
    """The packages of a poetry.lock that the requirements of `project` reach."""
    document = parse_toml(text, "poetry.lock")
    packages: dict[str, list[Table]] = {}
    for one in document.get("package") or ():
        packages.setdefault(canonical(str(one["name"])), []).append(one)
    waiting = [_requirement(line, "poetry.lock") for line in project.requirements]
    for extra in extras:
        names = table(document, "extras").get(extra) or ()
        waiting += [_requirement(str(name), "poetry.lock") for name in names]
    chosen: dict[str, Table] = {}
    seen: set[tuple[str, str]] = set()
    while waiting:
        required = waiting.pop()
        name = canonical(required.name)
        if required.marker is not None and not _holds(str(required.marker), environment):
            continue
        if name not in packages:
            raise UsageError(f"poetry.lock has no {name}, which the project requires", "lock again: poetry lock")
        one = _matching(packages[name], required, environment)
        chosen[name] = one
        wanted = {"", *required.extras} - {extra for other, extra in seen if other == name}
        seen |= {(name, extra) for extra in wanted}
        if "" in wanted:
            waiting += _poetry_dependencies(one, extra="")
        for extra in wanted - {""}:
            waiting += _poetry_dependencies(one, extra=extra)
    return _locked("poetry.lock", chosen.values(), _poetry_sources(chosen.values()))


def _poetry_dependencies(package: Table, extra: str) -> list[Any]:
    names = {canonical(re.split(r"[ \[(<>=!~;]", line)[0]) for line in table(package, "extras").get(extra) or ()}
    found = []
    for name, value in table(package, "dependencies").items():
        for one in value if isinstance(value, list) else [value]:
            details: Table = one if isinstance(one, dict) else {"version": one}
            if details.get("optional") and canonical(name) not in names:
                continue
            if extra and not details.get("optional"):
                continue
            marker = re.sub(r"""\s*(?:and\s+)?extra\s*==\s*(?:"[^"]*"|'[^']*')""", "", str(details.get("markers", "")))
            extras = f"[{','.join(details['extras'])}]" if details.get("extras") else ""
            version = str(details.get("version", "*"))
            # A union is decided by the version that is locked.
            specifier = "" if "|" in version else pep440(version)
            text = f"{name}{extras}{specifier}" + (f"; {marker.strip()}" if marker.strip() else "")
            found.append(_requirement(text, "poetry.lock"))
    return found


def _requirement(text: str, source: str) -> Any:
    found = requirement_of(text)
    if found is None:
        raise UsageError(f"{source}: {text!r} is not a requirement", "lock the project again")
    return found


def _matching(packages: list[Table], required: Any, environment: Environment) -> Table:
    """Of several locked versions of a distribution, the one for this target."""
    fitting = [
        one
        for one in packages
        if required.specifier.contains(str(one["version"]), prereleases=True)
        and _python_fits(str(one.get("python-versions", "*")), environment)
    ]
    return (fitting or packages)[0]


def _python_fits(constraint: str, environment: Environment) -> bool:
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return any(
            SpecifierSet(pep440(part.strip())).contains(environment["python_full_version"])
            for part in constraint.split("||")
        )
    except InvalidSpecifier:
        return True


def _poetry_sources(packages: Iterable[Table]) -> dict[str, SourceRequirement]:
    found = {}
    for one in packages:
        source = table(one, "source")
        kind, url = source.get("type"), str(source.get("url", ""))
        name = canonical(str(one["name"]))
        place = {"subdirectory": source.get("subdirectory")}
        if kind == "git":
            revision = source.get("resolved_reference") or source.get("reference")
            location = location_in({**place, "git": url, "rev": revision})
            found[name] = SourceRequirement(location, origin="poetry.lock")
        elif kind in ("directory", "file"):
            found[name] = SourceRequirement(url, origin="poetry.lock")
        elif kind == "url":
            location = location_in({**place, "url": url})
            found[name] = SourceRequirement(location, hashes=_hashes(one), origin="poetry.lock")
    return found


def parse_pdm_lock(
    text: str, environment: Environment, extras: Iterable[str] = (), groups: Iterable[str] = ()
) -> Requirements:
    """The packages of a pdm.lock in the default group and in `extras` and `groups`."""
    document = parse_toml(text, "pdm.lock")
    wanted = {"default", *extras, *groups}
    chosen: dict[str, Table] = {}
    sources: dict[str, SourceRequirement] = {}
    for one in document.get("package") or ():
        if not wanted & set(one.get("groups") or ["default"]) or not _holds(str(one.get("marker", "")), environment):
            continue
        name = canonical(str(one["name"]))
        if not _python_fits(str(one.get("requires_python", "*")), environment):
            continue
        # A package with extras has a second entry, without files.
        chosen[name] = one if one.get("files") or name not in chosen else chosen[name]
        # PDM locks the commit of a repository as its revision.
        if location := location_in({**one, "rev": one.get("revision") or one.get("ref")}):
            sources[name] = SourceRequirement(location, origin="pdm.lock")
    return _locked("pdm.lock", chosen.values(), sources)


def parse_pipfile_lock(text: str, environment: Environment) -> Requirements:
    """The `default` packages of a Pipfile.lock, and the indexes that it names."""
    try:
        document = json.loads(text.removeprefix("\ufeff"))
        entries = document["default"].items()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise UsageError("Pipfile.lock is not a lock file of pipenv", "lock again: pipenv lock") from None
    lines, sources = [], []
    for name, entry in sorted(entries):
        value: Table = entry if isinstance(entry, dict) else {"version": entry}
        if not _holds(str(value.get("markers", "")), environment):
            continue
        if location := location_in(value):
            extras = tuple(value.get("extras") or ())
            sources.append(SourceRequirement(location, extras, origin="Pipfile.lock"))
        else:
            hashes = tuple(map(str, value.get("hashes") or ()))
            version = str(value.get("version", "")).removeprefix("*")
            lines.append(RequiredLine(f"{name}{version}", hashes, "Pipfile.lock"))
    urls = [str(one["url"]) for one in table(document, "_meta").get("sources") or () if one.get("url")]
    indexes = Indexes(urls[0] if urls else None, tuple(urls[1:]))
    return Requirements("Pipfile.lock", tuple(lines), tuple(sources), indexes=indexes, is_complete=True)


def parse_pylock(
    text: str, name: str, environment: Environment, extras: Iterable[str] = (), groups: Iterable[str] = ()
) -> Requirements:
    """The packages of a pylock.toml (PEP 751)."""
    document = parse_toml(text, name)
    version = str(document.get("lock-version") or "1.0")
    if version.partition(".")[0] != "1":
        raise UsageError(f"{name} has lock-version {version}, and monitor reads 1.0", "lock in that version")
    environments = [str(one) for one in document.get("environments") or ()]
    if environments and not any(_holds(one, environment) for one in environments):
        raise UsageError(f"{name} is locked for other environments: {environments[0]}", "lock for Lambda's Linux, too")
    context: dict[str, Any] = {
        **environment,
        "extras": frozenset(extras),
        "dependency_groups": frozenset([*(document.get("default-groups") or ()), *groups]),
    }
    lines, sources, indexes, links = [], [], [], []
    for one in document.get("packages") or ():
        if not _holds(str(one.get("marker", "")), context, lock_file=True):
            continue
        pythons = str(one.get("requires-python") or "")
        if not version_fits(environment["python_full_version"], pythons):
            raise UsageError(f"{name}: {one['name']} requires Python {pythons}", "use another Python, or lock again")
        if location := _pylock_location(one):
            hashes = _hashes(table(one, "archive") or table(one, "sdist"))
            sources.append(SourceRequirement(location, hashes=hashes, origin=name))
            continue
        wheels = [file for file in one.get("wheels") or () if isinstance(file, dict)]
        files = [*wheels, *([one["sdist"]] if one.get("sdist") else ())]
        hashes = tuple(hash_ for file in files for hash_ in _hashes(file))
        links += [posixpath.dirname(str(wheel["path"])) or "." for wheel in wheels if wheel.get("path")]
        lines.append(RequiredLine(_pylock_requirement(one, wheels), hashes, name))
        if one.get("index"):
            indexes.append(str(one["index"]))
    others = tuple(dict.fromkeys(url for url in indexes if "://pypi.org/" not in url))
    found = Indexes(extra=others, find_links=tuple(dict.fromkeys(links)))
    python = str(document.get("requires-python") or "")
    return Requirements(name, tuple(lines), tuple(sources), indexes=found, is_complete=True, python=python)


def _pylock_requirement(package: Table, wheels: Sequence[Table]) -> str:
    """The requirement on a locked package: by its version, or by the URL of its only wheel if no index is named."""
    url = str(wheels[0].get("url") or "") if len(wheels) == 1 and not package.get("index") else ""
    if url.startswith(("http://", "https://")) and not _is_on_pypi(url):
        return f"{package['name']} @ {url}"
    return f"{package['name']}=={package['version']}"


def _is_on_pypi(url: str) -> bool:
    return "://files.pythonhosted.org/" in url


def _pylock_location(package: Table) -> str:
    vcs = table(package, "vcs")
    if vcs:
        url = f"{vcs.get('type', 'git')}+{vcs.get('url') or vcs.get('path')}"
        return location_in({"git": url, "rev": vcs["commit-id"], "subdirectory": vcs.get("subdirectory")})
    directory = table(package, "directory")
    if directory:
        return posixpath.join(str(directory["path"]), str(directory.get("subdirectory") or ""))
    if not package.get("wheels") and not package.get("index"):
        # Beside the lock file, or at a URL outside of any index.
        archive = table(package, "archive") or table(package, "sdist")
        return "" if _is_on_pypi(str(archive.get("url"))) else location_in(archive)
    return location_in(table(package, "archive"))


def _locked(source: str, packages: Iterable[Table], sources: Mapping[str, SourceRequirement]) -> Requirements:
    lines = tuple(
        RequiredLine(f"{one['name']}=={one['version']}", _hashes(one), source)
        for one in sorted(packages, key=lambda one: str(one["name"]))
        if canonical(str(one["name"])) not in sources
    )
    return Requirements(source, lines, tuple(sources[name] for name in sorted(sources)), is_complete=True)


def _hashes(entry: Table) -> tuple[str, ...]:
    files = entry.get("files") or ()
    found = [str(file["hash"]) for file in files if isinstance(file, dict) and file.get("hash")]
    found += [f"{kind}:{value}" for kind, value in table(entry, "hashes").items()]
    return tuple(dict.fromkeys(found))


def _holds(marker: str, environment: Mapping[str, Any], *, lock_file: bool = False) -> bool:
    from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName

    if not marker:
        return True
    try:
        found = Marker(marker)
        if lock_file:
            return found.evaluate(dict(environment), context="lock_file")
        return found.evaluate({"extra": "", **environment})
    except (InvalidMarker, UndefinedEnvironmentName):
        raise UsageError(f"the marker {marker!r} cannot be read", "lock the project again") from None

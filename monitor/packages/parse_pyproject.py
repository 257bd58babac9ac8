"""Dependencies in pyproject.toml (PEP 621, PEP 735, uv, Poetry, PDM), Pipfile and setup.cfg.

Sources: packaging.python.org, "pyproject.toml specification" and "Dependency Groups"; docs.astral.sh, "Managing
dependencies"; python-poetry.org, "Dependency specification"; pipenv.pypa.io, "Pipfile & Pipfile.lock".
"""

import configparser
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from monitor.errors import UsageError
from monitor.packages.model_dependencies import Indexes
from monitor.packages.parse_requirements import canonical, requirement_of

Table = Mapping[str, Any]
_VERSION = re.compile(r"(\d+)(?:\.(\d+))?(?:\.(\d+))?")
_RELEASE = re.compile(r"\d+(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class ProjectFile:
    """The dependencies that a pyproject.toml or Pipfile declares.

    `requirements` are PEP 508 texts. `locations` maps the normalized name of a distribution to the place that replaces
    the index: a path relative to the file, a URL as pip writes it, or `workspace:NAME` for a member of uv's workspace.
    `packaged` says that the project has a build system, `dynamic` that only its build knows the dependencies. `python`
    is a PEP 440 specifier of Python versions.
    """

    name: str = ""
    requirements: tuple[str, ...] = ()
    locations: Mapping[str, str] = field(default_factory=dict)
    indexes: Indexes = field(default_factory=Indexes)
    packaged: bool = False
    dynamic: bool = False
    python: str = ""


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Parse a TOML file.

    Raises:
        UsageError: it is not TOML.
    """
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{name} is not valid TOML: {error}", "correct the file") from None


def parse_pyproject(text: str, extras: Iterable[str] = (), groups: Iterable[str] = ()) -> ProjectFile:
    """Read a pyproject.toml, with the optional dependencies `extras` and the dependency groups `groups`.

    Raises:
        UsageError: it is not TOML, names no such extra or group, or a constraint cannot be written as PEP 440.
    """
    document = parse_toml(text, "pyproject.toml")
    project, tool = table(document, "project"), table(document, "tool")
    poetry, uv = table(tool, "poetry"), table(tool, "uv")
    required = [str(one) for one in project.get("dependencies") or ()]
    locations = _uv_locations(table(uv, "sources"))
    poetry_tables = [table(poetry, "dependencies")]
    for extra in extras:
        required += _extra(document, extra)
    for group in groups:
        found = table(document, "dependency-groups")
        if group in found:
            required += _group(found, group)
        elif "dependencies" in table(table(poetry, "group"), group):
            poetry_tables.append(table(table(table(poetry, "group"), group), "dependencies"))
        else:
            raise UsageError(f"pyproject.toml has no dependency group {group!r}", _known(found))
    declared = {_name_of(line) for line in required}
    optional = {canonical(str(name)) for extra in extras for name in table(poetry, "extras").get(extra) or ()}
    for one in poetry_tables:
        for name, texts, location in _poetry_dependencies(one, optional):
            # Poetry 2 repeats a dependency of [project] to say where it comes from.
            if canonical(name) not in declared:
                required += texts
            if location:
                locations[canonical(name)] = location
    return ProjectFile(
        name=str(project.get("name") or poetry.get("name") or ""),
        requirements=tuple(required),
        locations=locations,
        indexes=uv_indexes(uv, poetry),
        packaged="build-system" in document,
        dynamic="dependencies" in (project.get("dynamic") or ()),
        python=str(project.get("requires-python") or "") or _poetry_python(table(poetry, "dependencies")),
    )


def workspace_members(text: str) -> tuple[str, ...] | None:
    """The patterns of the members of uv's workspace; None if this pyproject.toml is not the root of one."""
    uv = table(table(parse_toml(text, "pyproject.toml"), "tool"), "uv")
    if not isinstance(uv.get("workspace"), dict):
        return None
    return tuple(str(one) for one in uv["workspace"].get("members") or ())


def parse_pipfile(text: str) -> ProjectFile:
    """Read the `[packages]` of a Pipfile."""
    document = parse_toml(text, "Pipfile")
    required: list[str] = []
    locations: dict[str, str] = {}
    for name, value in table(document, "packages").items():
        line, location = _pipfile_requirement(name, value)
        required.append(line)
        if location:
            locations[canonical(name)] = location
    urls = [str(one["url"]) for one in document.get("source") or () if isinstance(one, dict) and one.get("url")]
    return ProjectFile("", tuple(required), locations, Indexes(urls[0] if urls else None, tuple(urls[1:])))


def parse_setup_cfg(text: str, extras: Sequence[str] = ()) -> tuple[str, ...]:
    """The `install_requires` of a setup.cfg (setuptools), and the `extras_require` of these extras.

    Raises:
        UsageError: it is not an INI file, another file has the requirements, or it has no such extra.
    """
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise UsageError(f"setup.cfg is not valid: {' '.join(str(error).split())}", "correct the file") from None
    found = list(_setup_cfg_list(parser.get("options", "install_requires", fallback="")))
    section = "options.extras_require"
    names = {canonical(name): name for name in (parser.options(section) if parser.has_section(section) else ())}
    for extra in extras:
        if canonical(extra) not in names:
            raise UsageError(f"setup.cfg has no extra {extra!r}", _known(names))
        found += _setup_cfg_list(parser.get(section, names[canonical(extra)]))
    return tuple(found)


def _setup_cfg_list(value: str) -> Iterator[str]:
    value = value.strip()
    if value.startswith("file:"):
        raise UsageError(
            f"setup.cfg: the requirements are in {value.removeprefix('file:').strip()}", "name it with --requirements"
        )
    # One line is a list with semicolons, in which a marker cannot be.
    lines = value.splitlines() if "\n" in value else value.split(";")
    found = (line.partition(" #")[0].strip() for line in lines)
    yield from (line for line in found if line and not line.startswith("#"))


def table(document: Table, key: str) -> Table:
    """The table at `key`; an empty one if there is none."""
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def uv_indexes(uv: Table, poetry: Table | None = None) -> Indexes:
    """The indexes in `[tool.uv]` or uv.toml, and in `[[tool.poetry.source]]`."""
    settings = [uv, table(uv, "pip")]
    default = next((str(one["index-url"]) for one in settings if one.get("index-url")), None)
    extra = [str(url) for one in settings for url in one.get("extra-index-url") or ()]
    links = [str(url) for one in settings for url in one.get("find-links") or ()]
    for index in uv.get("index") or ():
        if isinstance(index, dict) and index.get("url"):
            if index.get("default"):
                default = str(index["url"])
            else:
                extra.append(str(index["url"]))
    sources = [source for source in (poetry or {}).get("source") or () if isinstance(source, dict)]
    extra += [str(source["url"]) for source in sources if source.get("url")]
    no_index = any(bool(one.get("no-index")) for one in settings)
    return Indexes(default, tuple(dict.fromkeys(extra)), tuple(links), no_index=no_index)


def _extra(document: Table, extra: str) -> list[str]:
    found = {
        canonical(name): lines for name, lines in table(table(document, "project"), "optional-dependencies").items()
    }
    if canonical(extra) in found:
        return [str(line) for line in found[canonical(extra)]]
    poetry = table(table(document, "tool"), "poetry")
    if extra in table(poetry, "extras"):
        return []
    raise UsageError(f"pyproject.toml has no extra {extra!r}", _known([*found, *table(poetry, "extras")]))


def _known(names: Iterable[str]) -> str:
    listed = ", ".join(sorted(names))
    return f"it has: {listed}" if listed else "it has none"


def _group(groups: Table, name: str, above: tuple[str, ...] = ()) -> list[str]:
    if name in above or name not in groups:
        raise UsageError(f"the dependency group {name!r} is missing or includes itself", "correct pyproject.toml")
    lines: list[str] = []
    for one in groups[name]:
        if isinstance(one, dict):
            lines += _group(groups, str(one.get("include-group", "")), (*above, name))
        else:
            lines.append(str(one))
    return lines


def _name_of(line: str) -> str:
    found = requirement_of(line)
    return canonical(found.name) if found else ""


def _uv_locations(sources: Table) -> dict[str, str]:
    found = {}
    for name, value in sources.items():
        # Several sources of one distribution differ by marker: the first is used.
        source = next(iter(value), {}) if isinstance(value, list) else value
        if not isinstance(source, dict):
            continue
        if source.get("workspace"):
            found[canonical(name)] = f"workspace:{name}"
        elif location := _location(source):
            found[canonical(name)] = location
    return found


def _location(value: Table) -> str:
    """The path or URL in a dependency's table, as pip writes it."""
    if value.get("git"):
        revision = value.get("rev") or value.get("tag") or value.get("branch") or value.get("ref")
        folder = value.get("subdirectory")
        url = str(value["git"])
        url = url if url.startswith("git+") else f"git+{url}"
        return url + (f"@{revision}" if revision else "") + (f"#subdirectory={folder}" if folder else "")
    return str(value.get("path") or value.get("url") or value.get("file") or "")


def _poetry_dependencies(dependencies: Table, optional: set[str]) -> Iterator[tuple[str, list[str], str]]:
    for name, value in dependencies.items():
        if name.lower() == "python":
            continue
        values = value if isinstance(value, list) else [value]
        texts: list[str] = []
        location = ""
        for one in values:
            details: Table = one if isinstance(one, dict) else {"version": one}
            if details.get("optional") and canonical(name) not in optional:
                continue
            texts.append(_poetry_requirement(name, details))
            location = location or _location(details)
        if texts:
            yield name, texts, location


def _poetry_requirement(name: str, details: Table) -> str:
    extras = f"[{','.join(details['extras'])}]" if details.get("extras") else ""
    specifier = pep440(str(details.get("version", "*")), name)
    markers = [f"({details['markers']})"] if details.get("markers") else []
    if details.get("python"):
        pythons = pep440(str(details["python"]), name).split(",")
        markers += [
            f'python_version {match[1]} "{match[2]}"'
            for one in pythons
            if (match := re.fullmatch(r"([<>=!~]+)\s*(\d+\.\d+)\S*", one.strip()))
        ]
    return f"{name}{extras}{specifier}" + (f"; {' and '.join(markers)}" if markers else "")


def _pipfile_requirement(name: str, value: Any) -> tuple[str, str]:
    details: Table = value if isinstance(value, dict) else {"version": value}
    version = str(details.get("version", "*"))
    extras = f"[{','.join(details['extras'])}]" if details.get("extras") else ""
    markers = [f"({details['markers']})"] if details.get("markers") else []
    markers += [f"{key} {details[key]}" for key in ("sys_platform", "python_version", "os_name") if details.get(key)]
    line = f"{name}{extras}{'' if version == '*' else version}" + (f"; {' and '.join(markers)}" if markers else "")
    return line, _location(details)


def _poetry_python(dependencies: Table) -> str:
    """The Python versions of a Poetry project; empty for a union, which PEP 440 cannot express."""
    constraint = str(dependencies.get("python") or "")
    return "" if "|" in constraint else pep440(constraint)


def pep440(constraint: str, name: str = "") -> str:
    """A constraint of Poetry (`^1.2`, `~1.2`, `1.2.*`, `>=1,<2`) as a PEP 440 specifier; empty for any version.

    Raises:
        UsageError: it is a union, which PEP 440 cannot express.
    """
    if "|" in constraint:
        raise UsageError(
            f"the constraint {constraint!r} of {name} is a union of versions", "lock the project: poetry lock"
        )
    parts = [part for part in re.split(r"\s*,\s*|\s+(?=[<>=!~^])", constraint.strip()) if part and part != "*"]
    return ",".join(_pep440_part(part) for part in parts)


def _pep440_part(part: str) -> str:
    operator, version = re.fullmatch(r"([<>=!~^]*)\s*(.*)", part, re.DOTALL).groups()  # type: ignore[union-attr]
    if operator == "^":
        return f">={version},<{_next(version, caret=True)}"
    if operator == "~":
        return f">={version},<{_next(version, caret=False)}"
    if not operator or operator == "=":
        return f"=={version}"
    return f"{operator}{version}"


def _next(version: str, *, caret: bool) -> str:
    """The first version that a caret or tilde constraint excludes."""
    match = _RELEASE.match(version)
    numbers = [int(number) for number in match[0].split(".")] if match else [0]
    if caret:
        # The leftmost number that is not zero stays as it is.
        at = next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)
    else:
        at = min(1, len(numbers) - 1)
    return ".".join(str(number) for number in [*numbers[:at], numbers[at] + 1])

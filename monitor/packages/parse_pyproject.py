"""Dependencies in pyproject.toml (PEP 621, PEP 735, uv, Poetry, PDM), Pipfile and setup.cfg.

Sources: packaging.python.org, "pyproject.toml specification" and "Dependency Groups"; docs.astral.sh, "Managing
dependencies"; python-poetry.org, "Dependency specification"; pipenv.pypa.io, "Pipfile & Pipfile.lock".
"""

import configparser
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from monitor.errors import UsageError
from monitor.packages.model_dependencies import Indexes, Place, ProjectFile
from monitor.packages.parse_poetry import location_in, poetry_dependencies, poetry_group, poetry_python
from monitor.packages.parse_requirements import canonical, requirement_of
from monitor.packages.parse_toml import Table, known_names, parse_toml, table

_MARKER_NAMES = (
    *("os_name", "sys_platform", "platform_machine", "platform_python_implementation", "platform_release"),
    *("platform_system", "platform_version", "python_version", "python_full_version"),
    *("implementation_name", "implementation_version"),
)


def parse_pyproject(
    text: str, extras: Iterable[str] = (), groups: Iterable[str] = (), *, with_defaults: bool = False
) -> ProjectFile:
    """Read a pyproject.toml, with the optional dependencies `extras` and the dependency groups `groups`.

    `with_defaults`: also with the groups that uv installs by default, but for `dev`, as `uv export --no-dev` does.

    Raises:
        UsageError: it is not TOML or names no such extra or group.
    """
    document = parse_toml(text, "pyproject.toml")
    project, tool = table(document, "project"), table(document, "tool")
    poetry, uv = table(tool, "poetry"), table(tool, "uv")
    if not project:
        project = _flit_project(table(table(tool, "flit"), "metadata"))
    dynamic = project.get("dynamic") or ()
    required = [str(one) for one in project.get("dependencies") or ()]
    dynamic_extras = tuple(extras) if "optional-dependencies" in dynamic and not table(poetry, "extras") else ()
    chosen_extras = [*extras]
    for extra in extras if not dynamic_extras else ():
        required += _extra(project, poetry, extra)
    poetry_tables = [table(poetry, "dependencies")]
    declared_groups = _groups(document)
    defaults = _default_groups(uv, declared_groups) if with_defaults else ()
    for group in dict.fromkeys((*groups, *defaults)):
        if canonical(group) in declared_groups:
            required += _group(declared_groups, group)
        else:
            poetry_tables += poetry_group(poetry, group, declared_groups)
    if not dynamic_extras:
        required, own_extras = _without_itself(required, project, poetry)
        chosen_extras += own_extras
    places = _uv_places(table(uv, "sources"), _index_urls(uv.get("index")))
    poetry_indexes = _index_urls(poetry.get("source"))
    unions: list[str] = []
    declared = {_name_of(line) for line in required}
    optional = {canonical(str(name)) for extra in chosen_extras for name in table(poetry, "extras").get(extra) or ()}
    for one in poetry_tables:
        for found in poetry_dependencies(one, optional, poetry_indexes):
            # Poetry 2 repeats a dependency of [project] to say where it comes from.
            if found.name not in declared:
                required.append(found.text)
                unions += [found.union] if found.union else []
            if found.place.location or found.place.index:
                places[found.name] = (*places.get(found.name, ()), found.place)
    overrides = {
        "override-dependencies of [tool.uv]": [_name_of(str(one)) for one in uv.get("override-dependencies") or ()],
        "[tool.pdm.resolution.overrides]": [
            canonical(str(name)) for name in table(table(table(tool, "pdm"), "resolution"), "overrides")
        ],
    }
    backend = str(table(document, "build-system").get("build-backend") or "setuptools")
    return ProjectFile(
        name=str(project.get("name") or poetry.get("name") or ""),
        requirements=tuple(required),
        places=places,
        constraints=tuple(str(one) for one in uv.get("constraint-dependencies") or ()),
        indexes=tool_indexes(tool, explicit=False),
        backend=backend if "build-system" in document else "",
        # Poetry writes dependencies that are dynamic in [project] into its own table.
        dynamic=bool(dynamic_extras) or ("dependencies" in dynamic and "dependencies" not in poetry),
        dynamic_extras=dynamic_extras,
        unions=tuple(unions),
        python=str(project.get("requires-python") or "") or poetry_python(table(poetry, "dependencies")),
        notes=tuple(f"{name} has no effect without a lock file" for name, found in overrides.items() if found),
        overridden=frozenset(name for found in overrides.values() for name in found),
    )


def _flit_project(flit: Table) -> Table:
    """The table of flit before PEP 621, as [project]."""
    return {
        "name": flit.get("dist-name") or flit.get("module") or "",
        "dependencies": flit.get("requires") or (),
        "optional-dependencies": table(flit, "requires-extra"),
        "requires-python": flit.get("requires-python") or "",
    }


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
    places: dict[str, tuple[Place, ...]] = {}
    indexes = _index_urls(document.get("source"))
    for name, value in table(document, "packages").items():
        details: Table = value if isinstance(value, dict) else {"version": value}
        required.append(_pipfile_requirement(name, details))
        place = Place(location_in(details), indexes.get(str(details.get("index")), ""))
        if place.location or place.index:
            places[canonical(name)] = (place,)
    urls = [str(one["url"]) for one in document.get("source") or () if isinstance(one, dict) and one.get("url")]
    found = Indexes(urls[0] if urls else None, tuple(urls[1:]))
    return ProjectFile("", tuple(required), places, indexes=found)


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
            raise UsageError(f"setup.cfg has no extra {extra!r}", known_names(names))
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


def tool_indexes(tool: Table, *, explicit: bool) -> Indexes:
    """The indexes that `[tool]` of a pyproject.toml names for uv, Poetry and PDM.

    `explicit`: also those that are only for the distributions that name them.
    """
    found = uv_indexes(table(tool, "uv"), explicit=explicit)
    poetry = (one for one in table(tool, "poetry").get("source") or () if explicit or one.get("priority") != "explicit")
    default, extra = found.default, [*found.extra, *(str(one["url"]) for one in poetry if one.get("url"))]
    for one in table(tool, "pdm").get("source") or ():
        if one.get("url") and one.get("name") == "pypi":
            default = default or str(one["url"])
        elif one.get("url"):
            extra.append(str(one["url"]))
    return replace(found, default=default, extra=tuple(dict.fromkeys(extra)))


def uv_indexes(uv: Table, *, explicit: bool) -> Indexes:
    """The indexes in `[tool.uv]` or uv.toml."""
    settings = [uv, table(uv, "pip")]
    default = next((str(one["index-url"]) for one in settings if one.get("index-url")), None)
    extra = [str(url) for one in settings for url in one.get("extra-index-url") or ()]
    links = [str(url) for one in settings for url in one.get("find-links") or ()]
    for index in uv.get("index") or ():
        if isinstance(index, dict) and index.get("url") and (explicit or not index.get("explicit")):
            if index.get("default"):
                default = str(index["url"])
            else:
                extra.append(str(index["url"]))
    no_index = any(bool(one.get("no-index")) for one in settings)
    return Indexes(default, tuple(dict.fromkeys(extra)), tuple(links), no_index=no_index)


def _index_urls(tables: Any) -> dict[str, str]:
    """The URLs of indexes by name."""
    found = (one for one in tables or () if isinstance(one, dict))
    return {str(one["name"]): str(one["url"]) for one in found if one.get("name") and one.get("url")}


def _extra(project: Table, poetry: Table, extra: str) -> list[str]:
    found = {canonical(name): lines for name, lines in table(project, "optional-dependencies").items()}
    if canonical(extra) in found:
        return [str(line) for line in found[canonical(extra)]]
    if extra in table(poetry, "extras"):
        return []
    raise UsageError(f"pyproject.toml has no extra {extra!r}", known_names([*found, *table(poetry, "extras")]))


def _without_itself(required: Iterable[str], project: Table, poetry: Table) -> tuple[list[str], list[str]]:
    """The requirements without those on the project itself, which name its extras: `all = ["orders[fast,slow]"]`.

    Return them with the extras that they name.
    """
    own = canonical(str(project.get("name") or poetry.get("name") or ""))
    found: list[str] = []
    extras: list[str] = []
    waiting = [*required]
    seen: set[tuple[str, str]] = set()
    while waiting:
        text = waiting.pop(0)
        one = requirement_of(text)
        if one is None or not own or canonical(one.name) != own:
            found.append(text)
            continue
        outer = str(one.marker or "")
        for extra in sorted(one.extras):
            if (extra, outer) not in seen:
                seen.add((extra, outer))
                extras.append(extra)
                waiting += [_with_marker(line, outer) for line in _extra(project, poetry, extra)]
    return found, extras


def _with_marker(line: str, marker: str) -> str:
    """A requirement that applies only where `marker` holds, too."""
    one = requirement_of(line) if marker else None
    if one is None:
        return line
    text, separator, own = line.partition(" ;" if one.url else ";")
    return f"{text} ; ({own.strip()}) and ({marker})" if separator else f"{line} ; {marker}"


def _groups(document: Table) -> dict[str, Any]:
    """The dependency groups by normalized name: PEP 735, and what PDM and uv had before it."""
    tool = table(document, "tool")
    pdm, uv = table(tool, "pdm"), table(tool, "uv")
    found = {**table(pdm, "dev-dependencies"), **table(document, "dependency-groups")}
    if uv.get("dev-dependencies"):
        found["dev"] = [*(found.get("dev") or ()), *uv["dev-dependencies"]]
    return {canonical(str(name)): lines for name, lines in found.items()}


def _default_groups(uv: Table, groups: Iterable[str]) -> Iterator[str]:
    """What `default-groups` of `[tool.uv]` names, or every group for "all", without the development dependencies."""
    named = uv.get("default-groups") or ()
    yield from (str(one) for one in (groups if named == "all" else named) if canonical(str(one)) != "dev")


def _group(groups: Table, name: str, above: tuple[str, ...] = ()) -> list[str]:
    name = canonical(name)
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


def _uv_places(sources: Table, indexes: Mapping[str, str]) -> dict[str, tuple[Place, ...]]:
    found: dict[str, tuple[Place, ...]] = {}
    for name, value in sources.items():
        places = []
        for source in value if isinstance(value, list) else [value]:
            if not isinstance(source, dict):
                continue
            location = f"workspace:{name}" if source.get("workspace") else location_in(source)
            index = indexes.get(str(source.get("index")), "")
            if location or index:
                places.append(Place(location, index, str(source.get("marker") or "")))
        if places:
            found[canonical(name)] = tuple(places)
    return found


def _pipfile_requirement(name: str, details: Table) -> str:
    version = str(details.get("version", "*"))
    extras = f"[{','.join(details['extras'])}]" if details.get("extras") else ""
    markers = [f"({details['markers']})"] if details.get("markers") else []
    # Each variable of a marker can be a key of its own.
    markers += [f"{key} {details[key]}" for key in _MARKER_NAMES if details.get(key)]
    return f"{name}{extras}{'' if version == '*' else version}" + (f"; {' and '.join(markers)}" if markers else "")

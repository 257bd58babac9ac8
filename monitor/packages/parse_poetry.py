"""Dependencies as Poetry writes them in its own table of pyproject.toml.

Source: python-poetry.org, "Dependency specification" and "Managing dependencies".
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from monitor.errors import UsageError
from monitor.packages.model_dependencies import Place
from monitor.packages.parse_requirements import canonical
from monitor.packages.parse_toml import Table, known_names, table

_RELEASE = re.compile(r"\d+(?:\.\d+)*")


@dataclass(frozen=True, slots=True)
class PoetryDependency:
    """A dependency with its normalized name, as PEP 508 text; `union` is a constraint that the text lacks."""

    name: str
    text: str
    place: Place
    union: str = ""


def poetry_group(poetry: Table, name: str, others: Iterable[str], above: tuple[str, ...] = ()) -> list[Table]:
    """The tables of a group of Poetry, and of those that it includes; `others` are the groups of other tools.

    Raises:
        UsageError: there is no such group, or it includes itself.
    """
    groups = {canonical(str(key)): value for key, value in table(poetry, "group").items()}
    if "dev-dependencies" in poetry:
        groups.setdefault("dev", {"dependencies": poetry["dev-dependencies"]})
    group = canonical(name)
    if group in above or group not in groups:
        raise UsageError(f"pyproject.toml has no dependency group {name!r}", known_names([*others, *groups]))
    found = [table(groups[group], "dependencies")]
    for included in groups[group].get("include-groups") or ():
        found += poetry_group(poetry, str(included), others, (*above, group))
    return found


def poetry_dependencies(
    dependencies: Table, optional: set[str], indexes: Mapping[str, str]
) -> Iterator[PoetryDependency]:
    """The dependencies in a table of Poetry, with those of the `optional` ones that an extra chose."""
    for name, value in dependencies.items():
        if name.lower() == "python":
            continue
        for one in value if isinstance(value, list) else [value]:
            details: Table = one if isinstance(one, dict) else {"version": one}
            if details.get("optional") and canonical(name) not in optional:
                continue
            extras = f"[{','.join(details['extras'])}]" if details.get("extras") else ""
            version = str(details.get("version", "*"))
            is_union = "|" in version
            marker = _marker(details)
            text = f"{name}{extras}{'' if is_union else pep440(version)}" + (f"; {marker}" if marker else "")
            place = Place(location_in(details), indexes.get(str(details.get("source")), ""), marker)
            yield PoetryDependency(canonical(name), text, place, f"{version!r} of {name}" if is_union else "")


def _marker(details: Table) -> str:
    """The marker (PEP 508) of a dependency of Poetry, which has options of its own for the Python and the platform."""
    markers = [f"({details['markers']})"] if details.get("markers") else []
    if details.get("python"):
        markers.append(_either(str(details["python"]), _python_marker))
    if details.get("platform"):
        markers.append(_either(str(details["platform"]), _platform_marker))
    return " and ".join(marker for marker in markers if marker)


def _either(constraint: str, marker: Callable[[str], str]) -> str:
    parts = [marker(part.strip()) for part in re.split(r"\|\|?", constraint)]
    return f"({' or '.join(parts)})" if all(parts) else ""


def _python_marker(constraint: str) -> str:
    parts = (re.fullmatch(r"([<>=!~]+)\s*(\S+)", one) for one in pep440(constraint).split(","))
    return " and ".join(
        f'{"python_full_version" if match[2].count(".") > 1 else "python_version"} {match[1]} "{match[2]}"'
        for match in parts
        if match
    )


def _platform_marker(constraint: str) -> str:
    operator, name = re.fullmatch(r"([=!]*)\s*(.*)", constraint, re.DOTALL).groups()  # type: ignore[union-attr]
    return f'sys_platform {"!=" if operator == "!=" else "=="} "{name}"'


def poetry_python(dependencies: Table) -> str:
    """The Python versions of a Poetry project; empty for a union, which PEP 440 cannot express."""
    constraint = str(dependencies.get("python") or "")
    return "" if "|" in constraint else pep440(constraint)


def pep440(constraint: str) -> str:
    """A constraint of Poetry (`^1.2`, `~1.2`, `1.2.*`, `>=1,<2`) as a PEP 440 specifier; empty for any version."""
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


def location_in(value: Table) -> str:
    """The path or URL in a dependency's table, as pip writes it."""
    folder = f"#subdirectory={value['subdirectory']}" if value.get("subdirectory") else ""
    if value.get("git"):
        revision = value.get("rev") or value.get("tag") or value.get("branch") or value.get("ref")
        url = str(value["git"])
        url = url if re.match(r"\w+\+", url) else f"git+{url}"
        return url + (f"@{revision}" if revision else "") + folder
    location = str(value.get("path") or value.get("url") or value.get("file") or "")
    return location + folder if location else ""

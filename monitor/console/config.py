"""Defaults from `monitor.toml`, or from `[tool.monitor]` in pyproject.toml, of this folder or one above."""

import re
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from typing import Any

from monitor.errors import UsageError
from monitor.kernel.values import dataclass


@dataclass(frozen=True, slots=True)
class Config:
    """What the file may set; a flag and the environment win over each of them."""

    profile: str | None = None
    region: str | None = None
    endpoint_url: str | None = None
    local: bool = False
    since: str | None = None
    output: str | None = None
    utc: bool = False
    ask_above_usd: float | None = None


def load(start: Path | None = None) -> Config:
    """The nearest configuration at or above `start` (the working folder); the defaults where there is none.

    Raises:
        UsageError: the file cannot be read, or holds a key that monitor does not know.
    """
    folder = (start or Path.cwd()).resolve()
    for place in (folder, *folder.parents):
        own = place / "monitor.toml"
        if own.is_file():
            return _checked(_read(own), own)
        project = place / "pyproject.toml"
        if project.is_file():
            table = _table(project)
            if table is not None:
                return _checked(table, project)
    return Config()


# What any spelling of [tool.monitor] needs: nearly every pyproject.toml has none, and reading TOML takes 5 ms.
_HAS_TABLE = re.compile(r"""\btool["']?\s*\.\s*["']?monitor|^\s*\[?\s*["']?tool["']?\s*[]=]""", re.MULTILINE)
# What a field's type takes; text for every other.
_EXPECTED: dict[object, tuple[Any, str]] = {bool: (bool, "a bool"), float | None: ((int, float), "a number of USD")}


def _read(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "correct the file, or remove it") from error


def _table(project: Path) -> dict[str, Any] | None:
    """[tool.monitor] of a pyproject.toml."""
    # What cannot be read is `_read`'s to report.
    with suppress(OSError):
        if not _HAS_TABLE.search(project.read_text(encoding="utf-8", errors="replace")):
            return None
    table: dict[str, Any] | None = _read(project).get("tool", {}).get("monitor")
    return table


def _checked(table: dict[str, Any], path: Path) -> Config:
    known = {field.name: field.type for field in fields(Config)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
            raise UsageError(f"{path} sets {key!r}, which monitor does not know", hint)
        expected = _EXPECTED.get(known[name], (str, "a str"))
        # A bool is an int to Python.
        if not isinstance(value, expected[0]) or (isinstance(value, bool) and expected[0] is not bool):
            raise UsageError(f"{path}: {key!r} must be {expected[1]}", f"it is {value!r}")
        values[name] = value
    return Config(**values)

"""Configuration files: the user's own, and the nearest one of a project.

The user's own file is `$XDG_CONFIG_HOME/monitor/config.toml` (`~/.config/monitor/config.toml`). A project's is the
nearest `monitor.toml`, or `[tool.monitor]` in pyproject.toml, of the working folder or one above. It comes with a
repository that somebody else wrote, so only its display settings apply by themselves: what decides where signed
requests go, as whom, and at what cost, needs the user's consent (monitor/console/consent.py).
"""

import math
import os
import re
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import field, fields
from pathlib import Path
from typing import Any

from monitor.errors import UsageError
from monitor.kernel.encodings import decode_text
from monitor.kernel.values import dataclass

# A configuration file is a page of text; a larger one is something else.
_MOST_BYTES = 1_000_000
_MOST_USD = 10_000.0
# Every -o of a command; a command without the one that is set prints its own default.
_OUTPUTS = ("text", "json", "raw", "csv", "markdown", "html")


@dataclass(frozen=True, slots=True)
class Stage:
    """`[stage.NAME]`: where a stage of the application runs, for `--stage NAME`."""

    profile: str | None = None
    regions: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Config:
    """What a file may set; a flag and the environment win over each of them."""

    since: str | None = None
    output: str | None = None
    utc: bool = False
    local: bool = False
    pager: bool = True
    links: bool = True
    hints: bool = True
    region: str | None = None
    profile: str | None = None
    endpoint_url: str | None = None
    ask_above_usd: float | None = None
    stage: Mapping[str, Stage] = field(default_factory=dict)


# What a project's file may set by itself. `local` reaches nothing but the user's own embedded stack.
DISPLAY = frozenset(("since", "output", "utc", "local", "pager", "links", "hints"))


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file that was read: `given` are the names of the settings in it."""

    path: Path
    config: Config
    given: frozenset[str]


def user_file_path() -> Path:
    """Where the user's own file is, or would be."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    # The XDG specification: a relative path is invalid and must be ignored.
    if base.startswith("/"):
        return Path(base) / "monitor" / "config.toml"
    try:
        return Path.home() / ".config" / "monitor" / "config.toml"
    except RuntimeError:
        # A user without a home. Nothing relative: the working folder's content is the project's.
        return Path("/nonexistent/monitor/config.toml")


def load_user() -> ConfigFile | None:
    """The user's own file; None where there is none.

    Raises:
        UsageError: it cannot be read, contains a key that monitor does not know, or belongs to somebody else.
    """
    path = user_file_path()
    return _file(path, _read(path)) if path.is_file() else None


def load_project(start: Path | None = None) -> ConfigFile | None:
    """The nearest file of a project at or above `start` (the working folder); None where there is none.

    Raises:
        UsageError: it cannot be read, contains a key that monitor does not know, or belongs to somebody else.
    """
    folder = (start or Path.cwd()).resolve()
    for place in (folder, *folder.parents):
        own = place / "monitor.toml"
        if own.is_file():
            return _file(own, _read(own))
        project = place / "pyproject.toml"
        if project.is_file():
            table = _table(project)
            if table is not None:
                return _file(project, table)
    return None


# What any spelling of [tool.monitor] needs: nearly every pyproject.toml has none, and reading TOML takes 5 ms.
_HAS_TABLE = re.compile(r"""\btool["']?\s*\.\s*["']?monitor|^\s*\[?\s*["']?tool["']?\s*[]=]""", re.MULTILINE)
# What a field's type takes; text for every other.
_EXPECTED: dict[object, tuple[Any, str]] = {
    bool: (bool, "true or false"),
    float | None: ((int, float), "a number of USD"),
}


def _file(path: Path, table: dict[str, Any]) -> ConfigFile:
    _check_owner(path)
    config = _checked(table, path)
    return ConfigFile(path, config, frozenset(key.replace("-", "_") for key in table))


def _check_owner(path: Path) -> None:
    """Refuse a file that another user of this machine wrote, or could write."""
    try:
        status = path.stat()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "correct the file, or remove it") from error
    if status.st_uid not in (0, os.geteuid()):
        raise UsageError(
            f"{path} belongs to another user (uid {status.st_uid}): its settings are not used",
            "make the file your own (chown), remove it, or run monitor in another folder",
        )
    if status.st_mode & stat.S_IWOTH:
        raise UsageError(f"every user can write to {path}: its settings are not used", "chmod o-w it, or remove it")


def _bytes(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise UsageError(f"{path} is larger than 1 MB, the limit for a configuration file", "remove it")
    return content


def _read(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(decode_text(_bytes(path)))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "correct the file, or remove it") from error


def _table(project: Path) -> dict[str, Any] | None:
    """[tool.monitor] of a pyproject.toml."""
    # An unreadable file is reported by `_read`; a very large pyproject.toml is somebody else's matter.
    with suppress(OSError, UsageError):
        if not _HAS_TABLE.search(decode_text(_bytes(project), "replace")):
            return None
    tool = _read(project).get("tool")
    table = tool.get("monitor") if isinstance(tool, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{project}: tool.monitor is not a table", "write it as [tool.monitor]")
    if table is None or table.keys() == {"budget"}:
        return None
    # The limits of `monitor budget`, which reads them itself.
    return {key: value for key, value in table.items() if key != "budget"}


def _checked(table: dict[str, Any], path: Path) -> Config:
    known = {one.name: one.type for one in fields(Config)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = key.replace("-", "_")
        if name not in known:
            raise _unknown(path, key, known)
        if name == "stage":
            values[name] = _stages(value, path)
            continue
        expected = _EXPECTED.get(known[name], (str, "a string"))
        # A bool is an int to Python.
        if not isinstance(value, expected[0]) or (isinstance(value, bool) and expected[0] is not bool):
            raise UsageError(f"{path}: {key!r} must be {expected[1]}", f"it is {value!r}")
        if name == "ask_above_usd" and not (math.isfinite(value) and 0 <= value <= _MOST_USD):
            raise UsageError(f"{path}: {key!r} must be from 0 to {_MOST_USD:,.0f} USD", f"it is {value!r}")
        values[name] = value
    return Config(**values)


def checked_value(name: str, text: str) -> str | float | bool:
    """A setting's value from the text of a command line.

    Raises:
        UsageError: it is not a value of that setting.
    """
    kinds = {one.name: one.type for one in fields(Config)}
    value: str | float | bool = text
    if kinds[name] is bool and text in ("true", "false"):
        value = text == "true"
    elif kinds[name] == float | None:
        with suppress(ValueError):
            value = float(text)
    _checked({name: value}, user_file_path())
    if name == "since":
        from monitor.kernel.timespec import parse_window

        parse_window(text, None, now_ms=2**42, zone=None)
    elif name == "output" and text not in _OUTPUTS:
        raise UsageError(f"{text!r} is not an output format", f"one of {', '.join(_OUTPUTS)}")
    return value


def _stages(value: object, path: Path) -> dict[str, Stage]:
    if not isinstance(value, dict) or not all(isinstance(one, dict) for one in value.values()):
        raise UsageError(f"{path}: 'stage' must be a table of tables", 'write it as [stage.prod] profile = "…"')
    return {name: _stage(table, f"stage.{name}", path) for name, table in value.items()}


def _stage(table: dict[str, Any], where: str, path: Path) -> Stage:
    known = {one.name: one.type for one in fields(Stage)}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            raise _unknown(path, f"{where}.{key}", known)
        if key == "profile":
            if not isinstance(value, str):
                raise UsageError(f"{path}: '{where}.profile' must be a string", f"it is {value!r}")
            values[key] = value
        elif isinstance(value, list) and all(isinstance(one, str) for one in value):
            values[key] = tuple(value)
        else:
            raise UsageError(f"{path}: '{where}.{key}' must be a list of strings", f"it is {value!r}")
    return Stage(**values)


def _unknown(path: Path, key: str, known: Mapping[str, object]) -> UsageError:
    from difflib import get_close_matches

    near = get_close_matches(key.rpartition(".")[2].replace("-", "_"), known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
    return UsageError(f"{path} sets {key!r}, which monitor does not know", hint)

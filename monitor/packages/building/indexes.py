"""The package indexes that pip's configuration names, for uv, which does not read it.

Source: pip, "Configuration": global, user and site files, then PIP_CONFIG_FILE, then the environment.
"""

import configparser
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from monitor.packages.model_dependencies import Indexes

_KEYS = ("index-url", "extra-index-url", "find-links", "no-index", "trusted-host", "constraint")


def pip_indexes(environment: Mapping[str, str] = os.environ) -> Indexes:
    """What pip would use: a later source replaces the value of an earlier one."""
    found: dict[str, str] = {}
    for path in _files(environment):
        found |= _settings(path)
    for key in _KEYS:
        if value := environment.get("PIP_" + key.upper().replace("-", "_")):
            found[key] = value
    return Indexes(
        found.get("index-url"),
        tuple(found.get("extra-index-url", "").split()),
        tuple(found.get("find-links", "").split()),
        tuple(found.get("trusted-host", "").split()),
        tuple(found.get("constraint", "").split()),
        found.get("no-index", "").lower() in ("1", "true", "yes", "on"),
    )


def _files(environment: Mapping[str, str]) -> Iterator[Path]:
    chosen = environment.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return
    for folder in (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":"):
        yield Path(folder, "pip", "pip.conf")
    yield Path("/etc/pip.conf")
    home = Path(environment.get("HOME") or Path.home())
    yield home / ".pip" / "pip.conf"
    yield Path(environment.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    yield Path(sys.prefix, "pip.conf")
    if chosen:
        yield Path(chosen)


def _settings(path: Path) -> dict[str, str]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(path, encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return {}
    found: dict[str, str] = {}
    for section in ("global", "install"):
        if parser.has_section(section):
            named = {key.replace("_", "-"): value for key, value in parser.items(section)}
            found |= {key: value for key, value in named.items() if key in _KEYS}
    return found

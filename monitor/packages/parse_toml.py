"""Read TOML files, whose tables may be missing or have another type."""

import tomllib
from collections.abc import Iterable, Mapping
from typing import Any

from monitor.errors import UsageError

Table = Mapping[str, Any]


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """Parse a TOML file.

    Raises:
        UsageError: it is not TOML.
    """
    try:
        return tomllib.loads(text.removeprefix("\ufeff"))
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{name} is not valid TOML: {error}", "correct the file") from None


def table(document: Table, key: str) -> Table:
    """The table at `key`; an empty one if there is none."""
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def known_names(names: Iterable[str]) -> str:
    """A hint that lists what a file has."""
    listed = ", ".join(sorted(names))
    return f"it has: {listed}" if listed else "it has none"

"""Reads a budget file: one table for each function, with its limits and what they are checked against."""

import math
import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from typing import Any

from monitor.budget.model import FunctionBudget, Limit, Measure
from monitor.errors import UsageError

_TEXTS = ("package", "log", "handler", "event", "region", "architecture")
_KEYS = (*(one.value for one in Measure), *_TEXTS, "environment")
_PREFIX = ("tool", "monitor", "budget")
_OF_PACKAGES = (Measure.ZIPPED, Measure.UNZIPPED, Measure.MODULES)
_REFERENCE = "reference_ms"
_EXAMPLE = "give each function a table: [api] package = 'api.zip', init_ms = 800"
# A file with more is generated, or wrong: each function of it is started many times.
_MOST_FUNCTIONS = 100


def parse_budgets(text: str, path: str) -> tuple[FunctionBudget, ...]:
    """The budgets of a budget.toml, or of [tool.monitor.budget] in a pyproject.toml.

    Raises:
        UsageError: it is not TOML, or says something that monitor does not know or cannot check.
    """
    try:
        tables: Any = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "correct the file") from None
    prefix: tuple[str, ...] = ()
    if re.split(r"[/\\]", path)[-1] == "pyproject.toml":
        prefix = _PREFIX
        for name in prefix:
            tables = tables.get(name, {}) if isinstance(tables, dict) else {}
    reference_ms = _reference(tables.pop(_REFERENCE, 0), path) if isinstance(tables, dict) else 0.0
    if not isinstance(tables, dict) or not tables:
        where = "[tool.monitor.budget]" if prefix else "function"
        raise UsageError(f"{path} has no {where}", _EXAMPLE)
    if len(tables) > _MOST_FUNCTIONS:
        raise UsageError(f"{path} has more than {_MOST_FUNCTIONS} functions", "use several files")
    lines = _Lines(text)
    budgets = (_budget(name, table, (*prefix, name), lines, path) for name, table in tables.items())
    return tuple(replace(one, reference_ms=reference_ms) for one in budgets)


def _budget(name: str, table: Any, place: tuple[str, ...], lines: "_Lines", path: str) -> FunctionBudget:
    if not isinstance(table, dict):
        raise UsageError(f"{path}: {name!r} is not a table", _EXAMPLE)
    for key in table:
        if key not in _KEYS:
            near = get_close_matches(key, _KEYS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(_KEYS)}"
            raise UsageError(f"{path}: [{name}] sets {key!r}, which monitor does not know", hint)
    texts: dict[str, Any] = {key: _text(table[key], key, name, path) for key in _TEXTS if key in table}
    limits = tuple(
        Limit(one, _limit(table[one.value], one, name, path), lines.of(place, one.value))
        for one in Measure
        if one.value in table
    )
    found = FunctionBudget(
        name, lines.of(place), limits, environment=_environment(table.get("environment", {}), name, path), **texts
    )
    _check(found, path)
    return found


def _check(budget: FunctionBudget, path: str) -> None:
    """Refuse a budget that cannot be checked as it is written."""
    where = f"{path}: [{budget.name}]"
    if bool(budget.package) == bool(budget.log):
        given = "both a package and a log" if budget.log else "no package and no log"
        raise UsageError(f"{where} names {given}", "name what to check: package = 'api.zip', or log = 'api.log'")
    if not budget.limits:
        raise UsageError(f"{where} sets no limit", f"set one of {', '.join(one.value for one in Measure)}")
    measures = {one.measure for one in budget.limits}
    if budget.log and (wrong := next((one for one in _OF_PACKAGES if one in measures), None)):
        raise UsageError(f"{where} sets {wrong.value}, which a log does not show", "name a package in its place")
    if budget.package and Measure.COST in measures:
        raise UsageError(f"{where} sets {Measure.COST.value}, which a package does not show", "name a log")
    if Measure.FIRST_CALL in measures and budget.package and not budget.event:
        raise UsageError(f"{where} sets first_call_ms without an event", "name the payload: event = 'event.json'")
    if Measure.COST in measures and not budget.region:
        raise UsageError(f"{where} sets {Measure.COST.value} without a region", "add region = 'eu-west-1'")
    if budget.architecture not in ("x86_64", "arm64"):
        raise UsageError(f"{where}: architecture is {budget.architecture!r}", "use x86_64 or arm64")


def _reference(value: Any, path: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not (value == 0 or 1 <= value <= 60_000):
        raise UsageError(f"{path}: {_REFERENCE} must be a number of ms from 1 to 60,000", f"it is {value!r}")
    return float(value)


def _text(value: Any, key: str, name: str, path: str) -> str:
    if not isinstance(value, str) or not value or "\0" in value:
        raise UsageError(f"{path}: [{name}] {key} must be a text", f"it is {value!r}")
    return value


def _limit(value: Any, measure: Measure, name: str, path: str) -> float:
    # A bool is an int to Python; TOML has nan and inf.
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e12 or math.isnan(value):
        raise UsageError(f"{path}: [{name}] {measure.value} must be a number from 0", f"it is {value!r}")
    return float(value)


def _environment(value: Any, name: str, path: str) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or not all(isinstance(one, str) and "\0" not in one for one in value.values()):
        # The values are not shown: they can be secrets.
        raise UsageError(f"{path}: [{name}] environment must be a table of texts", 'for example { TABLE = "images" }')
    return tuple(value.items())


class _Lines:
    """The lines of tables and keys, which tomllib does not tell. What is written in a rare way has the table's line."""

    _HEADER = re.compile(r"\s*\[([^\[\]]+)\]\s*(?:#.*)?$")
    _WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|\'([^\']*)\'|([\w-]+)')

    def __init__(self, text: str) -> None:
        self._places: dict[tuple[str, ...], int] = {}
        table: tuple[str, ...] = ()
        for number, line in enumerate(text.split("\n"), 1):
            if header := self._HEADER.match(line):
                table = self._words(header[1])
                self._places.setdefault(table, number)
            elif "=" in line:
                self._places.setdefault((*table, *self._words(line.partition("=")[0])), number)

    def _words(self, text: str) -> tuple[str, ...]:
        return tuple(next(self._parts(match)) for match in self._WORD.finditer(text))

    @staticmethod
    def _parts(match: re.Match[str]) -> Iterator[str]:
        return (one for one in match.groups() if one is not None)

    def of(self, table: Sequence[str], key: str = "") -> int:
        """The line of a key, else of its table, else 1."""
        place = tuple(table)
        return self._places.get((*place, key), self._places.get(place, 1))

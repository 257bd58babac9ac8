"""What is exported: documents in which a token stands for each parameter."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from monitor.console.text import UNSAFE
from monitor.dashboards.model_document import Document

# Private-use characters, which no dashboard has: a token is a parameter's name between the two.
_OPEN, _CLOSE = "\ue000", "\ue001"
_TOKEN = re.compile(f"{_OPEN}([A-Za-z0-9_]+){_CLOSE}")
Value = str | int | float | bool
REGION, ACCOUNT, PARTITION = "region", "account", "partition"
# What each tool knows without a parameter.
GIVEN = (REGION, ACCOUNT, PARTITION)


def token(name: str) -> str:
    """The text that stands for a parameter."""
    return f"{_OPEN}{name}{_CLOSE}"


def parts(text: str) -> Iterator[tuple[bool, str]]:
    """The pieces of a text: whether it is a parameter, and its name or the literal text."""
    position = 0
    for match in _TOKEN.finditer(text):
        if match.start() > position:
            yield False, text[position : match.start()]
        yield True, match[1]
        position = match.end()
    if position < len(text) or not text:
        yield False, text[position:]


def names(value: object) -> Iterator[str]:
    """The parameters in a document, in its order."""
    if isinstance(value, str):
        yield from (name for is_parameter, name in parts(value) if is_parameter)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from names(key)
            yield from names(item)
    elif isinstance(value, list):
        for item in value:
            yield from names(item)


# The line ends of `indent` stay.
_UNSEEN = re.compile(f"(?!\\n){UNSAFE.pattern}")


@dataclass(frozen=True, slots=True)
class ExportParameter:
    """A variable that stays one. Without a default it is required."""

    name: str
    default: Value | None
    description: str

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers."""
        return isinstance(self.default, int | float) or self.name in ("timeout_ms", "memory_mb")


@dataclass(frozen=True, slots=True)
class ExportItem:
    """A dashboard (`name` and `document`, its body) or an alarm (`document` has its name)."""

    id: str
    name: str
    document: Document
    is_alarm: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    """Everything that is exported; `reference` is what names the function, in place of a parameter."""

    title: str
    items: tuple[ExportItem, ...]
    parameters: tuple[ExportParameter, ...]
    reference: str = ""
    notes: tuple[str, ...] = ()


def pascal(name: str) -> str:
    """A name as CloudFormation's IDs are written: `init_target_ms` is InitTargetMs."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[^A-Za-z0-9]+", name) if part)


def snake(name: str) -> str:
    """A name as Terraform's and Python's are written."""
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def quoted(value: object) -> str:
    """A value in JSON, which the strings of YAML, HCL and Python can contain as it is.

    Characters that hide or reorder text, or end a line, are escaped: who reviews the file sees what it says.
    """
    text = json.dumps(value, ensure_ascii=False)
    return _UNSEEN.sub(lambda match: f"\\U{ord(match[0]):08x}", text)


def readable_json(document: Document) -> str:
    """A document in JSON, on several lines, with such characters escaped."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return _UNSEEN.sub(lambda match: json.dumps(match[0])[1:-1], text)

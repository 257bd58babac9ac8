"""A saved import profile, as `monitor coldstarts --imports --save FILE` writes it."""

from typing import Any

from monitor.errors import UsageError
from monitor.kernel.json_fields import load_object, number_of, object_of, text_of
from monitor.records.imports import ImportNode, ImportProfile, ImportRow

FORMAT = "monitor-import-profile"
VERSION = 1
_DEEPEST = 130
_HINT = "give a file that `monitor coldstarts TARGET --imports --save FILE` wrote"


def parse_import_profile(text: str, path: str) -> ImportProfile:
    """The profile in a saved file's text; `path` is for the message.

    Raises:
        UsageError: it is no such file, or of a later version.
    """
    document = load_object(text)
    if isinstance(document, str) or document.get("format") != FORMAT:
        raise UsageError(f"{path} is no saved import profile", _HINT)
    if document.get("version") != VERSION:
        raise UsageError(f"{path} is of version {document.get('version')}, and only {VERSION} is known", _HINT)
    body = object_of(document.get("profile"))
    try:
        return ImportProfile(
            text_of(body.get("name")) or "",
            text_of(body.get("source")) or "",
            int(_number(body, "cold_starts")),
            _number(body, "total_ms"),
            tuple(_node(item, 0) for item in _list(body, "tree")),
            tuple(_row(object_of(item)) for item in _list(body, "rows")),
            int(_number(body, "dropped")),
        )
    except ValueError as error:
        raise UsageError(f"{path} cannot be read: {error}", _HINT) from None


def _number(holder: dict[str, Any], name: str) -> float:
    value = number_of(holder.get(name))
    if value is None:
        raise ValueError(f"{name} is not a number")
    return value


def _text(holder: dict[str, Any], name: str) -> str:
    value = text_of(holder.get(name))
    if value is None:
        raise ValueError(f"{name} is not a text")
    return value


def _list(holder: dict[str, Any], name: str) -> list[Any]:
    value = holder.get(name, [])
    if not isinstance(value, list):
        raise ValueError(f"{name} is not a list")  # noqa: TRY004 - of the file, not of a caller
    return value


def _node(item: object, depth: int) -> ImportNode:
    if depth > _DEEPEST:
        raise ValueError(f"nested more than {_DEEPEST} deep")
    node = object_of(item)
    children = tuple(_node(child, depth + 1) for child in _list(node, "children"))
    return ImportNode(
        _text(node, "module"), _number(node, "self_ms"), _number(node, "cumulative_ms"), _text(node, "root"), children
    )


def _row(row: dict[str, Any]) -> ImportRow:
    return ImportRow(
        _text(row, "package"),
        _number(row, "self_ms"),
        _number(row, "share"),
        int(_number(row, "seen")),
        int(_number(row, "of")),
        _number(row, "median_ms"),
        _number(row, "p95_ms"),
        _number(row, "max_ms"),
        int(_number(row, "modules")),
        text_of(row.get("root")) or "",
        number_of(row.get("total_ms")) or 0.0,
    )

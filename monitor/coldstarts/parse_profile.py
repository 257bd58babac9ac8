"""A saved import profile, as `monitor coldstarts --imports --save FILE` writes it."""

from typing import Any

from monitor.errors import UsageError
from monitor.kernel.json_fields import (
    FieldError,
    load_object,
    need_list,
    need_number,
    need_text,
    number_of,
    object_of,
    text_of,
)
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
            int(need_number(body, "cold_starts")),
            need_number(body, "total_ms"),
            tuple(_node(item, 0) for item in need_list(body, "tree")),
            tuple(_row(object_of(item)) for item in need_list(body, "rows")),
            int(need_number(body, "dropped")),
        )
    except FieldError as error:
        raise UsageError(f"{path} cannot be read: {error}", _HINT) from None


def _node(item: object, depth: int) -> ImportNode:
    if depth > _DEEPEST:
        raise FieldError(f"nested more than {_DEEPEST} deep")
    node = object_of(item)
    children = tuple(_node(child, depth + 1) for child in need_list(node, "children"))
    return ImportNode(
        need_text(node, "module"),
        need_number(node, "self_ms"),
        need_number(node, "cumulative_ms"),
        need_text(node, "root"),
        children,
    )


def _row(row: dict[str, Any]) -> ImportRow:
    return ImportRow(
        need_text(row, "package"),
        need_number(row, "self_ms"),
        need_number(row, "share"),
        int(need_number(row, "seen")),
        int(need_number(row, "of")),
        need_number(row, "median_ms"),
        need_number(row, "p95_ms"),
        need_number(row, "max_ms"),
        int(need_number(row, "modules")),
        text_of(row.get("root")) or "",
        number_of(row.get("total_ms")) or 0.0,
    )

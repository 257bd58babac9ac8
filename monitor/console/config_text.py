"""Change one setting in the text of a TOML file, and leave all else as it is."""

import json
import re
import tomllib

# A value on one line: a string, a number, true or false.
_VALUE = r"""[ \t]*(?:"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^\s"'#\[{]+)"""
_TABLE = re.compile(r"^\s*\[", re.MULTILINE)


def with_setting(text: str, name: str, value: str | float | bool) -> str:
    """The text with `name = value` at its top level; comments, order and other lines stay.

    Raises:
        ValueError: the setting is written in a way that one line does not replace.
    """
    line = f"{name} = {json.dumps(value, ensure_ascii=False)}"
    table = _TABLE.search(text)
    head, rest = (text[: table.start()], text[table.start() :]) if table else (text, "")
    own = re.compile(
        rf"^[ \t]*[\"']?{re.escape(name)}[\"']?[ \t]*={_VALUE}(?P<comment>[ \t]*#[^\n]*)?[ \t]*$", re.MULTILINE
    )
    if found := own.search(head):
        changed = head[: found.start()] + line + (found["comment"] or "") + head[found.end() :] + rest
    else:
        head = head if not head or head.endswith("\n") else head + "\n"
        changed = f"{head}{line}\n{rest}"
    _check(text, changed, name, value)
    return changed


def _check(before: str, after: str, name: str, value: object) -> None:
    expected = {**tomllib.loads(before), name: value}
    try:
        found = tomllib.loads(after)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(name) from error
    if found != expected:
        raise ValueError(name)

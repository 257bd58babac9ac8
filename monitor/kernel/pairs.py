"""NAME=VALUE and KEY=VALUE, as options take them."""

from collections.abc import Iterable
from typing import Literal, overload

from monitor.errors import UsageError


@overload
def parse_pair(text: str, option: str, example: str) -> tuple[str, str]: ...
@overload
def parse_pair(text: str, option: str, example: str, *, needs_value: Literal[True]) -> tuple[str, str]: ...
@overload
def parse_pair(text: str, option: str, example: str, *, needs_value: bool) -> tuple[str, str | None]: ...
def parse_pair(text: str, option: str, example: str, *, needs_value: bool = True) -> tuple[str, str | None]:
    """The name and the value of one option's `text`; the value may be empty, and may hold further equals signs.

    `needs_value` false: a name alone will do, and its value is None.

    Raises:
        UsageError: there is no name, or no equals sign. The message never holds the value, which may be a secret.
    """
    name, equals, value = text.partition("=")
    if not name or (needs_value and not equals):
        form = "NAME=VALUE" if needs_value else "NAME or NAME=VALUE"
        raise UsageError(f"{option} takes {form}, not {name + equals!r}", f"for example {option} {example}")
    return name, value if equals else None


def parse_pairs(texts: Iterable[str], option: str, example: str) -> dict[str, str]:
    """The pairs of a repeatable option; of one name the last.

    Raises:
        UsageError: as `parse_pair` does.
    """
    return dict(parse_pair(text, option, example) for text in texts)

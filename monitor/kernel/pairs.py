"""NAME=VALUE pairs in options."""

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
    """The name and value in an option's `text`. The value can be empty and can contain equals signs.

    If `needs_value` is false, a name alone is enough, and its value is None.

    Raises:
        UsageError: there is no name or no equals sign. The message never contains the value, which can be a secret.
    """
    name, equals, value = text.partition("=")
    if not name or (needs_value and not equals):
        form = "NAME=VALUE" if needs_value else "NAME or NAME=VALUE"
        raise UsageError(f"{option} takes {form}, not {name + equals!r}", f"for example {option} {example}")
    return name, value if equals else None


def parse_pairs(texts: Iterable[str], option: str, example: str) -> dict[str, str]:
    """The pairs of a repeatable option. The last pair with a name wins.

    Raises:
        UsageError: see `parse_pair`.
    """
    return dict(parse_pair(text, option, example) for text in texts)

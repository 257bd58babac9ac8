"""JSON values out of text that arrives in pieces: lines, documents one after the other, and the members of long lists.

A list is read value by value, also one inside a large object, so that memory does not grow with the document.
"""

import json
from collections.abc import Iterator
from typing import Any

from monitor.kernel.values import dataclass

# An object larger than this is read member by member. A subscription payload, which must be read as a whole because
# its stream may come after its events, has at most 6 MB.
MOST_OBJECT_CHARACTERS = 16 << 20
# A value that is longer is broken: an event of CloudWatch Logs has at most 1 MB.
MOST_VALUE_CHARACTERS = 64 << 20
_SPACE = " \t\r\n,\x1e\ufeff"
_LONGEST_LITERAL = 12


@dataclass(frozen=True, slots=True)
class JsonValue:
    """A value, its text, and the members of the objects around it that came before it."""

    value: Any
    text: str
    around: dict[str, Any]


class Broken(str):
    """Text that is not JSON."""

    __slots__ = ()


class JsonValues:
    """Reads values; `take` gives those that are complete."""

    def __init__(self) -> None:
        # Control characters inside strings: exports contain raw newlines and tabs.
        self._decode = json.JSONDecoder(strict=False).raw_decode
        self._text = ""
        self._at = 0
        self._more: list[str] = []
        self._more_size = 0
        self._next_try = 0
        # The objects and lists that are being read member by member: an object's members so far, or None for a list.
        self._open: list[dict[str, Any] | None] = []
        self.cut = False

    def take(self, text: str, *, final: bool = False) -> Iterator[JsonValue | Broken]:
        """The values that are complete after the next piece of text; text between values that is not JSON is Broken."""
        self._more.append(text)
        self._more_size += len(text)
        if not final and self._more_size + len(self._text) - self._at < self._next_try:
            return
        self._text = self._text[self._at :] + "".join(self._more)
        self._at, self._more, self._more_size = 0, [], 0
        while True:
            self._skip()
            if self._at == len(self._text):
                self._next_try = 0
                break
            found = self._next(final)
            if found is None:
                # Each try reads the value from its beginning: the next one is made when there is twice as much.
                self._next_try = 2 * (len(self._text) - self._at)
                break
            if not isinstance(found, bool):
                yield found
        if final:
            self.cut = self.cut or bool(self._open)

    def _skip(self) -> None:
        text, at, end = self._text, self._at, len(self._text)
        while at < end and text[at] in _SPACE:
            at += 1
        self._at = at

    def _next(self, final: bool) -> "JsonValue | Broken | bool | None":
        """The next value; True for a bracket that was read; None if there is not enough text."""
        text, first = self._text, self._text[self._at]
        if self._open:
            if first in "]}":
                self._open.pop()
                self._at += 1
                return True
            members = self._open[-1]
            if members is not None:
                return self._member(members, final)
        elif first == "[" and not self._is_log_line():
            self._open.append(None)
            self._at += 1
            return True
        if first not in '{["-0123456789tfnNI':
            return self._broken(final)
        start = self._at
        value = self._value(start, final)
        if value is _INCOMPLETE:
            if first == "{" and len(text) - start > MOST_OBJECT_CHARACTERS and len(self._open) < _MOST_OPEN:
                self._open.append({})
                self._at += 1
                return True
            return None
        if value is _INVALID:
            return self._broken(final)
        if not self._open and first not in '{["':
            # A number or a word at the beginning of a line of text.
            self._at = start
            return self._broken(final)
        around: dict[str, Any] = {}
        for one in self._open:
            around.update(one or {})
        return JsonValue(value, text[start : self._at], around)

    def _is_log_line(self) -> bool:
        """Whether a bracket begins `[INFO]` rather than a list."""
        following = self._text[self._at + 1 : self._at + 12].lstrip()
        return bool(following) and following[0] not in '{["]-0123456789ntf'

    def _member(self, members: dict[str, Any], final: bool) -> "Broken | bool | None":
        """Read a member of an object, or the beginning of its list."""
        start = self._at
        name = self._value(start, final)
        if name is _INCOMPLETE:
            return None
        if isinstance(name, str):
            while self._at < len(self._text) and self._text[self._at] in " \t\r\n:":
                self._at += 1
            if self._at == len(self._text):
                self._at = start
                return None
            first = self._text[self._at]
            if first == "[":
                self._open.append(None)
                self._at += 1
                return True
            value = self._value(self._at, final)
            if value is _INCOMPLETE:
                if (
                    first == "{"
                    and len(self._text) - self._at > MOST_OBJECT_CHARACTERS
                    and len(self._open) < _MOST_OPEN
                ):
                    self._open.append({})
                    self._at += 1
                    return True
                self._at = start
                return None
            if value is not _INVALID:
                members[name] = value
                return True
        self._at = start
        return self._broken(final)

    def _value(self, at: int, final: bool) -> Any:
        text = self._text
        try:
            value, end = self._decode(text, at)
        except RecursionError:
            return _INVALID
        except json.JSONDecodeError as error:
            ends_early = (
                error.msg.startswith("Unterminated string") or error.pos >= len(text.rstrip()) - _LONGEST_LITERAL
            )
            if ends_early and not final and len(text) - at < MOST_VALUE_CHARACTERS:
                return _INCOMPLETE
            if ends_early and final:
                self.cut = True
            return _INVALID
        except ValueError:
            # A whole number of more than 4,300 digits.
            return _INVALID
        if end == len(text) and not final and text[at] not in '{["':
            return _INCOMPLETE
        self._at = end
        return value

    def _broken(self, final: bool) -> Broken | None:
        """The rest of the line, which is not JSON."""
        end = self._text.find("\n", self._at)
        if end < 0:
            if not final and len(self._text) - self._at < MOST_VALUE_CHARACTERS:
                return None
            end = len(self._text)
        line = self._text[self._at : end]
        self._at = end
        return Broken(line.rstrip("\r"))


_INCOMPLETE, _INVALID = object(), object()
_MOST_OPEN = 8

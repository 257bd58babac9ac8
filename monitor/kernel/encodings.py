"""The encoding of a text file: that of its byte order mark, or UTF-8. Windows PowerShell's `>` writes UTF-16."""

import codecs

# UTF-32 comes first: its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def marked_encoding(start: bytes) -> tuple[str, int]:
    """(codec name, length of the byte order mark) of a text that begins with these bytes; ("", 0) without a mark."""
    return next(((codec, len(mark)) for mark, codec in _MARKS if start.startswith(mark)), ("", 0))


def decode_text(content: bytes, errors: str = "strict") -> str:
    """The text of a file, without its byte order mark.

    Raises:
        UnicodeDecodeError: it is not in that encoding, and `errors` is strict.
    """
    codec, mark_bytes = marked_encoding(content)
    return content[mark_bytes:].decode(codec or "utf-8", errors)


def as_utf8(content: bytes) -> bytes:
    """The content of a text file in UTF-8, without a byte order mark, for what parses bytes."""
    codec, mark_bytes = marked_encoding(content)
    if codec in ("", "utf-8"):
        return content[mark_bytes:]
    return decode_text(content, "replace").encode("utf-8", "replace")

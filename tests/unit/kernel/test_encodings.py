"""Text files with and without byte order marks."""

import pytest

from monitor.kernel.encodings import as_utf8, decode_text, marked_encoding

TEXT = "größe = 1\n"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_the_text_of_a_file_is_without_its_mark(codec: str) -> None:
    assert decode_text(TEXT.encode(codec)) == TEXT
    assert as_utf8(TEXT.encode(codec)) == TEXT.encode()


def test_big_endian_text_has_its_own_mark() -> None:
    assert decode_text(b"\xfe\xff" + TEXT.encode("utf-16-be")) == TEXT
    assert marked_encoding(b"\x00\x00\xfe\xff") == ("utf-32-be", 4)
    assert marked_encoding(b"text") == ("", 0)


def test_what_is_not_in_its_encoding_is_an_error_or_replaced() -> None:
    broken = "a".encode("utf-16") + b"\x00"
    with pytest.raises(UnicodeDecodeError):
        decode_text(broken)
    assert decode_text(broken, "replace") == "a\ufffd"
    assert as_utf8(broken) == "a\ufffd".encode()
    assert as_utf8(b"\xff") == b"\xff"

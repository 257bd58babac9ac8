"""From the bytes of a saved log to its text: UTF-8, UTF-16 and UTF-32, with a byte order mark or not; Windows-1252."""

import codecs
import re

from monitor.kernel.encodings import marked_encoding

_SAMPLE_BYTES = 4_096
# A machine that lost power, or a log that was truncated while it was written, leaves a run of NULs.
_PADDING = re.compile("\0{2,}|\0\\Z|\\A\0")
_MULTIBYTE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


def detect_encoding(start: bytes) -> tuple[str, int]:
    """(codec name, length of the byte order mark) of a text that begins with these bytes."""
    codec, mark_bytes = marked_encoding(start)
    if codec:
        return codec, mark_bytes
    sample = start[:_SAMPLE_BYTES].lstrip(b"\0") if start[:64].count(0) > 60 else start[:_SAMPLE_BYTES]
    pairs = len(sample) // 2
    even, odd = sample[0 : 2 * pairs : 2].count(0), sample[1 : 2 * pairs : 2].count(0)
    if pairs and odd > pairs // 2 and even < pairs // 8:
        return "utf-16-le", 0
    if pairs and even > pairs // 2 and odd < pairs // 8:
        return "utf-16-be", 0
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        # One broken character in a UTF-8 text does not make it another encoding.
        return ("utf-8" if _MULTIBYTE.search(start) or b"\0" in start else "cp1252"), 0
    return "utf-8", 0


class TextDecoder:
    """Decodes a saved log piece by piece; characters that cannot be decoded become U+FFFD, runs of NULs are removed."""

    def __init__(self, start: bytes) -> None:
        self.codec, self._mark_bytes = detect_encoding(start)
        self._decoder = codecs.getincrementaldecoder(self.codec)("replace")

    @property
    def is_utf8(self) -> bool:
        """Whether the bytes can be searched for ASCII text without decoding."""
        return self.codec == "utf-8"

    def decode(self, data: bytes, *, final: bool = False) -> str:
        """The text of the next bytes."""
        if self._mark_bytes:
            data, self._mark_bytes = data[self._mark_bytes :], 0
        text = self._decoder.decode(data, final)
        return _PADDING.sub("", text) if "\0" in text else text

"""How the lines of loggers and tracebacks begin: patterns alone, so that a tail can pass over most lines quickly."""

import re

from monitor.records.levels import TEXT_LEVELS

LEVEL_WORDS = "|".join(sorted(TEXT_LEVELS, key=len, reverse=True))
LEVEL_FIRST = re.compile(
    rf"({LEVEL_WORDS})(?=[:|\s]|\s-|$)|(?i:[\[<(]({LEVEL_WORDS})\s{{0,8}}[\])>](?!\t\d|\s\s+\d))"
    rf"|({LEVEL_WORDS.lower()}):\s"
)
# Possessive quantifiers: a plain line fails at the end of its first word, without trying shorter ones.
NAME_FIRST = re.compile(
    r"(?:[\w.$/@<>-]{1,80}+(?:\[\d{1,9}\])?(?:\s?[-|]\s|:\s?)"
    r"|[\w$/@-]{1,60}+[.:][\w.$:@-]{1,60}+\s|\[[\w.$:-]{1,80}+\]\s?)"
    rf"[\[(]?({LEVEL_WORDS})(?=[:|\s\])]|$)"
)
LOGFMT = re.compile(r"[A-Za-z_][\w.@-]{0,60}+=")
_ANY_FIRST = re.compile(f"(?:{NAME_FIRST.pattern})|(?:{LEVEL_FIRST.pattern})|{LOGFMT.pattern}")
_COLOUR = re.compile(r"\x1b\[[0-9;]*[mK]")
_TITLE = "Traceback (most recent call last)"
_BEGINS = re.compile(r"[\s|+]{0,40}(?:Exception Group )?Traceback \(most recent call last\):\s*\Z")
# rich's box around a traceback.
BOX_BEGINS = re.compile(r"\s{0,60}[╭+][─-]+ Traceback \(most recent call last\) [─-]+")


def without_colours(text: str) -> str:
    """A text without the colours that its logger gave it."""
    return _COLOUR.sub("", text) if "\x1b" in text else text


def begins_traceback(line: str) -> bool:
    """Whether a line, without colours, begins a traceback of Python."""
    return _TITLE in line and (_BEGINS.match(line) is not None or BOX_BEGINS.match(line) is not None)


def may_be_logged(text: str) -> bool:
    """Whether `parse_logger_text` may read a text that begins with a letter or a bracket: quick, for a tail.

    A traceback or stack of many lines in one text is included.
    """
    if _ANY_FIRST.match(text) is not None:
        return True
    # Of several lines.
    return text.find("\n", 0, -1) > 0 or text.find("\r", 0, -2) > 0

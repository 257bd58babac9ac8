"""How the lines of loggers and tracebacks begin: patterns alone, so that a tail can pass over most lines quickly."""

import re

from monitor.records.levels import TEXT_LEVELS

LEVEL_WORDS = "|".join(sorted(TEXT_LEVELS, key=len, reverse=True))
LEVEL_FIRST = re.compile(
    rf"({LEVEL_WORDS})(?=[:|\s]|\s-|$)|(?i:[\[<(]({LEVEL_WORDS})\s{{0,8}}[\])>](?!\t\d|\s\s+\d))|({LEVEL_WORDS.lower()}):\s"
)
NAME_FIRST = re.compile(
    rf"(?:[\w.$/@<>-]{{1,80}}(?:\[\d{{1,9}}\])?(?:\s?[-|]\s|:\s?)|[\w$/@-]{{1,60}}[.:][\w.$:@-]{{1,60}}\s|\[[\w.$:-]{{1,80}}\]\s?)"
    rf"[\[(]?({LEVEL_WORDS})(?=[:|\s\])]|$)"
)
LOGFMT = re.compile(r"[A-Za-z_][\w.@-]{0,60}=")
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
    if LEVEL_FIRST.match(text) or NAME_FIRST.match(text) or LOGFMT.match(text):
        return True
    return ("\n" in text[:-1] or "\r" in text[:-1]) and ("Traceback" in text or "at " in text)

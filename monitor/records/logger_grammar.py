"""How the lines of loggers and tracebacks begin: patterns alone, so that a tail can pass over most lines quickly."""

import re

from monitor.records.levels import TEXT_LEVELS

LEVEL_WORDS = "|".join(sorted(TEXT_LEVELS, key=len, reverse=True))
# Formats that people set up for a terminal have a sign before the level: an emoji, or a mark in brackets.
_EMOJI = "[\u203c\u2049\u2139\u2300-\u27bf\u2b00-\u2bff\U0001f000-\U0001faff][\ufe0e\ufe0f\u200d]?"
_SIGN = rf"(?:(?:{_EMOJI}){{1,3}}\s{{0,2}}|(?:!{{1,3}}|\*{{2,3}}|\[[!*+x-]\])\s{{1,2}})?"
LEVEL_FIRST = (
    rf"{_SIGN}(?:({LEVEL_WORDS})(?=[:|\s]|\s-|$)|(?i:[\[<(](?:{_EMOJI}\s?)?({LEVEL_WORDS})\s{{0,8}}"
    rf"[\])>](?!\t\d|\s\s+\d))|({LEVEL_WORDS.lower()}):\s)"
)
# Bounded: each class leaves out what follows it, so that a plain line fails after its first word.
NAME_FIRST = (
    r"(?:[\w.$/@<>-]{1,80}(?:\[\d{1,9}\])?(?:\s?[-|]\s|:\s?)"
    r"|[\w$/@-]{1,60}[.:][\w.$:@-]{1,60}\s|\[[\w.$:-]{1,80}\]\s?)"
    rf"(?:{_EMOJI}\s?)?[\[(]?({LEVEL_WORDS})(?=[:|\s\])]|$)"
)
LOGFMT = r"[A-Za-z_][\w.@-]{0,60}="
# A level in one letter: glog, klog, and absl; Tornado, and Jupyter; Ruby's logger, which names it again.
LETTER_FIRST = (
    r"([DIWEFC])\d{4} \d\d:\d\d:\d\d\.\d{1,6}\s{1,8}\d{1,10} [^\s\]]{1,80}:\d{1,7}\] "
    r"|\[([DIWEC]) (?:\d{6}|\d{4}-\d\d-\d\d) \d\d:\d\d:\d\d(?:\.\d{1,6})? [\w.-]{1,80}(?::\d{1,7})?\] "
    r"|([DIWEFA]), \[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,9} #\d{1,10}\]\s{1,8}[A-Z]{3,8} -- [^:\n]{0,80}: "
)
# .NET's console logger: a level in four letters, the category and the number of the event.
DOTNET_FIRST = r"(trce|dbug|info|warn|fail|crit): [\w.`+<>,-]{1,200}\[-?\d{1,10}\]\s"
_ANY_FIRST = re.compile(f"(?:{NAME_FIRST})|(?:{LEVEL_FIRST})|{LOGFMT}|{LETTER_FIRST}|{DOTNET_FIRST}")
_COLOR = re.compile(r"\x1b\[[0-9;]*[mK]")


def without_colors(text: str) -> str:
    """A text without the colors that its logger gave it."""
    return _COLOR.sub("", text) if "\x1b" in text else text


def may_be_logged(text: str) -> bool:
    """Whether `parse_logger_text` may read a text that begins with a letter or a bracket: quick, for a tail.

    A traceback or stack of many lines in one text is included.
    """
    if _ANY_FIRST.match(text) is not None:
        return True
    # Of several lines.
    return text.find("\n", 0, -1) > 0 or text.find("\r", 0, -2) > 0

"""The text lines of ordinary loggers: a level, with a time, names and numbers before or after it, and the message.

Read are logging.basicConfig and formats with asctime, uvicorn, gunicorn, Flask, Django, Celery, Chalice, loguru, rich,
structlog's console, absl, Tornado, coloredlogs, logfmt (structlog, logrus, logfmter), winston's simple format, log4j,
logback, Spring Boot, java.util.logging, and the usual loggers of Go, Rust, Ruby, PHP, and .NET; and tracebacks that are
printed without a logger.
"""

import re

from monitor.records.levels import LETTERS, level_number
from monitor.records.logger_grammar import (
    DOTNET_FIRST,
    LETTER_FIRST,
    LEVEL_FIRST,
    LEVEL_WORDS,
    LOGFMT,
    NAME_FIRST,
    without_colors,
)
from monitor.records.record import Application, ExceptionText
from monitor.records.tracebacks import begins_traceback, read_stack, read_traceback

_TIME = (
    r"(?:\d{4}[-/.]\d\d[-/.]\d\d[T_ ,]\d\d:\d\d:\d\d(?:[.,:]\d{1,9})?(?:Z|\s?[+-]\d\d:?\d\d|\s(?:UTC|GMT))?"
    r"|\d{1,2}[/-](?:[A-Z][a-z]{2}|\d\d)[/-]\d{2,4}[:, ]\s?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:\s[+-]\d{4})?"
    r"|(?:[A-Z][a-z]{2},?\s)?[A-Z][a-z]{2}\s{1,2}\d{1,2},?\s(?:\d{4},?\s)?\d\d?:\d\d:\d\d(?:[.,]\d{1,9})?(?:\s\d{4})?"
    r"|\d\d:\d\d:\d\d(?:[.,]\d{1,9})?)(?:\s[AP]M)?"
)
_DATED = re.compile(rf"[\[(]?{_TIME}")
# The third form is Monolog's: the channel, a dot, and the level.
_LEVEL_LATER = re.compile(
    rf"(?<![\w.])(?:({LEVEL_WORDS})(?![\w.])|\[({LEVEL_WORDS})\s*\]|[A-Za-z][\w-]{{0,40}}\.({LEVEL_WORDS}): )",
    re.IGNORECASE,
)
# A name with the number of its process, as syslog writes it.
_PROCESS = re.compile(r"\S{1,80}\[\d{1,10}\]")
_BRACKETS = re.compile(r"\[[^\[\]]{0,100}\]|\([^()]{0,100}\)")
_ODD = re.compile(r"[^A-Za-z]")
# RichHandler leaves the time out where it is that of the line above.
_RICH = re.compile(rf"\s{{8,40}}({LEVEL_WORDS})\s{{1,8}}\S")
_LEVEL_FIRST, _NAME_FIRST, _LOGFMT = map(re.compile, (LEVEL_FIRST, NAME_FIRST, LOGFMT))
_LETTER_FIRST, _DOTNET_FIRST = map(re.compile, (LETTER_FIRST, DOTNET_FIRST))
_PAIR = re.compile(r"""([A-Za-z_][\w.@-]{0,60})=("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[^\s"']*)""")
_LEVEL_KEYS = ("level", "lvl", "severity", "levelname", "log.level", "log_level", "at")
_MESSAGE_KEYS = ("msg", "message", "event")
_TRACE_KEYS = ("exception", "exc_info", "stack", "stack_trace", "traceback", "error")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_SEPARATORS = " \t]|:)>-"
# What loggers write between the level and the message. A name alone is cut only if its form says that it is one.
_NAMED = re.compile(
    r"in [\w.]{1,80}: "  # Flask
    r"|[A-Za-z_][\w.$<>-]{0,100}:[\w.$<>-]{1,100}:\d{1,7}(?: - |: | \| )"  # loguru
    r"|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d[.,]\d{1,6} \S{1,80} \d{1,10} \d{1,20} "  # Django
    r"|\[[\w.$/<> -]{1,80}[.:][\w.$/<> -]{0,80}\]:? "
    r"|[A-Za-z_][\w$]{0,60}(?:[.:/][\w$<>]{1,60}){1,9}(?::\d{1,7})?(?::| -| \|) "
    r"|/?[\w.:-]{1,80}\] "  # Celery, and env_logger, whose brackets begin before the time
    r"|\d{1,9} --- (?:\[[^\]]{0,80}\] ){1,3}\S{1,120}\s{0,60}: "  # Spring Boot
)
_MOST_FREE_WORDS = 1
_HEAD = 160
_MOST_PAIRS = 200
# Longer lines are not searched for frames.
_LONGEST = 1 << 20


def parse_logger_text(text: str) -> Application | None:
    """A line of a logger, or a complete traceback or stack; None for text that is neither."""
    bare = without_colors(text)
    found = _level(bare)
    if found is None:
        return _printed(bare)
    level, start = found
    if start < 0:
        return _pairs(bare, level)
    rest = bare[start:].lstrip(_SEPARATORS) if bare[start : start + 1] != ":" else _after_colon(bare[start + 1 :])
    if name := _NAMED.match(rest):
        rest = rest[name.end() :]
    exception = _exception(rest[:_LONGEST])
    return Application(level, rest.rstrip(), exception=exception, as_logged=True)


def _level(text: str) -> tuple[str, int] | None:
    """The level that a line begins with, and where its rest begins; -1 for a line of key=value pairs."""
    first = text[:1]
    if first.isdigit() or (first in "[(" and text[1:2].isdigit()) or (first.isupper() and text[3:4] in (" ", ",")):
        time = _DATED.match(text)
        if time is not None:
            return _level_after(text, time.end())
    lettered = _LETTER_FIRST.match(text)
    if lettered is not None:
        return LETTERS[lettered[lettered.lastindex or 0]], lettered.end()
    if first == " ":
        rich = _RICH.match(text)
        return None if rich is None else (rich[1], rich.end(1))
    found = _LEVEL_FIRST.match(text)
    if found is not None:
        return (found[1] or found[2] or found[3]).upper(), found.end(found.lastindex or 0)
    named = _NAME_FIRST.match(text)
    if named is not None:
        return named[1], named.end(1)
    numbered = _DOTNET_FIRST.match(text)
    if numbered is not None:
        return numbered[1].upper(), numbered.end()
    if _LOGFMT.match(text):
        pairs = dict(_PAIR.findall(text[: _HEAD * 4]))
        level = next((pairs[key].strip("\"'") for key in _LEVEL_KEYS if key in pairs), "")
        return (level.upper(), -1) if level_number(level) is not None else None
    return None


def _level_after(text: str, end: int) -> tuple[str, int] | None:
    """The level after a time: only names, numbers and brackets are between the two."""
    line_end = text.find("\n", end)
    found = _LEVEL_LATER.search(text, end, end + _HEAD if line_end < 0 else min(line_end, end + _HEAD))
    if found is None:
        return None
    level = found[1] or found[2] or found[3]
    if found[3] and not level.isupper():
        return None
    if not level.isupper() and found[2] is None and not text.startswith(("]", ")", ":"), found.end()):
        return None
    between = _BRACKETS.sub(" ", _PROCESS.sub(" ", text[end : found.start()].lstrip("])"))).split()
    if sum(_ODD.search(word) is None for word in between if word != "MainThread") > _MOST_FREE_WORDS:
        return None
    return level.upper(), found.end()


def _after_colon(rest: str) -> str:
    """The message of `LEVEL:name:message` (basicConfig) or `LEVEL: message` (uvicorn)."""
    if rest[:1] not in ("", " ", "\t", "\n"):
        name, colon, message = rest.partition(":")
        if colon and " " not in name and "\n" not in name:
            return message
    return rest.lstrip(_SEPARATORS)


def _exception(text: str) -> ExceptionText | None:
    if "\n" not in text and "\r" not in text:
        return None
    found = read_traceback(text)
    if found is not None and found.type:
        return found
    return read_stack(text) or read_stack(text.partition("\n")[2])


def _printed(text: str) -> Application | None:
    """A traceback or a stack that is the whole text, or that follows a line without a level, as Django's does."""
    if "\n" not in text.strip() and "\r" not in text:
        return None
    exception = _exception(text[:_LONGEST])
    if exception is None:
        return None
    head, _, rest = text.strip().replace("\r", "\n").partition("\n")
    if head.endswith(f": {exception.type}") and rest.startswith(exception.type):
        # Lambda's own account of an exception that left a handler in Java: `message: type`, then Java's stack.
        return Application("ERROR", head, exception=exception)
    message = f"{exception.type}: {exception.message}".removesuffix(": ") if begins_traceback(head) else head
    return Application(None, message, exception=exception, as_logged=True)


def _pairs(text: str, level: str) -> Application:
    """A line of key=value pairs (logfmt)."""
    pairs: dict[str, str] = {}
    for number, match in enumerate(_PAIR.finditer(text)):
        if number >= _MOST_PAIRS:
            break
        pairs.setdefault(match[1], _unquoted(match[2]))
    message = next((pairs[key] for key in _MESSAGE_KEYS if key in pairs), text.rstrip())
    traces = (_exception(pairs[key]) for key in _TRACE_KEYS if "\n" in pairs.get(key, ""))
    return Application(level, message, exception=next((one for one in traces if one), None), as_logged=True)


def _unquoted(value: str) -> str:
    if value[:1] not in ('"', "'"):
        return value
    return _ESCAPED.sub(lambda found: {"n": "\n", "t": "\t", "r": "\r"}.get(found[1], found[1]), value[1:-1])

"""How the records of Lambda and of loggers begin: the first line of an event, unlike a line that continues one."""

import re

_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_ISO = r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d"
STREAM = r"\d{4}/\d\d/\d\d/[^\s\[\]()]{0,140}\[[^\]\s]{1,64}\][^\s)\]\x1b]{0,140}(?:\][^\s)\]\x1b]{0,64})?"
GROUP = r"/[\w./#-]{1,511}"
EVENT_ID = r"\d{50,60}"
LEVEL_WORDS = "TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|SEVERE|EXCEPTION"
# A record of Lambda's platform, in text or JSON. Nothing else begins like this, so it is evidence for a form.
PLATFORM = re.compile(
    r"(?:START|END|REPORT) RequestId:?[ \t]|INIT_START Runtime|INIT_REPORT |RESTORE_(?:START|REPORT) "
    r"|XRAY TraceId: |(?:EXTENSION|TELEMETRY|LOGS)[ \t]Name: "
    rf"|RequestId: {_ID} (?:Error:|Process exited)|{_ISO}\S{{0,12}} {_ID} Task timed out after "
    r'|\{\s{0,40}"(?:time|type|record)"\s{0,4}:\s{0,4}[^\n]{0,200}?"platform\.'
    r'|\{\s{0,40}"time"\s{0,4}:\s{0,4}"[^"\n]{1,40}",\s{0,40}"type"\s{0,4}:\s{0,4}"platform\.'
)
# A line of a runtime or of a logger.
LOGGER = re.compile(
    rf"\[(?:{LEVEL_WORDS})\]|LAMBDA_WARNING: |{_ISO}[.,]\d{{3}}Z\t|import time:"
    rf"|(?:{LEVEL_WORDS})(?:: |:[\w.]+:|\s+\[|:\s{{2,9}}|\s+-\s|\s+\|)"
    rf"|\[?{_ISO}[^\n]{{0,80}}?\b(?:{LEVEL_WORDS})\b|[\w.-]{{1,60}} - (?:{LEVEL_WORDS}) - "
    r'|\{\s{0,40}"(?=[^\n]{0,2000}?"(?:level|levelname|severity|log_level|log\.level|lvl|errorType|_aws|message|msg|event)"\s?:)'
)
_LEVEL_WORD = re.compile(
    rf"\b(?:{LEVEL_WORDS}|(?:E|e)xception)\b"
    r"|[\[<(](?:error|critical|fatal|exception|warning)\s{0,8}[\])>]|\blevel=\"?(?:error|critical|fatal|warn)"
)
TRACEBACK = re.compile(r"[ |+]{0,20}(?:Exception Group )?Traceback \(most recent call last\):")
# Between the tracebacks of chained exceptions.
CHAINED = ("During handling of the above exception", "The above exception was the direct cause", "Caused by: ")
EXIT_TYPE = re.compile(r"(?:Runtime|Extension|Function|Sandbox)\.[A-Za-z]{1,60}\s*\Z")
SPACES = (" ", "\t", "\N{NO-BREAK SPACE}", "\N{IDEOGRAPHIC SPACE}")
STREAM_NAME = re.compile(STREAM)
_COLOR = r"(?:\x1b\[[0-9;]{0,20}[mK])"
_COLORS = re.compile(rf"{_COLOR}+")
_RESET = re.compile(rf"{_COLOR}+\s*\Z")


def is_platform(text: str) -> bool:
    """Whether a text begins a record of Lambda's platform."""
    return PLATFORM.match(text) is not None


def is_record(text: str) -> bool:
    """Whether a text begins a record of Lambda's platform, a runtime or a logger."""
    return PLATFORM.match(text) is not None or LOGGER.match(text) is not None


def has_level(text: str) -> bool:
    """Whether the beginning of a text names a log level, as the line above a traceback does."""
    return _LEVEL_WORD.search(text, 0, 200) is not None


def match_head(pattern: re.Pattern[str], line: str) -> tuple[re.Match[str], str] | None:
    """The match of a pattern at the beginning of a line, and the rest of the line; colors do not matter."""
    if "\x1b" not in line:
        found = pattern.match(line)
        return None if found is None else (found, line[found.end() :])
    found = pattern.match(_COLORS.sub("", line))
    if found is None:
        return None
    # The rest keeps its own colors; those beside the columns are the tool's.
    at = read = 0
    while read < found.end() or line[at : at + 1] == "\x1b":
        code = _COLORS.match(line, at)
        if code is not None:
            at = code.end()
        elif read < found.end():
            at, read = at + 1, read + 1
        else:
            break
    return found, line[at:]


def without_any_color(text: str) -> str:
    """A text without colors, wherever they are."""
    return _COLORS.sub("", text) if "\x1b" in text else text


def without_color(message: str) -> str:
    """A message whose colors come from the tool that printed it; the colors of other messages are kept.

    A tool colors a whole line; the record below begins and ends with the codes.
    """
    found = _COLORS.match(message)
    if found is None or not is_record(message[found.end() :]):
        return message
    return _RESET.sub("", message[found.end() :])

"""The patterns with which blocks of the output of `aws logs tail` are searched, and the rows that they find."""

import re
from functools import cache

from monitor.records.forms.openings import STREAM
from monitor.records.forms.times import ISO
from monitor.records.stream import DURABLE, SERVERS

# The CLI writes no microseconds on a whole second.
_UTC = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?\+00:00"
HEAD = re.compile(rf"({_UTC}) ({STREAM})(?: |$)".encode(), re.MULTILINE)
UTC_TIME = re.compile(_UTC.encode(), re.ASCII)
# Lines that another tool wrote among them, or an editor changed, can have any time of the full reader's.
_TIME = ISO
STREAM_NAME = re.compile(STREAM.encode())
# How an event begins, up to what a stream's name cannot lack, and a line break inside of one.
NEXT = rf"{_TIME} \d{{4}}/\d\d/\d\d/[^\s\[\]()]{{0,140}}\[[^\]\s]{{1,64}}\]"
_MORE = rf"\n(?!{NEXT})"
# How a message begins that can bear on an invocation as a whole (see parse_fact), or that begins on the next line.
_RARE = (
    r"START |R(?:EPORT |equestId:|ESTORE_)|E(?:rror: |XTENSION)|INIT_|X|TELEMETRY\t|L(?:OGS\t|AMBDA_WARNING: )"
    rf"|\[ERROR\] |\d|{_MORE}|\s*\{{{_MORE}"
)
# JSON that bears on one contains "platform., "errorType" or "monitor_init": one search finds what they have in common.
JSON_MARK = re.compile(rb'or(?:m\.|Type"|_init")')
_JSON = rf'|\{{(?=[^\n]*?(?:"(?:platform\.|errorType"|monitor_init")|{_MORE}))'
# Lambda writes the exception of a handler in Java without a mark at its beginning: its frames tell it.
JAVA_MARK = b"\n\tat "
_JAVA = rf"|[^\n]*(?:{_MORE}[^\n]*){{0,20}}?\n\tat "
DURABLE_MARK, SERVER_MARKS = DURABLE.encode(), tuple(mark.encode() for mark in SERVERS)
_HINTED = rf"|[^\n]*(?:{_MORE}[^\n]*)*?(?:{'|'.join(map(re.escape, (DURABLE, *SERVERS)))})"
# A time that is not on a whole second, and its digits as zeros.
WIDE_TIME = b"0000-00-00T00:00:00.000000+00:00"
ZEROS = bytes.maketrans(b"123456789", b"000000000")
# The columns of most lines. Ranges take less time than classes of characters.
_NEXT_WIDE = "DDDD-DD-DDTDD:DD:DD[.]DDDDDD[+]00:00 DDDD/DD/DD/".replace("D", "[0-9]")
# What follows a line is other columns, or the end of the block.
_END = rf"(?=\n(?:{_NEXT_WIDE}[^\s\[\]()]{{0,140}}\[[^\]\s]{{1,64}}\]|{NEXT})|\Z)"
# An empty alternative takes less time than an optional group.
XRAY = r"((?:\nXRAY TraceId: [!-~]{1,200}(?:\tSegmentId: \w{1,40})?(?:\tSampled: \w{1,5})?[\t\r ]{0,4}|))"
# MILLISECONDS as alternatives, the more frequent one first: what is billed is whole.
MS, BILLED = r"(\d{1,15}\.\d{1,9}|\d{1,15})", r"(\d{1,15}|\d{1,15}\.\d{1,9})"
# What an application logs, and not Lambda, among what is rare.
OF_APPLICATION = re.compile(rb"\[ERROR\] |\d|(?!.*platform\.)\{", re.DOTALL)
# The rest of START and of REPORT, of a warm invocation that succeeded. Few texts are different in a log.
VERSION = re.compile(rb"(\$LATEST|\d{1,15})[\t\r ]{0,4}")
_SIZES = r"\tMemory Size: \d{1,15} MB\tMax Memory Used: \d{1,15} MB"
MEMORY = rf"{_SIZES}[\t\r ]{{0,4}}"
MEMORY_FIGURES = re.compile(MEMORY.replace(r"\d{1,15}", r"(\d{1,15})").encode())


def passed(*, with_json: bool) -> str:
    """How a message begins that does not bear on an invocation, and is passed over at once."""
    # A range takes less time than a class of characters.
    return rf"[^SRXTLIE\[0-9\t-\r {'{' if with_json else ''}]|EN|\[[^E]"


def _row(time: str, stream: str, space: str, rare: str, between: str) -> str:
    """The pattern of a line that bears on an invocation; its groups are those of `Row`.

    `between` are lines that can stand between START and the REPORT of an invocation, and are one row with these.
    """
    figures = rf"\tDuration: {MS} ms\tBilled Duration: {BILLED} ms([^\n]*){XRAY}{_END}"
    return (
        rf"({time}) ({stream}){space}"
        r"(?:START RequestId: ([0-9a-f-]{36}) Version: ([^\n]*)"
        # The REPORT that comes next belongs to the START.
        rf"(?:\n(?:{between}|)({time}) \2 REPORT RequestId: \3{figures}|{_END})"
        rf"|REPORT RequestId: ([^\n]{{36}}){figures}"
        rf"|({rare}[^\n]*(?:{_MORE}[^\n]*)*))"
    )


@cache
def row_pattern(width: int, *, with_json: bool) -> re.Pattern[bytes]:
    """Finds what bears on an invocation among lines whose time has microseconds, and whose stream has this width.

    These columns are passed over by their width, which costs nothing for the many lines that say nothing of an
    invocation: what is passed over can be the end of a line and the beginning of the next. A line that can have columns
    of another width is a row with its whole text and no stream. What looks like a frame of Java is a row without text.
    The few rows have what stands where columns are: it is to be checked.
    """
    usual = passed(with_json=with_json)
    skip = rf"(?!.{{32}} .{{{width}}} (?:{usual}))"
    rare = f"(?:{_RARE}{_JSON if with_json else ''})"
    # The second includes the first, which takes less time.
    between = rf".{{32}} \2 END [^\n]*\n|(?:[^\n]{{32}} \2 (?:{usual})[^\n]*\n)+"
    row = _row(".{32}", f".{{{width}}}", " ", rare, between)
    odd = rf"(?!.{{32}} .{{{width}}} )(\d{{4}}-\d\d-[^\n]*(?:{_MORE}[^\n]*)*)"
    # No possessive quantifiers or atomic groups: Python 3.11.2 matches them wrongly, as the conformance tests show.
    return re.compile(rf"\n{skip}(?:{row}|{odd}|\tat )".encode(), re.ASCII | re.DOTALL)


@cache
def careful_pattern(*, with_json: bool, with_java: bool, hinted: bool = False) -> re.Pattern[bytes]:
    """Finds what bears on an invocation among all lines."""
    rare = f"(?:{_RARE}{_JSON if with_json else ''}{_JAVA if with_java else ''}{_HINTED if hinted else ''})"
    skip = "" if with_java or hinted else rf"(?!{passed(with_json=with_json)})"
    # An END with a slash can name a durable execution.
    row = _row(_TIME, STREAM, rf"(?: |(?=\n|\Z)){skip}", rare, rf"{_TIME} \2 END [^\n/]*\n")
    return re.compile(rf"\n{row}".encode(), re.ASCII | re.DOTALL)


def _invocation(rest: str) -> str:
    """The pattern of START, END and REPORT of one stream, after the time and the name of START."""
    return (
        r"START RequestId: (?P<id>.{36}) Version: ([^\n]*)\n(?:.{32} (?P=stream) END RequestId: (?P=id)\n|)"
        rf"(.{{32}}) (?P=stream) REPORT RequestId: (?P=id)\tDuration: {MS} ms\tBilled Duration: {BILLED} ms({rest})"
    )


@cache
def whole_pattern(width: int) -> re.Pattern[bytes]:
    """Finds whole invocations whose lines are together; its groups are the first ones of `Row`, up to the trace.

    Times, request ids, the names of streams, and the rests of the lines of START and REPORT are to be checked, and so
    is that an event follows.
    """
    # A longer rest has more than the figures of a warm invocation.
    invocation = _invocation(r"[^\n]{0,64}")
    text = rf"\n(.{{32}}) (?P<stream>.{{{width}}}) {invocation}{XRAY}$"
    return re.compile(text.encode(), re.ASCII | re.DOTALL | re.MULTILINE)


@cache
def cold_pattern(width: int) -> re.Pattern[bytes]:
    """Finds INIT_START with the whole invocation that follows it, of a cold start on demand that succeeded.

    Its groups are the time, the name of the stream and the rest of the line of INIT_START, the time of START, and those
    of `whole_pattern` from the request id on, but the trace. What is to be checked is the same, but the rest of REPORT.
    """
    init = rf"\n(.{{32}}) (?P<stream>.{{{width}}}) INIT_START ([^\n]*)\n(.{{32}}) (?P=stream) "
    rest = rf"{_SIZES}\tInit Duration: (?:\d{{1,15}}\.\d{{1,9}}|\d{{1,15}}) ms[\t\r ]{{0,4}}"
    return re.compile(f"{init}{_invocation(rest)}$".encode(), re.ASCII | re.DOTALL | re.MULTILINE)


# The groups of the pattern, from 0: the time and the stream; the request id of START, the rest of its line, and the
# time and the figures of its REPORT if that follows; the request id and the figures of a REPORT alone; the whole text
# of anything else; and, in the quick pattern, an event with its columns. The figures are the duration, the billed
# duration, the rest of the line and the trace.
Row = tuple[bytes, ...]
TIME_OF, NAME, STARTED, VERSION_OF, ENDED, DURATION, _BILLED, REST, TRACE, REPORTED = range(10)
OTHER, ODD = 14, 15
NO_ROW: Row = (b"",) * 16
# In a row of a cold start, these follow: the time and the rest of the line of INIT_START.
INIT_TIME, INIT = 16, 17
FIGURES, REPORT_FIGURES = slice(DURATION, TRACE + 1), slice(10, 14)

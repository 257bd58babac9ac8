"""Read Python's tracebacks, line by line or as one text, and the stacks of Node.js and Java.

The forms: what the interpreter prints, loguru's (blank lines, `> File`, values under the code), rich's boxes, exception
groups, chained exceptions, and any of these in color.
"""

import re
from enum import Enum

from monitor.records.logger_grammar import without_colors
from monitor.records.record import ExceptionText

_NO_BREAK_SPACE = "\N{NO-BREAK SPACE}"
_TITLE = "Traceback (most recent call last)"
_BEGINS = re.compile(r"[\s|+]{0,40}(?:Exception Group )?Traceback \(most recent call last\):\s*\Z")
# rich's box around a traceback.
_BOX_BEGINS = re.compile(r"\s{0,60}[╭+][─-]+ Traceback \(most recent call last\) [─-]+")
_BOX_ENDS = re.compile(r"\s{0,60}[╰+][─-]+[╯+]\s*\Z")
_CHAINED = ("The above exception was the direct cause of", "During handling of the above exception,")
_GROUP_LINE = re.compile(r"\s{0,200}[|+]")
_GROUP_MEMBER = re.compile(r"\s{2,200}\| (?=\S)")
_EXCEPTION = re.compile(r"([^\W\d][\w.<>]{0,200})(?:: (.*)|:)?\Z", re.DOTALL)
_VALIDATION = re.compile(r"\d{1,6} validation errors? for ")
_NODE = re.compile(
    r"(?:[^\n]{1,300}? )??\b"
    r"((?:[A-Za-z_$][\w.$]{0,200}?)??(?:Error|Exception)\w{0,60}|[\w$]{1,60}(?= \[\w{0,60}Error\]))"
    r"(?: \[([\w.]{1,100})\])?(?:: ([^\n]*))?\s*\Z"
)
_JAVA = re.compile(
    r'(?:Exception in thread "[^"\n]{0,200}" |Caused by: )?((?:[a-z_][\w$]{0,80}\.){1,20}[A-Z][\w$]{0,120})'
    r"(?:: (.*))?\Z"
)
_STACK_LINE = re.compile(r"\s{1,40}at \S|\s{0,40}\.\.\. \d+ (?:more|common frames|lines)")
_FRAME = re.compile(r'[\s>|]{0,200}File "')
_NAMED_ERROR = re.compile(r"[\w.]{0,200}(?:Error|Exception|Warning|Exit|Interrupt|Group)(?::|\Z)")
_CONTINUES = re.compile(r"\d validation errors? for |\(\d{1,6} sub-exceptions?\)$|:$")
# pydantic's last line of each fault.
_HELP = "For further information visit "
_MOST_LINES = 2_000
_MOST_STACK = 200
_MOST_MESSAGE_LINES = 40


def begins_traceback(line: str) -> bool:
    """Whether a line, without colors, begins a traceback of Python."""
    return _TITLE in line and (_BEGINS.match(line) is not None or _BOX_BEGINS.match(line) is not None)


def stack_lines(text: str) -> tuple[str, ...]:
    """The lines of a stack that are not blank. Lambda writes \\r for their ends, and no-break spaces before them."""
    lines = (line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    return tuple(line.replace(_NO_BREAK_SPACE, " ") for line in lines if line.strip())


class Part(Enum):
    """What a line of a traceback is; a detail is code or values below a frame."""

    TITLE = "title"
    FRAME = "frame"
    DETAIL = "detail"
    EXCEPTION = "exception"
    MORE = "more"


class TracebackReader:
    """Reads one traceback of Python, line by line, to its last exception.

    `add` returns None for the first line that is not part of it. `exception` is what has been read: of chained
    exceptions the last one, which is the one that was raised; of a group, the group with its members in the message.
    """

    __slots__ = ("_box", "_chained", "_group", "_is_bare", "_lines", "_members", "_message", "_stack", "_type")

    def __init__(self) -> None:
        self._lines = 0
        self._restart()

    def _restart(self) -> None:
        self._stack: list[str] = []
        self._type: str | None = None
        self._message: list[str] = []
        self._members: list[str] = []
        # Inside rich's box, after it, or None without one.
        self._box: bool | None = None
        self._group = self._chained = self._is_bare = False

    @property
    def complete(self) -> bool:
        """Whether the line with the exception has been read."""
        return self._type is not None

    @property
    def exception(self) -> ExceptionText:
        """The exception that has been read; its type is "" if the traceback ended before it."""
        message = "\n".join(self._message + [f"  {one}" for one in self._members]).rstrip()
        return ExceptionText(self._type or "", message, tuple(self._stack))

    def add(self, line: str) -> Part | None:
        """Take the next line, without colors and without its end; None if it is not part of the traceback."""
        line = line.rstrip().replace(_NO_BREAK_SPACE, " ")
        self._lines += 1
        if self._lines > _MOST_LINES:
            return None
        if begins_traceback(line) and not self._is_member(line):
            if self._lines > 1 and not self._chained:
                return None
            self._restart()
            self._group = "Exception Group" in line
            self._box = True if _BOX_BEGINS.match(line) else None
            return Part.TITLE
        return self._after(line) if self.complete else self._before(line)

    def _is_member(self, line: str) -> bool:
        """Whether a line belongs to a member of the group that is being read."""
        return self._group and not self._chained and line.lstrip()[:1] == "|"

    def _before(self, line: str) -> Part | None:
        """A line before the exception."""
        if not line:
            return Part.DETAIL
        if self._box is not None:
            return self._boxed(line)
        if self._group:
            if not _GROUP_LINE.match(line):
                return None
            inner = line.lstrip()[1:]
            return self._framed(inner) if not inner[1:2].strip() else self._named(inner.strip())
        if line[0] in " \t>":
            return self._framed(line)
        return self._bare(line) if self._is_bare or line.startswith('File "') else self._named(line)

    def _bare(self, line: str) -> Part | None:
        """A line whose indentation is lost, as in tools that pad their columns with spaces."""
        self._is_bare = True
        after_frame = bool(self._stack) and _FRAME.match(self._stack[-1]) is not None
        if _FRAME.match(line) or not line.strip("^~ ") or (after_frame and not _NAMED_ERROR.match(line)):
            return self._framed(line)
        return self._named(line)

    def _framed(self, line: str) -> Part:
        self._stack.append(line)
        return Part.FRAME if _FRAME.match(line) else Part.DETAIL

    def _boxed(self, line: str) -> Part | None:
        if not self._box:
            return self._named(line.strip())
        self._box = _BOX_ENDS.match(line) is None
        self._stack.append(line.strip().strip("│|").rstrip())
        return Part.DETAIL

    def _named(self, line: str) -> Part | None:
        found = _EXCEPTION.match(line)
        if found is None:
            return None
        self._type, self._message = found[1], [found[2] or ""]
        return Part.EXCEPTION

    def _after(self, line: str) -> Part | None:
        """A line after the exception: more of its message, a member of a group, or what leads to the next traceback."""
        if not line:
            return Part.MORE
        if line.startswith(_CHAINED) or (self._group and line.startswith("  | ") and line[4:].startswith(_CHAINED)):
            self._chained = True
            return Part.MORE
        if self._chained:
            return Part.MORE if line.strip() == "|" else None
        if self._group:
            if not _GROUP_LINE.match(line):
                return None
            if _GROUP_MEMBER.match(line) and _EXCEPTION.match(member := line.strip(" |")):
                self._members.append(member)
            return Part.MORE
        if len(self._message) >= _MOST_MESSAGE_LINES:
            return None
        # pydantic names each field on a line of its own, and the fault below it.
        names_field = _VALIDATION.match(self._message[0]) and (len(self._message) == 1 or self._message[-1][0] == " ")
        if line[0] in " \t" or names_field:
            self._message.append(line)
            return Part.MORE
        return None


class StackReader:
    """Reads a stack of Node.js or Java after its first line, `Type: message`."""

    __slots__ = ("_braced", "_lines", "exception")

    def __init__(self, exception: ExceptionText) -> None:
        self.exception = exception
        self._lines = 0
        # Node.js prints the members of an error in braces after its stack.
        self._braced = False

    complete = True

    def add(self, line: str) -> Part | None:
        """Take the next line; None if it is not part of the stack."""
        self._lines += 1
        if self._lines > _MOST_LINES:
            return None
        if self._braced:
            self._braced = not line.startswith("}")
            return Part.DETAIL
        if not (_STACK_LINE.match(line) or line.startswith("Caused by: ")):
            return None
        self._braced = line.endswith(" {")
        found = self.exception
        self.exception = ExceptionText(found.type, found.message, (*found.stack[:_MOST_STACK], line.rstrip()))
        return Part.FRAME


def begins_stack(line: str) -> ExceptionText | None:
    """The exception of a line that a stack of Node.js or Java may follow; None for another line."""
    if java := _JAVA.match(line):
        return ExceptionText(java[1], java[2] or "")
    node = _NODE.match(line)
    return None if node is None else ExceptionText(node[2] or node[1], node[3] or "")


def read_traceback(text: str) -> ExceptionText | None:
    """The exception of the last traceback in a text; what follows its exception is its message. None without one."""
    text = without_colors(text)
    if _TITLE not in text:
        return None
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    reader: TracebackReader | None = None
    more: list[str] = []
    for line in lines:
        if reader is not None and reader.add(line):
            continue
        if begins_traceback(line):
            reader, more = TracebackReader(), []
            reader.add(line)
        elif reader is not None and reader.complete:
            more.append(line.rstrip())
    if reader is None:
        return None
    found = reader.exception
    if not more:
        return found
    return ExceptionText(found.type, "\n".join([found.message, *more]).strip(), found.stack)


def is_stack(text: str) -> bool:
    """Whether a text contains the frames of Node.js or Java."""
    return any(_STACK_LINE.match(line) for line in text.split("\n", 4)[1:4])


def read_stack(text: str) -> ExceptionText | None:
    """The exception of a stack of Node.js or Java that begins with `Type: message`; None for another text."""
    text = without_colors(text).strip("\n")
    if not is_stack(text):
        return None
    first, _, rest = text.partition("\n")
    if _JAVA.match(rest.partition("\n")[0]):
        # Lambda writes `message: type` before Java's own `type: message`.
        return read_stack(rest)
    found = begins_stack(first)
    if found is None:
        return None
    return ExceptionText(found.type, found.message, tuple(line.rstrip() for line in rest.split("\n") if line.strip()))


def one_line(message: str) -> str:
    """An exception's message on one line: its first line, or all of it if that says too little.

    A validation error names the field on its second line, and an exception group its members.
    """
    first, _, rest = message.strip().partition("\n")
    if not rest or not _CONTINUES.search(first):
        return first
    lines = [line.strip() for line in rest.split("\n") if not line.lstrip().startswith(_HELP)]
    return f"{first.removesuffix(':')}: {', '.join(line for line in lines if line)}"

"""Reads import profiles from init records, or from the lines that Python logs with PYTHONPROFILEIMPORTTIME=1."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import distributions

from monitor.coldstarts.model import OnRead
from monitor.coldstarts.parse_profile import IMPORT_PROFILE
from monitor.console.files import read_file
from monitor.errors import NotFoundError, UsageError
from monitor.kernel.budgets import PROFILE_BYTES
from monitor.kernel.window import Window
from monitor.logs.workflow_reading import Reading
from monitor.records.application import parse_import_time
from monitor.records.event import LogEvent
from monitor.records.imports import ImportNode, ImportProfile, ImportProfiles, tree_of_profile, tree_of_record
from monitor.records.message import parse_fact
from monitor.records.record import ImportTime, InitRecordEvent, Start

# The filter pattern for FilterLogEvents: only these lines are transferred.
FILTER = '?"monitor_init" ?"import time:" ?"START RequestId" ?"platform.start"'
_HEAD = "import time:"
_HEADING = "import time: self [us]"
_MOST_LINES = 20_000
_MOST_STREAMS = 1_000


class LoggedProfiles:
    """Assembles the import profiles of many streams line by line: those of init, without those of the first invocation.

    A heading begins a new process, and START ends its init. Without lines before START, the init is inside the
    invocation, and all lines count.
    """

    def __init__(self) -> None:
        self._lines: dict[tuple[str, str], list[ImportTime]] = {}
        self._started: set[tuple[str, str]] = set()

    def start(self, event: LogEvent) -> Iterator[tuple[ImportNode, ...]]:
        """An invocation begins in the event's stream: what it imports is not of init."""
        key = (event.group, event.stream)
        if key in self._lines:
            yield from self._close(key)
            if len(self._started) >= _MOST_STREAMS:
                self._started.pop()
            self._started.add(key)

    def take(self, event: LogEvent) -> Iterator[tuple[ImportNode, ...]]:
        key = (event.group, event.stream)
        # One event can contain many lines: a single write to stderr becomes one event.
        for line in event.message.splitlines():
            if line.startswith(_HEADING):
                yield from self._close(key)
                self._started.discard(key)
            elif key not in self._started and (found := parse_import_time(line)) is not None:
                if key not in self._lines and len(self._lines) >= _MOST_STREAMS:
                    yield from self._close(next(iter(self._lines)))
                lines = self._lines.setdefault(key, [])
                if len(lines) < _MOST_LINES:
                    lines.append(found)

    def _close(self, key: tuple[str, str]) -> Iterator[tuple[ImportNode, ...]]:
        lines = self._lines.pop(key, None)
        if lines:
            yield tree_of_profile(lines)

    def rest(self) -> Iterator[tuple[ImportNode, ...]]:
        for key in list(self._lines):
            yield from self._close(key)


def read_imports(
    reading: Reading, window: Window | None, on_read: OnRead, names: Mapping[str, str] | None = None
) -> ImportProfile:
    """The profile of all inits in the window. Init records take precedence over import profiles.

    Raises:
        NotFoundError: the log contains neither.
    """
    events = reading.all_events() if window is None else reading.events(window)
    records, profiles, lines = ImportProfiles(names), ImportProfiles(names), LoggedProfiles()
    for event in events:
        on_read(1)
        if event.message.startswith(_HEAD):
            _add(profiles, lines.take(event))
        elif "monitor_init" in event.message or "START RequestId" in event.message or "platform.start" in event.message:
            record = parse_fact(event.message)
            if isinstance(record, Start):
                _add(profiles, lines.start(event))
            if isinstance(record, InitRecordEvent) and record.init_record.imports is not None:
                records.add(tree_of_record(record.init_record), record.init_record.imports)
    _add(profiles, lines.rest())
    name = ", ".join(reading.names.values()) or ", ".join(source.name for source in reading.sources)
    if records.count:
        return records.result(name, "init records")
    if profiles.count:
        return profiles.result(name, "import profiles")
    raise NotFoundError(
        f"{name} logged no init record and no import profile in the window",
        "use --profile-package to profile a start on this machine, or instrument the function",
    )


def _add(profiles: ImportProfiles, trees: Iterable[tuple[ImportNode, ...]]) -> None:
    for tree in trees:
        profiles.add(tree)


def saved_profile(path: str) -> ImportProfile:
    """The profile that was saved to `path`.

    Raises:
        UsageError: the file cannot be read.
    """
    try:
        content = read_file(path, PROFILE_BYTES, "the profile")
    except FileNotFoundError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "give a file written by --save") from None
    return IMPORT_PROFILE.decode(content, path)


def distribution_names(folder: str) -> dict[str, str]:
    """The distribution that provides each top-level package, in a folder of installed packages.

    Raises:
        UsageError: the folder contains no *.dist-info.
    """
    names: dict[str, str] = {}
    for distribution in distributions(path=[folder]):
        for file in distribution.files or ():
            top = file.parts[0]
            if len(file.parts) > 1 and "." not in top:
                names.setdefault(top, distribution.name)
            elif len(file.parts) == 1 and file.suffix in (".py", ".so", ".pyd"):
                names.setdefault(top.partition(".")[0], distribution.name)
    if not names:
        raise UsageError(
            f"{folder} contains no *.dist-info folder", "give the folder into which the packages were installed"
        )
    return names

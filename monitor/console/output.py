"""Output: data to stdout, everything else to stderr, each in a style that the stream can show."""

import json
import os
import sys
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, TextIO

import click

from monitor.console.pager import PAGER

if TYPE_CHECKING:
    from monitor.console.text import Style
    from monitor.kernel.place import Place

_PIPE_WIDTH = 120
_MIN_WIDTH = 40
# Parameters of commands whose exit code is their answer.
_GATES = ("fail_over", "check", "checks")


def style(stream: TextIO | None = None) -> "Style":
    """How to render for `stream` (stdout): NO_COLOR and FORCE_COLOR are honored, COLUMNS too."""
    import shutil

    from monitor.console.text import Style

    out = stream or sys.stdout
    terminal = out.isatty()
    fallback = (80, 24) if terminal else (_PIPE_WIDTH, 24)
    width = shutil.get_terminal_size(fallback).columns if terminal or os.environ.get("COLUMNS") else _PIPE_WIDTH
    encoding = (getattr(out, "encoding", "") or "").lower().replace("-", "")
    color = _color(terminal)
    links = terminal and color and _links()
    return Style(width=max(width, _MIN_WIDTH), color=color, unicode=encoding.startswith("utf"), links=links)


def _settings() -> Any:
    """The Settings of the running command; None outside a command, and before its options were read."""
    context = click.get_current_context(silent=True)
    return None if context is None else context.find_root().obj


def _links() -> bool:
    """Whether names are links to the AWS console. The embedded stack has no pages there."""
    from monitor.console.links import takes_links

    settings = _settings()
    return settings is not None and takes_links(os.environ) and settings.wants("links") and not settings.is_local


def _color(terminal: bool) -> bool:
    chosen = getattr(_settings(), "color", None)
    if chosen in ("always", "never"):
        return bool(chosen == "always")
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR") not in (None, "", "0"):
        return True
    return terminal and os.environ.get("TERM") != "dumb"


def echo(text: str) -> None:
    """Data, to stdout. Color was decided by the style: nothing is stripped here.

    A reader that stops early (`| head`) ends a command, but not a gate: its exit code is its answer.
    """
    try:
        if not paged(f"{text}\n"):
            click.echo(text, color=True)
    except BrokenPipeError:
        context = click.get_current_context(silent=True)
        if context is None or not any(context.params.get(name) for name in _GATES):
            raise
        abandon_stdout()


def abandon_stdout() -> None:
    """Discard buffered output: the reader has gone or the disk is full, and Python would write it again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def emit_json(value: object) -> None:
    """One JSON document, to stdout."""
    from monitor.kernel.jsonable import jsonable

    indent = 2 if sys.stdout.isatty() else None
    echo(terminal_json(json.dumps(jsonable(value), ensure_ascii=False, indent=indent, allow_nan=False)))


def emit_json_lines(values: Iterable[Any]) -> None:
    """One JSON object a line, to stdout, each as soon as it is there."""
    from monitor.kernel.jsonable import jsonable

    for value in values:
        echo(terminal_json(json.dumps(jsonable(value), ensure_ascii=False, allow_nan=False)))


def terminal_json(text: str) -> str:
    """JSON for a terminal: C1 and bidirectional controls, which JSON allows unescaped, are escaped."""
    if text.isascii() or not sys.stdout.isatty():
        return text
    from monitor.console.text import UNSAFE

    return UNSAFE.sub(lambda found: found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1], text)


def note(text: str) -> None:
    """A note, to stderr, with this command's connection options in the commands between its backticks.

    A terminal or pipe that is gone ends no command: what it does is not finished by then.
    """
    from monitor.console.text import clean

    text = as_typed(text)
    with suppress(OSError):
        if not PAGER.write(f"{clean(text)}\n", to_stderr=True):
            click.echo(clean(text), err=True)


def suggest(words: Sequence[str], what: str, *, same_window: bool = False, place: "Place | None" = None) -> None:
    """The command that a person may want next, after an answer on a terminal; `hints = false` turns it off.

    `same_window` adds --since and --until of this command; `place` is that of the function, where several are read.
    """
    import shlex

    context, settings = click.get_current_context(silent=True), _settings()
    if context is None or settings is None or context.params.get("output", "text") != "text":
        return
    if sys.stdout.isatty() and sys.stderr.isatty() and settings.wants("hints"):
        window = [f"--{name}={given}" for name in ("since", "until") if (given := context.params.get(name))]
        line = shlex.join([*words, *(window if same_window else [])])
        origin = settings.origin if place is None else settings.origin.of(place.profile, place.region)
        note(f"next, {what}: {origin.carried(line)}")


def paged(text: str, *, ends: bool | None = None) -> bool:
    """Whether the pager takes this text for stdout. `ends`: whether the output has an end; None: by the options."""
    if not PAGER.considered:
        PAGER.considered = True
        context = click.get_current_context(silent=True)
        if context is not None and sys.stdout.isatty():
            _start_pager(context, ends)
    return PAGER.write(text)


def _start_pager(context: click.Context, ends: bool | None) -> None:
    import shutil

    from monitor.console.pager import may_page, pager_command

    settings = _settings()
    has_end = may_page(context.command_path.partition(" ")[2], context.params) if ends is None else ends
    if not has_end or os.environ.get("TERM", "dumb") == "dumb" or settings is None or not settings.wants("pager"):
        return
    argv = pager_command()
    if argv:
        size = shutil.get_terminal_size()
        PAGER.start(argv, size.lines, size.columns)


def remark(message: str, hint: str) -> None:
    """A message and a hint for a command that has nothing to show; not an error."""
    note(f"monitor: {message}")
    note(f"  hint: {hint}")


def as_typed(text: str) -> str:
    """The text, with the connection options of this command line in the commands between its backticks."""
    origin = getattr(_settings(), "origin", None) if "`" in text else None
    return text if origin is None else str(origin.carried_in_hint(text))


@contextmanager
def progress(label: str, total: int | None = None) -> Iterator["Progress"]:
    """A progress bar on stderr, on a terminal only, for what takes longer than a second."""
    bar = Progress(label, total)
    try:
        yield bar
    finally:
        bar.close()


class Progress:
    """The progress of long work. rich is loaded when the bar is first drawn."""

    _PATIENCE_S = 1.0

    def __init__(self, label: str, total: int | None) -> None:
        from monitor.console.text import clean

        self._label, self._total, self._done = clean(label), total, 0
        self._bar: Any = None
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self.begin()

    def begin(self) -> None:
        """Start the delay before the bar appears; also after a `close` for a question."""
        if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
            self._timer = threading.Timer(self._PATIENCE_S, self._draw)
            self._timer.daemon = True
            self._timer.start()

    def advance(self, steps: int = 1, label: str | None = None) -> None:
        """`steps` more are done; `label` replaces the text beside the bar."""
        from monitor.console.text import clean

        self._done += steps
        self._label = clean(label) if label else self._label
        if self._bar is not None:
            self._bar.update(0, completed=self._done, description=self._label)

    def _draw(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bar

        counted = (BarColumn(), MofNCompleteColumn()) if self._total else ()
        bar = Bar(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            *counted,
            TimeElapsedColumn(),
            console=Console(stderr=True, markup=False, highlight=False),
            transient=True,
        )
        with self._lock:
            if self._timer is None or PAGER.is_open:
                return
            bar.add_task(self._label, total=self._total, completed=self._done)
            bar.start()
            self._bar = bar

    def close(self) -> None:
        """Remove the bar."""
        with self._lock:
            timer, self._timer = self._timer, None
            if timer is not None:
                timer.cancel()
            if self._bar is not None:
                self._bar.stop()
                self._bar = None

"""The pager: output that is longer than the screen goes through `less`, or what PAGER names.

Only what a command prints to a terminal by `echo` is paged. It is held back until it is longer than the screen, so that
a short answer stays where it is. Notes to stderr wait until the pager ends: they would be drawn into its screen.
"""

import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

# Commands that read, ask nothing after their first output, and end. `monitor tail` decides by itself.
PAGED = frozenset(
    (
        "metrics",
        "coldstarts",
        "show",
        "errors",
        "traces list",
        "traces show",
        "traces compare",
        "diagnose",
        "dashboard list",
        "dashboard show",
        "dashboard validate",
        "dashboard diff",
        "dashboard export",
        "package inspect",
        "package diff",
        "package layers",
        "function show",
        "iam-policy",
        "help",
        "config show",
    )
)
# With these they do not end, or write in place.
_ENDLESS = ("watch", "follow")


class Pager:
    """One command's output. `start` says that it may be paged; without it `write` prints nothing."""

    def __init__(self) -> None:
        # Whether it was decided, at the first output, if this command is paged.
        self.considered = False
        self._held: list[tuple[str, bool]] | None = None
        self._rows = 0
        self._height = self._width = 0
        self._argv: list[str] = []
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process on the screen."""
        return self._process.pid if self._process is not None else None

    @property
    def is_open(self) -> bool:
        """Whether a pager is on the screen."""
        return self._process is not None

    def start(self, argv: list[str], height: int, width: int) -> None:
        """Hold output back from now on, until it has more rows than the screen."""
        self._held, self._rows = [], 0
        self._argv, self._height, self._width = argv, height, width

    def write(self, text: str, *, to_stderr: bool = False) -> bool:
        """Whether the pager takes this text, which ends with a line end; otherwise the caller prints it.

        Raises:
            BrokenPipeError: the pager was ended while there was more.
        """
        if self._held is None:
            return False
        if to_stderr:
            self._held.append((text, True))
            return True
        if self._process is not None:
            self._feed(text)
            return True
        self._held.append((text, False))
        self._rows += _rows(text, self._width)
        if self._rows >= self._height:
            self._open()
        return True

    def _open(self) -> None:
        import subprocess

        held = self._held or []
        # As git does: -F ends at once what fits, -R lets colors and links through, -X keeps the text on the screen.
        defaults = {"LESS": "FRX", "LV": "-c"}
        try:
            self._process = subprocess.Popen(self._argv, stdin=subprocess.PIPE, env={**defaults, **os.environ})
        except OSError:
            self._print_held()
            return
        self._held = [one for one in held if one[1]]
        for text, to_stderr in held:
            if not to_stderr:
                self._feed(text)

    def _feed(self, text: str) -> None:
        assert self._process is not None
        assert self._process.stdin is not None
        encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
        self._process.stdin.write(text.encode(encoding, "backslashreplace"))
        self._process.stdin.flush()

    def _print_held(self) -> None:
        held, self._held = self._held or [], None
        for text, to_stderr in held:
            if to_stderr:
                with suppress(OSError):
                    sys.stderr.write(text)
                    sys.stderr.flush()
            else:
                sys.stdout.write(text)
                sys.stdout.flush()

    def end(self) -> None:
        """Print what is held back, or wait until the reader leaves the pager. Then print the notes."""
        process, self._process = self._process, None
        if process is not None:
            with suppress(OSError):
                if process.stdin is not None:
                    process.stdin.close()
            _wait(process)
        self._print_held()


def _wait(process: "subprocess.Popen[bytes]") -> None:
    """Ctrl-C is the pager's own while it is on the screen, and so is the time that a reader takes."""
    signal.setitimer(signal.ITIMER_REAL, 0)
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.wait()
    finally:
        signal.signal(signal.SIGINT, before)


def _rows(text: str, width: int) -> int:
    """About how many rows the text takes: escapes make a line seem longer, which opens the pager a little early."""
    return sum(1 + max(0, len(line) - 1) // max(1, width) for line in text.removesuffix("\n").split("\n"))


def pager_command() -> list[str]:
    """The pager as words: of MONITOR_PAGER, of PAGER, or `less`. Empty for none (`cat`, or an empty text)."""
    import shlex
    import shutil

    chosen = next((os.environ[name] for name in ("MONITOR_PAGER", "PAGER") if name in os.environ), "less")
    try:
        words = shlex.split(chosen)
    except ValueError:
        return []
    if not words or words[0].rpartition("/")[2] == "cat" or shutil.which(words[0]) is None:
        return []
    return words


def may_page(command: str, parameters: dict[str, object]) -> bool:
    """Whether what this command prints has an end, and is read from the top."""
    return command in PAGED and not any(parameters.get(name) for name in _ENDLESS)


PAGER = Pager()

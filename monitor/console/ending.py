"""Ending a command early: Ctrl-C, SIGTERM, SIGHUP and --timeout. It takes a second at most, and leaves nothing behind.

The signal becomes a KeyboardInterrupt in the main thread, so that commands end in their own way: a tail writes what it
holds back, a query is stopped, temporary folders are removed. Threads that wait for an answer cannot be interrupted,
and a long cleanup can hang: what has not ended after `cleanup_s` is ended from outside, by a thread that was started by
the signal.
"""

import _thread
import atexit
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from monitor.kernel.budgets import ENDING_S, REMOVING_S

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_PAGER_ENDING_S = 0.1
_FINALIZER_S = 0.01
_SHOW_CURSOR = b"\x1b[?25h"


class Ending:
    """Whether and why the command has to end. `signal_number` is None until then; SIGALRM stands for --timeout.

    `cleanup_s` is how long it may take to end; a command that has to restore something in an account sets it. A second
    signal ends it at once.
    """

    def __init__(self) -> None:
        self.signal_number: int | None = None
        self.timeout_s = 0.0
        self.cleanup_s = ENDING_S
        self._code: int | None = None
        self._leaving = False
        self._ignored = False
        self._pid = os.getpid()
        self._main_thread = _thread.get_ident()
        # The process id of a pager that is on the screen.
        self.pager: Callable[[], int | None] = lambda: None

    def install(self) -> None:
        """Handle the signals that end a command; those that the caller has had ignored (`nohup`) stay so."""
        self._pid = os.getpid()
        self._main_thread = _thread.get_ident()
        for number in _SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._begin)
        sys.unraisablehook = self._raise_again

    def end_after(self, timeout_s: float) -> None:
        """End the command when it takes longer than this."""
        self.timeout_s = timeout_s
        signal.signal(signal.SIGALRM, self._begin)
        signal.setitimer(signal.ITIMER_REAL, max(timeout_s, 0.001))

    @property
    def exit_code(self) -> int:
        """The exit code that a shell expects after the signal: 130 for Ctrl-C; 4 after --timeout."""
        if self.signal_number == signal.SIGALRM:
            return 4
        return 128 + (self.signal_number or signal.SIGINT)

    def finish(self, code: int) -> None:
        """The command has ended with `code`: if a signal was the reason, end the process and what it started."""
        self._code = code
        signal.setitimer(signal.ITIMER_REAL, 0)
        if self.signal_number is not None:
            # Not by sys.exit: that waits for threads, and Python ends itself by SIGINT, whatever the code, where the
            # signal came during an `exec` of a text, as dataclasses and named tuples do.
            for stream in (sys.stdout, sys.stderr):
                with suppress(OSError, ValueError):
                    stream.flush()
            self._leave()

    def _begin(self, number: int, _frame: object) -> None:
        # A child that was forked before it became another program.
        if os.getpid() != self._pid:
            os._exit(128 + number)
        if self._ignored:
            self._ignored = False
            if self._code is None:
                raise KeyboardInterrupt
            return
        if self.signal_number is not None:
            self._show_cursor()
            self._leave()
        if number == signal.SIGINT and self.pager() is not None:
            # It ends the reading. What is read already stays on the screen until the reader leaves the pager.
            raise KeyboardInterrupt
        self.signal_number = number
        # Not threading.Thread: its start takes a lock that the interrupted code may hold.
        _thread.start_new_thread(self._end_soon, ())
        raise KeyboardInterrupt

    def _raise_again(self, unraisable: "sys.UnraisableHookArgs") -> None:
        """Python ignores what a signal raises in a finalizer or a weak reference's callback: raise it once more."""
        if not isinstance(unraisable.exc_value, KeyboardInterrupt):
            sys.__unraisablehook__(unraisable)
            return
        self._ignored = True
        _thread.start_new_thread(self._signal_again, ())

    def _signal_again(self) -> None:
        # After the finalizer: in it, the exception would be ignored again.
        time.sleep(_FINALIZER_S)
        if self._ignored and self._code is None:
            signal.pthread_kill(self._main_thread, signal.SIGINT)

    def _end_soon(self) -> None:
        time.sleep(self.cleanup_s)
        self._show_cursor()
        if self._leaving:
            # The command has ended in time; what is done at the end of its process has as long as the folders have.
            time.sleep(REMOVING_S)
        self._leave()

    def _show_cursor(self) -> None:
        """Of a progress bar that cannot restore the terminal itself any more."""
        with suppress(OSError):
            if os.isatty(2):
                os.write(2, _SHOW_CURSOR)

    def _leave(self) -> NoReturn:
        """End the process and what it started, and remove its temporary folders. The second time, end it at once."""
        if self._leaving:
            os._exit(self._exit_code_now())
        self._leaving = True
        if (pager := self.pager()) is not None:
            # By a signal that lets it restore the terminal.
            with suppress(OSError):
                os.kill(pager, signal.SIGTERM)
            time.sleep(_PAGER_ENDING_S)
        _kill(descendants(self._pid))
        with suppress(Exception):
            # What tempfile registered for the end of the process, which os._exit would leave out.
            atexit._run_exitfuncs()
        os._exit(self._exit_code_now())

    def _exit_code_now(self) -> int:
        return self.exit_code if self._code is None else self._code


ENDING = Ending()


def descendants(pid: int) -> list[int]:
    """The processes that `pid` started, and those that they started, but for an embedded stack and what is its own.

    A stack ends when the process that started it has gone, and then removes its sandboxes and folders by itself.
    """
    children: dict[int, list[int]] = {}
    for child, parent in _parents():
        children.setdefault(parent, []).append(child)
    found: list[int] = []
    waiting = [pid]
    while waiting:
        started = [child for child in children.pop(waiting.pop(), []) if not _is_stack(child)]
        found += started
        waiting += started
    return found


def _is_stack(pid: int) -> bool:
    from pathlib import Path

    try:
        return b"\0monitor.local\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _parents() -> list[tuple[int, int]]:
    """Each process with its parent."""
    if not sys.platform.startswith("linux"):
        import subprocess

        listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=False).stdout
        return [(int(words[0]), int(words[1])) for line in listed.splitlines() if len(words := line.split()) == 2]
    from pathlib import Path

    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                # `pid (name, which may contain anything) state ppid …`
                words = (place / "stat").read_bytes().rpartition(b")")[2].split()
                found.append((int(place.name), int(words[1])))
    return found


def _kill(pids: list[int]) -> None:
    for pid in pids:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)

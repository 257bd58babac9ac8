"""Runs of the command line in this process, each seen in full: exit code, output, files, and calls to AWS.

A run is repeatable: the clock stands still but for sleeps, which pass at once, and the answer to each reading call is
remembered. The first answer is that of a real connection. Calls that change something are recorded and not made.
"""

import copy
import io
import json
import os
import re
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.aws.connection import Connection
from monitor.errors import MonitorError
from monitor.main import main

_CHANGES = ("Create", "Update", "Put", "Delete", "Publish", "Add", "Remove", "Tag", "Untag", "Invoke")
_UNFINISHED = ("Running", "Scheduled")
_SLEEPS = 12
_OFF = re.compile(r"off by [\d.,]+ s")


@dataclass(frozen=True)
class Seen:
    """All that a run shows: `calls` have the connection, the operation, its parameters, and what was printed before."""

    code: int
    out: str
    err: str
    files: tuple[tuple[str, bytes], ...]
    calls: tuple[str, ...]

    def differences(self, other: "Seen") -> list[str]:
        """The names of what differs."""
        return [
            name for name in ("code", "out", "err", "files", "calls") if getattr(self, name) != getattr(other, name)
        ]


@dataclass
class Observer:
    """Runs lines in `folder`, which has `files` at the start of each; what must be replaced, `patches` replace.

    `answers` take the place of calls, by operation. After some sleeps the person presses Ctrl-C.
    """

    account: Connection
    folder: Path
    now_s: int
    files: Mapping[str, bytes] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    makes_changes: bool = False
    answers: dict[str, Callable[..., dict[str, Any]]] = field(default_factory=dict)
    _memory: dict[str, Any] = field(default_factory=dict)
    _seen: dict[tuple[str, ...], Seen] = field(default_factory=dict)
    _calls: list[str] = field(default_factory=list)
    _out: Any = None
    _asking: threading.local = field(default_factory=threading.local)
    _slept_s: float = 0.0
    _sleeps: int = 0

    def see(self, line: tuple[str, ...]) -> Seen:
        """What a line shows; it is run once."""
        if line not in self._seen:
            self._seen[line] = self.run(line)
        return self._seen[line]

    def run(self, line: tuple[str, ...]) -> Seen:
        """Run a line as typed after `monitor`; words of `words` stand for what is only known by now."""
        line = tuple(self.words.get(word, word) for word in line)
        self._reset()
        before = Path.cwd()
        os.chdir(self.folder)
        try:
            code, out, err = self._typed(line)
        finally:
            os.chdir(before)
        return Seen(code, _OFF.sub("off", out), err, self._written(), tuple(sorted(self._calls)))

    def _reset(self) -> None:
        self._calls, self._slept_s, self._sleeps = [], 0.0, 0
        for path in self.folder.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name, content in self.files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_bytes(content)

    def _written(self) -> tuple[tuple[str, bytes], ...]:
        there = {str(path.relative_to(self.folder)): path for path in self.folder.rglob("*") if path.is_file()}
        found = {name: path.read_bytes() for name, path in there.items()}
        return tuple(sorted((name, content) for name, content in found.items() if self.files.get(name) != content))

    def _typed(self, line: tuple[str, ...]) -> tuple[int, str, str]:
        kept = sys.argv, sys.stdout, sys.stderr, sys.stdin
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err, _Terminal.open() as stdin:
            sys.argv, sys.stdout, sys.stderr, sys.stdin = ["monitor", *line], out, err, stdin
            self._out = out
            try:
                main()
                code = 0
            except SystemExit as end:
                code = int(end.code or 0)
            finally:
                sys.argv, sys.stdout, sys.stderr, sys.stdin = kept
                self._out = None
            return code, _read(out), _read(err)

    # ---- what stands in for the machine, to be put in place by a test

    def call(self, connection: Connection, service: str, operation: str, /, **parameters: Any) -> dict[str, Any]:
        """In the place of `Connection.call`."""
        where = f"{connection.profile} {connection.region} {connection.local} {connection.endpoint_url}"
        asked = f"{service}:{operation} {json.dumps(parameters, sort_keys=True, default=_written)}"
        self._calls.append(f"{where} {asked} {self._printed()}")
        if operation in self.answers:
            return copy.deepcopy(self.answers[operation](**parameters))
        if operation.startswith(_CHANGES):
            return _CALL(self.account, service, operation, **parameters) if self.makes_changes else {}
        if asked not in self._memory:
            answer = self._asked(service, operation, parameters)
            if isinstance(answer, dict) and answer.get("status") in _UNFINISHED:
                return answer
            self._memory[asked] = answer
        answer = self._memory[asked]
        if isinstance(answer, MonitorError):
            raise answer
        return copy.deepcopy(answer)  # type: ignore[no-any-return]

    def really(self, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        """A call that is made whatever it changes, and not recorded."""
        return _CALL(self.account, service, operation, **parameters)

    def forget(self) -> None:
        """Ask again: something was changed."""
        self._memory.clear()

    def _asked(self, service: str, operation: str, parameters: dict[str, Any]) -> Any:
        self._asking.now = True
        try:
            return _CALL(self.account, service, operation, **parameters)
        except MonitorError as error:
            return error
        finally:
            self._asking.now = False

    def record(self, text: str) -> None:
        """Note something that a stand-in was asked for."""
        self._calls.append(text)

    def _printed(self) -> int:
        """How much is on stdout by now: when something is printed is seen too. Other threads are not in step."""
        if threading.current_thread() is not threading.main_thread() or self._out is None:
            return 0
        self._out.flush()
        return int(self._out.buffer.tell())

    def now_ns(self) -> int:
        """In the place of `time.time_ns`."""
        return self.now_s * 10**9 + round(self._slept_s * 10**9)

    def now(self) -> float:
        """In the place of `time.time`."""
        return self.now_ns() / 1e9

    def monotonic(self) -> float:
        """In the place of `time.monotonic`; the stack's own threads have the real one."""
        if threading.current_thread().name.startswith("monitor-"):
            return _MONOTONIC()
        return 1000.0 + self._slept_s

    def sleep(self, seconds: float) -> None:
        """In the place of `time.sleep`: in the main thread time passes at once, and after some sleeps comes Ctrl-C."""
        if threading.current_thread() is not threading.main_thread() or getattr(self._asking, "now", False):
            _SLEEP(min(seconds, 0.01))
            return
        self._slept_s += seconds
        self._sleeps += 1
        if self._sleeps > _SLEEPS:
            raise KeyboardInterrupt


class _Terminal(io.TextIOWrapper):
    """A terminal at which nobody types."""

    @classmethod
    def open(cls) -> "_Terminal":
        return cls(io.BytesIO())

    def isatty(self) -> bool:
        return True


_CALL, _MONOTONIC, _SLEEP = Connection.call, time.monotonic, time.sleep


def _written(value: Any) -> str:
    # Where time does not stand still: a moment of a clock that no test holds.
    return "now" if isinstance(value, datetime) and value.microsecond % 1000 else repr(value)


def _read(file: Any) -> str:
    file.flush()
    file.buffer.seek(0)
    return file.buffer.read().decode("utf-8", "replace")  # type: ignore[no-any-return]

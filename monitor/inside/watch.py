"""Load modules that a start left out, one by one, and note what each changes outside of itself.

Every look is in a forked process, so that none sees what another one did. Runs on the function's Python.
"""

import contextlib
import gc
import importlib
import json
import os
import sys
import tempfile
import time
import types
from collections.abc import Callable

import describe
import world

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_LIMIT_S = 60.0
_READ_ONLY = ("/usr/", "/etc/", "/proc/", "/sys/", "/dev/", "/opt/", "/lib")
_EVENTS = (
    "socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.mkdir", "os.remove",
    "os.rename", "os.rmdir", "os.symlink", "os.link", "os.truncate", "os.chmod", "os.putenv", "os.unsetenv",
    "os.kill", "shutil.", "tempfile.", "urllib.", "sqlite3.", "smtplib.", "ftplib.", "_thread.start_new_thread",
    "signal.", "sys.settrace", "sys.setprofile", "sys.addaudithook", "code.__new__", "time.sleep",
)  # fmt: skip


def watch(task: "dict[str, Any]", root: str, force: "Callable[[], dict[tuple[str, str], str]]") -> "dict[str, object]":
    """What loading the modules `deferred`, in this order, changes; and what they are when they are loaded later.

    `entries` are those of them that code can load first of all. `known` says what their names should mean; `varying`
    names differ between two processes; `groups` are the modules that must come with a module. `bound` says what names
    of any modules should mean after `force`, which loads everything that was to load later.
    """
    deferred: list[str] = list(task["deferred"])
    # The modules that looking itself needs are loaded first.
    import locale  # noqa: F401
    import signal  # noqa: F401
    import threading  # noqa: F401

    # All children see the same containers in the same order.
    stock = world.World(("describe", "world", "watch", "__main__"))
    together = _in_child(lambda: _all(stock, deferred, None))
    changed = together.get("changed", []) if isinstance(together, dict) else []
    effects = _in_child(lambda: _all(stock, deferred, changed, root))
    alone: dict[str, str] = {}
    for entry in task["entries"]:
        found = _in_child(lambda entry=entry: _entered(entry, task))  # type: ignore[misc]
        problems = found if isinstance(found, dict) else {entry: str(found)}
        for name, problem in problems.items():
            alone.setdefault(name, problem)
    bound = _in_child(lambda: _bound(task, force))
    for name, unsteady in task["varying"].items():
        now, later = (_in_child(lambda pause_s=pause_s: _values(name, unsteady, pause_s)) for pause_s in (0.0, 1.1))  # type: ignore[misc]  # noqa: B023
        if now != later and name in deferred:
            alone.setdefault(name, f"differs from run to run: {min(unsteady)}")
    return {"together": together, "effects": effects, "alone": alone, "bound": bound}


def _in_child(work: "Callable[[], object]") -> object:
    """The result of `work` in a forked process; a text says why there is none."""
    handle, path = tempfile.mkstemp(prefix="monitor-look-")
    os.close(handle)
    child = os.fork()
    if child == 0:
        try:
            quiet = os.open(os.devnull, os.O_WRONLY)
            os.dup2(quiet, 1)
            os.dup2(quiet, 2)
            result = work()
            with open(path, "w", encoding="utf-8") as file:
                json.dump(result, file)
        except BaseException as error:
            with open(path, "w", encoding="utf-8") as file:
                json.dump(f"{type(error).__name__}: {error}"[:300], file)
        finally:
            os._exit(0)
    try:
        deadline = time.monotonic() + _LIMIT_S
        while os.waitpid(child, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline:
                os.kill(child, 9)
                os.waitpid(child, 0)
                return "loading it takes longer than a minute"
            time.sleep(0.001)
        with open(path, encoding="utf-8") as file:
            return json.load(file)
    except ValueError:
        return "the process ended while it was loaded"
    finally:
        os.unlink(path)


class _Output:
    """The process's output, in a file: the stream objects, which modules may keep, stay the same."""

    def __init__(self) -> None:
        self.file = tempfile.TemporaryFile()  # noqa: SIM115 - it is open as long as the process
        for number in (1, 2):
            os.dup2(self.file.fileno(), number)

    def written(self) -> bool:
        """Whether something was written since the last question."""
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        size = os.fstat(self.file.fileno()).st_size
        self.file.seek(0)
        self.file.truncate()
        return size > 0


class _Attribution:
    """Notes which module's own code changes what. The code of a module that it imports is not its own."""

    def __init__(self, stock: world.World, changed: "list[int]", root: str) -> None:
        self.stock = stock
        self.changed = changed
        self.noted: dict[str, list[str]] = {}
        self.stack: list[str] = []
        self.output = _Output()
        self.seen: list[str] = []
        sys.addaudithook(_hook(self.seen, root))
        self.before, self.settings = stock.stamps(changed), world.settings()
        self.modules = world.loaded()
        self.seen.clear()

    def install(self) -> None:
        bootstrap = sys.modules["_frozen_importlib"]
        load = bootstrap._load_unlocked

        def _load_unlocked(spec: object) -> object:
            self.note()
            self.stack.append(spec.name)  # type: ignore[attr-defined]
            try:
                return load(spec)
            finally:
                self.note()
                self.stack.pop()

        bootstrap._load_unlocked = _load_unlocked  # type: ignore[attr-defined]

    def note(self) -> None:
        """What has changed since the last note belongs to the module that is being loaded."""
        found = list(self.seen)
        after, now = self.stock.stamps(self.changed), world.settings()
        places = [place for place in self.changed if after[place] != self.before[place]]
        found += [f"changes {world.owner_of(self.stock.containers[place])}" for place in places]
        if self.stack:
            found += world.strangers(self.modules, self.stack[-1])
        self.modules = world.loaded()
        found += [f"changes {what}" for what in now if self.settings.get(what, now[what]) != now[what]]
        if self.output.written():
            found.append("prints")
        self.before, self.settings = after, now
        self.seen.clear()
        if found and self.stack and not _is_standard(self.stack[-1]):
            self.noted.setdefault(self.stack[-1], []).extend(one for one in dict.fromkeys(found))


def _is_standard(name: str) -> bool:
    """What the standard library's own modules change is part of Python."""
    return name.partition(".")[0] in sys.stdlib_module_names


def _all(stock: world.World, deferred: "list[str]", changed: "list[int] | None", root: str = "") -> "dict[str, object]":
    """Load all; first which containers change at all, then (with `changed`) which module changes them."""
    known = {id(one) for one in gc.get_objects() if isinstance(one, type)}
    before, registered = stock.stamps(changed), world.registered(known)
    attribution = None
    if changed is not None:
        attribution = _Attribution(stock, changed, root)
        attribution.install()
    errors: dict[str, str] = {}
    for name in deferred:
        try:
            importlib.import_module(name)
        except BaseException as error:
            errors[name] = f"{type(error).__name__}: {error}"[:300]
    if attribution is None:
        after = stock.stamps()
        return {"changed": [place for place in before if before[place] != after[place]], "errors": errors}
    noted = {name: list(dict.fromkeys(found))[:5] for name, found in attribution.noted.items()}
    bases = {name: _bases(name) for name in deferred if name in sys.modules}
    return {
        "noted": noted,
        "errors": errors,
        "bases": bases,
        "registered": sorted(world.registered(known) - registered),
    }


def _hook(seen: "list[str]", root: str) -> "Callable[[str, tuple[object, ...]], None]":
    safe = (root, os.path.join(sys.prefix, ""), os.path.join(sys.base_prefix, ""), *_READ_ONLY)
    folders = tuple(os.path.join(one, "") for one in sys.path if one)

    def hook(event: str, arguments: "tuple[object, ...]") -> None:
        if event == "open":
            path, mode, flags = (*arguments, None, None, None)[:3]
            if isinstance(path, str):
                writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
                if writes or (isinstance(mode, str) and any(one in mode for one in "wax+")):
                    seen.append(f"writes {path}")
                elif not os.path.abspath(path).startswith(safe + folders):
                    seen.append(f"reads {path}")
        elif event.startswith(_EVENTS):
            seen.append(f"calls {event}")

    return hook


def _bases(name: str) -> "list[str]":
    """The modules of the classes that the classes of a module inherit from."""
    found = set()
    for value in list(vars(sys.modules[name]).values()):
        if isinstance(value, type) and value.__module__ == name:
            found |= {str(base.__module__) for base in value.__mro__[1:]}
    return sorted(found - {name, "builtins"})


def _bound(task: "dict[str, Any]", force: "Callable[[], dict[tuple[str, str], str]]") -> "list[tuple[str, str, str]]":
    """Which names mean something else once everything is loaded: (module, name, how it differs)."""
    for name in task["deferred"]:
        with contextlib.suppress(BaseException):  # `_all` reports it
            importlib.import_module(name)
    problems = force()
    for module, names in task["bound"].items():
        if module in sys.modules:
            found = describe.names_of(sys.modules[module], frozenset(names))
            for name, text in names.items():
                if found.get(name) != text:
                    problems.setdefault((module, name), f"is {found.get(name, 'not there')}, and was {text}")
    return [(module, name, problem) for (module, name), problem in problems.items()]


def _entered(entry: str, task: "dict[str, Any]") -> "dict[str, str]":
    """By module: how the modules that loading `entry` brings differ from what they were in the start as it is."""
    known, varying = task["known"], task["varying"]
    try:
        importlib.import_module(entry)
    except BaseException as error:
        return {entry: f"cannot be loaded later: {type(error).__name__}: {error}"[:300]}
    for name in task["groups"].get(entry, ()):
        if name not in sys.modules:
            return {entry: f"its package looks for its modules, and {name} is not loaded with it"}
    problems = {}
    for name in task["deferred"]:
        module = sys.modules.get(name)
        if isinstance(module, types.ModuleType) and known.get(name):
            difference = _difference(module, known[name], varying.get(name, ()))
            if difference:
                problems[name] = f"is different when it is loaded later: {difference}"
    return problems


def _difference(module: types.ModuleType, known: "dict[str, str]", unsteady: "list[str]") -> str:
    """The first name that means something else; "" if there is none."""
    names = describe.names_of(module)
    later = describe.later(module)
    for key, text in known.items():
        if names.get(key) != text and key not in unsteady and not (key in later and key not in names):
            return key
    return min(names.keys() - known.keys(), default="")


def _values(name: str, unsteady: "set[str]", pause_s: float) -> "dict[str, str]":
    """What names mean that differ between processes: with another time, process and random numbers."""
    time.sleep(pause_s)
    if "random" in sys.modules:
        sys.modules["random"].seed()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    names = describe.names_of(importlib.import_module(name))
    return {key: names.get(key, "") for key in sorted(unsteady)}

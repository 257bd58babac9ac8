"""A handler around a function's own that watches its start: what its init works on, and what its first call runs.

`--try` puts this file into a copy of the package. It runs in the function's process, with any Python that Lambda has,
and imports nothing of monitor. MONITOR_WATCHED names the function's own handler. The first call returns the record as
JSON in place of the result.
"""

import builtins
import functools
import importlib
import io
import linecache
import os
import sys
import threading
import time
from typing import Any

_MOST = 400
_LEAST_MS = 1.0
_WORK: dict[tuple[str, str, int, str], list[float]] = {}
_BUSY = threading.local()
# Kind of work, module, and the function in it; the last name of a class's special method too.
_WATCHED = (
    ("dataclass", "dataclasses", "_process_class"),
    ("enum", "enum", "EnumMeta.__new__"),
    ("regular expression", "re", "_compile"),
    ("version", "importlib.metadata", "distribution"),
    ("version", "importlib.metadata", "entry_points"),
    ("version", "importlib.metadata", "packages_distributions"),
    ("version", "pkg_resources", "get_distribution"),
    ("version", "pkg_resources", "require"),
    ("version", "pkg_resources", "iter_entry_points"),
    ("version", "pkg_resources", "find_distributions"),
    ("subprocess", "subprocess", "Popen.__init__"),
    ("socket", "socket", "create_connection"),
    ("socket", "socket", "getaddrinfo"),
    ("pydantic model", "pydantic._internal._model_construction", "ModelMetaclass.__new__"),
    ("pydantic model", "pydantic.main", "ModelMetaclass.__new__"),
    ("pydantic TypeAdapter", "pydantic.type_adapter", "TypeAdapter.__init__"),
    ("attrs class", "attr._make", "_ClassBuilder.build_class"),
    ("SQLAlchemy mapping", "sqlalchemy.orm.decl_base", "_as_declarative"),
    ("named tuple", "collections", "namedtuple"),
    ("JSON", "json", "loads"),
    ("pickle", "pickle", "loads"),
    ("pickle", "pickle", "load"),
)
_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib is slower to import
_FIRST_NS = time.perf_counter_ns()


def _place(own: "set[str]") -> "tuple[str, int]":
    """The nearest line outside of the machinery: of the package rather than of the standard library."""
    frame: Any = sys._getframe(2)
    nearest = None
    while frame is not None:
        name = frame.f_code.co_filename
        top = frame.f_globals.get("__name__", "").partition(".")[0]
        if not name.startswith("<") and top not in own and name != __file__:
            nearest = nearest or (name, frame.f_lineno)
            if name.startswith((_HERE, "/opt/")):
                return os.path.relpath(name, _HERE) if name.startswith(_HERE) else name, frame.f_lineno
            if frame.f_code.co_name == "<module>":
                # A module outside of the package works while it is imported.
                return nearest
        frame = frame.f_back
    return nearest or ("", 0)


def _watch(kind: str, call: Any, own: "set[str]", what: Any = None) -> Any:
    @functools.wraps(call)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if getattr(_BUSY, "inside", None):
            return call(*args, **kwargs)
        _BUSY.inside = True
        started = time.perf_counter_ns()
        try:
            return call(*args, **kwargs)
        finally:
            took = time.perf_counter_ns() - started
            _BUSY.inside = False
            key = (kind, *_place(own), what(args) if what else "")
            held = _WORK.setdefault(key, [0, 0.0]) if len(_WORK) < 5000 or key in _WORK else [0, 0.0]
            held[0] += 1
            held[1] += took / 1e6

    return watched


def _install(kind: str, module: Any, path: str) -> None:
    owner = module
    *classes, name = path.split(".")
    for part in classes:
        owner = getattr(owner, part, None)
    held = (vars(owner) if owner is not None else {}).get(name)
    if held is None:
        return
    top = {module.__name__.partition(".")[0]}
    if isinstance(held, staticmethod):
        setattr(owner, name, staticmethod(_watch(kind, held.__func__, top)))
    else:
        setattr(owner, name, _watch(kind, held, top))


class _Finder:
    """Installs the watchers of a module as soon as it is imported."""

    def __init__(self) -> None:
        self._real = builtins.__import__
        self._left = list(_WATCHED)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        found = self._real(*args, **kwargs)
        if self._left and (args[0] if args else "").partition(".")[0] in _TOPS:
            self.install()
        return found

    def install(self) -> None:
        for one in list(self._left):
            module = sys.modules.get(one[1])
            spec = getattr(module, "__spec__", None)
            if module is not None and not getattr(spec, "_initializing", False):
                self._left.remove(one)
                _install(one[0], module, one[2])


_TOPS = {module.partition(".")[0] for _, module, _ in _WATCHED}


class _Lines:
    """A trace function that takes the time of each line of the package's modules, without the imports in it."""

    def __init__(self) -> None:
        self.ms: dict[tuple[str, int], float] = {}
        self._open: list[list[Any]] = []

    def __call__(self, frame: Any, _kind: str, _value: Any) -> Any:
        if frame.f_code.co_name != "<module>":
            return None
        self._charge()
        self._open.append([frame.f_code.co_filename, frame.f_lineno, time.perf_counter_ns()])
        return self._line

    def _line(self, frame: Any, kind: str, _value: Any) -> Any:
        if self._open and kind in ("line", "return"):
            self._charge()
            if kind == "return":
                self._open.pop()
            else:
                self._open[-1][1] = frame.f_lineno
        return self._line

    def _charge(self) -> None:
        if not self._open:
            return
        now = time.perf_counter_ns()
        name, line, since = self._open[-1]
        if name.startswith((_HERE, "/opt/")):
            self.ms[name, line] = self.ms.get((name, line), 0.0) + (now - since) / 1e6
        for one in self._open[-2:]:
            one[2] = now

    def longest(self) -> "list[tuple[tuple[str, str, int, str], list[float]]]":
        """The longest lines that are not import statements."""
        found = []
        for (name, line), ms in sorted(self.ms.items(), key=lambda item: -item[1])[:_MOST]:
            text = linecache.getline(name, line).strip()
            if ms >= _LEAST_MS and not text.startswith(("import ", "from ", "try:", '"""')):
                where = os.path.relpath(name, _HERE) if name.startswith(_HERE) else name
                found.append((("line", where, line, ""), [1, ms]))
        return found


def _opened(args: Any) -> str:
    name = args[0] if args else ""
    return os.path.basename(str(name))[:100] if isinstance(name, (str, bytes, os.PathLike)) else ""  # noqa: PTH119


def _start() -> Any:
    finder = _Finder()
    finder.install()
    builtins.__import__ = finder
    builtins.open = io.open = _watch("file", builtins.open, {"io", "pathlib", "codecs", "tokenize"}, _opened)
    module, _, name = os.environ["MONITOR_WATCHED"].rpartition(".")
    before = sys.gettrace()
    sys.settrace(_LINES)
    try:
        return getattr(importlib.import_module(module.replace("/", ".")), name)
    finally:
        sys.settrace(before)
        builtins.__import__ = finder._real


_LINES = _Lines()
_real = _start()
_INIT_MS = (time.perf_counter_ns() - _FIRST_NS) / 1e6
_INIT_WORK = {key: list(held) for key, held in _WORK.items()}


def handler(event: Any, context: Any) -> Any:
    """Run the function's own handler, and return what was seen of its start."""
    entered: set[str] = set()

    def seen(frame: Any, kind: str, value: Any) -> None:
        if kind == "call":
            if frame.f_code.co_name != "<module>":
                entered.add(frame.f_globals.get("__name__") or "")
        elif kind == "c_call":
            entered.add(getattr(value, "__module__", None) or type(getattr(value, "__self__", None)).__module__ or "")

    sys.setprofile(seen)
    threading.setprofile(seen)
    failed = ""
    try:
        _real(event, context)
    except Exception as error:  # noqa: BLE001 - what was seen until then counts
        failed = type(error).__name__
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    rows = sorted((*_INIT_WORK.items(), *_LINES.longest()), key=lambda item: -item[1][1])[:_MOST]
    return {
        "entered": sorted(name for name in entered if name)[:5000],
        "work": [[*key, held[0], round(held[1], 3)] for key, held in rows],
        "init_ms": round(_INIT_MS, 3),
        "failed": failed,
    }

"""Starts awslambdaric as `python -m awslambdaric` does, and notes the state of the process after every invocation.

Runs inside the execution environment, so it imports nothing that a handler could miss or find: `python probe.py
HANDLER`, with the file to write in DIFFERENTIAL_STATE.
"""

import json
import os
import sys

_LOOKS, _BETWEEN_LOOKS_S = 5, 0.03


def _file_kinds() -> list[str]:
    """What kinds of files are open, without the names of pipes and sockets."""
    found = []
    for name in os.listdir("/proc/self/fd"):
        try:
            target = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
        own = (f"/proc/{os.getpid()}", "/proc/self/fd", os.environ.get("DIFFERENTIAL_STATE", "-"))
        if not target.startswith(own):
            found.append(target.partition(":[")[0])
    return sorted(found)


def _logging_state() -> dict[str, object]:
    import logging

    def of(logger: logging.Logger) -> list[object]:
        handlers = [
            [type(one).__qualname__, one.level, [type(each).__qualname__ for each in one.filters]]
            for one in logger.handlers
        ]
        filters = [type(one).__qualname__ for one in logger.filters]
        return [logger.level, handlers, filters, logger.propagate, logger.disabled]

    loggers = {
        name: of(logger)
        for name, logger in sorted(logging.root.manager.loggerDict.items())
        if isinstance(logger, logging.Logger)
    }
    return {"root": of(logging.root), "loggers": loggers, "disabled": logging.root.manager.disable}


def _signal_handlers() -> dict[str, str]:
    import signal

    return {one.name: repr(signal.getsignal(one)) for one in signal.Signals}


def _modules() -> dict[str, str]:
    """Each module by name: its type and where it came from."""
    return {name: f"{type(module).__name__}" for name, module in list(sys.modules.items())}


def _settle() -> None:
    """Give threads that are about to end a moment for it, and collect garbage: both come earlier or later by chance."""
    import gc
    import threading
    import time

    if gc.isenabled():
        gc.collect()

    for _ in range(_LOOKS):
        if threading.active_count() == 1:
            break
        time.sleep(_BETWEEN_LOOKS_S)


def state() -> dict[str, object]:
    """What a handler could look at."""
    import gc
    import importlib
    import threading
    import warnings

    return {
        "files": _file_kinds(),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "signals": _signal_handlers(),
        "warnings": [str(one) for one in warnings.filters],
        "logging": _logging_state(),
        "gc": [gc.isenabled(), gc.get_threshold(), gc.get_freeze_count() > 0, len(gc.callbacks), gc.get_debug()],
        "modules": _modules(),
        "path": [str(entry) for entry in sys.path],
        "finders": [repr(entry).partition(" at ")[0] for entry in sys.meta_path],
        "path hooks": len(sys.path_hooks),
        "import functions": [
            sys.modules["_frozen_importlib"]._find_and_load.__module__,  # type: ignore[attr-defined]
            importlib.import_module.__module__,
            __import__.__module__,
        ],
        "environment": {name: value for name, value in os.environ.items() if not name.startswith("DIFFERENTIAL_")},
        "hooks": [sys.excepthook.__module__, sys.unraisablehook.__module__, threading.excepthook.__module__],
        "recursion limit": sys.getrecursionlimit(),
        "switch interval": sys.getswitchinterval(),
        "tracing": [sys.gettrace() is not None, sys.getprofile() is not None, threading.gettrace() is not None],
        "streams": [type(sys.stdout).__name__, type(sys.stderr).__name__, type(sys.stdin).__name__],
        "folder": os.getcwd(),
    }


def main() -> None:
    sys.path[0] = os.getcwd()  # as `python -m` has it
    from awslambdaric import __main__, bootstrap

    # Agents that wrap handlers look for it there, as the main module of `python -m awslambdaric` has it.
    sys.modules["__main__"].bootstrap = bootstrap  # type: ignore[attr-defined]

    target = os.environ["DIFFERENTIAL_STATE"]
    original = bootstrap.handle_event_request

    def handle_event_request(*arguments: object, **named: object) -> None:
        try:
            original(*arguments, **named)
        finally:
            _settle()
            with open(target, "a", encoding="utf-8") as file:
                file.write(json.dumps(state()) + "\n")

    bootstrap.handle_event_request = handle_event_request
    __main__.main(sys.argv)


if __name__ == "__main__":
    main()

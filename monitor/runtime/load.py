"""Finds the function's own handler, and fails as Lambda itself does where it cannot be loaded."""

from __future__ import annotations

import os
import sys

from monitor.runtime import frames, lines

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType, TracebackType
    from typing import Any

_ENTRY = "monitor.runtime.entry"
_PACKAGE = _ENTRY.partition(".")[0]
_HANDLER = f"{_ENTRY}.lambda_handler"
# What the runtime imports and Lambda's runtime client does not: all in C, without a state that two copies would share.
_OWN_NEEDS = frozenset({"_contextvars", "_socket", "_struct", "binascii", "gc", "zlib"})
# The runtime's modules, which the application can throw away: a second copy would have a state of its own.
_modules: dict[str, ModuleType] = {}
# The finders of the runtime's own folders: the application can empty Python's cache of them, and add path hooks.
_FINDERS = {entry: sys.path_importer_cache.get(entry) for entry in sys.modules[__package__].__path__}


def withdraw_own_needs(loaded: frozenset[str]) -> None:
    """Take what the runtime has loaded for itself out of sys.modules again; `loaded` was there before.

    The application imports its own: finders that it adds are asked for them as without the runtime.
    """
    for name in _OWN_NEEDS - loaded:
        sys.modules.pop(name, None)


def load(name: str) -> Callable[[Any, Any], Any]:
    """Import the handler's module and return the handler: a function or any other callable.

    Raises what awslambdaric raises for this name as a function's Handler (its FaultException, which becomes
    Runtime.ImportModuleError, Runtime.HandlerNotFound, Runtime.MalformedHandlerName or Runtime.UserCodeSyntaxError), or
    what the module itself raises.
    """
    # The application sees its own handler in Lambda's reserved variable, not the entry point: frameworks and
    # instrumentations look there for the function to call. The same holds for the arguments, where the command of a
    # container image names the Handler.
    os.environ["_HANDLER"] = name
    sys.argv[:] = [name if argument == _HANDLER else argument for argument in sys.argv]
    _modules.update({one: sys.modules[one] for one in list(sys.modules) if one.partition(".")[0] == _PACKAGE})
    try:
        return _resolve(name)
    finally:
        # An application may throw away the modules that it has not loaded. The import of the entry point still runs.
        for one, module in _modules.items():
            sys.modules.setdefault(one, module)


def _finder(entry: str, external: Any) -> Any:
    found = _FINDERS.get(entry)
    if found is None:
        # A package below the runtime's, which is not loaded from the start. It finds nothing where there is no folder.
        details = (
            (external.SourceFileLoader, external.SOURCE_SUFFIXES),
            (external.SourcelessFileLoader, external.BYTECODE_SUFFIXES),
        )
        found = _FINDERS[entry] = external.FileFinder(entry, *details)
    return found


def own_module(name: str) -> Any:
    """A module of the runtime that is loaded late, without asking finders and path hooks of the application.

    Its package is loaded already, and what it imports itself.
    """
    full_name = f"{__package__}.{name}"
    module = _modules.get(full_name) or sys.modules.get(full_name)
    if module is None:
        bootstrap, external = (sys.modules[one] for one in ("_frozen_importlib", "_frozen_importlib_external"))
        package_name, _, last_name = full_name.rpartition(".")
        package = _modules.get(package_name) or sys.modules[package_name]
        finders = filter(None, (_finder(entry, external) for entry in package.__path__))
        spec = next(filter(None, (finder.find_spec(full_name) for finder in finders)), None)
        if spec is None:  # loaded by a finder that Python does not have by itself
            import importlib

            return importlib.import_module(full_name)
        module = sys.modules[full_name] = bootstrap.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[full_name]
            raise
        setattr(package, last_name, module)
    _modules[full_name] = module
    return module


def _resolve(name: str) -> Callable[[Any, Any], Any]:
    """By the runtime client's own function where one runs us: then errors are Lambda's to the letter."""
    get_handler = getattr(_runtime_client(), "_get_handler", None)
    if get_handler is not None:
        found: Callable[[Any, Any], Any] = get_handler(name)
        return found
    module_name, dot, attribute = name.rpartition(".")
    if not dot:
        raise ImportError(f"Bad handler '{name}': it is not of the form module.function")
    import importlib

    try:
        found = getattr(importlib.import_module(module_name.replace("/", ".")), attribute)
    except ImportError as error:
        raise ImportError(f"Unable to import module '{module_name}': {error}") from error
    except AttributeError as error:
        raise ImportError(f"Handler '{attribute}' missing on module '{module_name}'") from error
    return found


def as_lambda_reports_it(error: BaseException) -> BaseException:
    """The exception to raise in place of `error`, so that Lambda reports what it does without the runtime.

    Its stack trace is taken from the exception's own frames: those of the entry point, which lie between the runtime
    client and the application, are not in it.
    """
    fault = getattr(_runtime_client(), "FaultException", None)
    # By its type: an exception's class may have an answer of its own for `isinstance`.
    if fault is None or issubclass(type(error), fault) or not issubclass(type(error), Exception):
        return error
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - the runtime client fails at it in the same way
        return error
    import traceback  # awslambdaric has loaded it

    extracted = traceback.extract_tb(_outside(frames.traceback_of(error)))
    trace = traceback.format_list([(one.filename, one.lineno or 0, one.name, one.line) for one in extracted])
    reported: BaseException = fault(type(error).__name__, message, trace)
    return reported


def hide_entry(error: BaseException) -> None:
    """Take the runtime out of the traceback of an exception that leaves the entry point and ends the process.

    Between the runtime client and the application lie the entry point's frames and a second call of the client's
    function. What is raised from here on still passes the first one's import of the entry point, which no exception
    can be spared: that is cut out before anybody is shown the traceback.
    """
    code = getattr(getattr(_runtime_client(), "_get_handler", None), "__code__", None)
    found = _of_code(frames.traceback_of(error), code)
    if found is None:
        return
    inner = found.tb_next
    BaseException.with_traceback(error, inner)
    hook = getattr(sys, "excepthook", None)
    if hook is None:
        return

    def excepthook(kind: type[BaseException], value: BaseException, traceback: TracebackType | None) -> None:
        outer = _of_code(frames.traceback_of(error), code)
        if outer is not None:
            outer.tb_next = inner
        try:
            hook(kind, value, traceback)
        except BaseException as failure:
            frames.hide_frame(failure)
            raise

    sys.excepthook = excepthook


def _of_code(traceback: TracebackType | None, code: object) -> TracebackType | None:
    """The first entry that is of this code."""
    while traceback is not None and traceback.tb_frame.f_code is not code:
        traceback = traceback.tb_next
    return traceback


def _runtime_client() -> object:
    """awslambdaric's bootstrap module, where it runs this process."""
    return sys.modules.get("awslambdaric.bootstrap") or sys.modules.get("bootstrap")


def hint(name: str, error: BaseException) -> str:
    """What to set or to change so that the handler can be loaded."""
    text = lines.text_of(error)
    default = "" if os.environ.get("MONITOR_HANDLER") else ", the default"
    setting = f"set MONITOR_HANDLER to your handler as module.function (it is {name!r}{default})"
    if _ENTRY in text:
        return f"MONITOR_HANDLER leads back to the entry point itself: {setting}"
    # awslambdaric's fault is raised while it handles the import's own error.
    cause = lines.attribute_of(error, "__cause__") or lines.attribute_of(error, "__context__")
    absent = lines.attribute_of(cause, "name") if issubclass(type(cause), ModuleNotFoundError) else None
    if isinstance(absent, str) and absent and absent.partition(".")[0] != name.replace("/", ".").partition(".")[0]:
        return f"add the distribution that provides {absent!r} to the package, or {setting}"
    if issubclass(type(error), ImportError) or lines.attribute_of(error, "exception_type"):
        return setting
    return f"the module raised this while it was imported; if it is not the right one, {setting}"


def _outside(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame that is neither the runtime's nor the runtime client's bootstrap."""
    own = os.path.dirname(__file__) + os.sep  # noqa: PTH120 - see clock
    while traceback is not None and traceback.tb_next is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not file.startswith(own) and "/bootstrap.py" not in file:
            break
        traceback = traceback.tb_next
    return traceback

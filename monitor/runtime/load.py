"""Finds the handler that MONITOR_HANDLER names, and fails as Lambda itself would where it is not there."""

from __future__ import annotations

import functools
import os
import sys

from monitor.runtime import lines

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any

DEFAULT_HANDLER = "app.main.handler"
_ENTRY = "monitor.runtime.entry"

_CO_COROUTINE, _CO_ASYNC_GENERATOR = 0x80, 0x200  # inspect's, whose import takes 6 ms


class AsyncHandlerError(TypeError):
    """The handler is `async def`: Lambda's runtime client would return the coroutine, unawaited."""


def handler_name() -> str:
    """The handler as it is configured: `module.function`."""
    return os.environ.get("MONITOR_HANDLER") or DEFAULT_HANDLER


def load(name: str) -> Callable[[Any, Any], Any]:
    """Import the handler's module and return the handler: a function or any other callable.

    Raises what awslambdaric raises for this name as a function's Handler (its FaultException, which
    becomes Runtime.ImportModuleError, Runtime.HandlerNotFound, Runtime.MalformedHandlerName or
    Runtime.UserCodeSyntaxError), what the module itself raises, or AsyncHandlerError. Says in one
    log line what to set.
    """
    try:
        handler = _resolve(name)
        _refuse_async(name, handler)
    except Exception as error:
        _explain(name, error)
        error.__traceback__ = _outside(error.__traceback__)
        raise
    return handler


def _resolve(name: str) -> Callable[[Any, Any], Any]:
    """By the runtime client's own function where it runs us: then errors are Lambda's to the letter."""
    bootstrap = sys.modules.get("awslambdaric.bootstrap")
    get_handler = getattr(bootstrap, "_get_handler", None)
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


def _refuse_async(name: str, handler: object) -> None:
    """Raise AsyncHandlerError if calling it gives a coroutine; looks through partials and `__call__`."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    for candidate in (handler, getattr(type(handler), "__call__", None)):  # noqa: B004 - its code is wanted
        code = getattr(candidate, "__code__", None)
        if code is not None and code.co_flags & (_CO_COROUTINE | _CO_ASYNC_GENERATOR):
            raise AsyncHandlerError(
                f"{name} is `async def`, which Lambda's Python runtime client does not await (it would"
                " answer Runtime.MarshalError): make it a plain function that calls asyncio.run, or"
                " put an adapter such as Mangum before the application"
            )


def _explain(name: str, error: Exception) -> None:
    """One log line: what could not be loaded, and what to set or to change."""
    text = getattr(error, "msg", None) or str(error)
    lines.log(
        "ERROR",
        f"monitor: the handler could not be loaded: {text}",
        hint=_hint(name, error, text),
        error_type=getattr(error, "exception_type", None) or type(error).__name__,
        handler=name,
    )


def _hint(name: str, error: Exception, text: str) -> str:
    default = "" if os.environ.get("MONITOR_HANDLER") else ", the default"
    setting = f"set MONITOR_HANDLER to your handler as module.function (it is {name!r}{default})"
    if _ENTRY in text:
        return f"MONITOR_HANDLER leads back to the entry point itself: {setting}"
    if isinstance(error, AsyncHandlerError):
        return f"change the handler, or {setting}"
    # awslambdaric's fault is raised while it handles the import's own error.
    cause = error.__cause__ or error.__context__
    absent = cause.name if isinstance(cause, ModuleNotFoundError) else None
    if absent and absent.partition(".")[0] != name.replace("/", ".").partition(".")[0]:
        return f"add the distribution that provides {absent!r} to the package, or {setting}"
    if isinstance(error, ImportError) or hasattr(error, "exception_type"):
        return setting
    return f"the module raised this while it was imported; if it is not the one you mean, {setting}"


def _outside(traceback: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame that is neither ours, the runtime client's nor importlib's."""
    skipped = (os.path.dirname(__file__) + os.sep, "<frozen importlib")  # noqa: PTH120 - see clock
    while traceback is not None and traceback.tb_next is not None:
        file = traceback.tb_frame.f_code.co_filename
        if not (file.startswith(skipped) or file.endswith(("awslambdaric/bootstrap.py", "importlib/__init__.py"))):
            break
        traceback = traceback.tb_next
    return traceback

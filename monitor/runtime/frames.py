"""Keeps the runtime's frames out of the application's sight: in tracebacks, in warnings, in log lines.

Tracebacks are those of exceptions of any class, without what the class makes of its attributes: it may refuse
assignments (a frozen dataclass), have a `__traceback__` of its own, or raise for every attribute.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import TypeVar

    _F = TypeVar("_F", bound=Callable[..., object])

traceback_of: Callable[[BaseException], TracebackType | None] = vars(BaseException)["__traceback__"].__get__


def hide_frame(error: BaseException) -> None:
    """Take the frame of the caller, a wrapper of the runtime's, out of the traceback: nothing went wrong there."""
    traceback = traceback_of(error)
    if traceback is not None:
        BaseException.with_traceback(error, traceback.tb_next)


def unseen(wrapper: _F) -> _F:
    """Have the wrapper's frame passed over where `warnings` and `logging` look for a caller by `stacklevel`.

    Both pass over the frames of importlib, which they know by two words in the name of the file.
    """
    code = wrapper.__code__
    wrapper.__code__ = code.replace(co_filename=f"{code.co_filename} <importlib._bootstrap>")
    return wrapper

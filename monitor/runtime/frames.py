"""Tracebacks of exceptions of any class, without what the class makes of its attributes.

A class may refuse assignments (a frozen dataclass), have a `__traceback__` of its own, or raise for every attribute.
"""

from __future__ import annotations

TYPE_CHECKING = False  # typing takes 3 ms to import
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

traceback_of: Callable[[BaseException], TracebackType | None] = vars(BaseException)["__traceback__"].__get__


def hide_frame(error: BaseException) -> None:
    """Take the frame of the caller, a wrapper of the runtime's, out of the traceback: nothing went wrong there."""
    traceback = traceback_of(error)
    if traceback is not None:
        BaseException.with_traceback(error, traceback.tb_next)

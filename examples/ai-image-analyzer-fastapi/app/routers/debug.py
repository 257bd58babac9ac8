"""Routes that misbehave on purpose, to see what each failure looks like in logs, metrics and traces.

Only there when APP_DEBUG_ROUTES is set.
"""

import os
import time
from typing import Annotated

from fastapi import APIRouter, Query

router = APIRouter(prefix="/debug", tags=["debug"])


class DebugError(RuntimeError):
    """Raised by /debug/fail and by nothing else."""


@router.get("/fail")
async def fail() -> None:
    """An exception that nobody catches: Mangum logs it and answers 500, so Lambda counts no error."""
    raise DebugError("this route fails on purpose")


@router.get("/crash")
async def crash() -> None:
    """The process ends at once: Lambda reports Runtime.ExitError and starts a new environment."""
    os._exit(1)


@router.get("/slow")
def slow(seconds: Annotated[float, Query(ge=0, le=900)] = 5.0) -> dict[str, float]:
    """Sleeps; longer than the function's time-out, and the invocation is one."""
    time.sleep(seconds)
    return {"slept_s": seconds}

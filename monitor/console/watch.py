"""`--watch`: refresh every minute, in place on a terminal."""

import sys
import time
from collections.abc import Callable

from monitor.console.output import echo, note
from monitor.errors import UnreachableError

# CloudWatch has nothing new sooner than a minute.
EVERY_S = 60.0
_HOME_AND_CLEAR = "\x1b[H\x1b[J"


def keep_showing(shown: Callable[[], str], kind: str, *, every_s: float = EVERY_S) -> None:
    """Show until Ctrl-C, which is a normal end. After an unreachable endpoint, try again a minute later."""
    in_place = kind == "text" and sys.stdout.isatty()
    try:
        while True:
            try:
                text = shown()
            except UnreachableError as error:
                note(f"monitor: {error.message}; trying again")
            else:
                echo(
                    f"{_HOME_AND_CLEAR}{text}\n\n{time.strftime('%H:%M:%S')}, every minute until Ctrl-C"
                    if in_place
                    else text
                )
            time.sleep(every_s)
    except KeyboardInterrupt:
        return

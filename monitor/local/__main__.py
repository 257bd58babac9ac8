"""`python -m monitor.local`: runs a stack in the foreground. `monitor local up` starts this module."""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from monitor.errors import MonitorError
from monitor.local.process.confine import hide_memory
from monitor.local.server.launch import wait_for_end_of_input
from monitor.local.server.stack import DEFAULT_PORT, Stack, StackOptions, serve


def main() -> int:
    """Serve until SIGINT, SIGTERM or SIGHUP. An error is two lines on stderr, a message and a hint."""
    parser = argparse.ArgumentParser(prog="python -m monitor.local", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--state", type=Path, default=None)
    parser.add_argument("--init-limit-s", type=float, default=StackOptions().init_limit_s)
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--announce", action="store_true", help="print a sentence for a person when it is up")
    kind.add_argument("--private", action="store_true", help="do not register; end when stdin closes")
    arguments = parser.parse_args()
    # Functions run as the same user: they must not read the keys of the stack from its memory.
    hide_memory()
    os.umask(0o077)
    try:
        options = StackOptions(init_limit_s=arguments.init_limit_s)
        on_ready = _announce if arguments.announce else _begin_private if arguments.private else _print_endpoint
        serve(arguments.port, arguments.state, on_ready, options, is_registered=not arguments.private)
    except MonitorError as error:
        # A person reads it as every error of the command line; a parent process reads the other form.
        form = "monitor: {}\n  hint: {}\n" if arguments.announce else "error: {}\nhint: {}\n"
        sys.stderr.write(form.format(error.message, error.hint))
        return int(error.exit_code)
    return 0


def _print(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _print_endpoint(stack: Stack) -> None:
    _print(stack.endpoint)


def _announce(stack: Stack) -> None:
    _print(f"the embedded stack is up at {stack.endpoint}; press Ctrl-C to stop it")


def _begin_private(stack: Stack) -> None:
    """Give the key to the parent process, over its pipe, and end with the parent."""
    _print(json.dumps({"endpoint": stack.endpoint, "access_key": stack.access_key}))
    _when(wait_for_end_of_input, lambda: os.kill(os.getpid(), signal.SIGTERM))


def _when(wait: Callable[[], None], act: Callable[[], None]) -> None:
    def run() -> None:
        wait()
        act()

    threading.Thread(target=run, daemon=True).start()


if __name__ == "__main__":
    raise SystemExit(main())

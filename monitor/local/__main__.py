"""`python -m monitor.local`: runs a stack in the foreground. `monitor local up --detach` starts this module."""

import argparse
import sys
from pathlib import Path

from monitor.errors import MonitorError
from monitor.local.server.stack import DEFAULT_PORT, Stack, StackOptions, serve


def main() -> int:
    """Serve until SIGINT or SIGTERM. An error is two lines on stderr: `error: …` and `hint: …`."""
    parser = argparse.ArgumentParser(prog="python -m monitor.local", description=__doc__)
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--state", type=Path, default=None)
    parser.add_argument("--init-limit-s", type=float, default=StackOptions().init_limit_s)
    arguments = parser.parse_args()
    try:
        options = StackOptions(init_limit_s=arguments.init_limit_s)
        serve(arguments.port, arguments.state, _announce, options)
    except MonitorError as error:
        sys.stderr.write(f"error: {error.message}\nhint: {error.hint}\n")
        return int(error.exit_code)
    return 0


def _announce(stack: Stack) -> None:
    sys.stdout.write(f"{stack.endpoint}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())

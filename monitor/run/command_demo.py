"""`monitor demo`: a tour of the commands on a temporary stack."""

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import click

from monitor.console.embedded_stack import temporary_stack
from monitor.console.output import echo, note, progress, style

if TYPE_CHECKING:
    from monitor.aws.connection import Connection

_SLOW_S = 2
_COLD, _WARM = 3, 8
_NEXT = (
    ("monitor local up --detach", "start a stack that keeps running"),
    ("monitor local run --cold 5 --warm 20", "run the example on it"),
    ("monitor --local tail ai-image-analyzer-fastapi", "follow its log; Ctrl-C stops"),
    ("monitor --local show slowest-cold ai-image-analyzer-fastapi", "show one cold start in detail"),
    ("monitor local run my-function --package . --handler app.main.handler", "run your own function"),
    ("monitor serve --local", "keep all of it open on one live page"),
    ("monitor doctor", "check your AWS profile"),
    ("monitor coldstarts MY-FUNCTION --since 7d", "analyze a function in your account"),
)


@click.command(name="demo")
def command() -> int:
    """Take a tour of the commands with an example function on an embedded stack.

    It needs no AWS account and no network, takes about a minute and leaves nothing behind.

    \b
    monitor demo
    """
    with temporary_stack() as connection:
        note(f"an embedded stack is up at {connection.endpoint_url}")
        function = _drive(connection)
        environment = {
            **os.environ,
            "MONITOR_LOCAL_ENDPOINT": str(connection.endpoint_url),
            "MONITOR_LOCAL_ACCESS_KEY": connection.access_key,
            "AWS_REGION": connection.region,
        }
        for arguments, about in _tour(function):
            code = _run(arguments, about, environment)
            if code:
                note(f"monitor {' '.join(arguments)} ended with exit code {code}")
                return code
    echo(f"\n{_bold('Next')}")
    width = max(len(line) for line, _ in _NEXT)
    for line, about in _NEXT:
        echo(f"  {line.ljust(width)}  {about}")
    return 0


def _tour(function: str) -> tuple[tuple[tuple[str, ...], str], ...]:
    return (
        (("tail", function, "--since", "5m", "--no-follow"), "its log"),
        (("metrics", function, "--since", "5m"), "its CloudWatch metrics"),
        (("coldstarts", function, "--since", "5m"), "its cold starts, and where the init time goes"),
        (("traces", "show", "slowest-cold", function, "--since", "5m", "--max-rows", "24"), "one cold start in X-Ray"),
        (("dashboard", "deploy", "lambda-cold-starts", "--function", function, "--yes"), "a dashboard as code"),
        (("dashboard", "list"), "the deployed dashboards"),
    )


def _drive(connection: "Connection") -> str:
    """Deploy the example and invoke it: cold, warm, with an error, with a timeout."""
    from monitor.aws.deploy import drive, invoke
    from monitor.run.workflow import EXAMPLE, example_folder, put_up

    events = example_folder() / "events"
    with progress(f"packaging {EXAMPLE}") as bar:
        put_up(
            connection,
            EXAMPLE,
            example_folder(),
            timeout_s=_SLOW_S,
            environment={"APP_DEBUG_ROUTES": "1"},
        )
        bar.advance()
    with progress(f"invoking {EXAMPLE}", total=_COLD + _WARM + 2) as bar:
        analyze = (events / "analyze.json").read_bytes()
        for _ in drive(connection, EXAMPLE, analyze, cold=_COLD, warm=_WARM, concurrency=1):
            bar.advance()
        for event in ("not-http.json", "slow.json"):
            invoke(connection, EXAMPLE, (events / event).read_bytes())
            bar.advance()
    note(f"{EXAMPLE} was deployed and ran: {_COLD} cold, {_WARM} warm, an error and a timeout")
    return EXAMPLE


def _run(arguments: tuple[str, ...], about: str, environment: dict[str, str]) -> int:
    echo(f"\n{_bold('$ monitor --local ' + ' '.join(arguments))}   # {about}")
    sys.stdout.flush()
    command_line = [sys.executable, "-m", "monitor", "--local", *arguments]
    return subprocess.run(command_line, check=False, stdin=subprocess.DEVNULL, env=environment).returncode


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if style().color else text

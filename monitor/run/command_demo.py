"""`monitor demo`: a tour of the commands on a temporary stack."""

import os
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from monitor.console.embedded_stack import temporary_stack
from monitor.console.output import echo, note, progress, style
from monitor.console.temporary import temporary_folder, with_temporary_folder

if TYPE_CHECKING:
    from monitor.aws.connection import Connection

_SLOW_S = 2
_COLD, _WARM = 3, 8
_NEXT = (
    ("monitor local up --detach", "start a stack that keeps running"),
    ("monitor local run --cold 5 --warm 20", "run the example on it"),
    ("monitor --local tail ai-image-analyzer-fastapi", "follow its log; press Ctrl-C to stop"),
    ("monitor --local diagnose ai-image-analyzer-fastapi", "explain its cold starts"),
    ("monitor local run my-function --package .", "run your own function"),
    ("monitor doctor", "check your AWS profile"),
    ("monitor coldstarts MY-FUNCTION --since 7d", "analyze a function in your account"),
    ("monitor serve --local", "keep all of it open on one live page"),
)


@click.command(name="demo")
def command() -> int:
    """Take a tour of the commands with an example function on an embedded stack.

    It needs no AWS account and no network, takes about a minute and leaves nothing behind. It shows the first
    lines of each command's output.

    \b
    monitor demo
    """
    with temporary_stack() as connection, temporary_folder() as folder:
        note(f"an embedded stack is up at {connection.endpoint_url}")
        function = _drive(connection)
        environment = {
            **with_temporary_folder(os.environ, folder),
            "MONITOR_LOCAL_ENDPOINT": str(connection.endpoint_url),
            "MONITOR_LOCAL_ACCESS_KEY": connection.access_key,
            "AWS_REGION": connection.region,
        }
        for step in _tour(function):
            code = _run(step, environment)
            if code:
                note(f"monitor {' '.join(step.arguments)} ended with exit code {code}")
                return code
    echo(f"\n{_bold('Next')}")
    width = max(len(line) for line, _ in _NEXT)
    for line, about in _NEXT:
        echo(f"  {line.ljust(width)}  {about}")
    return 0


@dataclass(frozen=True, slots=True)
class _Step:
    """A command of the tour; only its first `lines` lines are shown, so that each step fits on a screen."""

    about: str
    lines: int
    arguments: tuple[str, ...]


def _tour(function: str) -> tuple[_Step, ...]:
    window = (function, "--since", "5m")
    return (
        _Step("What has it done? One line for each invocation.", 8, ("tail", *window, "--no-follow", "--invocations")),
        _Step("How often does it start cold, and how long does that take?", 9, ("coldstarts", *window)),
        _Step("Why does it start slowly, and what should you change?", 24, ("diagnose", *window)),
        _Step(
            "Where did the slowest start spend its time?",
            18,
            ("traces", "show", "slowest-cold", *window, "--max-rows", "12"),
        ),
        _Step(
            "How do you keep an eye on it? With a dashboard as code.",
            4,
            ("dashboard", "deploy", "lambda-cold-starts", "--function", function, "--yes"),
        ),
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
            # An SDK client at import: the mistake that the tour finds.
            environment={"APP_DEBUG_ROUTES": "1", "APP_EAGER_SDK": "1"},
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


def _run(step: _Step, environment: dict[str, str]) -> int:
    echo(f"\n{_bold(step.about)}\n{_bold('$ monitor --local ' + ' '.join(step.arguments))}")
    look = style()
    options = ("--local", "--color", "always" if look.color else "never")
    done = subprocess.run(
        [sys.executable, "-m", "monitor", *options, *step.arguments],
        check=False,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env={**environment, "COLUMNS": str(look.width)},
        encoding="utf-8",
        errors="replace",
    )
    lines = done.stdout.splitlines()
    for line in lines[: step.lines]:
        echo(line)
    if len(lines) > step.lines:
        echo(f"(… {len(lines) - step.lines} more lines)")
    if done.returncode:
        note(done.stderr.rstrip())
    return done.returncode


def _bold(text: str) -> str:
    return f"\x1b[1m{text}\x1b[0m" if style().color else text

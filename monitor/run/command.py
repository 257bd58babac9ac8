"""`monitor local`: the embedded stack, which runs real handlers without an AWS account."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from monitor.console.environment import environment_options, read_environment
from monitor.console.option_rules import needs, unused
from monitor.console.options import Count, connection_options, options_without_timeout, output_option, target_argument
from monitor.console.output import echo, emit_json, note, progress, remark, style
from monitor.console.settings import Settings, pass_settings
from monitor.console.stacks.template_options import (
    TemplateChoice,
    known,
    known_variables,
    local_name,
    tell_unknown,
    template_functions,
    template_options,
)
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.aws.connection import Connection
    from monitor.records.invoke_result import InvocationResult
    from monitor.templates.model import TemplateFunction

DEFAULT_PORT = 4566
_API_EVENT = "health.json"


@click.group(name="local")
@connection_options
def command() -> None:
    """The embedded stack: Lambda, CloudWatch and X-Ray on 127.0.0.1.

    \b
    monitor local up --detach
    monitor local run --cold 5 --warm 20
    monitor --local tail ai-image-analyzer-fastapi
    monitor local down
    """


@command.command(name="up")
@unused("--profile", "--region", "--stage", "--endpoint-url")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    default=DEFAULT_PORT,
    show_default=True,
    help="Port; 0 chooses a free one.",
)
@click.option("--detach", "-d", is_flag=True, help="Run in the background.")
@click.option(
    "--state",
    "state",
    type=click.Path(path_type=Path, file_okay=False),
    help="Store functions, logs, metrics and traces in this folder.",
)
def up(port: int, detach: bool, state: Path | None) -> None:
    """Start the stack in the foreground (press Ctrl-C to stop), or in the background with --detach.

    \b
    monitor local up --port 4567 --state ./stack
    """
    if detach:
        from monitor.local.server.registry import detach as start_detached

        echo(f"the embedded stack is up at {start_detached(port, state).endpoint}")
        return
    from monitor.local.server.launch import replace_process

    # In this process functions could reach the credentials of its environment.
    replace_process(port, state)


@command.command(name="env")
def env() -> None:
    """Print environment variables that point other AWS clients at the stack. They contain its access key.

    \b
    eval "$(monitor local env)"; aws lambda list-functions
    """
    import shlex

    settings = Settings(local=True)
    endpoint, access_key = settings.local_stack()
    variables = {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": access_key or "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        # boto3 reads one of these variables, the AWS CLI and other SDKs the other.
        **dict.fromkeys(("AWS_REGION", "AWS_DEFAULT_REGION"), settings.local_regions()[0]),
    }
    for name, value in variables.items():
        echo(f"export {name}={shlex.quote(value)}")
    # A profile or a session token of the user would be sent with every request.
    echo("unset AWS_PROFILE AWS_SESSION_TOKEN")


@command.command(name="down")
@click.option("--port", type=int, metavar="PORT", default=None, help="The port of the stack to stop.")
def down(port: int | None) -> None:
    """Stop the stack that runs in the background, and all functions that run on it."""
    from monitor.local.server import registry

    if port is None:
        living = registry.living()
        if len(living) > 1:
            ports = ", ".join(str(info.port) for info in living)
            raise UsageError(f"several embedded stacks are up, on ports {ports}", "select one with --port")
        known = living or registry.read_all()
        port = known[0].port if known else DEFAULT_PORT
    echo(f"the embedded stack at {registry.down(port).endpoint} has stopped")


@command.command(name="status")
@output_option("text", "json")
@pass_settings
def status(settings: Settings, output: str) -> int:
    """List the running stacks, their endpoints, and their functions. Exits with code 1 if no stack is up."""
    from monitor.aws.connection import Connection
    from monitor.aws.functions import names
    from monitor.local.server import registry

    stacks = []
    living = registry.living()
    meant = registry.newest_of(living) if living else None
    for info in living:
        region = settings.local_regions()[0]
        connection = Connection(region=region, endpoint_url=info.endpoint, local=True, access_key=info.access_key)
        about = {"endpoint": info.endpoint, "pid": info.pid, "functions": sorted(names(connection))}
        stacks.append(about | {"is_default": info == meant})
    if output == "json":
        emit_json(stacks)
    elif not stacks:
        echo("no embedded stack is up; `monitor local up --detach` starts one")
    else:
        from monitor.run.render import render_stacks

        echo(render_stacks(stacks))
    return 0 if stacks else 1


@command.command(name="run")
@unused("--profile", "--endpoint-url")
@needs("--concurrency", "--warm")
@click.argument("target", required=False, shell_complete=template_functions)
@click.option("--cold", type=Count(0, 1000), default=1, show_default=True, help="Number of cold starts.")
@click.option(
    "--warm",
    type=Count(0, 100_000),
    default=0,
    show_default=True,
    help="Number of warm invocations after the cold starts.",
)
@click.option("--event", "event", metavar="FILE", help="A JSON file with the event; - for stdin.")
@click.option(
    "--concurrency",
    type=Count(1, 64),
    default=1,
    show_default=True,
    help="Number of concurrent warm invocations.",
)
@click.option("--memory", type=Count(128, 10_240), default=None, help="Memory of the function in MB.")
@click.option(
    "--timeout",
    type=Count(1, 900),
    default=None,
    help="Timeout of the function in seconds.  [default: 15]",
)
@click.option("--handler", metavar="MODULE.NAME", help="The handler of the function.")
@click.option("--package", type=click.Path(path_type=Path), help="A folder or a zip file.  [default: the example]")
@click.option("--bare", is_flag=True, help="Do not instrument the function.")
@environment_options
@template_options
@output_option("text", "json")
@options_without_timeout
@pass_settings
def run(
    settings: Settings,
    target: str | None,
    cold: int,
    warm: int,
    event: str | None,
    concurrency: int,
    memory: int | None,
    timeout: int | None,
    handler: str | None,
    package: Path | None,
    bare: bool,
    environment: tuple[str, ...],
    env_file: Path | None,
    template: TemplateChoice | None,
    output: str,
) -> int:
    """Deploy a package to the stack and invoke it: first cold starts (--cold), then warm invocations (--warm).

    Without --package the example function is deployed. A folder is packaged as with `monitor package build`; installed
    dependencies are kept in a cache. A zip is deployed unchanged, with monitor's entry point in a layer. --memory only
    limits the memory; CPU is not scaled with it. With `--cold 0` and without --warm, the package is only deployed.
    Exits with code 1 if every invocation failed. A failed init stops the run.

    \b
    monitor local run --cold 5 --warm 20
    monitor local run my-function --package . --handler app.main.handler --event event.json --env APP_EAGER_SDK=1
    monitor local run ApiFunction --template template.yaml --parameter Stage=dev
    """
    import time

    from monitor.aws.deploy import drive
    from monitor.run.workflow import EXAMPLE, with_kinds

    settings.local = True
    variables = read_environment(environment, env_file)
    if template is not None:
        function = template.one(target)
        target = local_name(function)
        package = package or known(function, "code folder", function.code)
        handler = handler or known(function, "handler", function.handler)
        memory, timeout = _limits(function, memory, timeout)
        variables = {**known_variables(function), **variables}
        tell_unknown(function, variables)
    name = target or EXAMPLE
    payload = _payload(event, package)
    connection = settings.connection()
    with progress(f"packaging {name}"):
        notes = _deploy(connection, name, package, handler, memory, timeout, not bare, variables)
    for text in notes:
        note(text)
    if memory:
        note("--memory only limits the memory here; on Lambda CPU is scaled with it")
    results: list[InvocationResult] = []
    began_ms = time.time_ns() // 1_000_000
    with progress(f"invoking {name}", total=cold + warm) as bar:
        for result in drive(connection, name, payload, cold=cold, warm=warm, concurrency=concurrency):
            results.append(result)
            bar.advance()
            if len(results) <= cold and _init_failed(result):
                break
    results = with_kinds(connection, name, results, began_ms)
    _show(name, results, output)
    failed = [result for result in results if result.function_error]
    if results and len(results) <= cold and _init_failed(results[-1]):
        # Every further start would fail in the same way, and take its time.
        done = f"stopped after {len(results)} of {cold + warm} invocations" if cold + warm > 1 else "the run is over"
        remark(f"the init failed, {done}: {_reason(results[-1])}", f"`monitor --local tail {name}` shows its log")
    elif failed:
        hint = f"`monitor --local tail {name}` shows its log"
        remark(f"{len(failed)} of {len(results)} failed: {_reason(failed[0])}", hint)
    return 1 if failed and len(failed) == len(results) else 0


def _limits(function: "TemplateFunction", memory: int | None, timeout: int | None) -> tuple[int, int]:
    """The memory in MB and the timeout in seconds of a function of a template, unless options name others."""
    memory = memory or known(function, "memory", function.memory_mb)
    return memory, timeout or known(function, "timeout", function.timeout_s)


def _init_failed(result: "InvocationResult") -> bool:
    """Whether the init of a new environment failed: Lambda reports an Init Duration whenever it succeeded."""
    return result.function_error is not None and result.report is not None and result.report.init_ms is None


def _reason(result: "InvocationResult") -> str:
    """The error in a function's response, cut to 300 characters."""
    import json

    try:
        answer = json.loads(result.payload)
        return f"{answer.get('errorType') or 'error'}: {answer.get('errorMessage') or ''}"[:300]
    except (ValueError, AttributeError):
        return str(result.function_error)


def _deploy(
    connection: "Connection",
    name: str,
    package: Path | None,
    handler: str | None,
    memory_mb: int | None,
    timeout_s: int | None,
    instrumented: bool,
    environment: dict[str, str],
) -> list[str]:
    from monitor.aws.deploy import exists, set_limits
    from monitor.run.workflow import EXAMPLE, example_folder, put_up

    if package is None and name != EXAMPLE and exists(connection, name):
        _refuse_deployment(name, {"--handler": handler, "--env": environment, "--bare": not instrumented})
        if memory_mb or timeout_s:
            set_limits(connection, name, memory_mb, timeout_s)
        return []
    return put_up(
        connection,
        name,
        package or example_folder(),
        handler=handler,
        memory_mb=memory_mb or 512,
        timeout_s=timeout_s or 15,
        instrumented=instrumented,
        environment=environment,
        say=note,
    )


def _refuse_deployment(name: str, options: dict[str, object]) -> None:
    """Refuse options of a deployment where the function is on the stack already.

    Raises:
        UsageError: one was given.
    """
    given = next((option for option, value in options.items() if value), None)
    if given:
        raise UsageError(
            f"{given} has no effect without --package: {name} is deployed already", "add --package to deploy it again"
        )


def _show(name: str, results: "list[InvocationResult]", output: str) -> None:
    from monitor.run.render import render_run

    if output == "json":
        emit_json(
            {
                "function": name,
                "invocations": len(results),
                "cold_starts": sum(result.is_cold for result in results),
                "by_kind": Counter(result.kind.value for result in results if result.kind),
                "errors": sum(result.function_error is not None for result in results),
                "reports": [result.report for result in results],
            }
        )
    else:
        echo(render_run(name, results, style()))


@command.command(name="invoke")
@unused("--profile", "--endpoint-url")
@target_argument(with_stack=False)
@click.option(
    "--event", "event", metavar="FILE", help="A JSON file with the event; - for stdin.  [default: an empty object]"
)
@connection_options
@pass_settings
def invoke_command(settings: Settings, target: str, event: str | None) -> int:
    """Invoke TARGET once. Its response goes to stdout, its REPORT to stderr. Exits with code 1 if the function failed.

    \b
    monitor local invoke my-function --event event.json | jq
    """
    from monitor.aws.deploy import invoke
    from monitor.run.render import report_line

    settings.local = True
    payload = _payload(event, Path())
    result = invoke(settings.connection(), target, payload)
    echo(result.payload.decode(errors="replace"))
    note(report_line(result))
    return 1 if result.function_error else 0


def _payload(event: str | None, package: Path | None) -> bytes:
    """The bytes of the event; without --event an empty object, or an HTTP request for the example."""
    if event is None:
        if package is not None:
            return b"{}"
        from monitor.run.workflow import example_folder

        return (example_folder() / "events" / _API_EVENT).read_bytes()
    from monitor.console.event_file import read_event

    return read_event(event)

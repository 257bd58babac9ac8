"""The command group `monitor`. It imports the module of a command when the command is called."""

import gc
import os
import sys
from importlib import import_module
from signal import SIGALRM
from typing import NamedTuple, TextIO

import click

from monitor import __version__
from monitor.console.ending import ENDING
from monitor.console.options import connection_options, remember
from monitor.console.output import abandon_stdout
from monitor.console.pager import PAGER
from monitor.console.without_docs import leave_out_docs
from monitor.errors import ExitCode, MonitorError


class Entry(NamedTuple):
    """A command: `module` contains a click command named `command`."""

    module: str
    help: str


COMMANDS: dict[str, Entry] = {
    "tail": Entry("monitor.logs.tail.command", "Print and follow the log events of functions."),
    "metrics": Entry("monitor.metrics.command", "Show invocations, errors, duration, cold starts, and memory."),
    "coldstarts": Entry("monitor.coldstarts.command", "List cold starts, and show where init time goes."),
    "show": Entry("monitor.traces.command_invocation", "Show one invocation: log lines, REPORT, init record, trace."),
    "errors": Entry("monitor.logs.errors.command", "Group failures by type and message."),
    "traces": Entry("monitor.traces.command", "List, show, follow, and compare X-Ray traces."),
    "diagnose": Entry("monitor.diagnose.command", "Explain why a function starts slowly, and what to change."),
    "serve": Entry("monitor.serve.command", "Show functions, logs, cold starts, and traces on a live web page."),
    "dashboard": Entry("monitor.dashboards.command", "Manage dashboards and alarms as code."),
    "optimize": Entry("monitor.optimize.command", "Make a package start faster, and verify that it behaves the same."),
    "package": Entry("monitor.packages.command", "Inspect, compare, and build deployment packages."),
    "budget": Entry("monitor.budget.command", "Check cold starts, packages, and cost against limits in a file."),
    "function": Entry("monitor.account.command_function", "Show a function's configuration."),
    "open": Entry("monitor.account.command_open", "Open a function, trace, or dashboard in the AWS console."),
    "instrument": Entry("monitor.instrument.command", "Add monitor's entry point to deployed functions."),
    "measure": Entry("monitor.measure.command", "Force cold starts of a deployed function at several memory sizes."),
    "layer": Entry("monitor.instrument.command_layer", "Publish the layer with monitor's runtime."),
    "local": Entry("monitor.run.command", "Run functions on the embedded stack."),
    "demo": Entry("monitor.run.command_demo", "Take a tour of the commands on an embedded stack."),
    "doctor": Entry("monitor.account.command_doctor", "Check credentials, Region, permissions, and the clock."),
    "iam-policy": Entry("monitor.account.command_policy", "Print the IAM policy that a command needs."),
    "mcp": Entry("monitor.mcp.command", "Serve the read-only commands to an AI assistant (MCP)."),
    "config": Entry("monitor.console.commands.config", "Show and change settings."),
    "self": Entry("monitor.console.commands.self", "Print versions and paths, for a bug report."),
    "completion": Entry("monitor.console.commands.completion", "Print the completion script for bash, zsh, or fish."),
    "help": Entry("monitor.console.commands.help", "Show the help of a command."),
}


class _ReaderGoneError(Exception):
    """The reader of stdout closed it. click would exit with 1 for the BrokenPipeError itself."""


class LazyGroup(click.Group):
    """Lists its commands without importing their modules."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        leave_out_docs()
        module = import_module(COMMANDS[cmd_name].module)
        gc.freeze()
        gc.enable()
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            raise click.UsageError(f"there is no command {name!r}{_nearest(name)}", ctx)
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise _ReaderGoneError from None
        except MonitorError as error:
            from monitor.console.output import as_typed

            error.hint = as_typed(error.hint)
            raise

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


def _nearest(name: str) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name, COMMANDS, n=1)
    return f"; did you mean {near[0]!r}?" if near else ""


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": None},
    epilog="Start with `monitor demo`, which needs no AWS account, or with `monitor doctor`.",
)
@click.version_option(__version__, prog_name="monitor")
@connection_options
@click.option(
    "--no-pager",
    is_flag=True,
    expose_value=False,
    callback=remember,
    help="Do not page long output. By default, long output in a terminal goes to $PAGER, or to `less`.",
)
def cli() -> None:
    """Find out why your Python Lambda function starts slowly, and what to change.

    \b
    monitor diagnose my-function      why it starts slowly, and what to change
    monitor tail my-function          follow its log
    monitor coldstarts my-function    every cold start, and its imports
    """


def main() -> None:
    """Run the command line. Every error is printed here, as one line and a hint."""
    debug = "--debug" in sys.argv or bool(os.environ.get("MONITOR_DEBUG"))
    _open_streams()
    ENDING.install()
    code = _run(debug)
    if ENDING.signal_number is not None and code not in (ExitCode.OK, ExitCode.CHECK_FAILED):
        code = ENDING.exit_code
        if ENDING.timeout_s and ENDING.signal_number == SIGALRM:
            _say(f"the command did not end within {ENDING.timeout_s:g} s", "give a longer --timeout, or leave it out")
    ENDING.finish(code)
    # The process ends here, so garbage collection is not needed.
    gc.freeze()
    sys.exit(code)


def _run(debug: bool) -> int:
    try:
        result = _called()
        code = result if isinstance(result, int) else 0
        _flush()
    except MonitorError as error:
        code = _report(error, debug)
    except click.ClickException as error:
        code = _report_usage(error)
    except (click.Abort, KeyboardInterrupt):
        code = _report_interrupt()
    except _ReaderGoneError:
        abandon_stdout()
        return 0
    except OSError as error:
        abandon_stdout()
        return _report(_os_error(error), debug)
    except Exception as error:  # noqa: BLE001 - a traceback is only for --debug
        # The interrupt may come out as another exception: Python 3.11 raises a RuntimeError for any in a __set_name__.
        code = _report_interrupt() if ENDING.signal_number is not None else _report(_defect(error), debug)
    try:
        _flush()
    except (_ReaderGoneError, OSError):
        # The exit code does not depend on the reader of the output.
        abandon_stdout()
    return code


def _called() -> object:
    """What the command returns; its output is on the screen, and the reader has left the pager, before errors are."""
    ENDING.pager = lambda: PAGER.pid
    try:
        return cli.main(standalone_mode=False, prog_name="monitor")
    finally:
        PAGER.end()


def _open_streams() -> None:
    """Make stdout and stderr safe to write to."""
    # Python has None where the shell closed the stream (`>&-`).
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        # What the stream cannot encode (a terminal without UTF-8, a lone surrogate) is escaped.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _nowhere() -> TextIO:
    return os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise _ReaderGoneError from None


def _os_error(error: OSError) -> MonitorError:
    what = error.strerror or str(error)
    return MonitorError(f"{error.filename}: {what}" if error.filename else f"the output could not be written: {what}")


def _defect(error: Exception) -> MonitorError:
    return MonitorError(
        f"{type(error).__name__}: {error}",
        "this is a defect of monitor; the same command with --debug shows where",
    )


def _report_interrupt() -> int:
    click.echo(file=sys.stderr)
    return ExitCode.INTERRUPTED


def _report(error: MonitorError, debug: bool) -> int:
    if debug:
        _show_traceback()
    _say(error.message, error.hint)
    return int(error.exit_code)


def _show_traceback() -> None:
    """The traceback of the error that is being handled, harmless as every text from outside: names are in it too."""
    import traceback

    from monitor.console.text import clean_lines
    from monitor.kernel.secrets import without_secrets

    for line in clean_lines(without_secrets(traceback.format_exc())):
        click.echo(line, err=True)


def _report_usage(error: click.ClickException) -> int:
    hint = ""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return int(ExitCode.USAGE)
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "monitor"
        hint = f"`{path} --help` shows its options"
    if isinstance(error, click.BadParameter) and error.param and isinstance(error.param.type, click.Choice):
        from difflib import get_close_matches

        written = error.message.partition(" is not one of ")[0].strip("'\"")
        near = get_close_matches(written, [str(choice) for choice in error.param.type.choices], n=1)
        hint = f"did you mean {near[0]!r}?" if near else hint
    _say(error.format_message(), hint)
    return int(ExitCode.USAGE)


def _say(message: str, hint: str) -> None:
    from monitor.console.text import clean

    click.echo(f"monitor: {clean(' '.join(message.split()))}", err=True)
    if hint:
        click.echo(f"  hint: {clean(' '.join(hint.split()))}", err=True)

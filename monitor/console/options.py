"""Options and arguments that several commands share, as click decorators, and their shell completion.

Connection options can stand before or after the command; the later one wins.
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

import click

from monitor.console.settings import settings_of
from monitor.console.stacks.stack_option import stack_option
from monitor.errors import UsageError

F = TypeVar("F", bound=Callable[..., Any])


def remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    """Keep an option in the settings of the command, for `callback`."""
    settings = settings_of(ctx)
    if value not in (None, (), False):
        setattr(settings, str(param.name), value)


def _connection(*names: str, **attributes: Any) -> Callable[[F], F]:
    return click.option(*names, expose_value=False, callback=remember, **attributes)


class Count(click.IntRange):
    """A whole number in a range, shown as N in the help."""

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:  # noqa: ARG002 - click's signature
        return "N"


def connection_options(function: F) -> F:
    """The options of every command."""
    timeout = _timeout_option(function)
    return options_without_timeout(timeout)


def options_without_timeout(function: F) -> F:
    """--profile, --region, --stage, --local, --endpoint-url, --color, --debug: for commands with another --timeout."""
    for decorate in (
        _connection("--debug", is_flag=True, help="Print the traceback of an error."),
        _connection(
            "--color",
            type=click.Choice(("auto", "always", "never")),
            help="When to use color.  [default: auto, color only on a terminal]",
        ),
        _connection("--endpoint-url", metavar="URL", help="Use this endpoint for every AWS API."),
        _connection("--local", is_flag=True, help="Use the embedded stack (`monitor local up`) instead of AWS."),
        _connection("--region", "regions", metavar="NAME", multiple=True, help="AWS Region. Repeatable."),
        _connection(
            "--stage",
            "stage_name",
            metavar="NAME",
            shell_complete=_stages,
            help="Use the profile, Regions, and functions of [stage.NAME] in your configuration file.",
        ),
        _connection(
            "--profile",
            "profiles",
            metavar="NAME",
            multiple=True,
            shell_complete=_profiles,
            help="AWS profile to use. Repeatable.",
        ),
    ):
        function = decorate(function)
    return function


def _timeout_option(function: F) -> F:
    return click.option(
        "--timeout",
        metavar="DURATION",
        expose_value=False,
        callback=_end_after,
        help="Stop after this long (30s, 5m) and exit with code 4.",
    )(function)


def _end_after(ctx: click.Context, _param: click.Parameter, timeout: str | None) -> None:
    if timeout is not None and not ctx.resilient_parsing:
        from monitor.console.ending import ENDING
        from monitor.kernel.timespec import parse_duration_ms

        ENDING.end_after(parse_duration_ms(timeout, "--timeout") / 1000)


def window_options(default: str) -> Callable[[F], F]:
    """--since, --until, --utc: texts, read by `Settings.window`."""

    def decorate(function: F) -> F:
        for option in (
            click.option("--utc", is_flag=True, help="Read and print times in UTC."),
            click.option("--until", metavar="TIME", help="End of the window.  [default: now]"),
            click.option(
                "--since",
                metavar="TIME",
                help="Start of the window: 15m, 3 days ago, yesterday 13:00, 2026-11-23T10:00[+07:00],"
                f" or `deploy`: the last change to the function.  [default: {default}]",
            ),
        ):
            function = option(function)
        return function

    return decorate


def output_option(*formats: str) -> Callable[[F], F]:
    """-o/--output, the first of `formats` being the default."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(formats),
        default=None,
        help=f"Output format.  [default: {formats[0]}]",
        callback=lambda ctx, _param, value: (
            value or settings_of(ctx).default_output(formats) or formats[0]  # pragma: no branch
        ),
    )


def targets_argument(*, required: bool = True) -> Callable[[F], F]:
    """TARGET…: function names, name:alias, ARNs, globs or log groups; completed from the account. And --stack."""
    argument = click.argument(
        "targets",
        nargs=-1,
        required=False,
        metavar="[TARGET]...",
        shell_complete=complete_functions,
        callback=lambda ctx, _param, value: value or _stage_functions(ctx),
    )
    return lambda function: argument(stack_option("targets", required=required)(function))


def _stage_functions(ctx: click.Context) -> tuple[str, ...]:
    """The functions of --stage, if the command line selects none in another way."""
    stage = None if ctx.resilient_parsing else settings_of(ctx).stage
    others = ("every", "tags", "source", "stack")
    return stage.functions if stage and not any(ctx.params.get(one) for one in others) else ()


def target_argument(*, required: bool = True, with_stack: bool = True) -> Callable[[F], F]:
    """One TARGET, and --stack."""
    metavar = "TARGET" if required else None
    if not with_stack:
        return click.argument("target", metavar=metavar, required=required, shell_complete=complete_functions)
    argument = click.argument("target", metavar=metavar, required=False, shell_complete=complete_functions)
    return lambda function: argument(stack_option("target", required=required)(function))


def complete_dashboards(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The account's dashboards, for an argument's `shell_complete`."""
    from monitor.console.complete import dashboard_names

    return dashboard_names(settings_of(ctx).connections, incomplete)


def complete_request_ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """`latest`, `slowest-cold`, and request ids of the functions of --stage, for an argument's `shell_complete`.

    A shell completes a word by those before it, and the TARGET comes after the request id.
    """
    from monitor.console.complete import request_ids

    settings = settings_of(ctx)
    functions: tuple[str, ...] = ()
    with suppress(UsageError):
        functions = settings.stage.functions if settings.stage else ()
    return request_ids(settings.connections, functions, incomplete)


def _profiles(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from monitor.console.complete import profile_names

    return profile_names(incomplete)


def _stages(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from monitor.console.complete import safe_names

    return safe_names(settings_of(ctx).stage_names, incomplete)


def complete_functions(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from monitor.console.complete import function_names

    if ctx.params.get("template"):
        from monitor.console.stacks.template_options import template_functions

        return template_functions(ctx, param, incomplete)
    return function_names(settings_of(ctx).connections, incomplete)

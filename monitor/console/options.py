"""Options that several commands share, each spelt once.

Connection options are taken before and after the command alike; the later one wins.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from monitor.console.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])


def _remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    settings = ctx.find_root().ensure_object(Settings)
    if value not in (None, (), False):
        setattr(settings, str(param.name), value)


def _connection(*names: str, **attributes: Any) -> Callable[[F], F]:
    return click.option(*names, expose_value=False, callback=_remember, **attributes)


def connection_options(function: F) -> F:
    """--profile, --region, --local, --endpoint-url, --debug: kept in the root context's Settings."""
    for decorate in (
        _connection("--debug", is_flag=True, help="Show where an error came from."),
        _connection("--endpoint-url", metavar="URL", help="Another endpoint for every AWS API."),
        _connection("--local", is_flag=True, help="The embedded stack instead of AWS (`monitor local up`)."),
        _connection("--region", "regions", metavar="NAME", multiple=True, help="AWS region; may be repeated."),
        _connection("--profile", "profiles", metavar="NAME", multiple=True, help="AWS profile; may be repeated."),
    ):
        function = decorate(function)
    return function


def window_options(default: str) -> Callable[[F], F]:
    """--since, --until, --utc: texts, read by `Settings.window`."""

    def decorate(function: F) -> F:
        for option in (
            click.option("--utc", is_flag=True, help="Times in UTC, read and printed."),
            click.option("--until", metavar="TIME", help="End of the window; now by default."),
            click.option(
                "--since",
                metavar="TIME",
                help=f"Start of the window: 15m, 2h, 3d, today, 2026-11-23T10:00[+07:00].  [default: {default}]",
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
        help=f"How to print it.  [default: {formats[0]}]",
        callback=lambda ctx, _param, value: (
            value or _settings(ctx).default_output(formats) or formats[0]  # pragma: no branch
        ),
    )


def targets_argument(required: bool = True) -> Callable[[F], F]:
    """TARGET…: function names, name:alias, ARNs, globs or log groups; completed from the account."""
    return click.argument("targets", nargs=-1, required=required, metavar="TARGET...", shell_complete=_functions)


def target_argument(required: bool = True) -> Callable[[F], F]:
    """One TARGET."""
    return click.argument("target", metavar="TARGET", required=required, shell_complete=_functions)


def complete_dashboards(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The account's dashboards, for an argument's `shell_complete`."""
    from monitor.console.complete import dashboard_names

    return dashboard_names(_settings(ctx), incomplete)


def _settings(ctx: click.Context) -> Settings:
    return ctx.find_root().ensure_object(Settings)


def _functions(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from monitor.console.complete import function_names

    return function_names(_settings(ctx), incomplete)


pass_settings = click.make_pass_decorator(Settings, ensure=True)

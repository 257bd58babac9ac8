"""The options that commands share, and the settings that they come to: flags, the environment, the configuration file.

Connection options are taken before and after the command alike; the later one wins.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.console.embedded_stack import LOCAL_REGION
from monitor.errors import UnreachableError, UsageError

if TYPE_CHECKING:
    from datetime import tzinfo

    from monitor.aws.connection import Connection
    from monitor.console.config import Config
    from monitor.kernel.window import Window

F = TypeVar("F", bound=Callable[..., Any])
_NO_END_MS = 253_402_300_799_000  # The year 9999's last second, beyond which no time can be written.


def _command() -> str:
    """The command that runs, as a person writes it after `monitor`; empty where none does."""
    context = click.get_current_context(silent=True)
    return context.command_path.partition(" ")[2] if context else ""


@dataclass
class Settings:
    """Filled by the shared options below, read by the commands."""

    profiles: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    local: bool = False
    endpoint_url: str | None = None
    debug: bool = False
    _config: "Config | None" = field(default=None, repr=False)
    _told: bool = field(default=False, repr=False)

    @property
    def config(self) -> "Config":
        """The configuration file's values, read once."""
        if self._config is None:
            from monitor.console.config import load

            self._config = load()
        return self._config

    @property
    def is_local(self) -> bool:
        """Whether the embedded stack is meant."""
        if self.local or self.endpoint_url:
            return self.local
        if "MONITOR_LOCAL" in os.environ:
            return os.environ["MONITOR_LOCAL"] not in ("", "0")
        return self.config.local

    def connections(self) -> "list[Connection]":
        """One connection a profile and region.

        Raises:
            UnreachableError: `--local`, and no local stack is up.
        """
        from monitor.aws.connection import Connection
        from monitor.console.output import remark

        command = _command()
        if self.is_local:
            endpoint, access_key = self.local_stack()
            regions = self.local_regions()
            return [
                Connection(
                    region=region,
                    endpoint_url=endpoint,
                    local=True,
                    access_key=access_key,
                    command=command,
                    tell=remark,
                )
                for region in regions
            ]
        configured = None if os.environ.get("AWS_PROFILE") else self.config.profile
        endpoint_url = self.endpoint_url or (None if os.environ.get("AWS_ENDPOINT_URL") else self.config.endpoint_url)
        return [
            Connection(profile=profile, region=region, endpoint_url=endpoint_url, command=command, tell=remark)
            for profile in self.profiles or (configured,)
            for region in self._regions() or (None,)
        ]

    def connection(self) -> "Connection":
        """The one connection of a command that reads one region."""
        connections = self.connections()
        if len(connections) > 1:
            raise UsageError("this command reads one region, by one profile", "give --region and --profile once")
        return connections[0]

    def local_stack(self) -> tuple[str, str | None]:
        """The endpoint of the local stack and its access key.

        They come from MONITOR_LOCAL_ENDPOINT and MONITOR_LOCAL_ACCESS_KEY, or from the file of the running stack.
        """
        endpoint, access_key = (os.environ.get(f"MONITOR_LOCAL_{name}") for name in ("ENDPOINT", "ACCESS_KEY"))
        if endpoint and access_key:
            return endpoint, access_key
        from monitor.local.server.registry import living, newest_of, read_all

        known = read_all()
        if endpoint:
            return endpoint, next((info.access_key for info in known if info.endpoint == endpoint.rstrip("/")), None)
        if not known:
            raise UnreachableError("no local stack is up", "start one with `monitor local up --detach`")
        if len(known) > 1:
            known = living() or known
        newest = newest_of(known)
        if len(known) > 1 and not self._told:
            from monitor.console.output import note

            self._told = True
            others = "set MONITOR_LOCAL_ENDPOINT for another"
            note(f"monitor: {len(known)} local stacks are up; this is the newest, {newest.endpoint}: {others}")
        return newest.endpoint, newest.access_key

    def local_regions(self) -> tuple[str, ...]:
        """The regions to look at on the local stack, which keeps them apart as AWS does."""
        return self._regions() or (LOCAL_REGION,)

    def _regions(self) -> tuple[str, ...]:
        if self.regions:
            return self.regions
        environment = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if environment:
            return (environment,)
        return (self.config.region,) if self.config.region else ()

    def default_output(self, formats: Sequence[str]) -> str | None:
        """The configured output format, where this command has it."""
        wanted = os.environ.get("MONITOR_OUTPUT") or self.config.output
        return wanted if wanted in formats else None

    def zone(self, *, utc: bool) -> "tzinfo | None":
        """The zone that times are read and printed in; None is the machine's own."""
        from datetime import UTC

        return UTC if utc or self.config.utc else None

    def window(self, since: str | None, until: str | None, *, utc: bool, default: str) -> "Window":
        """The stretch of time that --since and --until (or the default) name, as of now.

        Raises:
            UsageError: a time cannot be read, or the window ends before it starts.
        """
        import time

        from monitor.kernel.timespec import parse_window

        since = since or os.environ.get("MONITOR_SINCE") or self.config.since or default
        return parse_window(since, until, now_ms=time.time_ns() // 1_000_000, zone=self.zone(utc=utc))

    def explicit_window(self, since: str | None, until: str | None, *, utc: bool) -> "Window | None":
        """The window of --since and --until alone, for a file: open where one is not given, None without both.

        Raises:
            UsageError: a time cannot be read, or the window ends before it starts.
        """
        if not since and not until:
            return None
        import time
        from dataclasses import replace

        from monitor.kernel.timespec import parse_window

        # As of now means little to a saved log: what is not asked for has no bound.
        now_ms, first = time.time_ns() // 1_000_000, "1970-01-02"
        window = parse_window(since or first, until, now_ms=now_ms, zone=self.zone(utc=utc))
        return replace(window, start_ms=window.start_ms if since else 0, end_ms=window.end_ms if until else _NO_END_MS)


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
                help="Start of the window: 15m, 3 days ago, yesterday 13:00, 2026-11-23T10:00[+07:00]."
                f"  [default: {default}]",
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


def targets_argument(*, required: bool = True) -> Callable[[F], F]:
    """TARGET…: function names, name:alias, ARNs, globs or log groups; completed from the account."""
    return click.argument("targets", nargs=-1, required=required, metavar="TARGET...", shell_complete=_functions)


def target_argument(*, required: bool = True) -> Callable[[F], F]:
    """One TARGET."""
    return click.argument("target", metavar="TARGET", required=required, shell_complete=_functions)


def complete_dashboards(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The account's dashboards, for an argument's `shell_complete`."""
    from monitor.console.complete import dashboard_names

    return dashboard_names(_settings(ctx).connections, incomplete)


def _settings(ctx: click.Context) -> Settings:
    return ctx.find_root().ensure_object(Settings)


def _functions(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from monitor.console.complete import function_names

    return function_names(_settings(ctx).connections, incomplete)


pass_settings = click.make_pass_decorator(Settings, ensure=True)

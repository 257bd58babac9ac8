"""Shared options, and the settings that follow from options, environment variables and configuration files.

Connection options can stand before or after the command; the later one wins.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.console.embedded_stack import LOCAL_REGION
from monitor.errors import UnreachableError, UsageError

if TYPE_CHECKING:
    from datetime import tzinfo

    from monitor.aws.connection import Connection
    from monitor.console.config import ConfigFile, Stage
    from monitor.kernel.origin import Origin
    from monitor.kernel.window import Window

F = TypeVar("F", bound=Callable[..., Any])


def _command() -> str:
    """The running command as typed after `monitor`; empty if there is none."""
    context = click.get_current_context(silent=True)
    return context.command_path.partition(" ")[2] if context else ""


# The commands that change an account: a project's file does not choose their region by itself.
WRITING_COMMANDS = frozenset(("dashboard deploy", "dashboard delete", "instrument", "layer publish"))


def is_completing() -> bool:
    """Whether this process only completes a command line for a shell."""
    return "_MONITOR_COMPLETE" in os.environ


@dataclass
class Settings:
    """Settings of a command, filled by the shared options."""

    profiles: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    local: bool = False
    endpoint_url: str | None = None
    debug: bool = False
    color: str | None = None
    stage_name: str | None = None
    _files: "tuple[ConfigFile | None, ConfigFile | None] | None" = field(default=None, repr=False)
    _told: bool = field(default=False, repr=False)

    @property
    def _configured(self) -> "tuple[ConfigFile | None, ConfigFile | None]":
        """The project's file and the user's own, read once. A completion reads no project's."""
        if self._files is None:
            from monitor.console.config import load_project, load_user

            if is_completing():
                self._files = (None, None)
                with suppress(UsageError):
                    self._files = (None, load_user())
            else:
                self._files = (load_project(), load_user())
        return self._files

    def _display(self, name: str) -> Any:
        """A display setting: the project's file before the user's own; None where neither sets it."""
        return next((getattr(one.config, name) for one in self._configured if one and name in one.given), None)

    def _setting(self, name: str) -> Any:
        """A setting that decides where requests go: the user's own, or the project's with the user's consent.

        Raises:
            UsageError: the project sets it, and the user did not agree.
        """
        project, own = self._configured
        if project and name in project.given:
            from monitor.console.consent import require_consent

            require_consent(project, [name])
            return getattr(project.config, name)
        return getattr(own.config, name) if own else None

    @property
    def stage(self) -> "Stage | None":
        """The stage that --stage names.

        Raises:
            UsageError: no configuration file has such a stage.
        """
        if self.stage_name is None:
            return None
        from monitor.console.config import user_file_path

        stages: dict[str, Stage] = {}
        project, own = self._configured
        if project and self.stage_name in project.config.stage:
            stages = self._setting("stage")
        elif own:
            stages = dict(own.config.stage)
        if self.stage_name not in stages:
            from difflib import get_close_matches

            near = get_close_matches(self.stage_name, stages, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"add [stage.{self.stage_name}] to {user_file_path()}"
            raise UsageError(f"there is no stage {self.stage_name!r}", hint)
        return stages[self.stage_name]

    @property
    def stage_names(self) -> list[str]:
        """The stages of the configuration files."""
        return [name for one in self._configured if one for name in one.config.stage]

    def spending_limit_usd(self, default: float) -> float:
        """The cost that needs confirmation. A project's file can lower it; raising it needs consent."""
        project, own = self._configured
        limit = own.config.ask_above_usd if own else None
        limit = default if limit is None else limit
        if project and project.config.ask_above_usd is not None:
            from monitor.console.consent import has_consent

            if project.config.ask_above_usd < limit or has_consent(project):
                return project.config.ask_above_usd
        return limit

    @property
    def is_local(self) -> bool:
        """Whether the command uses the embedded stack."""
        if self.local or self.endpoint_url or self.profiles:
            return self.local
        if "MONITOR_LOCAL" in os.environ:
            return os.environ["MONITOR_LOCAL"] not in ("", "0")
        return bool(self._display("local"))

    @property
    def origin(self) -> "Origin":
        """The connection options, for the commands that are printed."""
        from monitor.kernel.origin import Origin

        return Origin(self.profiles, self.regions, self.endpoint_url, self.local, self.stage_name)

    def connections(self) -> "list[Connection]":
        """One connection for each profile and region.

        Raises:
            UnreachableError: `--local`, and no local stack is up.
        """
        from monitor.aws.connection import Connection
        from monitor.console.output import remark

        command = _command()
        if self.local and (self.profiles or self.endpoint_url):
            ignored = "--profile" if self.profiles else "--endpoint-url"
            raise UsageError(f"{ignored} has no effect with the embedded stack", f"leave {ignored} or --local out")
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
        profiles, endpoint_url = self._profiles(), self._endpoint_url()
        regions = self._regions(changes_account=command in WRITING_COMMANDS)
        return [
            Connection(profile=profile, region=region, endpoint_url=endpoint_url, command=command, tell=remark)
            for profile in profiles
            for region in regions or (None,)
        ]

    def _profiles(self) -> tuple[str | None, ...]:
        if self.profiles:
            return self.profiles
        if self.stage and self.stage.profile:
            return (self.stage.profile,)
        return (None if os.environ.get("AWS_PROFILE") else self._setting("profile"),)

    def _endpoint_url(self) -> str | None:
        if self.endpoint_url or os.environ.get("AWS_ENDPOINT_URL"):
            return self.endpoint_url
        return self._setting("endpoint_url")  # type: ignore[no-any-return]

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
        """The regions to read on the embedded stack, which separates them as AWS does."""
        return self._regions(changes_account=False) or (LOCAL_REGION,)

    def _regions(self, *, changes_account: bool) -> tuple[str, ...]:
        if self.regions:
            return self.regions
        if self.stage and self.stage.regions:
            return self.stage.regions
        environment = os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
        if environment:
            return (environment,)
        region = self._setting("region") if changes_account else self._display("region")
        return (region,) if region else ()

    def default_output(self, formats: Sequence[str]) -> str | None:
        """The configured output format, where this command has it."""
        wanted = os.environ.get("MONITOR_OUTPUT") or self._display("output")
        return wanted if wanted in formats else None

    def zone(self, *, utc: bool) -> "tzinfo | None":
        """The time zone for reading and printing times; None is the zone of the machine."""
        from datetime import UTC

        return UTC if utc or self._display("utc") else None

    def window(self, since: str | None, until: str | None, *, utc: bool, default: str) -> "Window":
        """The time window of --since and --until, or the default, relative to now.

        Raises:
            UsageError: a time cannot be read, or the window ends before it starts.
        """
        import time

        from monitor.kernel.timespec import parse_window

        since = since or os.environ.get("MONITOR_SINCE") or self._display("since") or default
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

        from monitor.kernel.timespec import LATEST_MS, parse_window

        # "Now" has no meaning for a saved log: a side without an option has no bound.
        now_ms, first = time.time_ns() // 1_000_000, "1970-01-02"
        window = parse_window(since or first, until, now_ms=now_ms, zone=self.zone(utc=utc))
        return replace(window, start_ms=window.start_ms if since else 0, end_ms=window.end_ms if until else LATEST_MS)


def _remember(ctx: click.Context, param: click.Parameter, value: object) -> None:
    settings = ctx.find_root().ensure_object(Settings)
    if value not in (None, (), False):
        setattr(settings, str(param.name), value)


def _connection(*names: str, **attributes: Any) -> Callable[[F], F]:
    return click.option(*names, expose_value=False, callback=_remember, **attributes)


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
        help="Stop after this long (30s, 5m) and exit with 4.",
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
        help=f"Output format.  [default: {formats[0]}]",
        callback=lambda ctx, _param, value: (
            value or _settings(ctx).default_output(formats) or formats[0]  # pragma: no branch
        ),
    )


def targets_argument(*, required: bool = True) -> Callable[[F], F]:
    """TARGET…: function names, name:alias, ARNs, globs or log groups; completed from the account."""
    return click.argument(
        "targets",
        nargs=-1,
        required=required,
        metavar="TARGET...",
        shell_complete=_functions,
        callback=lambda ctx, _param, value: value or _stage_functions(ctx),
    )


def _stage_functions(ctx: click.Context) -> tuple[str, ...]:
    """The functions of --stage, if the command line selects none in another way."""
    stage = None if ctx.resilient_parsing else _settings(ctx).stage
    return stage.functions if stage and not any(ctx.params.get(one) for one in ("every", "tags", "source")) else ()


def target_argument(*, required: bool = True) -> Callable[[F], F]:
    """One TARGET."""
    return click.argument("target", metavar="TARGET", required=required, shell_complete=_functions)


def complete_dashboards(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """The account's dashboards, for an argument's `shell_complete`."""
    from monitor.console.complete import dashboard_names

    return dashboard_names(_settings(ctx).connections, incomplete)


def complete_request_ids(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    """`latest`, `slowest-cold`, and request ids of the functions of --stage, for an argument's `shell_complete`.

    A shell completes a word by those before it, and the TARGET comes after the request id.
    """
    from monitor.console.complete import request_ids

    settings = _settings(ctx)
    functions: tuple[str, ...] = ()
    with suppress(UsageError):
        functions = settings.stage.functions if settings.stage else ()
    return request_ids(settings.connections, functions, incomplete)


def _settings(ctx: click.Context) -> Settings:
    return ctx.find_root().ensure_object(Settings)


def _profiles(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from monitor.console.complete import profile_names

    return profile_names(incomplete)


def _stages(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from monitor.console.complete import safe_names

    return safe_names(_settings(ctx).stage_names, incomplete)


def _functions(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from monitor.console.complete import function_names

    return function_names(_settings(ctx).connections, incomplete)


pass_settings = click.make_pass_decorator(Settings, ensure=True)

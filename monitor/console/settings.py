"""Settings of a command: what follows from its options, environment variables and configuration files."""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from monitor.console.embedded_stack import LOCAL_REGION
from monitor.errors import UnreachableError, UsageError

if TYPE_CHECKING:
    from datetime import tzinfo

    from monitor.aws.connection import Connection
    from monitor.console.config import ConfigFile, Stage
    from monitor.kernel.origin import Origin
    from monitor.kernel.window import Window


def _command() -> str:
    """The running command as typed after `monitor`; empty if there is none."""
    context = click.get_current_context(silent=True)
    return context.command_path.partition(" ")[2] if context else ""


# The commands that change an account: a project's file does not choose their region by itself.
WRITING_COMMANDS = frozenset(("dashboard deploy", "dashboard delete", "instrument", "layer publish", "measure"))


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
    no_pager: bool = False
    stage_name: str | None = None
    # Called with a warning and its hint; None prints them.
    tell: Callable[[str, str], None] | None = field(default=None, repr=False)
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

    def wants(self, name: str) -> bool:
        """Whether `pager`, `links` or `hints` are wanted: they are, unless a file or --no-pager turns them off."""
        if name == "pager" and self.no_pager:
            return False
        return self._display(name) is not False

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
            UnreachableError: `--local`, and no embedded stack is up.
        """
        from monitor.aws.connection import Connection
        from monitor.console.output import remark

        command, tell = _command(), self.tell or remark
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
                    tell=tell,
                )
                for region in regions
            ]
        profiles, endpoint_url = self._profiles(), self._endpoint_url()
        regions = self._regions(changes_account=command in WRITING_COMMANDS)
        return [
            Connection(profile=profile, region=region, endpoint_url=endpoint_url, command=command, tell=tell)
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
            raise UsageError("this command reads one region with one profile", "give --region and --profile once")
        return connections[0]

    def local_stack(self) -> tuple[str, str | None]:
        """The endpoint of the embedded stack and its access key.

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
            raise UnreachableError("no embedded stack is up", "start one with `monitor local up --detach`")
        if len(known) > 1:
            known = living() or known
        newest = newest_of(known)
        if len(known) > 1 and not self._told:
            from monitor.console.output import note

            self._told = True
            others = "set MONITOR_LOCAL_ENDPOINT for another"
            note(f"monitor: {len(known)} embedded stacks are up; this is the newest, {newest.endpoint}: {others}")
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
        from dataclasses import replace

        from monitor.kernel.timespec import LATEST_MS

        # "Now" has no meaning for a saved log: a side without an option has no bound.
        window = self.window(since or "1970-01-02", until, utc=utc, default="")
        return replace(window, start_ms=window.start_ms if since else 0, end_ms=window.end_ms if until else LATEST_MS)


pass_settings = click.make_pass_decorator(Settings, ensure=True)


def settings_of(ctx: click.Context) -> Settings:
    """The settings of the running command."""
    return ctx.find_root().ensure_object(Settings)

"""Which account a function of `monitor.api` reads, and in which window."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from monitor.console.settings import Settings
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.aws.connection import Connection
    from monitor.aws.targets import Located
    from monitor.kernel.window import Window

Time = str | datetime | timedelta


@dataclass(frozen=True, slots=True)
class Account:
    """The connection options of the commands. Without any, the environment and the configuration files decide.

    `region` is one name or several. `local` reads the embedded stack that `monitor local up` started. `warn` is called
    with what could not be read while the rest was, which the notes of a result say too.
    """

    profile: str | None = None
    region: str | Sequence[str] | None = None
    endpoint_url: str | None = None
    local: bool = False
    stage: str | None = None
    warn: Callable[[str], None] | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Account":
        """The account of a command's options.

        Raises:
            UsageError: they name several profiles.
        """
        if len(settings.profiles) > 1:
            raise UsageError("this command reads one profile", "give --profile once")
        profile = settings.profiles[0] if settings.profiles else None
        return cls(profile, settings.regions or None, settings.endpoint_url, settings.local, settings.stage_name)

    @property
    def settings(self) -> Settings:
        """The settings that a command with these options has."""
        regions = (self.region,) if isinstance(self.region, str) else tuple(self.region or ())
        return Settings(
            profiles=(self.profile,) if self.profile else (),
            regions=regions,
            local=self.local,
            endpoint_url=self.endpoint_url,
            stage_name=self.stage,
        )


@dataclass(slots=True)
class Call:
    """One call of the API: its settings, its window, and the notes that it collects."""

    settings: Settings
    window: "Window"
    warn: Callable[[str], None] | None = None
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        """Say what was not read."""
        self.notes.append(text)
        if self.warn is not None:
            self.warn(text)

    def connection(self) -> "Connection":
        """The one connection, for what is read from one region."""
        return self.settings.connection()

    def located(self, targets: Sequence[str]) -> "list[Located]":
        """Each target with its connection; every function without targets."""
        from monitor.console.selection import locate
        from monitor.kernel.target import TargetSelection

        check_texts(*targets)
        return locate(self.settings, TargetSelection(tuple(targets), every=not targets))


def check_texts(*given: object) -> None:
    """Refuse anything but text where a name is expected, such as a list of names.

    Raises:
        UsageError: one is of another type.
    """
    for one in given:
        if not isinstance(one, str):
            hint = "give each name as an argument of its own: coldstarts('a', 'b'), or coldstarts(*names)"
            raise UsageError(f"a {type(one).__name__} is not the name of anything: {one!r}"[:200], hint)


def opened(account: Account | None, since: Time | None, until: Time | None, default: str) -> Call:
    """A call with its window.

    Raises:
        UsageError: a time cannot be read, or the window ends before it starts.
    """
    account = account or Account()
    for time in (since, until):
        if time is not None and not isinstance(time, Time):
            raise UsageError(f"{time!r} is not a time", "give a text such as '2h', a datetime, or a timedelta")
    settings = account.settings
    window = settings.window(_text(since), _text(until), utc=False, default=default)
    call = Call(settings, window, account.warn)
    settings.tell = lambda message, hint: call.note(f"{message}: {hint}" if hint else message)
    return call


def _text(time: Time | None) -> str | None:
    if isinstance(time, timedelta):
        return f"{round(time.total_seconds() * 1000)}ms"
    return time.isoformat() if isinstance(time, datetime) else time

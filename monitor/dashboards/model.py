"""CloudWatch dashboards and the alarms beside them: templates, problems, and plans of what to change."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.kernel.dashboard import Document


class Severity(StrEnum):
    """Whether CloudWatch would refuse it (or the deploy must), or take it and perhaps do something else."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a dashboard or template.

    `pointer` is a JSON pointer (RFC 6901) into the document; `line` and `column` count from 1 and are
    None where the document has no file. `instead` says what to write.
    """

    severity: Severity
    rule: str
    pointer: str
    message: str
    instead: str = ""
    file: str | None = None
    line: int | None = None
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Parameter:
    """A variable that a template takes by `--set`; `default` None means that it must be given or found."""

    name: str
    default: str | int | float | bool | None
    description: str


@dataclass(frozen=True, slots=True)
class TemplateInfo:
    """What a template says of itself. `per_function`: one dashboard for each function, else one for all."""

    name: str
    description: str
    dashboard_name: str
    per_function: bool
    parameters: tuple[Parameter, ...]
    alarms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """What the variables of a template are filled with for one function.

    `namespace` and `service` are those under which the function's own metrics were found; None where none were.
    """

    name: str
    log_group: str
    has_own_log_group: bool = True
    namespace: str | None = None
    service: str | None = None
    memory_mb: int | None = None
    timeout_s: int | None = None


class Action(StrEnum):
    """What a deploy would do with one dashboard or alarm."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    REFUSE = "refuse"
    DELETE = "delete"


class ChangeKind(StrEnum):
    """How a widget, a variable or a setting differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: `what` names the widget or setting, `details` say how it differs, one line each."""

    kind: ChangeKind
    what: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One dashboard (or alarm) and what is to happen to it.

    `document` is what would be sent (None for a delete); `reason` says why it is refused or left alone, and
    `exit_code` what a refusal counts as.
    """

    kind: str
    name: str
    action: Action
    template: str = ""
    reason: str = ""
    changes: tuple[Change, ...] = ()
    problems: tuple[Problem, ...] = ()
    document: Document | None = None
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """What a deploy would do, whole: it is shown, and exactly it is applied. `notes` are for the reader."""

    items: tuple[PlannedItem, ...]
    notes: tuple[str, ...] = ()

    @property
    def pending(self) -> tuple[PlannedItem, ...]:
        """The items that change something in the account."""
        return tuple(item for item in self.items if item.action in _CHANGING)

    @property
    def refused(self) -> tuple[PlannedItem, ...]:
        """The items that cannot go as they are."""
        return tuple(item for item in self.items if item.action is Action.REFUSE)


_CHANGING = frozenset({Action.CREATE, Action.UPDATE, Action.DELETE})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one planned item: done, or the error and its hint; `messages` are CloudWatch's own."""

    kind: str
    name: str
    action: Action
    error: str = ""
    hint: str = ""
    exit_code: int = 0
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DashboardView:
    """A dashboard to look at: where it came from, and its body without the marker."""

    name: str
    origin: str
    body: Document
    marker: Mapping[str, str] = field(default_factory=dict)
    is_changed: bool = False

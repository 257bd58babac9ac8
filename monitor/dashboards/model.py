"""CloudWatch dashboards and their alarms: templates, problems, and plans of changes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitor.dashboards.model_document import Document


class Severity(StrEnum):
    """An error is something that CloudWatch rejects or cannot display; a warning may not do what was meant."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong in a dashboard or template.

    `pointer` is a JSON pointer (RFC 6901) into the document. `line` and `column` count from 1; they are None if the
    document does not come from a file. `instead` is the suggested fix.
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
    """A variable of a template that `--set` can change; without a `default` it is required."""

    name: str
    default: str | int | float | bool | None
    description: str


@dataclass(frozen=True, slots=True)
class TemplateInfo:
    """The head of a template. `per_function`: one dashboard for each function, otherwise one for all."""

    name: str
    description: str
    dashboard_name: str
    per_function: bool
    parameters: tuple[Parameter, ...]
    alarms: tuple[str, ...]
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class FunctionFacts:
    """The values of a template's variables for one function.

    `namespace` and `service` are those of the function's own metrics; None if it has written none.
    """

    name: str
    log_group: str
    has_own_log_group: bool = True
    namespace: str | None = None
    service: str | None = None
    memory_mb: int | None = None
    timeout_s: int | None = None


class Action(StrEnum):
    """What a deploy does with one dashboard or alarm."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    REFUSE = "refuse"
    DELETE = "delete"


class ChangeKind(StrEnum):
    """How a widget, variable or setting differs."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: `what` names the widget or setting, `details` lists its differences, one a line."""

    kind: ChangeKind
    what: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """One dashboard or alarm in a plan.

    `document` is the request body (None for a delete). `reason` explains the action. `exit_code` is that of a refusal.
    `seen` is the digest of what the account had when the plan was made, "" for nothing. `tags` are set at creation.
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
    seen: str = ""
    tags: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything that a deploy would do. `notes` are for the user."""

    items: tuple[PlannedItem, ...]
    notes: tuple[str, ...] = ()

    @property
    def pending(self) -> tuple[PlannedItem, ...]:
        """The items that change the account."""
        return tuple(item for item in self.items if item.action in _CHANGING)

    @property
    def refused(self) -> tuple[PlannedItem, ...]:
        """The items that cannot be applied."""
        return tuple(item for item in self.items if item.action is Action.REFUSE)


_CHANGING = frozenset({Action.CREATE, Action.UPDATE, Action.DELETE})


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one planned item. `error` is empty on success; `messages` come from CloudWatch."""

    kind: str
    name: str
    action: Action
    error: str = ""
    hint: str = ""
    exit_code: int = 0
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DashboardView:
    """A dashboard to show: its origin, and its body without the marker."""

    name: str
    origin: str
    body: Document
    marker: Mapping[str, str] = field(default_factory=dict)
    is_changed: bool = False

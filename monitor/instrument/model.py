"""What wrapping a deployed function changes, planned and done."""

from dataclasses import dataclass
from enum import Enum


class InstrumentAction(Enum):
    """What a plan would do to its function."""

    WRAP = "wrap"
    UNDO = "undo"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class SettingChange:
    """One setting before and after; None: it is not there.

    `setting` is Handler, TracingConfig, Layers (one change a layer) or Environment, with the variable's `name`. Values
    of variables that are not monitor's own are never in here.
    """

    setting: str
    before: str | None
    after: str | None
    name: str = ""


@dataclass(frozen=True, slots=True)
class RoleCheck:
    """What the function's role lacks; `missing` is None where that could not be asked, and `problem` says why."""

    role: str
    missing: tuple[str, ...] | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class InstrumentPlan:
    """What one function's configuration would become.

    `revision_id` is the configuration's that it was planned from. `reason` and `hint` say why it is refused;
    `blocker` why this plan would not be applied. `other_variables` counts those that stay as they are.
    """

    function: str
    region: str
    action: InstrumentAction
    revision_id: str = ""
    changes: tuple[SettingChange, ...] = ()
    other_variables: int = 0
    role: RoleCheck | None = None
    notes: tuple[str, ...] = ()
    reason: str = ""
    hint: str = ""
    blocker: str = ""
    owner: str = ""
    """What deploys the function, by its tags: its next deploy undoes the change."""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class InstrumentOutcome:
    """What came of applying one plan; `error` is empty when it is in force."""

    function: str
    region: str
    action: InstrumentAction
    revision_id: str = ""
    error: str = ""
    hint: str = ""
    exit_code: int = 0

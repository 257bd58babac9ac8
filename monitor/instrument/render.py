"""Plans to wrap functions, as a diff that a person can check, and what came of them."""

from collections.abc import Iterator, Sequence

from monitor.console.text import Style, clean
from monitor.instrument.model import InstrumentAction, InstrumentOutcome, InstrumentPlan, RoleCheck, SettingChange

_LABEL = 15
_SETTINGS = ("Handler", "Environment", "Layers", "TracingConfig")
_TITLES = {
    InstrumentAction.WRAP: "would be wrapped",
    InstrumentAction.UNDO: "would be unwrapped",
    InstrumentAction.REFUSE: "refused",
}
_DONE = {InstrumentAction.WRAP: "wrapped", InstrumentAction.UNDO: "unwrapped"}


def render_plans(plans: Sequence[InstrumentPlan], style: Style) -> str:
    """Each function with what changes: Handler, Environment, Layers, TracingConfig; what its role lacks; notes."""
    return "\n\n".join("\n".join(_plan(plan, style)) for plan in plans)


def _plan(plan: InstrumentPlan, style: Style) -> Iterator[str]:
    refused = plan.action is InstrumentAction.REFUSE
    title = f"{clean(plan.function)}  {clean(plan.region)}  {_TITLES[plan.action]}"
    if refused:
        yield _color(f"{title}: {clean(plan.reason)}", "31", style)
        if plan.hint:
            yield f"  hint: {clean(plan.hint)}"
        return
    yield _color(title, "1", style)
    for setting in _SETTINGS:
        found = [change for change in plan.changes if change.setting == setting]
        yield from _labeled(setting, [line for change in found for line in _change(change, style)])
        if setting == "Environment" and plan.other_variables:
            yield from _labeled("" if found else setting, [f"  {_others(plan.other_variables)}"])
    if plan.role is not None:
        yield from _labeled("Role", [_role(plan.role, style)])
    if plan.owner:
        yield f"  note: {clean(plan.owner)} deploys it and undoes this the next time; --write changes the template"
    for note in plan.notes:
        yield f"  note: {clean(note)}"
    if plan.blocker:
        yield _color(f"  cannot be applied: {clean(plan.blocker)}", "31", style)
        yield f"  hint: {clean(plan.hint)}"


def _labeled(label: str, lines: list[str]) -> Iterator[str]:
    for position, line in enumerate(lines):
        yield f"  {(label if position == 0 else '').ljust(_LABEL)}{line}"


def _change(change: SettingChange, style: Style) -> Iterator[str]:
    name = f"{clean(change.name)}=" if change.name else ""
    if change.before is not None:
        yield _color(f"- {name}{clean(change.before)}", "31", style)
    if change.after is not None:
        yield _color(f"+ {name}{clean(change.after)}", "32", style)


def _others(count: int) -> str:
    return "1 other variable stays as it is" if count == 1 else f"{count} other variables stay as they are"


def _role(role: RoleCheck, style: Style) -> str:
    name = clean(role.role)
    if role.missing is None:
        return f"  {name}: its permissions could not be read ({clean(role.problem)})"
    if not role.missing:
        return f"  {name} has all permissions needed"
    return _color(f"! {name} lacks {', '.join(map(clean, role.missing))}", "33", style)


def render_outcomes(outcomes: Sequence[InstrumentOutcome], style: Style) -> str:
    """One line a function: what was done, or why not and what to do."""
    return "\n".join(line for outcome in outcomes for line in _outcome(outcome, style))


def _outcome(outcome: InstrumentOutcome, style: Style) -> Iterator[str]:
    name = f"{clean(outcome.function)}  {clean(outcome.region)}"
    if not outcome.error:
        yield _color(f"{name}  {_DONE[outcome.action]}, in force", "32", style)
        return
    yield _color(f"{name}  not done: {clean(outcome.error)}", "31", style)
    if outcome.hint:
        yield f"  hint: {clean(outcome.hint)}"


def _color(text: str, code: str, style: Style) -> str:
    return f"\x1b[{code}m{text}\x1b[0m" if style.color else text

"""Wrapping deployed functions in the instrumented entry point, and unwrapping them: a plan, then exactly that plan."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache, partial
from typing import Any

from monitor.aws import functions
from monitor.aws.connection import Connection
from monitor.aws.deploy import wait_until_updated
from monitor.aws.targets import search
from monitor.errors import ExitCode, MonitorError, NotFoundError, RefusedError, UnreachableError, UsageError
from monitor.instrument import analyze_settings as settings
from monitor.instrument import workflow_checks as checks
from monitor.instrument.analyze_owner import owner
from monitor.instrument.analyze_settings import Wrapping
from monitor.instrument.model import InstrumentAction, InstrumentOutcome, InstrumentPlan
from monitor.instrument.workflow_contents import check_layer, read_contents
from monitor.instrument.workflow_role import TRACING_ACTIONS, check_role
from monitor.kernel.entry_point import ENTRY_POINT
from monitor.kernel.target import Target, parse_target

_LAYER = re.compile(r"arn:[\w-]+:lambda:[\w-]+:\d{12}:layer:[\w-]+:\d+")


@dataclass(frozen=True, slots=True)
class Options:
    """How to wrap: a layer version's ARN that holds the runtime, and whether to turn active tracing on."""

    layer: str | None = None
    tracing: bool = True

    def __post_init__(self) -> None:
        if self.layer is not None and not _LAYER.fullmatch(self.layer):
            raise UsageError(f"{self.layer!r} is not the ARN of a layer version", "arn:aws:lambda:…:layer:NAME:VERSION")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan, and what the API is to be given for it, which holds the values of all variables."""

    plan: InstrumentPlan
    connection: Connection
    parameters: dict[str, Any] = field(default_factory=dict, repr=False)


def plan_each(
    connections: Sequence[Connection], targets: Iterable[str], plan: Callable[[Connection, str], Prepared]
) -> list[Prepared]:
    """The plan of each function that `targets` name, each once; of several regions it need only be in one.

    Raises:
        UsageError: a target is a log group, or a version or alias, which cannot be changed.
        NotFoundError: a target is in none of the regions.
    """
    once = cache(plan)
    searches = [(text, partial(_plans, _changeable(text), connections, once)) for text in targets]
    return [one for _, one in search(connections, searches, key=lambda one: one.plan.function)]


def _changeable(text: str) -> Target:
    target = parse_target(text)
    if target.name is None:
        raise UsageError(f"{text!r} is not a function", "give a name, an ARN, or a glob such as 'ai-*'")
    if target.qualifier not in (None, "$LATEST"):
        raise UsageError(
            f"{text!r} is a version or an alias, which cannot be changed",
            f"instrument {target.name}, then publish a version of it",
        )
    return target


def _plans(
    target: Target,
    connections: Sequence[Connection],
    plan: Callable[[Connection, str], Prepared],
    connection: Connection,
) -> Iterator[Prepared]:
    if target.region and target.region != connection.region:
        raise target.elsewhere(functions.places(connections))
    pattern = str(target.name)
    names = [pattern]
    if target.is_glob:
        names = sorted(name for name in functions.names(connection) if fnmatchcase(name, pattern))
        if not names:
            raise functions.no_match(connections, pattern)
    yield from (plan(connection, name) for name in names)


def prepare(connection: Connection, name: str, options: Options) -> Prepared:
    """Plan to wrap one function; a refusal is a plan too.

    Raises:
        NotFoundError: there is no such function.
        UnreachableError: AWS did not answer.
    """
    answer = _get(connection, name)
    try:
        prepared = _prepare(connection, name, options, answer)
        return replace(prepared, plan=replace(prepared.plan, owner=owner(answer.get("Tags") or {})))
    except (RefusedError, UsageError) as error:
        return _refused(connection, name, error)


def prepare_undo(connection: Connection, name: str) -> Prepared:
    """Plan to unwrap one function; a refusal is a plan too. Raises as `prepare` does."""
    configuration = _get(connection, name)["Configuration"]
    try:
        checks.check_quiet(configuration)
        now = settings.read_wrapping(configuration)
        checks.check_wrapped(now)
        after = settings.unwrap(now)
    except (RefusedError, UsageError) as error:
        return _refused(connection, name, error)
    notes = []
    if now.handler != ENTRY_POINT:
        notes.append(f"the handler was changed since, to {now.handler}: it stays")
    return _prepared(connection, name, InstrumentAction.UNDO, configuration, (now, after), notes=tuple(notes))


def apply(prepared: Prepared) -> InstrumentOutcome:
    """Apply one plan and wait until the update is complete; refused if the function has changed since the plan."""
    plan = prepared.plan
    try:
        if plan.action is InstrumentAction.REFUSE or plan.blocker:
            raise RefusedError(plan.reason or plan.blocker, plan.hint)
        answer = _update(prepared)
        wait_until_updated(prepared.connection, plan.function)
    except MonitorError as error:
        return InstrumentOutcome(
            plan.function, plan.region, plan.action, "", error.message, error.hint, int(error.exit_code)
        )
    return InstrumentOutcome(plan.function, plan.region, plan.action, answer.get("RevisionId", ""))


def _update(prepared: Prepared) -> dict[str, Any]:
    """Send the change, and return the configuration that it led to.

    The answer can get lost although the change was made. botocore then sends it again, with a revision that is no
    longer the newest: in both cases only a look at the function says what is.
    """
    plan = prepared.plan
    try:
        return prepared.connection.call(
            "lambda",
            "UpdateFunctionConfiguration",
            FunctionName=plan.function,
            RevisionId=plan.revision_id,
            **prepared.parameters,
        )
    except UnreachableError as error:
        return _look(prepared, error)
    except RefusedError as error:
        if "PreconditionFailed" in error.message:
            changed = f"{plan.function} was changed since the plan was made: nothing was done"
            return _look(prepared, RefusedError(changed, "run the command again"))
        raise


def _look(prepared: Prepared, error: MonitorError) -> dict[str, Any]:
    """The function's configuration where it is the planned one.

    Raises:
        MonitorError: it is not: `error`, with what is known of the function.
    """
    plan = prepared.plan
    try:
        found = prepared.connection.call("lambda", "GetFunctionConfiguration", FunctionName=plan.function)
    except MonitorError:
        unknown = f"{error.message}; whether {plan.function} was changed is not known"
        raise UnreachableError(
            unknown, "run the command again: its plan shows the current state of the function"
        ) from error
    if settings.is_in_force(prepared.parameters, found):
        return found
    if isinstance(error, UnreachableError) and found.get("RevisionId") == plan.revision_id:
        raise UnreachableError(f"{error.message}; {plan.function} was not changed", "run the command again") from error
    raise error


def _get(connection: Connection, name: str) -> dict[str, Any]:
    try:
        return connection.call("lambda", "GetFunction", FunctionName=name)
    except NotFoundError:
        raise functions.NoFunctionError([connection], name, None) from None


def _prepare(connection: Connection, name: str, options: Options, answer: dict[str, Any]) -> Prepared:
    configuration = answer["Configuration"]
    checks.check_kind(configuration)
    checks.check_quiet(configuration)
    now = settings.read_wrapping(configuration)
    checks.check_handler(now)
    contents = read_contents(connection, answer, (*now.layers, *filter(None, [options.layer])))
    checks.check_contents(now, contents, options.layer)
    layer = None if contents.has_runtime_in_package else options.layer
    if layer is not None:
        architecture = (configuration.get("Architectures") or ["x86_64"])[0]
        checks.check_versions(now, layer)
        check_layer(connection, layer, configuration["Runtime"], architecture)
    after = settings.wrap(now, layer=layer, tracing=options.tracing)
    checks.check_size(after)
    return _prepared(
        connection,
        name,
        InstrumentAction.WRAP,
        configuration,
        (now, after),
        notes=tuple(checks.notes(configuration, now, contents)),
        tracing=after.tracing == "Active",
    )


def _prepared(
    connection: Connection,
    name: str,
    action: InstrumentAction,
    configuration: dict[str, Any],
    wrappings: tuple[Wrapping, Wrapping],
    *,
    notes: tuple[str, ...],
    tracing: bool = False,
) -> Prepared:
    now, after = wrappings
    info = functions.function_info(configuration, connection.region)
    role = None
    blocker = ""
    if action is InstrumentAction.WRAP:
        role = check_role(connection, info.role, info.arn, info.log_group, tracing=tracing)
        turned_on = tracing and now.tracing != "Active"
        if turned_on and role.missing and set(TRACING_ACTIONS) & set(role.missing):
            blocker = "Lambda refuses active tracing while the role may not send traces"
    changes = settings.changes(now, after)
    touched = {change.name for change in changes if change.setting == "Environment"}
    plan = InstrumentPlan(
        function=name,
        region=connection.region,
        action=action,
        revision_id=info.revision_id,
        changes=changes,
        other_variables=len(set(now.variables) - touched),
        role=role,
        notes=notes,
        hint="add the actions to the role (AWSXRayDaemonWriteAccess has them), or give --no-tracing" if blocker else "",
        blocker=blocker,
    )
    return Prepared(plan, connection, settings.parameters(now, after))


def _refused(connection: Connection, name: str, error: MonitorError) -> Prepared:
    code = ExitCode.REFUSED
    return Prepared(
        InstrumentPlan(
            name,
            connection.region,
            InstrumentAction.REFUSE,
            reason=error.message,
            hint=error.hint,
            exit_code=int(code),
        ),
        connection,
    )

"""`monitor diagnose --try`: a function's own package under Lambda's runtime client, with and without a change."""

import json
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from monitor.aws.connection import Connection
from monitor.aws.deploy import Deployment, deploy, invoke, refresh
from monitor.diagnose.evidence.model import FunctionEvidence, StartRecord
from monitor.diagnose.model import Trial
from monitor.diagnose.model_finding import Finding
from monitor.diagnose.trials.change import Attempt, CannotMakeError, CannotTryError, TrialContext, attempt
from monitor.diagnose.trials.paired import paired_saving
from monitor.diagnose.trials.subject import Subject
from monitor.diagnose.trials.vary import vary
from monitor.diagnose.trials.watching import HANDLER as WATCHED_HANDLER
from monitor.diagnose.trials.watching import HANDLER_VARIABLE as WATCHED_VARIABLE
from monitor.diagnose.trials.watching import start_record, watched_package
from monitor.errors import MonitorError
from monitor.kernel.entry_point import DEFAULT_HANDLER, ENTRY_POINT, HANDLER_VARIABLE
from monitor.kernel.missing import Missing
from monitor.packages.inspect.inspect import Target
from monitor.packages.workflow import ReadOptions, read_package
from monitor.records.invoke_result import InvocationResult

TURNS = 9
# Init and this together stay within the 60 seconds that a call is waited for: it would be sent again, and again.
_TIMEOUT_S = 30
_LONGEST = 300
_AS_IT_IS = "as-it-is"


@dataclass(frozen=True, slots=True)
class Plan:
    """What of the findings can be tried, and why the others cannot, by their index."""

    findings: tuple[Finding, ...]
    attempts: Mapping[int, Attempt]
    refused: Mapping[int, str]
    impossible: Collection[int] = ()

    def starts(self, turns: int) -> int:
        """How many starts that takes."""
        return (len(self.attempts) + 1) * (turns + 1) if self.attempts else 1


def planned(subject: Subject, evidence: FunctionEvidence, findings: Sequence[Finding]) -> Plan:
    """How each finding's change is tried on this package; nothing is started yet."""
    # What the package holds is looked at again: with --package it is not the one that was deployed.
    target = Target(python=subject.python, handler=subject.environment.get(HANDLER_VARIABLE) or subject.handler)
    context = TrialContext(
        evidence, subject.package, read_package(str(subject.package), ReadOptions(_no_connection, target=target))
    )
    refused: dict[int, str] = {}
    impossible = set()
    attempts: dict[int, Attempt] = {}
    for index, finding in enumerate(findings):
        try:
            attempts[index] = attempt(finding, context)
        except CannotTryError as error:
            refused[index] = str(error)
            if isinstance(error, CannotMakeError):
                impossible.add(index)
    return Plan(tuple(findings), attempts, refused, impossible)


def _no_connection() -> Connection:
    raise AssertionError("a zip is looked into")


def carry_out(
    stack: Connection,
    subject: Subject,
    plan: Plan,
    folder: Path,
    *,
    event: bytes,
    turns: int = TURNS,
    reported_ms: float | None = None,
    advance: Callable[[], None] = lambda: None,
    say: Callable[[str], None] = lambda _text: None,
) -> tuple[Trial, ...]:
    """The plan carried out on `stack`, an embedded one; a trial a finding, in their order.

    Every turn starts the package as it is and with each change once, each in a fresh process, the order changing from
    turn to turn. `reported_ms` is the function's first total as Lambda reported it. `advance` hears of each start,
    `say` of an event that the handler does not take.

    Raises:
        MonitorError: the package as it is does not start here.
    """
    attempts, refused, breaks = dict(plan.attempts), dict(plan.refused), dict[int, str]()
    common = _merged(one.before for one in attempts.values())
    runner = _Runner(stack, subject, folder, event)
    runner.put_up(_AS_IT_IS, subject.package, common)
    first = runner.start(_AS_IT_IS)
    if (broken := _broken(first)) is not None:
        raise _does_not_start(subject, broken)
    if first.report is not None and first.report.init_ms is None:
        say("its init takes longer than 10 s here: Lambda ends such an init and repeats it inside the first invocation")
    if first.function_error:
        say(f"the first invocation fails with this event: {_said(first)}; set another with --event FILE")
    advance()
    for index, one in plan.attempts.items():
        tried = runner.put_up_attempt(str(index), one, common)
        advance()
        if broken := _differs(first, tried):
            breaks[index] = broken
            del attempts[index]
    figures, results = _taken(runner, [_AS_IT_IS, *map(str, attempts)], turns if attempts else 0, advance)
    same = {one.payload for one in (first, *results[_AS_IT_IS])}
    for index in attempts:
        # Where the function itself returns another result at each start, results say nothing.
        if len(same) == 1 and any(one.payload not in same for one in results[str(index)]):
            breaks[index] = "the first invocation returns another result with the change"
    return tuple(
        _trial(attempts[index], figures[_AS_IT_IS], figures[str(index)], reported_ms, breaks.get(index, ""))
        if index in attempts
        else Trial(
            finding.rule,
            finding.subject,
            _proposed(finding),
            failed=refused.get(index, ""),
            breaks=breaks.get(index, ""),
            impossible=index in plan.impossible,
        )
        for index, finding in enumerate(plan.findings)
    )


def _differs(before: InvocationResult, after: InvocationResult) -> str:
    """How a start with a change differs from one without, "" if it does not."""
    if (broken := _broken(after)) is not None:
        return f"the function does not start with the change: {broken}"
    if after.function_error and not before.function_error:
        return f"the first invocation fails with the change: {_said(after)}"
    return ""


def watch(stack: Connection, subject: Subject, folder: Path, *, event: bytes | None) -> StartRecord | Missing:
    """One start of the package on `stack`, watched; Missing if it does not start or cannot be watched."""
    package = folder / "watched.zip"
    watched_package(subject.package, package)
    own = subject.environment.get(HANDLER_VARIABLE) or subject.handler
    if own == ENTRY_POINT:
        own = DEFAULT_HANDLER
    runner = _Runner(stack, replace(subject, handler=WATCHED_HANDLER), folder, event or b"{}")
    runner.put_up("watched", package, {WATCHED_VARIABLE: own})
    return start_record(runner.start("watched"), with_event=event is not None)


def _proposed(finding: Finding) -> str:
    return finding.changes[0].title if finding.changes else finding.title


def _merged(parts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    return {name: value for part in parts for name, value in part.items()}


class _Runner:
    """Puts variations up and starts them."""

    def __init__(self, stack: Connection, subject: Subject, folder: Path, event: bytes) -> None:
        self._stack = stack
        self._subject = subject
        self._folder = folder
        self._event = event
        self._suffix = uuid.uuid4().hex[:6]
        self._layers = tuple(self._publish(path) for path in subject.layers)

    def put_up(self, label: str, package: Path, environment: Mapping[str, str]) -> None:
        """Deploy a package as the variation `label`."""
        subject = self._subject
        deploy(
            self._stack,
            Deployment(
                self._name(label),
                package,
                subject.handler,
                subject.memory_mb,
                _TIMEOUT_S,
                {**subject.environment, **environment},
                f"python{subject.python}",
                self._layers,
            ),
        )

    def put_up_attempt(self, label: str, one: Attempt, common: Mapping[str, str]) -> InvocationResult:
        """Deploy an attempt and start it once."""
        package = self._subject.package
        if one.variation.texts or one.variation.without or one.variation.bytecode:
            package = self._folder / f"variation-{label}.zip"
            vary(self._subject.package, package, one.variation, self._subject.python)
        kept = {name: value for name, value in common.items() if name not in one.before}
        self.put_up(label, package, {**kept, **one.after})
        return self.start(label)

    def start(self, label: str) -> InvocationResult:
        """One cold start."""
        refresh(self._stack, self._name(label))
        return invoke(self._stack, self._name(label), self._event)

    def _name(self, label: str) -> str:
        return f"try-{self._suffix}-{label}"

    def _publish(self, layer: Path) -> str:
        answer = self._stack.call(
            "lambda",
            "PublishLayerVersion",
            LayerName=f"try-{self._suffix}-{layer.stem}",
            Content={"ZipFile": layer.read_bytes()},
        )
        return str(answer["LayerVersionArn"])


def _taken(
    runner: _Runner, labels: Sequence[str], turns: int, advance: Callable[[], None]
) -> tuple[dict[str, list[float]], dict[str, list[InvocationResult]]]:
    """First totals and results of each, one a turn. They rotate, since the first of a turn finds the machine idle."""
    taken: dict[str, list[float]] = {label: [] for label in labels}
    results: dict[str, list[InvocationResult]] = {label: [] for label in labels}
    for turn in range(turns):
        at = turn % len(labels)
        for label in (*labels[at:], *labels[:at]):
            result = runner.start(label)
            if (broken := _broken(result)) is not None:
                raise MonitorError(f"a start failed after others had succeeded: {broken}", "try again")
            taken[label].append(_first_total_ms(result))
            results[label].append(result)
            advance()
    return taken, results


def _broken(result: InvocationResult) -> str | None:
    """Why there was no init; a handler that fails on this event has started all the same."""
    if result.report is not None and (result.report.init_ms is not None or result.function_error is None):
        return None
    return _said(result)


def _first_total_ms(result: InvocationResult) -> float:
    """How long the caller waited: for init and duration, or for an init that was ended and repeated inside the call."""
    report = result.report
    assert report is not None
    if report.init_ms is None:
        return result.elapsed_ms
    return report.init_ms + (report.duration_ms or 0.0)


def _said(result: InvocationResult) -> str:
    """The error of a result in a line."""
    text = result.payload.decode(errors="replace")
    try:
        error = json.loads(text)
    except ValueError:
        return text[:_LONGEST]
    if isinstance(error, dict) and error.get("errorMessage"):
        text = f"{error.get('errorType', 'error')}: {error['errorMessage']}"
    return text[:_LONGEST]


def _does_not_start(subject: Subject, said: str) -> MonitorError:
    hint = "use a package whose init works on this machine"
    if subject.unknown:
        names = ", ".join(subject.unknown[:8]) + (" …" if len(subject.unknown) > 8 else "")
        hint = (
            f"the values of its variables are not read from AWS: set those that it needs with --env "
            f"NAME=VALUE ({names})"
        )
    return MonitorError(f"{subject.name} does not start on this machine: {said}", hint)


def _trial(
    one: Attempt, before: Sequence[float], after: Sequence[float], reported_ms: float | None, breaks: str
) -> Trial:
    saving = paired_saving(before, after)
    local_ms = median(before)
    scaled = saving.saved_ms * reported_ms / local_ms if reported_ms and local_ms else None
    return Trial(
        rule=one.finding.rule,
        subject=one.finding.subject,
        change=one.change,
        before_ms=tuple(before),
        after_ms=tuple(after),
        saved_ms=saving.saved_ms,
        spread_ms=(saving.low_ms, saving.high_ms),
        scaled_ms=scaled,
        breaks=breaks,
        measures=one.measures,
    )

"""`monitor diagnose --try`: its options, and the trials on a temporary embedded stack."""

import functools
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.console.environment import environment_options, read_environment
from monitor.console.options import Count
from monitor.console.output import note, progress
from monitor.console.temporary import temporary_folder

if TYPE_CHECKING:
    from monitor.aws.connection import Connection
    from monitor.diagnose.model import Diagnosis
    from monitor.diagnose.model_finding import Finding

F = TypeVar("F", bound=Callable[..., Any])
_ALL = "all"


@dataclass(frozen=True, slots=True)
class TrialOptions:
    """What to try: a rule or all findings, on which package, with which environment and event."""

    rule: str
    package: Path | None
    environment: dict[str, str]
    event: bytes | None
    turns: int


def try_options(function: F) -> F:
    """Add --try and its options, passed to the command as one argument `trying` (None without --try)."""

    @functools.wraps(function)
    def wrapped(
        *args: Any,
        tries: str | None,
        package: Path | None,
        environment: tuple[str, ...],
        env_file: Path | None,
        event: str | None,
        turns: int | None,
        **kwargs: Any,
    ) -> Any:
        trying = None
        if tries is not None:
            variables = read_environment(environment, env_file)
            trying = TrialOptions(tries, package, variables, _payload(event), turns or 9)
        return function(*args, trying=trying, **kwargs)

    decorated: Any = wrapped
    for option in (
        click.option(
            "--turns",
            type=Count(2, 50),
            help="With --try: how many times to start each variant.  [default: 9]",
        ),
        click.option("--event", metavar="FILE", help="With --try: the event of the first invocation.  [default: {}]"),
        environment_options,
        click.option(
            "--package",
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            metavar="ZIP",
            help="With --try: start this package instead of the deployed one.",
        ),
        click.option(
            "--try",
            "tries",
            is_flag=False,
            flag_value=_ALL,
            metavar="[RULE]",
            shell_complete=_rules,
            help=(
                "Start the package on this machine with and without each change (with RULE, only that rule's), and "
                "measure the difference."
            ),
        ),
    ):
        decorated = option(decorated)
    result: F = decorated
    return result


def _rules(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[str]:
    from monitor.console.complete import safe_names
    from monitor.diagnose.analyze import RULES
    from monitor.diagnose.model_rule import Trial

    return safe_names(sorted(rule.id for rule in RULES if isinstance(rule.trial, Trial)), incomplete)


def tried(found: "Diagnosis", target: str | None, connection: "Connection | None", trying: TrialOptions) -> "Diagnosis":
    """The diagnosis with the measured effect of its changes.

    Raises:
        MonitorError: there is no package, or it does not start on this machine.
    """
    from monitor.console.embedded_stack import temporary_stack
    from monitor.diagnose.analyze import diagnose
    from monitor.diagnose.analyze_trials import judged
    from monitor.diagnose.trials.subject import fetch
    from monitor.diagnose.trials.trying import carry_out, planned, watch

    with temporary_folder() as folder:
        with progress("fetching the package"):
            subject = fetch(
                connection, target or "", found.evidence, folder, package=trying.package, given=trying.environment
            )
        note(
            f"starting {subject.name} on this machine as your user, with and without changes; "
            "its calls to AWS go to an empty embedded stack"
        )
        with temporary_stack() as stack:
            with progress("watching one start"):
                record = watch(stack, subject, folder, event=trying.event)
            found = diagnose(replace(found.evidence, calls=record))
            findings = _chosen(found, trying.rule)
            if not findings:
                note("there is no finding to try")
                return found
            plan = planned(subject, found.evidence, findings)
            with progress("starting", total=plan.starts(trying.turns)) as bar:
                trials = carry_out(
                    stack,
                    subject,
                    plan,
                    folder,
                    event=trying.event or b"{}",
                    turns=trying.turns,
                    reported_ms=found.headline.first_total_p50_ms,
                    advance=bar.advance,
                    say=note,
                )
    return judged(found, trials)


def known_rule(rule: str) -> None:
    """Refuse an unknown rule before evidence is gathered.

    Raises:
        UsageError: there is no rule of that name.
    """
    from monitor.diagnose.trials.change import checked_rule

    if rule != _ALL:
        checked_rule(rule)


def _chosen(found: "Diagnosis", rule: str) -> "tuple[Finding, ...]":
    if rule == _ALL:
        return found.findings
    return tuple(one for one in (*found.findings, *found.minor) if one.rule == rule)


def _payload(path: str | None) -> bytes | None:
    if path is None:
        return None
    from monitor.console.event_file import read_event

    return read_event(path)

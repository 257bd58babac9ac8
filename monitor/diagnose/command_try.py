"""`monitor diagnose --try`: its options, and the run on an embedded stack of its own."""

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from monitor.console.output import note, progress
from monitor.errors import UsageError
from monitor.kernel.pairs import parse_pairs

if TYPE_CHECKING:
    from monitor.aws.connection import Connection
    from monitor.diagnose.model import Diagnosis
    from monitor.diagnose.model_finding import Finding

F = TypeVar("F", bound=Callable[..., Any])
_ALL = "all"
_LARGEST_EVENT = 6 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class TrialOptions:
    """What was asked for: a rule or all that was found, on which package, with which environment and event."""

    rule: str
    package: Path | None
    environment: dict[str, str]
    event: bytes
    turns: int


def try_options(function: F) -> F:
    """--try and what goes with it, as one argument `trying`: None where nothing is to be tried."""

    @functools.wraps(function)
    def wrapped(
        *args: Any,
        tries: str | None,
        package: Path | None,
        environment: tuple[str, ...],
        event: str | None,
        turns: int | None,
        **kwargs: Any,
    ) -> Any:
        if tries is None and (package or environment or event or turns):
            raise UsageError("--package, --env, --event and --turns go with --try", "add --try")
        trying = None
        if tries is not None:
            trying = TrialOptions(
                tries, package, parse_pairs(environment, "--env", "TABLE=images"), _payload(event), turns or 9
            )
        return function(*args, trying=trying, **kwargs)

    decorated: Any = wrapped
    for option in (
        click.option(
            "--turns", type=click.IntRange(2, 50), metavar="N", help="Starts of each with --try.  [default: 9]"
        ),
        click.option(
            "--event", metavar="FILE", help="The first invocation's event for --try; an empty object without."
        ),
        click.option("--env", "environment", metavar="NAME=VALUE", multiple=True, help="A variable's value for --try."),
        click.option(
            "--package",
            type=click.Path(path_type=Path, dir_okay=False, exists=True),
            metavar="ZIP",
            help="What --try starts instead of the deployed package.",
        ),
        click.option(
            "--try",
            "tries",
            is_flag=False,
            flag_value=_ALL,
            metavar="[RULE]",
            help="Start the package here, with and without each change (or RULE's), and set the difference beside.",
        ),
    ):
        decorated = option(decorated)
    result: F = decorated
    return result


def tried(found: "Diagnosis", target: str | None, connection: "Connection | None", trying: TrialOptions) -> "Diagnosis":
    """The diagnosis with what its changes do here.

    Raises:
        MonitorError: there is no package, or it does not start here.
    """
    from monitor.console.embedded_stack import temporary_stack
    from monitor.diagnose.trials.subject import fetch
    from monitor.diagnose.trials.trying import carry_out, planned

    findings = _chosen(found, trying.rule)
    if not findings:
        note("nothing was found that could be tried")
        return found
    with tempfile.TemporaryDirectory(prefix="monitor-try-") as place:
        folder = Path(place)
        with progress("fetching the package"):
            subject = fetch(
                connection, target or "", found.evidence, folder, package=trying.package, given=trying.environment
            )
        plan = planned(subject, found.evidence, findings)
        count = len(plan.attempts)
        note(
            f"starting {subject.name} here, as you: as it is and with {count} change{'' if count == 1 else 's'}, in "
            "turn; its calls to AWS go to an empty embedded stack"
        )
        with temporary_stack() as stack, progress("starting", total=plan.starts(trying.turns)) as bar:
            trials = carry_out(
                stack,
                subject,
                plan,
                folder,
                event=trying.event,
                turns=trying.turns,
                reported_ms=found.headline.first_total_p50_ms,
                advance=bar.advance,
                say=note,
            )
    return replace(found, trials=trials)


def known_rule(rule: str) -> None:
    """Refuse a rule that there is not, before anything is gathered for it.

    Raises:
        UsageError: there is none of that name.
    """
    from monitor.diagnose.trials.change import checked_rule

    if rule != _ALL:
        checked_rule(rule)


def _chosen(found: "Diagnosis", rule: str) -> "tuple[Finding, ...]":
    if rule == _ALL:
        return found.findings
    return tuple(one for one in (*found.findings, *found.minor) if one.rule == rule)


def _payload(path: str | None) -> bytes:
    if path is None:
        return b"{}"
    import json

    try:
        content = Path(path).read_bytes()
        json.loads(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}", "give --event a JSON file") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}", "an event is a JSON document") from None
    if len(content) > _LARGEST_EVENT:
        raise UsageError(f"{path} is larger than 6 MB", "Lambda takes no larger event")
    return content

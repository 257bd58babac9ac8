"""The smallest IAM policy that commands need."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Any

from monitor.account.analyze_policies import NEEDS
from monitor.errors import UsageError
from monitor.kernel.iam import Need, On, Scope

# The limit of a customer managed policy, without white space (IAM quotas).
MOST_CHARACTERS = 6144


def policy(needs: Iterable[Need], scope: Scope) -> dict[str, Any]:
    """The policy document that allows `needs` within `scope`, one statement for each kind of resource.

    A log group that is not named after its function must be in the scope.
    """
    by_kind: dict[On, set[str]] = {}
    for need in needs:
        if need.action.name:
            by_kind.setdefault(need.action.on, set()).add(need.action.name)
    # An action that is allowed on all log groups is not repeated for aws/spans.
    if not (scope.functions or scope.log_groups):
        by_kind[On.SPANS] = by_kind.get(On.SPANS, set()) - by_kind.get(On.LOG_GROUP, set())
    statements = [_statement(kind, by_kind[kind], scope) for kind in On if by_kind.get(kind)]
    return {"Version": "2012-10-17", "Statement": statements}


def _statement(kind: On, actions: set[str], scope: Scope) -> dict[str, Any]:
    resources = arns(kind, scope)
    statement: dict[str, Any] = {
        "Sid": _SIDS[kind],
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": resources[0] if len(resources) == 1 else list(resources),
    }
    if kind is On.ANY and scope.regions:
        regions = scope.regions
        statement["Condition"] = {"StringEquals": {"aws:RequestedRegion": list(regions)}}
    return statement


_SIDS = {
    On.ANY: "AnyResource",
    On.FUNCTION: "Functions",
    On.VERSION: "Versions",
    On.LAYER: "Layers",
    On.LOG_GROUP: "LogGroups",
    On.SPANS: "Spans",
    On.DASHBOARD: "Dashboards",
    On.ALARM: "Alarms",
    On.ROLE: "Roles",
    On.STACK: "Stacks",
}


def arns(kind: On, scope: Scope) -> tuple[str, ...]:
    """ARN patterns of the resources of a kind within `scope`."""
    regions = scope.regions or ("*",)
    account = scope.account or "*"
    partition = _partition(scope.regions)
    match kind:
        case On.ANY:
            return ("*",)
        case On.DASHBOARD:
            return (f"arn:{partition}:cloudwatch::{account}:dashboard/*",)
        case On.ROLE:
            return (f"arn:{partition}:iam::{account}:role/*",)
        case On.STACK:
            return _each(f"arn:{partition}:cloudformation", regions, account, "stack", ["*"])
        case On.FUNCTION:
            # The ARN of a version or alias has a qualifier at its end.
            names = [name + end for name in scope.functions for end in ("", ":*")] or ["*"]
            return _each(f"arn:{partition}:lambda", regions, account, "function", names)
        case On.VERSION:
            names = [f"{name}:*" for name in scope.functions or "*"]
            return _each(f"arn:{partition}:lambda", regions, account, "function", names)
        case On.LAYER:
            # A layer can belong to another account, as AWS's own layers do.
            return _each(f"arn:{partition}:lambda", regions, "*", "layer", ["*"])
        case On.LOG_GROUP:
            own = [f"/aws/lambda/{name}" for name in scope.functions]
            names = [f"{name}:*" for name in dict.fromkeys([*own, *scope.log_groups])] or ["*"]
            return _each(f"arn:{partition}:logs", regions, account, "log-group", names)
        case On.SPANS:
            return _each(f"arn:{partition}:logs", regions, account, "log-group", ["aws/spans:*"])
        case On.ALARM:
            return _each(f"arn:{partition}:cloudwatch", regions, account, "alarm", ["*"])


def _each(start: str, regions: Sequence[str], account: str, kind: str, names: Iterable[str]) -> tuple[str, ...]:
    return tuple(f"{start}:{region}:{account}:{kind}:{name}" for name in names for region in regions)


def _partition(regions: Sequence[str]) -> str:
    """The partition of the first region: a policy belongs to one account, and an account to one partition."""
    first = regions[0] if regions else ""
    return "aws-cn" if first.startswith("cn-") else "aws-us-gov" if first.startswith("us-gov-") else "aws"


def find(words: Sequence[str]) -> list[str]:
    """The commands that `words` name, in the order of the table. A group's name stands for all of its commands.

    Without words, every command.

    Raises:
        UsageError: a word names no command.
    """
    found: list[str] = []
    rest = list(words)
    while rest:
        two, one = " ".join(rest[:2]), rest[0]
        if two in NEEDS:
            found.append(two)
            del rest[:2]
            continue
        named = [name for name in NEEDS if name == one or name.startswith(f"{one} ")]
        if not named:
            near = get_close_matches(two, NEEDS, n=1) or get_close_matches(one, NEEDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "`monitor --help` lists them"
            raise UsageError(f"there is no command {one!r}", hint)
        # A misspelt `traces lst` must not allow everything that `traces` needs.
        if len(rest) > 1 and named != [one] and not _is_command(rest[1]):
            near = get_close_matches(two, NEEDS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"`monitor {one} --help` lists them"
            raise UsageError(f"there is no command {two!r}", hint)
        found += named
        del rest[0]
    return [name for name in NEEDS if name in found or not words]


def _is_command(word: str) -> bool:
    return any(name.partition(" ")[0] == word for name in NEEDS)


def needs_of(commands: Iterable[str], *, plain: bool = False, options: Sequence[str] = ()) -> tuple[Need, ...]:
    """Everything that the commands need. `plain` leaves out calls that depend on an option or a kind of TARGET.

    `options`: with `plain`, the options whose calls are included nevertheless.
    """
    return tuple(
        need
        for name in commands
        for need in NEEDS[name]
        if not plain or not need.when or any(_is_named(option, need.when) for option in options)
    )


def commands_that_need(call: str) -> list[str]:
    """The commands that make an API call, without `doctor` and shell completion."""
    return [
        name
        for name, needs in NEEDS.items()
        if name not in ("doctor", "completion") and any(need.call == call for need in needs)
    ]


def _is_named(option: str, when: str) -> bool:
    words = when.replace(",", "").split()
    return option in words or f"--{option}" in words

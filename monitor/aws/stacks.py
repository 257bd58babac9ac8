"""The functions of CloudFormation stacks, which SAM, the CDK and the Serverless Framework deploy too."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from monitor.aws.connection import Connection
from monitor.aws.functions import places
from monitor.errors import MonitorError, NotFoundError
from monitor.kernel.target import is_glob, parse_target

_FUNCTION, _STACK = "AWS::Lambda::Function", "AWS::CloudFormation::Stack"
_DEEPEST = 10


@dataclass(frozen=True, slots=True)
class StackFunction:
    """A function of a stack: its logical ID (`Child/Worker` in a nested stack) and its name."""

    logical_id: str
    name: str


def select(connections: Sequence[Connection], stack: str, targets: Sequence[str]) -> tuple[str, ...]:
    """The functions of a stack that `targets` name, by logical ID, name, or glob of these; all without targets.

    A target keeps its qualifier: `Api:live` is the alias `live` of the function with the logical ID `Api`.

    Raises:
        NotFoundError: there is no such stack in any connection, or it has no such function.
    """
    found = _of_any(connections, stack)
    if not targets:
        return tuple(one.name for one in found)
    return tuple(dict.fromkeys(name for text in targets for name in _chosen(found, stack, text)))


def _chosen(found: Sequence[StackFunction], stack: str, text: str) -> list[str]:
    logical, colon, qualifier = (text, "", "") if text.startswith("arn:") else text.partition(":")
    end = f"{colon}{qualifier}"
    if is_glob(logical):
        names = [one.name for one in found if fnmatchcase(one.logical_id, logical) or fnmatchcase(one.name, logical)]
    else:
        name = parse_target(text).name if text.startswith("arn:") else logical
        names = [one.name for one in found if name in (one.logical_id, one.name)]
    if not names:
        known = ", ".join(one.logical_id for one in found[:10])
        raise NotFoundError(f"the stack {stack} has no function {text!r}", f"its functions: {known}")
    return [name + end for name in names]


def _of_any(connections: Sequence[Connection], stack: str) -> list[StackFunction]:
    missing: MonitorError | None = None
    for connection in connections:
        try:
            found = list(_functions(connection, stack, "", 0))
        except NotFoundError as error:
            missing = error
            continue
        if not found:
            raise NotFoundError(f"the stack {stack} has no function", "check the name of the stack")
        return found
    assert missing is not None
    raise NotFoundError(f"there is no stack {stack!r} in {places(connections)}", "check the name and --region")


def _functions(
    connection: Connection, stack: str, prefix: str, depth: int, seen: set[str] | None = None
) -> Iterator[StackFunction]:
    """The functions of a stack and of those nested in it. Each is read once: a stack that contains itself ends."""
    seen = {stack} if seen is None else seen
    for resource in _resources(connection, stack):
        logical, physical = f"{prefix}{resource['LogicalResourceId']}", resource.get("PhysicalResourceId")
        kind = resource.get("ResourceType")
        if not physical or resource.get("ResourceStatus") == "DELETE_COMPLETE":
            continue
        if kind == _FUNCTION:
            yield StackFunction(logical, str(physical))
        elif kind == _STACK and depth < _DEEPEST and str(physical) not in seen:
            # Its physical ID is the ARN of the nested stack.
            seen.add(str(physical))
            yield from _functions(connection, str(physical), f"{logical}/", depth + 1, seen)


def _resources(connection: Connection, stack: str) -> Iterator[dict[str, Any]]:
    pages = connection.pages("cloudformation", "ListStackResources", token="NextToken", StackName=stack)
    try:
        yield from (resource for page in pages for resource in page.get("StackResourceSummaries", []))
    except MonitorError as error:
        # CloudFormation answers ValidationError for a stack that does not exist.
        if "does not exist" in error.message:
            raise NotFoundError(error.message, "check the name and --region") from error
        raise

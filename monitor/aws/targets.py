"""Resolve TARGETs (names, aliases, ARNs, globs, log groups, tags) to log groups, in one or several regions."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from functools import partial
from typing import Any, TypeVar

from monitor.aws import functions
from monitor.aws.connection import Connection
from monitor.aws.logs import group_names, no_group
from monitor.errors import DeniedError, NotFoundError, UsageError
from monitor.kernel.function import FunctionInfo
from monitor.kernel.pairs import parse_pair
from monitor.kernel.target import LogTarget, Target, TargetSelection, parse_target

T = TypeVar("T")
Located = tuple[Connection, LogTarget]
# So many functions with a tag are described one by one; for more, all functions are listed, fifty a call.
_FEW = 20


def resolve(connections: Sequence[Connection], selection: TargetSelection) -> list[Located]:
    """Each log target with the connection that it is in: by connection, then in the order asked for, each once.

    Of several regions and profiles a target need only be in one. Whether a log group that was named is there, its
    first read tells; with several connections it is looked for, since it may be in another.

    Raises:
        UsageError: a text is not a target, or not a tag.
        NotFoundError: something is in none of the regions; the message names it.
    """
    searches: list[tuple[str, Callable[[Connection], Iterable[LogTarget]]]] = [
        (text, partial(_of_text, parse_target(text), connections)) for text in selection.targets
    ]
    if selection.tags:
        label = f"functions with the tag {' and '.join(selection.tags)}"
        searches.append((label, partial(_with_tags, _tag_filters(selection.tags), label, connections)))
    elif selection.every:
        searches.append(("functions", partial(_all, connections)))
    return search(connections, searches, key=lambda one: (one.group, one.function, one.versions))


def search(
    connections: Sequence[Connection],
    searches: Iterable[tuple[str, Callable[[Connection], Iterable[T]]]],
    key: Callable[[T], Hashable],
) -> list[tuple[Connection, T]]:
    """What each search, given with its label, finds in each connection: by connection, each `key` of one once.

    Raises:
        NotFoundError: a search finds nothing anywhere; where several do, the message has the label of each.
    """
    found: dict[tuple[int, Hashable], tuple[Connection, T]] = {}
    missing: dict[str, NotFoundError] = {}
    for label, find in searches:
        errors: list[NotFoundError] = []
        for connection in connections:
            try:
                for one in list(find(connection)):
                    found.setdefault((id(connection), key(one)), (connection, one))
            except NotFoundError as error:
                errors.append(error)
        if len(errors) == len(connections):
            missing[label] = errors[0]
    if missing:
        raise _not_found(connections, missing)
    order = {id(connection): number for number, connection in enumerate(connections)}
    return sorted(found.values(), key=lambda pair: order[id(pair[0])])


def one_function(
    connection: Connection, text: str, hint: str = "give its name, name:alias or ARN"
) -> tuple[str, str | None]:
    """The name of the one function that `text` names, and its version or alias.

    Raises:
        UsageError: it is not a target, or a log group or a glob.
        NotFoundError: it is an ARN of another region.
    """
    target = parse_target(text)
    if target.name is None or target.is_glob:
        raise UsageError(f"{text!r} is not one function", hint)
    if target.region and target.region != connection.region:
        raise target.elsewhere(connection.region)
    return target.name, target.qualifier


def _not_found(connections: Sequence[Connection], missing: dict[str, NotFoundError]) -> NotFoundError:
    if len(missing) > 1:
        return NotFoundError(
            f"not found in {functions.places(connections)}: {', '.join(missing)}", "check the names and --region"
        )
    (error,) = missing.values()
    if isinstance(error, functions.NoFunctionError):
        # Only here, since finding the nearest name lists all functions.
        return functions.no_function(connections, error.name, error.qualifier)
    return error


def _of_text(target: Target, connections: Sequence[Connection], connection: Connection) -> Iterator[LogTarget]:
    if target.region and target.region != connection.region:
        raise target.elsewhere(functions.places(connections))
    if target.log_group and target.text.startswith("arn:") and not target.is_glob:
        yield _bare_group(connection, target.log_group, arn=target.text.removesuffix(":*"))
    elif target.log_group:
        yield from _groups(target.log_group, connections, connection)
    elif target.is_glob:
        yield from _matching(target, connections, connection)
    else:
        yield _function(connection, str(target.name), target.qualifier)


def _function(connection: Connection, name: str, qualifier: str | None) -> LogTarget:
    versions = functions.alias_versions(connection, name, qualifier) if qualifier else ()
    called = f"{name}:{qualifier}" if qualifier else name
    try:
        info = functions.describe(connection, name, qualifier, nearest=False)
    except NotFoundError:
        # The log of a deleted function remains.
        group = f"/aws/lambda/{name}"
        if not qualifier and group in group_names(connection, group):
            return LogTarget(called, group, connection.region, name)
        raise
    except DeniedError as error:
        # Reading logs does not need permission to read functions: assume Lambda's default name.
        connection.warn_denied(error, f"assuming that the log group of {name} is /aws/lambda/{name}")
        return LogTarget(called, f"/aws/lambda/{name}", connection.region, name, versions=versions)
    return LogTarget(called, info.log_group, connection.region, name, not info.has_own_log_group, versions, info)


def _matching(target: Target, connections: Sequence[Connection], connection: Connection) -> Iterator[LogTarget]:
    pattern = str(target.name)
    infos = {info.name: info for info in functions.listed(connection) if fnmatchcase(info.name, pattern)}
    if not infos:
        raise functions.no_match(connections, pattern)
    for name, info in sorted(infos.items()):
        yield _function(connection, name, target.qualifier) if target.qualifier else _of_info(connection, info)


def _all(connections: Sequence[Connection], connection: Connection) -> Iterator[LogTarget]:
    infos = sorted(functions.listed(connection), key=lambda info: info.name)
    if not infos:
        raise NotFoundError(f"there is no function in {functions.places(connections)}", "check --region")
    yield from (_of_info(connection, info) for info in infos)


def _with_tags(
    filters: list[dict[str, Any]], label: str, connections: Sequence[Connection], connection: Connection
) -> Iterator[LogTarget]:
    names = _tagged_names(connection, filters)
    found: list[LogTarget] = []
    if len(names) > _FEW:
        infos = (info for info in functions.listed(connection) if info.name in names)
        found = [_of_info(connection, info) for info in sorted(infos, key=lambda info: info.name)]
    else:
        for name in sorted(names):
            try:
                found.append(_function(connection, name, None))
            except NotFoundError:
                # A tag can exist for a moment after its function was deleted.
                continue
    if not found:
        raise NotFoundError(f"there are no {label} in {functions.places(connections)}", "check the tag and --region")
    yield from found


def _tag_filters(tags: Sequence[str]) -> list[dict[str, Any]]:
    pairs = [parse_pair(tag, "--tag", "team=images", needs_value=False) for tag in tags]
    return [{"Key": key} | ({} if value is None else {"Values": [value]}) for key, value in pairs]


def _tagged_names(connection: Connection, filters: list[dict[str, Any]]) -> set[str]:
    """The names of the functions with all tags (GetResources of the tagging API, 100 a page)."""
    pages = connection.pages(
        "resourcegroupstaggingapi",
        "GetResources",
        token="PaginationToken",
        TagFilters=filters,
        ResourceTypeFilters=["lambda:function"],
        ResourcesPerPage=100,
    )
    arns = (resource["ResourceARN"] for page in pages for resource in page.get("ResourceTagMappingList", []))
    return {arn.split(":")[6] for arn in arns if arn.count(":") >= 6}


def _of_info(connection: Connection, info: FunctionInfo) -> LogTarget:
    """Where a function logs, by its configuration."""
    return LogTarget(info.name, info.log_group, connection.region, info.name, not info.has_own_log_group, (), info)


def _bare_group(connection: Connection, group: str, arn: str = "") -> LogTarget:
    function = group.removeprefix("/aws/lambda/") if group.startswith("/aws/lambda/") else None
    return LogTarget(group, group, connection.region, function, arn=arn)


def _groups(group: str, connections: Sequence[Connection], connection: Connection) -> Iterator[LogTarget]:
    matched = [group]
    is_glob = any(sign in group for sign in "*?[")
    if is_glob or len(connections) > 1:
        prefix = group[: min((group.find(sign) for sign in "*?[" if sign in group), default=len(group))]
        known = group_names(connection, prefix)
        matched = [name for name in known if (fnmatchcase(name, group) if is_glob else name == group)]
        if not matched:
            raise no_group(functions.places(connections), group, known)
    yield from (_bare_group(connection, name) for name in matched)

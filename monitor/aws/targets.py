"""From what was written to the log groups to read: functions looked up, globs and aliases resolved."""

from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from monitor.aws import functions
from monitor.aws.connection import Connection
from monitor.aws.logs import group_names, no_group
from monitor.errors import NotFoundError, RefusedError
from monitor.kernel.function import FunctionInfo
from monitor.kernel.target import LogTarget, Target, parse_target


def resolve(connection: Connection, texts: Iterable[str], look: bool = False) -> list[LogTarget]:
    """The log targets that `texts` name, each once, in the order they were asked for.

    Whether a log group that was named is there, its first read tells; `look` asks before, where it may be elsewhere.

    Raises:
        UsageError: a text is no target.
        NotFoundError: a function or log group is not there; the hint names the nearest.
    """
    found: dict[tuple[str, str | None, tuple[str, ...]], LogTarget] = {}
    for text in texts:
        target = parse_target(text)
        for one in _resolve(connection, target, look):
            found.setdefault((one.group, one.function, one.versions), one)
    return list(found.values())


def tagged(connection: Connection, tags: Iterable[str]) -> list[LogTarget]:
    """The log targets of the functions that bear all of `tags`, each `KEY=VALUE` or `KEY` (GetResources).

    Raises:
        NotFoundError: no function does.
    """
    tags = list(tags)
    filters = []
    for tag in tags:
        key, sign, value = tag.partition("=")
        filters.append({"Key": key, "Values": [value]} if sign else {"Key": key})
    pages = connection.pages(
        "resourcegroupstaggingapi",
        "GetResources",
        token="PaginationToken",
        TagFilters=filters,
        ResourceTypeFilters=["lambda:function"],
    )
    names = sorted({one["ResourceARN"].split(":")[6] for page in pages for one in page["ResourceTagMappingList"]})
    if not names:
        raise NotFoundError(
            f"no function bears {' and '.join(tags)} in {connection.where}", "check the tag and --region"
        )
    return [_function(connection, name, None) for name in names]


def _resolve(connection: Connection, target: Target, look: bool) -> Iterator[LogTarget]:
    if target.region and target.region != connection.region:
        raise NotFoundError(
            f"{target.text} lies in {target.region}, not in {connection.region}",
            f"give --region {target.region}",
        )
    if target.log_group and target.text.startswith("arn:") and not target.is_glob:
        group = target.log_group
        function = group.removeprefix("/aws/lambda/") if group.startswith("/aws/lambda/") else None
        yield LogTarget(group, group, connection.region, function, arn=target.text.removesuffix(":*"))
    elif target.log_group:
        yield from _groups(connection, target.log_group, look)
    elif target.is_glob:
        yield from _matching(connection, target)
    else:
        yield _function(connection, str(target.name), target.qualifier)


def _function(connection: Connection, name: str, qualifier: str | None) -> LogTarget:
    versions = functions.alias_versions(connection, name, qualifier) if qualifier else ()
    called = f"{name}:{qualifier}" if qualifier else name
    try:
        info = functions.describe(connection, name, qualifier)
    except NotFoundError:
        # A function that was deleted leaves its log behind.
        group = f"/aws/lambda/{name}"
        if not qualifier and group in group_names(connection, group):
            return LogTarget(called, group, connection.region, name)
        raise
    except RefusedError as error:
        # Reading logs needs no permission to read functions: Lambda's own name for the group is the best guess.
        connection.go_without(error, f"the log group of {name} is taken to be /aws/lambda/{name}")
        return LogTarget(called, f"/aws/lambda/{name}", connection.region, name, versions=versions)
    return LogTarget(called, info.log_group, connection.region, name, not info.has_own_log_group, versions, info)


def _matching(connection: Connection, target: Target) -> Iterator[LogTarget]:
    pattern = str(target.name)
    infos = {info.name: info for info in functions.listed(connection) if fnmatchcase(info.name, pattern)}
    if not infos:
        raise NotFoundError(f"no function matches {pattern!r} in {connection.where}", "check the pattern and --region")
    for name, info in sorted(infos.items()):
        yield _function(connection, name, target.qualifier) if target.qualifier else of_info(connection, info)


def of_info(connection: Connection, info: FunctionInfo) -> LogTarget:
    """Where a function logs, by its configuration."""
    return LogTarget(info.name, info.log_group, connection.region, info.name, not info.has_own_log_group, (), info)


def _groups(connection: Connection, group: str, look: bool) -> Iterator[LogTarget]:
    matched = [group]
    is_glob = any(sign in group for sign in "*?[")
    if is_glob or look:
        prefix = group[: min((group.find(sign) for sign in "*?[" if sign in group), default=len(group))]
        known = group_names(connection, prefix)
        matched = [name for name in known if (fnmatchcase(name, group) if is_glob else name == group)]
        if not matched:
            raise no_group(connection, group, known)
    for name in matched:
        function = name.removeprefix("/aws/lambda/") if name.startswith("/aws/lambda/") else None
        yield LogTarget(name, name, connection.region, function)

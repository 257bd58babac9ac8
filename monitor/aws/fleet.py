"""Which functions a fleet is: all of a region, or those with certain tags."""

from collections.abc import Sequence

from monitor.aws import functions
from monitor.aws.connection import Connection
from monitor.aws.targets import of_info, resolve
from monitor.errors import NotFoundError, UsageError
from monitor.kernel.target import LogTarget


def resolve_fleet(
    connection: Connection, texts: Sequence[str], *, every: bool = False, tags: Sequence[str] = ()
) -> list[LogTarget]:
    """The targets that were named, or every function, or those with all of `tags` (`key=value`, or `key`).

    Raises:
        UsageError: nothing was asked for.
        NotFoundError: no function is what was asked for.
    """
    if not texts and not every and not tags:
        raise UsageError("no TARGET was given", "name a function or a glob, or give --all or --tag KEY=VALUE")
    found = resolve(connection, texts)
    if every or tags:
        tagged = _tagged(connection, tags) if tags else None
        chosen = [info for info in functions.listed(connection) if tagged is None or info.name in tagged]
        if not chosen:
            what = f"no function has the tags {', '.join(tags)}" if tags else "there is no function"
            raise NotFoundError(f"{what} in {connection.where}", "check --tag and --region")
        found += [of_info(connection, info) for info in sorted(chosen, key=lambda info: info.name)]
    return list({(one.group, one.function, one.versions): one for one in found}.values())


def _tagged(connection: Connection, tags: Sequence[str]) -> set[str]:
    """The names of the functions with all tags (GetResources of the tagging API, 100 a page)."""
    filters = []
    for tag in tags:
        key, equals, value = tag.partition("=")
        if not key:
            raise UsageError(f"{tag!r} is no tag", "write it as KEY=VALUE, or as KEY for any value")
        filters.append({"Key": key} | ({"Values": [value]} if equals else {}))
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

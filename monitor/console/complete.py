"""Names that exist, for shell completion. After an error nothing is completed or printed."""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from monitor.aws.connection import Connection
from monitor.errors import MonitorError

_MOST = 200
# The scripts of bash split and expand what they are given. Names come from the account, where others write them too.
_WORD = re.compile(r"[\w./:@%+=,][\w./:@%+=,-]*", re.ASCII)
Connections = Callable[[], Sequence[Connection]]


def function_names(connections: Connections, incomplete: str) -> list[str]:
    """Function names of the account that begin with `incomplete`."""
    from monitor.aws.functions import names

    return _known(lambda: (name for one in connections() for name in names(one)), incomplete)


def dashboard_names(connections: Connections, incomplete: str) -> list[str]:
    """Dashboard names of the account that begin with `incomplete`."""
    from monitor.aws.dashboards import list_dashboards

    # Dashboards belong to no region: any connection lists them all.
    return _known(lambda: (one.name for one in list_dashboards(connections()[0], incomplete)), incomplete)


def profile_names(incomplete: str) -> list[str]:
    """The profiles of the AWS configuration files that begin with `incomplete`."""
    from monitor.aws.profiles import names

    return _known(names, incomplete)


def request_ids(connections: Connections, functions: Iterable[str], incomplete: str) -> list[str]:
    """The newest request ids in the logs of functions, and `latest` and `slowest-cold`."""
    from monitor.aws.logs import recent_request_ids

    known = safe_names(("latest", "slowest-cold"), incomplete)
    return known + _known(
        lambda: (found for name in functions for found in recent_request_ids(connections()[0], name)), incomplete
    )


def safe_names(names: Iterable[str], incomplete: str) -> list[str]:
    """The first names that begin with `incomplete`, without those that a shell would read as more than a word."""
    return list(islice((name for name in names if name.startswith(incomplete) and _WORD.fullmatch(name)), _MOST))


def _known(names: Callable[[], Iterable[str]], incomplete: str) -> list[str]:
    try:
        return safe_names(names(), incomplete)
    except MonitorError:
        return []

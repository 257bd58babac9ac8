"""What the shell may complete: names that exist. An error completes nothing, and says nothing."""

from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from monitor.aws.connection import Connection
from monitor.errors import MonitorError

_MOST = 200
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


def _known(names: Callable[[], Iterable[str]], incomplete: str) -> list[str]:
    try:
        return list(islice((name for name in names() if name.startswith(incomplete)), _MOST))
    except MonitorError:
        return []

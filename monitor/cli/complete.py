"""What the shell may complete: names that exist. An error completes nothing, and says nothing."""

from monitor.cli.settings import Settings
from monitor.errors import MonitorError

_MOST = 200


def function_names(settings: Settings, incomplete: str) -> list[str]:
    """Function names of the account that begin with `incomplete`."""
    from itertools import islice

    from monitor.aws.functions import names

    try:
        found = (name for connection in settings.connections() for name in names(connection))
        return list(islice((name for name in found if name.startswith(incomplete)), _MOST))
    except MonitorError:
        return []

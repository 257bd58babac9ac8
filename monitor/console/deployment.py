"""`--since deploy`: since the last change of a function's code or configuration."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from monitor.console.settings import Settings
from monitor.errors import UsageError

DEPLOY = "deploy"


def since_deploy(settings: Settings, since: str | None, targets: Sequence[str]) -> str | None:
    """`since`, with the time of the last change instead of `deploy`.

    Raises:
        UsageError: it is `deploy`, and there is not just one function whose last change is known.
    """
    if since != DEPLOY:
        return since
    from monitor.aws.functions import settings as configuration
    from monitor.aws.targets import one_function

    if len(targets) != 1:
        raise UsageError("--since deploy needs one function", "give one TARGET: a function name or name:alias")
    connection = settings.connection()
    name, qualifier = one_function(connection, targets[0])
    text = str(configuration(connection, name, qualifier).get("LastModified", ""))
    try:
        changed = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"the last change of {name} is not known", "give --since a time") from None
    # Whole seconds, rounded up: no start before the change is in the window.
    whole = changed.astimezone(UTC).replace(microsecond=0)
    whole += timedelta(seconds=1) if changed.microsecond else timedelta()
    return whole.isoformat()

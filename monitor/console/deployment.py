"""`--since deploy`: since the last change of a function's code or configuration."""

from datetime import UTC, datetime, timedelta

from monitor.console.selection import locate
from monitor.console.settings import Settings
from monitor.errors import UsageError
from monitor.kernel.target import TargetSelection

DEPLOY = "deploy"
_HINT = "give one TARGET; a saved log does not say when its function was deployed"


def since_deploy(settings: Settings, since: str | None, selection: TargetSelection) -> str | None:
    """`since`, with the time of the last change instead of `deploy`.

    Raises:
        UsageError: it is `deploy`, and there is not just one function whose last change is known.
    """
    if since != DEPLOY:
        return since
    found = [] if selection.is_empty else locate(settings, selection)
    if len(found) != 1:
        hint = f"these TARGETs are {len(found)} functions: give one" if found else _HINT
        raise UsageError("--since deploy needs one function", hint)
    target = found[0][1]
    try:
        changed = datetime.fromisoformat(target.info.last_modified if target.info else "")
    except ValueError:
        raise UsageError(f"the last change of {target.name} is not known", "give --since a time") from None
    # Whole seconds, rounded up: no start before the change is in the window.
    whole = changed.astimezone(UTC).replace(microsecond=0)
    whole += timedelta(seconds=1) if changed.microsecond else timedelta()
    return whole.isoformat()

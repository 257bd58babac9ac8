"""What in a function's configuration affects its start: plain facts, and the few variables that are not secret."""

from datetime import datetime
from typing import Any

from monitor.aws import functions
from monitor.aws.connection import Connection
from monitor.aws.functions import function_info
from monitor.diagnose.evidence.model import Concurrency, Deployed, Settings
from monitor.errors import MonitorError
from monitor.kernel.entry_point import DEFAULT_HANDLER, HANDLER_VARIABLE
from monitor.kernel.function import FunctionInfo

_LEVELS = frozenset(("TRACE", "DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL", "NOTSET"))
_LEVEL_VARIABLES = ("POWERTOOLS_LOG_LEVEL", "LOG_LEVEL", "AWS_LAMBDA_LOG_LEVEL")
_ENTRY = "monitor.runtime.entry."
_MOST_VERSIONS = 200


def configuration(
    connection: Connection, name: str, qualifier: str | None = None
) -> tuple[FunctionInfo, Settings, Deployed | None]:
    """A function's configuration, what of its environment matters, and when it last changed, in one call.

    Raises:
        NotFoundError: there is no such function; the hint names the nearest.
    """
    answer = functions.settings(connection, name, qualifier)
    return function_info(answer, connection.region), settings_of(answer), _deployed(answer)


def settings_of(answer: dict[str, Any]) -> Settings:
    """The settings in a configuration of the API's shape. Of variables that are not named here nothing is kept."""
    variables = (answer.get("Environment") or {}).get("Variables") or {}
    logging = answer.get("LoggingConfig") or {}
    level = next((variables[name] for name in _LEVEL_VARIABLES if variables.get(name)), None)
    handler = answer.get("Handler") or ""
    return Settings(
        # A level that is none may be anything, a mistaken secret too.
        log_level=level.upper() if level and level.upper() in _LEVELS else None,
        application_log_level=logging.get("ApplicationLogLevel"),
        system_log_level=logging.get("SystemLogLevel"),
        # Python takes any value for a yes, "0" too, of the first; the second alike.
        profiles_imports=bool(variables.get("PYTHONPROFILEIMPORTTIME")),
        dont_write_bytecode=bool(variables.get("PYTHONDONTWRITEBYTECODE")),
        pythonpath=tuple(part for part in variables.get("PYTHONPATH", "").split(":") if part.startswith("/")),
        instrumented=handler.startswith(_ENTRY) or bool(variables.get(HANDLER_VARIABLE)),
        has_efs=bool(answer.get("FileSystemConfigs")),
        exec_wrapper=bool(variables.get("AWS_LAMBDA_EXEC_WRAPPER")),
        handler=_own_handler(handler, variables.get(HANDLER_VARIABLE)),
    )


def _own_handler(configured: str, behind: str | None) -> str | None:
    """The application's handler; None if it is not a module and a name."""
    found = behind or (DEFAULT_HANDLER if configured.startswith(_ENTRY) else configured)
    parts = found.replace("/", ".").split(".")
    return found if len(parts) > 1 and all(part.isidentifier() for part in parts) else None


def concurrency(connection: Connection, name: str) -> tuple[Concurrency, tuple[MonitorError, ...]]:
    """What the function may run at once, and why any of the three calls failed: each may by itself.

    Raises:
        MonitorError: all three did.
    """
    failed: dict[str, MonitorError] = {}

    def ask(what: str, operation: str, **parameters: Any) -> dict[str, Any]:
        try:
            return connection.call("lambda", operation, **parameters)
        except MonitorError as error:
            failed[what] = error
            return {}

    reserved = ask("reserved", "GetFunctionConcurrency", FunctionName=name)
    provisioned = ask("provisioned", "ListProvisionedConcurrencyConfigs", FunctionName=name)
    account = ask("account", "GetAccountSettings")
    if len(failed) == 3:
        raise failed["reserved"]
    found = {
        str(one.get("FunctionArn", "")).rpartition(":")[2]: int(one.get("RequestedProvisionedConcurrentExecutions", 0))
        for one in provisioned.get("ProvisionedConcurrencyConfigs") or ()
    }
    limit = (account.get("AccountLimit") or {}).get("ConcurrentExecutions")
    known = Concurrency(reserved.get("ReservedConcurrentExecutions"), found, limit, tuple(failed))
    return known, tuple(failed.values())


def versions(connection: Connection, name: str) -> tuple[Deployed, ...]:
    """The published versions, the latest 200 of them, oldest first; $LATEST with its last change (its LastModified)."""
    found: list[Deployed] = []
    for page in connection.pages("lambda", "ListVersionsByFunction", token="Marker=NextMarker", FunctionName=name):
        found += filter(None, map(_deployed, page.get("Versions") or ()))
    return tuple(sorted(found, key=lambda one: one.at_ms)[-_MOST_VERSIONS:])


def _deployed(answer: dict[str, Any]) -> Deployed | None:
    try:
        changed = datetime.fromisoformat(answer.get("LastModified", ""))
    except ValueError:
        return None
    at_ms = round(changed.timestamp() * 1000)
    return Deployed(str(answer.get("Version", "$LATEST")), at_ms, str(answer.get("Description") or "")[:200])

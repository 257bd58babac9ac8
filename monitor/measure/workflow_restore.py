"""Restoring a function that was measured. Each step looks at the function first, so that it can be repeated.

What a run adds carries the run's name: the value of the variable, the descriptions of its versions and of its alias.
Nothing else is changed, whatever others did to the function in the meantime.
"""

from contextlib import suppress
from dataclasses import replace

from monitor.aws import functions
from monitor.aws.connection import Connection
from monitor.aws.deploy import wait_until_updated
from monitor.aws.targets import one_function
from monitor.console.text import format_counted
from monitor.errors import MonitorError, NotFoundError, RefusedError, UnreachableError
from monitor.measure import workflow_records as records
from monitor.measure.analyze import VARIABLE, read_mark, unmarked, variables_of
from monitor.measure.model import Mark, Record, Restored

_ATTEMPTS = 5


def description(run: str) -> str:
    """The description of the versions and of the alias that a run publishes."""
    return f"monitor measure {run}"


def restore(connection: Connection, record: Record) -> Restored:
    """Restore the function of a run and forget the run.

    Raises:
        MonitorError: something could not be restored, or there is no such function here; the record stays.
    """
    _check_account(connection, record)
    mark = restore_settings(connection, record.function, record.run)
    done = _told(mark) if mark is not None else []
    if record.alias:
        done += _restore_versions(connection, record)
    records.remove(record)
    return Restored(record.function, record.region, tuple(done))


def _check_account(connection: Connection, record: Record) -> None:
    """Refuse a function of the same name in another account: other credentials can be in force than at the start."""
    try:
        arn = functions.settings(connection, record.function, nearest=False)["FunctionArn"]
    except NotFoundError as error:
        path = records.path_of(record.arn, record.endpoint_url)
        raise NotFoundError(error.message, f"give --profile of its account; if it was deleted, delete {path}") from None
    if arn != record.arn:
        raise RefusedError(f"the credentials reach {arn}, and {record.arn} was measured", "give --profile")


def restore_target(connection: Connection, text: str) -> Restored:
    """Restore one function, with the record of this machine or, without one, from what its variable says.

    Raises:
        UsageError: `text` is not one function.
        MonitorError: it could not be restored.
    """
    name, _ = one_function(connection, text)
    configuration = functions.settings(connection, name)
    record = records.load(configuration["FunctionArn"], connection.endpoint_url)
    if record is not None:
        return restore(connection, record)
    mark = read_mark(variables_of(configuration))
    if mark is None:
        return Restored(name, connection.region, ())
    restored = restore_settings(connection, name, mark.run)
    note = f"run {mark.run} has no record here: versions and an alias of it, if it made any, are not looked for"
    return Restored(name, connection.region, tuple(_told(restored or mark)), (note,))


def _told(mark: Mark) -> list[str]:
    told = [f"variable {VARIABLE} removed"]
    if mark.memory_mb != mark.memory_before_mb:
        told.append(f"memory set back from {mark.memory_mb} to {mark.memory_before_mb} MB")
    return told


def restore_settings(connection: Connection, name: str, run: str) -> Mark | None:
    """Remove the run's variable and set the memory back; the mark that was there, or None if there was none.

    Raises:
        RefusedError: the function keeps being changed by others, or AWS refuses the update.
    """
    sent: Mark | None = None
    for _ in range(_ATTEMPTS):
        # An update of the run can still be in progress, and Lambda refuses a second one.
        _settle(connection, name)
        configuration = functions.settings(connection, name, nearest=False)
        mark = read_mark(variables_of(configuration))
        if mark is None or mark.run != run:
            return sent
        parameters = unmarked(configuration, mark)
        # Others set the memory during the run: it stays, and so it is not told.
        sent = mark if "MemorySize" in parameters else replace(mark, memory_before_mb=mark.memory_mb)
        try:
            connection.call(
                "lambda",
                "UpdateFunctionConfiguration",
                FunctionName=name,
                RevisionId=configuration["RevisionId"],
                **parameters,
            )
        except RefusedError as error:
            # botocore repeats a call whose answer was lost, with a revision that is then no longer the newest.
            if not is_stale(error):
                raise
            continue
        _settle(connection, name)
        return sent
    raise RefusedError(
        f"{name} keeps being changed by others, and was not restored", f"run `monitor measure --restore {name}` later"
    )


def _settle(connection: Connection, name: str) -> None:
    """Wait until no update is in progress. A function whose update failed can be updated again."""
    try:
        wait_until_updated(connection, name)
    except (RefusedError, UnreachableError):
        raise
    except MonitorError as error:
        connection.tell(error.message, "")


def is_stale(error: MonitorError) -> bool:
    """Whether Lambda refused an update because the function was changed in between."""
    return "PreconditionFailed" in error.message or "ResourceConflict" in error.message


def owns_alias(connection: Connection, record: Record) -> bool:
    """Whether the alias exists, and the run created it."""
    try:
        alias = connection.call("lambda", "GetAlias", FunctionName=record.function, Name=record.alias)
    except NotFoundError:
        return False
    return bool(alias.get("Description") == description(record.run))


def _restore_versions(connection: Connection, record: Record) -> list[str]:
    """Delete the alias and the versions of a run. What is gone already was deleted by a call whose answer was lost."""
    name, ours = record.function, description(record.run)
    done = []
    if owns_alias(connection, record):
        with suppress(NotFoundError):
            connection.call("lambda", "DeleteAlias", FunctionName=name, Name=record.alias)
        done.append(f"alias {record.alias} deleted")
    pages = connection.pages("lambda", "ListVersionsByFunction", token="Marker=NextMarker", FunctionName=name)
    listed = [version for page in pages for version in page.get("Versions", [])]
    numbers = [version["Version"] for version in listed if version.get("Description") == ours]
    for number in numbers:
        # Without a version, DeleteFunction would delete the function.
        if number.isdigit():
            with suppress(NotFoundError):
                connection.call("lambda", "DeleteFunction", FunctionName=name, Qualifier=number)
    if numbers:
        done.append(f"{format_counted(len(numbers), 'version')} deleted")
    return done

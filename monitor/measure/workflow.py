"""Forced cold starts of a deployed function: a plan, then exactly that plan, and everything restored."""

import os
import uuid
from collections.abc import Callable
from typing import Any

from monitor.aws import functions
from monitor.aws.connection import Connection
from monitor.aws.deploy import invoke_with_log, wait_until_active, wait_until_updated
from monitor.errors import MonitorError, NotFoundError, RefusedError, UsageError
from monitor.kernel.target import parse_target
from monitor.measure import analyze
from monitor.measure import workflow_records as records
from monitor.measure.model import Mark, Measurement, Plan, Record, Start
from monitor.measure.parse_tail import extension_times
from monitor.measure.workflow_restore import description, is_stale, owns_alias, restore, restore_settings
from monitor.records.cost import duration_cost_usd, invocation_cost_usd, price

_INIT_LIMIT_MS = 10_000
# SnapStart runs init and takes a snapshot before a version is active.
_SNAPSHOT_S = 600.0
_NO_INIT = "another request took the new environment, or init took longer than 10 s and ran inside the invocation"
Advance = Callable[[str], None]


def plan(connection: Connection, text: str, sizes_mb: tuple[int, ...], starts: int, alias: str) -> Plan:
    """What measuring the function will do; `sizes_mb` is empty for its present size. Nothing is changed.

    Raises:
        UsageError: `text` is not one function without a version.
        NotFoundError: there is no such function.
        RefusedError: it cannot be measured, or an earlier run is not restored.
    """
    target = parse_target(text)
    if target.name is None or target.is_glob or target.qualifier not in (None, "$LATEST"):
        raise UsageError(
            f"{text!r} is not one function", "give a name or an ARN; --alias measures published versions of it"
        )
    if target.region and target.region != connection.region:
        raise target.elsewhere(connection.region)
    configuration = functions.settings(connection, target.name)
    info = functions.function_info(configuration, connection.region)
    _check(connection, configuration)
    if alias:
        _check_alias(connection, info.name, alias)
    sizes_mb = sizes_mb or (info.memory_mb,)
    at = price(connection.region, info.architecture)
    billed_ms = _INIT_LIMIT_MS + info.timeout_s * 1000
    most_usd = None
    if at is not None:
        most_usd = starts * sum(duration_cost_usd(billed_ms, size, at) + at.request_usd for size in sizes_mb)
    notes = []
    if info.snap_start == "PublishedVersions" and not alias:
        notes.append("SnapStart applies to published versions only: --alias NAME measures it")
    if connection.local:
        notes.append("the embedded stack gives every memory size the same CPU, and runs on this machine")
    return Plan(
        function=info.name,
        arn=info.arn,
        region=connection.region,
        architecture=info.architecture,
        memory_mb=info.memory_mb,
        timeout_s=info.timeout_s,
        sizes_mb=sizes_mb,
        starts=starts,
        alias=alias,
        most_usd=most_usd,
        revision_id=info.revision_id,
        notes=tuple(notes),
    )


def _check(connection: Connection, configuration: dict[str, Any]) -> None:
    name = configuration["FunctionName"]
    variables = analyze.variables_of(configuration)
    earlier = records.load(configuration["FunctionArn"], connection.endpoint_url)
    if earlier is not None or analyze.read_mark(variables) is not None:
        raise RefusedError(
            f"an earlier measurement of {name} is still running, or was not restored",
            f"if it has ended, run `monitor measure --restore {name}`",
        )
    if configuration.get("LastUpdateStatus") == "InProgress" or configuration.get("State") == "Pending":
        raise RefusedError(f"another update of {name} is in progress", "try again in a moment")
    if not analyze.has_room(variables):
        raise RefusedError(
            f"the environment variables of {name} leave no room for one more", "Lambda accepts 4 KB for all of them"
        )


def _check_alias(connection: Connection, name: str, alias: str) -> None:
    try:
        connection.call("lambda", "GetAlias", FunctionName=name, Name=alias)
    except NotFoundError:
        return
    raise RefusedError(
        f"{name} already has an alias {alias}", "give --alias a new name: the alias is deleted at the end"
    )


def measure(
    connection: Connection, planned: Plan, payload: bytes, advance: Advance, restoring: Callable[[], None]
) -> Measurement:
    """Carry out the plan. The function is restored when this returns or raises; `restoring` is called before.

    Raises:
        MonitorError: AWS refused something, or the function was changed by others in the meantime.
    """
    record = Record(
        run=uuid.uuid4().hex[:16],
        function=planned.function,
        arn=planned.arn,
        region=connection.region,
        profile=connection.profile or os.environ.get("AWS_PROFILE"),
        endpoint_url=connection.endpoint_url,
        local=connection.local,
        memory_before_mb=planned.memory_mb,
        alias=planned.alias,
    )
    records.save(record)
    try:
        run = _Run(connection, planned, record, payload, advance)
        starts = run.of_versions() if planned.alias else run.of_latest()
    finally:
        try:
            restoring()
        finally:
            _restore_in_any_case(connection, record)
    return _measurement(connection, planned, starts)


def _restore_in_any_case(connection: Connection, record: Record) -> None:
    try:
        restore(connection, record)
    except MonitorError:
        hint = f"run `monitor measure --restore {record.function}`"
        connection.tell(f"{record.function} is not restored, because of the error below", hint)
        raise
    except KeyboardInterrupt:
        # Ctrl-C in the middle of restoring: a second one ends the process, and leaves the record.
        restore(connection, record)
        raise


class _Run:
    """One run of a plan: it turns the variable, and invokes."""

    def __init__(self, connection: Connection, planned: Plan, record: Record, payload: bytes, advance: Advance) -> None:
        self._connection, self._plan, self._record = connection, planned, record
        self._payload, self._advance = payload, advance
        self._configuration = functions.settings(connection, planned.function, nearest=False)
        self._code = self._configuration.get("CodeSha256")
        if self._configuration.get("RevisionId") != planned.revision_id:
            raise RefusedError(f"{planned.function} was changed since the plan was made", "run the command again")
        self._marks = [
            Mark(record.run, turn * len(planned.sizes_mb) + place + 1, size, planned.memory_mb)
            for turn in range(planned.starts)
            for place, size in enumerate(planned.sizes_mb)
        ]

    def of_latest(self) -> list[Start]:
        """Starts of $LATEST, each after an update of the function; sizes take turns."""
        found = []
        for mark in self._marks:
            self._turn(mark)
            found.append(self._invoke(mark, ""))
        return found

    def of_versions(self) -> list[Start]:
        """Starts of published versions by an alias of their own. $LATEST is restored before the first invocation."""
        name, ours = self._plan.function, description(self._record.run)
        versions = []
        for mark in self._marks:
            revision_id = self._turn(mark)
            answer = self._connection.call(
                "lambda", "PublishVersion", FunctionName=name, Description=ours, RevisionId=revision_id
            )
            versions.append(answer["Version"])
            wait_until_active(self._connection, f"{name}:{answer['Version']}", _SNAPSHOT_S)
            self._advance(f"published version {answer['Version']}")
        restore_settings(self._connection, name, self._record.run)
        found: list[Start] = []
        for mark, version in zip(self._marks, versions, strict=True):
            parameters = {"FunctionName": name, "Name": self._plan.alias, "FunctionVersion": version}
            if found:
                self._connection.call("lambda", "UpdateAlias", **parameters)
            else:
                self._create_alias({**parameters, "Description": ours})
            found.append(self._invoke(mark, self._plan.alias))
        return found

    def _create_alias(self, parameters: dict[str, str]) -> None:
        try:
            self._connection.call("lambda", "CreateAlias", **parameters)
        except RefusedError as error:
            # botocore repeats a call whose answer was lost: the alias then exists, and is this run's.
            if not is_stale(error) or not owns_alias(self._connection, self._record):
                raise

    def _turn(self, mark: Mark) -> str:
        """Make the next invocation of $LATEST a cold start, at the mark's memory size; the new RevisionId."""
        name = self._plan.function
        try:
            self._connection.call(
                "lambda",
                "UpdateFunctionConfiguration",
                FunctionName=name,
                RevisionId=self._configuration["RevisionId"],
                **analyze.marked(self._configuration, mark),
            )
        except RefusedError as error:
            # botocore repeats a call whose answer was lost: the function then has the mark already.
            if not is_stale(error):
                raise
        wait_until_updated(self._connection, name)
        self._configuration = functions.settings(self._connection, name, nearest=False)
        found = analyze.read_mark(analyze.variables_of(self._configuration))
        expected = (mark, mark.memory_mb, self._code)
        if (found, self._configuration.get("MemorySize"), self._configuration.get("CodeSha256")) != expected:
            raise RefusedError(f"{name} was changed by others during the measurement", "run the command again")
        return str(self._configuration["RevisionId"])

    def _invoke(self, mark: Mark, qualifier: str) -> Start:
        result, tail = invoke_with_log(self._connection, self._plan.function, self._payload, qualifier)
        report = result.report
        cost_usd = None
        if report is not None:
            at = price(self._plan.region, self._plan.architecture)
            cost_usd = invocation_cost_usd(report, result.kind, at)
        self._advance(f"{mark.memory_mb} MB")
        return Start(
            memory_mb=mark.memory_mb,
            request_id=result.request_id,
            kind=result.kind if result.is_cold else None,
            init_ms=(report.init_ms if report.init_ms is not None else report.restore_ms) if report else None,
            first_call_ms=report.duration_ms if report else None,
            billed_ms=report.billed_ms if report else None,
            max_memory_mb=report.max_memory_mb if report else None,
            cost_usd=cost_usd,
            extensions=extension_times(tail),
            function_error=result.function_error,
        )


def _measurement(connection: Connection, planned: Plan, starts: list[Start]) -> Measurement:
    sizes = tuple(
        analyze.size_result(size, [start for start in starts if start.memory_mb == size]) for size in planned.sizes_mb
    )
    notes = []
    if warm := sum(start.total_ms is None for start in starts):
        notes.append(f"{warm} of {len(starts)} invocations report no init: {_NO_INIT}")
    if failed := sum(size.failed_calls for size in sizes):
        notes.append(f"{failed} of {len(starts)} first calls failed: give --event FILE, or see `monitor errors`")
    return Measurement(
        function=planned.function,
        region=planned.region,
        architecture=planned.architecture,
        alias=planned.alias,
        local=connection.local,
        sizes=sizes,
        enough_memory_mb=analyze.enough_memory(starts, local=connection.local),
        notes=tuple(notes),
        measured=tuple(starts),
    )

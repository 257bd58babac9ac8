"""Plan a deploy: what happens to each dashboard and alarm, and why."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property, partial
from pathlib import Path

from monitor.aws import dashboards as api
from monitor.aws.connection import Connection
from monitor.dashboards.body import alarms, builtin, marker, normal, template
from monitor.dashboards.body.diff import diff
from monitor.dashboards.body.marker import Marker
from monitor.dashboards.body.template import Scope, Template
from monitor.dashboards.body.variables import Value
from monitor.dashboards.checks.validate import check_body
from monitor.dashboards.model import Action, FunctionFacts, Plan, PlannedItem, Severity
from monitor.dashboards.model_document import Document
from monitor.dashboards.workflow_apply import (
    ALARM,
    CHANGED,
    DASHBOARD,
    FOREIGN,
    alarm_deletion,
    alarm_digest,
    deletion,
    read_body,
    text_digest,
)
from monitor.dashboards.workflow_facts import gather
from monitor.errors import ExitCode, UsageError

_INVALID = "CloudWatch would reject it or could not display it"
_FUNCTION = re.compile(r"[A-Za-z0-9_-]{1,140}")


@dataclass(frozen=True, slots=True)
class Request:
    """What to deploy: `sources` are built-in templates, files and folders; `project` owns what is deployed."""

    sources: tuple[str, ...]
    functions: tuple[str, ...] = ()
    name: str | None = None
    overrides: tuple[tuple[str, Value], ...] = ()
    project: str | None = None
    force: bool = False
    prune: bool = False
    with_alarms: bool = True


def plan(connection: Connection, request: Request) -> Plan:
    """The plan of a deploy.

    Raises:
        UsageError: a source, name or function is missing or ambiguous.
        RefusedError, UnreachableError: the account cannot be read.
    """
    return _Planner(connection, request).plan()


def default_project(sources: Iterable[str]) -> str:
    """The project without `--project`: the last two names in the path of the folder, or `monitor`."""
    folder = next((path for source in sources if (path := Path(source)).is_dir()), None)
    return "/".join(folder.resolve().parts[-2:]).lstrip("/") if folder else "monitor"


class _Planner:
    def __init__(self, connection: Connection, request: Request) -> None:
        self._connection = connection
        self._request = request
        self._project = request.project or default_project(request.sources)

    def plan(self) -> Plan:
        templates, alarm_templates = self._templates()
        self._refuse_ambiguity(templates, alarm_templates)
        self._refuse_unknown([*templates, *self._alarm_templates(templates)])
        facts, notes = gather(
            self._connection,
            self._request.functions,
            own_metrics=self._needs_own_metrics([*templates, *alarm_templates]),
        )
        items = [item for one in templates for item in self._dashboards(one, facts)]
        items += self._alarms(alarm_templates, facts)
        counted = Counter((item.kind, item.name) for item in items)
        if doubled := next((key for key, count in counted.items() if count > 1), None):
            kind, name = doubled
            raise UsageError(f"two {kind}s have the name {name!r}", "give one of them another name in its template")
        if self._request.prune:
            items += self._stale({one.info.name for one in templates}, {one.info.name for one in alarm_templates})
        return Plan(tuple(items), notes)

    def _templates(self) -> tuple[list[Template], list[Template]]:
        sources = self._request.sources
        if self._request.prune and not any(Path(source).is_dir() for source in sources):
            raise UsageError("--prune needs a folder", "give the FOLDER with your templates")
        paths = dict.fromkeys(path for source in sources for path in builtin.files(source))
        templates = [template.read(path) for path in paths]
        return templates, self._alarm_templates(templates) if self._request.with_alarms else []

    def _alarm_templates(self, templates: list[Template]) -> list[Template]:
        sources = self._request.sources
        found = [builtin.alarm_file(name, one.folder) for one in templates for name in one.info.alarms]
        found += [path for source in sources if Path(source).is_dir() for path in builtin.alarm_files(Path(source))]
        return [template.read(path) for path in dict.fromkeys(found)]

    def _refuse_ambiguity(self, templates: list[Template], alarm_templates: list[Template]) -> None:
        request = self._request
        every = [*templates, *alarm_templates]
        needing = [one.info.name for one in every if one.info.per_function or template.needs_function(one)]
        if needing and not request.functions:
            raise UsageError(f"{needing[0]} needs a function", "give --function NAME (repeatable)")
        for function in request.functions:
            # The name goes into queries and search expressions, where a quotation mark would change the meaning.
            if not _FUNCTION.fullmatch(function):
                raise UsageError(
                    f"{function!r} is not a function name", "give the name only, without ARN, alias or glob"
                )
        if request.name is None:
            return
        if not template.is_valid_name(request.name):
            raise UsageError(f"{request.name!r} is not a valid dashboard name", "use up to 255 of A-Z a-z 0-9 - _")
        if len(templates) != 1 or (templates[0].info.per_function and len(request.functions) > 1):
            raise UsageError("--name needs a single dashboard, and this deploys several", "remove --name")

    def _refuse_unknown(self, templates: list[Template]) -> None:
        """Refuse --set of a variable that no template has: it would have no effect."""
        known = {name for one in templates for name in template.settable(one)}
        for name, _ in self._request.overrides:
            if name not in known:
                near = get_close_matches(name, known, n=1)
                hint = f"did you mean {near[0]!r}?" if near else f"variables: {', '.join(sorted(known))}"
                raise UsageError(f"--set {name}=…: no template has this variable", hint)

    def _needs_own_metrics(self, templates: list[Template]) -> bool:
        given = dict(self._request.overrides)
        return any(
            template.uses(one, variable)
            for one in templates
            for variable in ("namespace", "service")
            if variable not in given
        )

    @cached_property
    def _account(self) -> str:
        return api.account_id(self._connection)

    def _scopes(self, source: Template, facts: tuple[FunctionFacts, ...]) -> list[Scope]:
        fixed: dict[str, Value] = {"region": self._connection.region}
        overrides = dict(self._request.overrides)
        if template.uses(source, "account") and "account" not in overrides:
            fixed["account"] = self._account
        groups = [(one,) for one in facts] if source.info.per_function else [facts]
        return [Scope(group, dict(fixed), overrides) for group in groups]

    def _dashboards(self, source: Template, facts: tuple[FunctionFacts, ...]) -> Iterator[PlannedItem]:
        for scope in self._scopes(source, facts):
            try:
                name = self._request.name or template.dashboard_name(source, scope)
                scope.values["dashboard"] = name
                body = template.build(source, scope)
                tags = template.tags(source, scope)
            except UsageError as error:
                yield _unbuilt(DASHBOARD, source, error)
                continue
            yield self._dashboard(source.info.name, name, body, tags)

    def _dashboard(self, source: str, name: str, body: Document, tags: tuple[tuple[str, str], ...]) -> PlannedItem:
        marked = marker.mark(body, project=self._project, template=source, name=name)
        text = api.get_body(self._connection, name)
        live = read_body(text) if text is not None else None
        bare = marker.unmarked(live) if live is not None else {}
        changes = diff(bare, marker.unmarked(marked))
        owner = marker.marker_of(live) if live is not None else None
        action, reason, code = self._decide(
            DASHBOARD,
            exists=text is not None,
            is_equal=live is not None and not changes,
            owner=owner,
            digest=normal.digest(bare),
            stack=lambda: api.dashboard_stack(self._connection, name),
        )
        problems = tuple(check_body(body, file=None, text=None))
        # What the account already has is not judged: nothing is sent.
        if action is not Action.UNCHANGED and any(problem.severity is Severity.ERROR for problem in problems):
            return PlannedItem(
                DASHBOARD, name, Action.REFUSE, source, _INVALID, problems=problems, exit_code=ExitCode.USAGE
            )
        if tags and action is Action.UPDATE:
            reason = f"{reason}; " * bool(reason) + "tags are set at creation only"
        shown = problems if action is not Action.UNCHANGED else ()
        return PlannedItem(
            DASHBOARD, name, action, source, reason, changes, shown, marked, code, text_digest(text), tags
        )

    def _alarms(self, sources: list[Template], facts: tuple[FunctionFacts, ...]) -> Iterator[PlannedItem]:
        built: list[tuple[str, Document]] = []
        for source in sources:
            for scope in self._scopes(source, facts):
                try:
                    built.append((source.info.name, alarms.build(source, scope)))
                except UsageError as error:
                    yield _unbuilt(ALARM, source, error)
        names = [str(alarm["AlarmName"]) for _, alarm in built]
        has_log_alarms = any(alarms.is_log(alarm) for _, alarm in built)
        live = api.get_alarms(self._connection, names, with_log_alarms=has_log_alarms) if built else {}
        for source_name, alarm in built:
            name = str(alarm["AlarmName"])
            current = live.get(name)
            marked = alarms.mark(alarm, project=self._project, source=source_name)
            owner = marker.find(str((current or {}).get("AlarmDescription") or ""))
            is_told = current is None or alarms.is_complete(current)
            known = alarms.digest(current or {}) if is_told or owner is None else owner.digest
            changes = alarms.diff(current or {}, marked) if known != alarms.digest(marked) else ()
            action, reason, code = self._decide(
                ALARM,
                exists=current is not None,
                is_equal=current is not None and not changes,
                owner=owner,
                digest=known,
                stack=partial(api.stack_of, self._connection, str((current or {}).get("AlarmArn") or "")),
            )
            seen = alarm_digest(current)
            yield PlannedItem(ALARM, name, action, source_name, reason, changes, (), marked, code, seen)

    def _decide(
        self,
        kind: str,
        *,
        exists: bool,
        is_equal: bool,
        owner: Marker | None,
        digest: str,
        stack: Callable[[], str],
    ) -> tuple[Action, str, int]:
        """The action for one item, its reason, and the exit code of a refusal. `stack` finds what else deploys it."""
        if not exists:
            return Action.CREATE, "", 0
        untouched = owner is not None and owner.digest == digest
        if is_equal and (untouched or not self._request.force):
            return (
                Action.UNCHANGED,
                "" if untouched else "already equal; use --force to mark it as deployed by monitor",
                0,
            )
        if not untouched and (deployed_by := stack()):
            reason = f"the stack {deployed_by} deploys it: change its template (`monitor dashboard export` writes it)"
            return Action.REFUSE, reason, ExitCode.REFUSED
        if untouched or self._request.force:
            return Action.UPDATE, "" if untouched else "forced", 0
        saves = ", or `monitor dashboard pull` to save it" if kind == DASHBOARD else ""
        reason = f"{CHANGED if owner else FOREIGN}; use --force to overwrite it{saves}"
        return Action.REFUSE, reason, ExitCode.CHECK_FAILED

    def _stale(self, templates: set[str], alarm_templates: set[str]) -> Iterator[PlannedItem]:
        """Deletions of what this project deployed from templates that no longer exist."""
        for info in api.list_dashboards(self._connection):
            text = api.get_body(self._connection, info.name)
            body = read_body(text) if text is not None else None
            owner = marker.marker_of(body) if body else None
            # A copy made in the console has the marker of the original, with the name of the original.
            if owner and owner.project == self._project and owner.name == info.name and owner.template not in templates:
                yield deletion(info.name, text, self._request.force)
        # With --no-alarms the alarm templates were not read.
        for alarm in api.list_alarms(self._connection) if self._request.with_alarms else ():
            name = str(alarm["AlarmName"])
            owner = marker.find(str(alarm.get("AlarmDescription") or ""))
            going = alarm_deletion(name, alarm, self._request.force)
            if owner and going and owner.project == self._project and owner.template not in alarm_templates:
                yield going


def _unbuilt(kind: str, source: Template, error: UsageError) -> PlannedItem:
    reason = error.message + (f" ({error.hint})" if error.hint else "")
    return PlannedItem(kind, source.info.name, Action.REFUSE, source.info.name, reason, exit_code=ExitCode.USAGE)

"""Apply a plan, plan a delete, and read dashboards of the account."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator

from monitor.aws import dashboards as api
from monitor.aws.connection import Connection
from monitor.console.text import UNSAFE
from monitor.dashboards.body import alarms, marker, normal, template
from monitor.dashboards.body import pull as puller
from monitor.dashboards.model import Action, DashboardView, Outcome, Plan, PlannedItem
from monitor.dashboards.model_document import Document
from monitor.errors import CheckFailedError, ExitCode, MonitorError, NotFoundError, RefusedError, UsageError

DASHBOARD, ALARM = "dashboard", "alarm"
CHANGED = "changed outside monitor since the last deploy"
FOREIGN = "not deployed by monitor"
DELETES = "use --force to delete it"
# The name of an alarm in its ARN, within JSON text.
_ALARM = re.compile(r":alarm:([^\"\\\\]+)")
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")


def apply(connection: Connection, planned: Plan) -> Iterator[Outcome]:
    """Apply a plan: alarms, then dashboards, then deletions. An item that fails does not stop the others."""
    order = {ALARM: 0, DASHBOARD: 1}
    pending = sorted(planned.pending, key=lambda item: (item.action is Action.DELETE, order[item.kind]))
    for item in pending:
        try:
            messages = _apply(connection, item)
        except MonitorError as error:
            yield Outcome(item.kind, item.name, item.action, error.message, error.hint, int(error.exit_code))
        else:
            yield Outcome(item.kind, item.name, item.action, messages=messages)


def plan_delete(connection: Connection, names: Iterable[str], *, force: bool, with_alarms: bool = False) -> Plan:
    """The plan to delete dashboards; `with_alarms` includes the alarms on them that monitor deployed."""
    bodies = {name: api.get_body(connection, name) for name in dict.fromkeys(names)}
    items = [deletion(name, text, force) for name, text in bodies.items()]
    if with_alarms:
        going = {item.name for item in items if item.action is Action.DELETE}
        shown = {name for one in going for name in _ALARM.findall(bodies[one] or "")}
        found = api.get_alarms(connection, sorted(shown), with_log_alarms=True) if shown else {}
        items += [one for name, alarm in sorted(found.items()) if (one := alarm_deletion(name, alarm, force))]
    return Plan(tuple(items))


def read_body(text: str) -> Document | None:
    """The parsed body of a dashboard; None if it is not a JSON object."""
    try:
        body = json.loads(text)
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def text_digest(text: str | None) -> str:
    """16 hex digits of a body as CloudWatch returned it; "" for none."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16] if text is not None else ""


def alarm_digest(alarm: Document | None) -> str:
    """The digest of an alarm; "" for none."""
    return alarms.digest(alarm) if alarm is not None else ""


def _require_unchanged(connection: Connection, item: PlannedItem) -> None:
    """Refuse to write over what was changed while the plan was shown: nobody has seen that change.

    Raises:
        CheckFailedError: the dashboard or alarm is no longer as it was when the plan was made.
    """
    if item.kind == DASHBOARD:
        now = text_digest(api.get_body(connection, item.name))
    else:
        is_log = item.document is None or alarms.is_log(item.document)
        now = alarm_digest(api.get_alarms(connection, [item.name], with_log_alarms=is_log).get(item.name))
    if now != item.seen:
        what = "created" if not item.seen else "deleted" if not now else "changed"
        raise CheckFailedError(f"it was {what} after the plan was made", "run the command again for a new plan")


def _apply(connection: Connection, item: PlannedItem) -> tuple[str, ...]:
    _require_unchanged(connection, item)
    if item.action is Action.DELETE:
        remove = api.delete if item.kind == DASHBOARD else api.delete_alarm
        remove(connection, item.name)
        return ()
    if item.document is None:
        raise UsageError(f"the plan has no body for {item.name}")
    if item.kind == DASHBOARD:
        return api.put_body(connection, item.name, item.document, item.tags if item.action is Action.CREATE else ())
    api.put_alarm(connection, item.document)
    return ()


def alarm_deletion(name: str, alarm: Document, force: bool) -> PlannedItem | None:
    """The planned deletion of an alarm, or its refusal if the alarm was changed; None if monitor did not deploy it."""
    owner = marker.find(str(alarm.get("AlarmDescription") or ""))
    if owner is None or owner.name != name:
        return None
    if alarms.is_complete(alarm) and owner.digest != alarms.digest(alarm) and not force:
        reason = f"{CHANGED}; {DELETES}"
        return PlannedItem(ALARM, name, Action.REFUSE, owner.template, reason, exit_code=ExitCode.CHECK_FAILED)
    return PlannedItem(ALARM, name, Action.DELETE, owner.template, seen=alarm_digest(alarm))


def deletion(name: str, text: str | None, force: bool) -> PlannedItem:
    """The planned deletion of a dashboard with the body `text`, or its refusal."""
    if text is None:
        reason = "no such dashboard"
        return PlannedItem(DASHBOARD, name, Action.REFUSE, reason=reason, exit_code=ExitCode.REFUSED)
    body = read_body(text)
    owner = marker.marker_of(body) if body else None
    untouched = body is not None and owner is not None and owner.digest == normal.digest(marker.unmarked(body))
    if not untouched and not force:
        reason = f"{CHANGED if owner else FOREIGN}; {DELETES}"
        return PlannedItem(DASHBOARD, name, Action.REFUSE, reason=reason, exit_code=ExitCode.CHECK_FAILED)
    origin = owner.template if owner else ""
    return PlannedItem(DASHBOARD, name, Action.DELETE, template=origin, seen=text_digest(text))


def template_text(document: Document) -> str:
    """A template as JSON text, with characters that a terminal could act on escaped."""
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return UNSAFE.sub(lambda found: found[0] if found[0] == "\n" else json.dumps(found[0])[1:-1], text)


def view(connection: Connection, name: str) -> DashboardView | None:
    """A dashboard of the account without its marker; None if it does not exist.

    Raises:
        RefusedError: its body is not a JSON object.
    """
    text = api.get_body(connection, name)
    if text is None:
        return None
    body = read_body(text)
    if body is None:
        raise RefusedError(f"cannot read the body of dashboard {name!r}", "open it in the console")
    owner = marker.marker_of(body)
    bare = marker.unmarked(body)
    recorded = {"project": owner.project, "template": owner.template, "name": owner.name} if owner else {}
    is_changed = owner is not None and owner.digest != normal.digest(bare)
    return DashboardView(name, "in the account", bare, recorded, is_changed)


def pull(connection: Connection, name: str, function: str | None) -> tuple[Document, str | None]:
    """A dashboard of the account as a template, and the function that was replaced by a variable.

    Raises:
        NotFoundError: the dashboard does not exist.
        UsageError: the dashboard does not show `function`, or its body cannot be a template.
    """
    found = view(connection, name)
    if found is None:
        raise NotFoundError(f"dashboard {name!r} not found", "`monitor dashboard list` lists the dashboards")
    named = puller.functions(found.body)
    if function is not None and function not in named:
        known = ", ".join(named) or "none"
        raise UsageError(f"dashboard {name!r} does not show a function {function!r}", f"its functions: {known}")
    chosen = function or (named[0] if len(named) == 1 else None)
    account = api.account_id(connection) if _ACCOUNT.search(json.dumps(found.body)) else None
    document = puller.to_template(name, found.body, function=chosen, region=connection.region, account=account)
    if document is None:
        raise UsageError(
            f"dashboard {name!r} cannot be a template: it already has members that templates use",
            "`monitor dashboard show NAME -o json` prints its body; rename the members template, $schema or repeat",
        )
    is_per_function = document[template.HEAD].get("per") == "function"
    return document, chosen if is_per_function else None
